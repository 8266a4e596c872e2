"""`kubernaut rbac`: manifests, permissions in words, and differences."""

import json

import pytest
import yaml

from kubernaut.cli.commands.rbac import findings_table
from kubernaut.install.rbac_drift import Finding, FindingKind
from kubernaut.install.rbac_explain import BEGIN, END, action_permissions, all_permissions, engine_permissions
from kubernaut.kube.objects import SERVICE_ACCOUNTS, resource_of
from tests.support.fake_client import FakeClient
from tests.support.shown import shown


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (("scale",), ["ClusterRole", "ServiceAccount"]),
        (
            ("scale", "-n", "a", "-n", "b"),
            ["ClusterRole", "ServiceAccount", "RoleBinding", "ServiceAccount", "RoleBinding"],
        ),
        (
            ("--engine",),
            ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
        ),
    ],
    ids=["an action", "an action in two namespaces", "the engine"],
)
def test_rendered_manifests_are_yaml_that_kubectl_takes(kubernaut, words, kinds):
    documents = list(yaml.safe_load_all(kubernaut("rbac", "render", *words).out))
    assert [document["kind"] for document in documents] == kinds
    assert all({"apiVersion", "metadata"} <= document.keys() for document in documents)


def test_all_permissions_are_explained_by_default(kubernaut, registry):
    assert len(json.loads(kubernaut("rbac", "explain", "-o", "json").out)) == len(all_permissions(registry))


def test_the_permissions_of_the_engine_and_of_actions_are_selected(kubernaut, registry):
    def explained(*words):
        return json.loads(kubernaut("rbac", "explain", *words, "-o", "json").out)

    scale = action_permissions("scale", registry.actions["scale"].spec)
    assert {row["identity"] for row in explained("--engine")} == {"kubernaut-system/kubernetes-executor"}
    assert {row["identity"] for row in explained("scale")} == {"deployment-scaler (scale)"}
    assert len(explained("scale", "--engine")) == len(scale) + len(engine_permissions())


def test_each_permission_is_one_line_and_their_absence_is_one_too(kubernaut):
    lines = kubernaut("rbac", "explain", "scale", "gitops-pr").out.splitlines()
    assert len(lines) == 5
    assert "git-operator (gitops-pr)" in lines[-1]
    assert "its pod has no token" in lines[-1]


def test_the_table_is_written_between_the_markers_of_a_file(kubernaut, tmp_path):
    file = tmp_path / "page.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")
    ran = kubernaut("rbac", "explain", "scale", "--into", str(file))
    lines = file.read_text("utf-8").splitlines()
    assert (ran.code, ran.out) == (0, "")
    assert (lines[0], lines[1], lines[-2], lines[-1]) == ("before", BEGIN, END, "after")
    assert [line.split(" | ")[0] for line in lines[2:-2]] == [
        "| identity",
        "|---|---|---|---|---|---|---|",
        *(3 * ["| `deployment-scaler (scale)`"]),
    ]


def test_a_file_that_cannot_be_read_is_bad_input(kubernaut, tmp_path):
    ran = kubernaut("rbac", "explain", "--into", str(tmp_path / "none.md"))
    assert (ran.code, "cannot be read and written as text" in ran.err) == (2, True)


def test_a_finding_is_a_row_with_its_kind_in_colour():
    findings = [
        Finding("scale", "prod", FindingKind.MISSING, "get deployments (apps)", "grant it"),
        Finding("scale", "prod", FindingKind.OVER_GRANT, "get secrets", "RoleBinding prod/[more]"),
    ]
    head, first, second = shown(findings_table(findings)).splitlines()
    assert head.split() == ["ACTION", "NAMESPACE", "FINDING", "PERMISSION", "FROM,", "OR", "REMEDY"]
    assert first.split()[:3] == ["scale", "prod", "missing"]
    assert second.rstrip().endswith("RoleBinding prod/[more]")
    coloured = shown(findings_table(findings), terminal=True)
    assert "\x1b[31mmissing" in coloured
    assert "\x1b[33mover-grant" in coloured


def cluster():
    """A cluster with the account of `gitops-pr`, which needs no permission, in `prod`."""
    return FakeClient((SERVICE_ACCOUNTS, {"metadata": {"name": "git-operator", "namespace": "prod"}}))


def test_a_grant_as_declared_has_exit_code_0(kubernaut_on):
    ran = kubernaut_on(cluster(), "rbac", "check", "gitops-pr")
    assert (ran.code, ran.out) == (0, "as declared: gitops-pr in prod\n")


def test_a_difference_has_exit_code_1(kubernaut_on):
    ran = kubernaut_on(cluster(), "rbac", "check", "gitops-pr", "-n", "stage", "-o", "json")
    assert ran.code == 1
    assert [(found["namespace"], found["kind"]) for found in json.loads(ran.out)] == [("stage", "missing")]
    assert "ServiceAccount git-operator" in kubernaut_on(cluster(), "rbac", "check", "gitops-pr", "-n", "stage").out


def test_what_is_left_of_an_action_that_is_not_installed_is_told_unless_actions_are_named(kubernaut_on):
    ground = cluster()
    labels = {"kubernaut.io/action": "old", "app.kubernetes.io/part-of": "kubernaut"}
    binding = {"metadata": {"name": "kubernaut-old", "namespace": "prod", "labels": labels}, "roleRef": {"name": "x"}}
    ground.put(resource_of("rbac.authorization.k8s.io/v1/rolebindings"), binding)
    ran = kubernaut_on(ground, "rbac", "check")
    assert ran.code == 1
    assert "kubectl delete rolebinding kubernaut-old -n prod" in ran.out
    assert kubernaut_on(ground, "rbac", "check", "gitops-pr").code == 0


def test_an_action_that_is_granted_nowhere_needs_a_namespace(kubernaut_on):
    ran = kubernaut_on(cluster(), "rbac", "check", "scale")
    assert (ran.code, "none of these actions is granted anywhere: name a namespace with -n" in ran.err) == (2, True)
