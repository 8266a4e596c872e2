"""The admission policies, and the roles of those who run actions, as manifests.

`policies/` holds the policies; what depends on the installed actions is filled in here. `deploy/admission` is rendered from both, for
those who install with kustomize or Helm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from kubernaut.api.execution import GROUP, PLURAL
from kubernaut.api.runbook import RUNBOOK_PLURAL
from kubernaut.documents import load_all_yaml
from kubernaut.install.guards import all_guards
from kubernaut.plugins.registry import Registry

PART_OF = {"app.kubernetes.io/part-of": "kubernaut"}
FILES = ("executing", "changing", "requester", "engine-jobs", "reserved-labels", "action-accounts")
"""The files of the policies, without `.yaml`, in the order in which they are installed."""
STAMP = "stamp"
"""The file of the mutating policy that writes the requester on every execution; it takes Kubernetes 1.36."""
_ACTION_ACCOUNTS = "accounts"


def admission_manifests(registry: Registry, *, stamp: bool = True) -> list[dict[str, Any]]:
    """Return the policies for the installed actions, their guards, and the roles of people and programs."""
    accounts = {name: action.spec.service_account for name, action in sorted(registry.actions.items())}
    documents = [document for name in (*FILES, *([STAMP] if stamp else ())) for document in policy_documents(name)]
    policies = [_with_accounts(document, accounts) for document in documents]
    return [*policies, *all_guards(registry), *run_roles(registry.actions), runbooks_viewer(), canceller()]


def policy_documents(name: str) -> list[dict[str, Any]]:
    """Return the documents in a file of policies."""
    text = files("kubernaut.install").joinpath("policies", f"{name}.yaml").read_text("utf-8")
    return load_all_yaml(text)


def run_roles(actions: Iterable[str]) -> list[dict[str, Any]]:
    """Return two ClusterRoles per action: the permissions that a person or program needs to run it, and those to propose it."""
    verbs = ("run", "execute"), ("propose", "propose")
    return [
        _action_role(f"kubernaut-{name}-{action}", action, verb) for action in sorted(actions) for name, verb in verbs
    ]


def runbooks_viewer() -> dict[str, Any]:
    """Return the ClusterRole of those who run runbooks, beside the roles of the actions in them. The engine reads none."""
    return _role("kubernaut-runbooks-viewer", _rule(RUNBOOK_PLURAL, "get", "list", "watch"))


def canceller() -> dict[str, Any]:
    """Return the ClusterRole of those who may cancel any execution, whatever its action."""
    return _role("kubernaut-canceller", _rule(PLURAL, "get", "list", "watch", "patch", "cancel"))


def accounts_expression(accounts: Mapping[str, str]) -> str:
    """Return the CEL map from each action to its ServiceAccount."""
    lines = ",\n".join(f"  '{action}': '{account}'" for action, account in sorted(accounts.items()))
    return f"{{\n{lines}\n}}"


def _action_role(name: str, action: str, verb: str) -> dict[str, Any]:
    named = {"apiGroups": [GROUP], "resources": ["actions"], "resourceNames": [action], "verbs": [verb]}
    return _role(name, named, _rule(PLURAL, "create", "get", "list", "watch", "patch"))


def _rule(plural: str, *verbs: str) -> dict[str, Any]:
    return {"apiGroups": [GROUP], "resources": [plural], "verbs": list(verbs)}


def _role(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": PART_OF},
        "rules": list(rules),
    }


def _with_accounts(document: dict[str, Any], accounts: Mapping[str, str]) -> dict[str, Any]:
    for variable in document["spec"].get("variables") or ():
        if variable["name"] == _ACTION_ACCOUNTS:
            variable["expression"] = accounts_expression(accounts)
    return document
