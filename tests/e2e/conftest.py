"""End-to-end tests, with the actions that ship and actions that fail on purpose."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from kubernaut.plugins.registry import ACTIONS, POLICIES, Registry
from kubernaut.settings import Settings
from tests.support import trouble
from tests.support.alerting import alerting_on
from tests.support.shell import as_admin, as_user
from tests.support.site import site_on


@pytest.fixture
def with_settings(request, registry, rehearsal):
    """Return a function for a site whose engine has these settings: `async with with_settings(max_running=1) as site:`."""

    def make(**settings):
        options = request.config.option
        return site_on(options.cluster, options.image, registry, Settings(rehearsal=rehearsal, **settings))

    return make


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Return the plugins that ship, and those that fail on purpose."""
    return Registry.discover([*entry_points(group=ACTIONS), *entry_points(group=POLICIES), *trouble.entry_points()])


@pytest.fixture
def place(site, tmp_path):
    """Return the options that connect a command to the site, as its admin."""
    return as_admin(site, tmp_path)


@pytest.fixture
async def developer(site, tmp_path):
    """Return the options of a user who is allowed to use executions and nothing else."""
    if site.sandbox is None:
        pytest.skip("only the sandbox can authenticate any user")
    api = {"apiVersion": "rbac.authorization.k8s.io/v1"}
    metadata = {"name": "developer", "namespace": site.namespace}
    rule = {"apiGroups": ["kubernaut.io"], "resources": ["*"], "verbs": ["*"]}
    await site.apply({**api, "kind": "Role", "metadata": metadata, "rules": [rule]})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "developer"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "anna"}
    await site.apply({**api, "kind": "RoleBinding", "metadata": metadata, "roleRef": role, "subjects": [subject]})
    return as_user(site, tmp_path, "anna")


@pytest.fixture
async def alerting(site):
    """Prepare Alertmanager's account and its runbooks."""
    if site.sandbox is None:
        pytest.skip("it needs a namespace of its own for Alertmanager, and the rights to bind roles in it")
    async with alerting_on(site) as prepared:
        yield prepared
