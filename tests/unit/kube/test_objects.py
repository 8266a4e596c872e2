"""Keys and paths of objects."""

import pytest

from kubernaut.errors import NotFoundError
from kubernaut.kube.objects import EXECUTIONS, PODS, Key, key_of, resource_of, without_managed_fields


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (PODS.path(), "/api/v1/pods"),
        (PODS.path("n", "p", "log"), "/api/v1/namespaces/n/pods/p/log"),
        (EXECUTIONS.path("n"), "/apis/kubernaut.io/v1alpha1/namespaces/n/kubernetesexecutions"),
        (resource_of("apps/v1/deployments").path("n", "web"), "/apis/apps/v1/namespaces/n/deployments/web"),
        (resource_of("v1/configmaps").path("n", "c"), "/api/v1/namespaces/n/configmaps/c"),
    ],
)
def test_a_resource_has_the_path_that_the_api_server_serves(path, wanted):
    assert path == wanted


def test_a_key_is_namespace_and_name():
    assert str(key_of({"metadata": {"namespace": "n", "name": "a"}})) == "n/a"
    assert key_of({"metadata": {"name": "node-1"}}) == Key("", "node-1")


def test_managed_fields_and_the_last_applied_manifest_are_dropped():
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "kept": "yes"}
    obj = without_managed_fields({"metadata": {"name": "a", "managedFields": [{}], "annotations": annotations}})
    assert obj == {"metadata": {"name": "a", "annotations": {"kept": "yes"}}}


@pytest.mark.parametrize(
    "name",
    ["..", ".", "a/b", "x/status", "../../secrets/s", "x?dryRun=All", "x#y", "a%2fb", "a\\b", "a b", "a\nb", "a\x00"],
)
def test_a_name_that_would_lead_to_another_object_makes_no_path(name):
    with pytest.raises(NotFoundError, match="no object can have this name"):
        EXECUTIONS.path("production", name)
    with pytest.raises(NotFoundError) as raised:
        EXECUTIONS.path(name, "x")
    assert raised.value.kind == "namespaces"


@pytest.mark.parametrize("name", ["web", "web.v1", "system:node", "a..b", "...", "kubernaut:propose-scale"])
def test_names_that_objects_have_make_a_path(name):
    assert EXECUTIONS.path("production", name).endswith(f"/namespaces/production/kubernetesexecutions/{name}")
