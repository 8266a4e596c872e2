"""The manifests of an installation: the CRD, the engine, and every action in each namespace."""

from kubernaut.api.crd import crd
from kubernaut.api.runbook_crd import runbook_crd
from kubernaut.install.manifests import installation
from kubernaut.install.rbac import engine_manifests


def test_an_installation_is_the_crds_the_engine_and_every_action_in_each_namespace(registry):
    manifests = installation(registry, ["a", "b"])
    assert manifests[:2] == [crd(), runbook_crd()]
    assert manifests[2 : 2 + len(engine_manifests())] == engine_manifests()
    accounts = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"])
        for manifest in manifests[2 + len(engine_manifests()) :]
        if manifest["kind"] == "ServiceAccount"
    }
    expected = [action.spec.service_account for action in registry.actions.values()]
    assert accounts == {(namespace, account) for namespace in ("a", "b") for account in expected}


def test_without_plugins_only_the_crds_and_the_engine_are_installed(registry):
    assert installation(type(registry)(), ["a"]) == [crd(), runbook_crd(), *engine_manifests()]
