"""The Helm chart, rendered by Helm's own library, installs the same objects as the kustomizations."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from kubernaut.plugins.registry import Registry
from tests.deploy.manifests import DEPLOY, Object, built

helm = pytest.importorskip(
    "helm_python", reason="helm-python-sdk is not installed, and nothing else renders a chart as Helm does"
)


def rendered(namespace: str = "kubernaut-system", **values: Any) -> list[Object]:
    """Return the objects that Helm would install."""
    with helm.Chart.load(str(DEPLOY / "chart")) as chart:
        files = chart.render(values, name="kubernaut", namespace=namespace)
    return [o for text in files.values() for o in yaml.safe_load_all(text) if o]


def comparable(objects: list[Object]) -> dict[tuple[str, str, str], Object]:
    """Return the objects by kind, namespace and name, without what only kustomize or only Helm has.

    That is: the hash in a ConfigMap's name, the checksum that rolls out a Deployment, the CRD's annotation that
    keeps it, spaces in CEL, comments in the configuration, and the Namespace, which exists before a release.
    """
    found = {}
    for obj in objects:
        text = re.sub(r"kubernaut-config-[0-9a-z]{10}(?=\")", "kubernaut-config", json.dumps(obj))
        clean = json.loads(text, object_hook=_without_their_own)
        if clean["kind"] != "Namespace":
            metadata = clean["metadata"]
            found[clean["kind"], metadata.get("namespace", ""), metadata["name"]] = clean
    return found


def _without_their_own(node: Object) -> Object:
    own = {"checksum/config", "helm.sh/resource-policy"}
    node = {k: v for k, v in node.items() if k not in own and not (k == "annotations" and v == {})}
    if "config.yaml" in node:
        node["config.yaml"] = yaml.safe_load(node["config.yaml"])
    if isinstance(node.get("expression"), str):
        node["expression"] = re.sub(r"\s", "", node["expression"])
    return node


GRANTED = {name: {"grantIn": ["production"]} for name in sorted(Registry.discover().actions)}


@pytest.mark.parametrize(
    ("folders", "values"),
    [
        pytest.param(["deploy"], {}, id="the defaults"),
        pytest.param(["deploy/overlays/ha"], {"replicas": 2}, id="two replicas"),
        pytest.param(["deploy/overlays/image-prepuller"], {"prepuller": {"enabled": True}}, id="the pre-puller"),
        pytest.param(
            ["deploy", "deploy/admission", "deploy/admission/stamp"],
            {"admission": {"enabled": True, "stamp": True}},
            id="admission policies",
        ),
        pytest.param(["deploy", "deploy/receiver"], {"receiver": {"enabled": True}}, id="the receiver of alerts"),
        pytest.param(
            ["deploy/overlays/one-namespace"],
            {"namespace": "production", "namespaces": ["production"], "actions": GRANTED},
            id="one namespace",
        ),
    ],
)
def test_the_chart_renders_what_kustomize_builds(folders, values):
    wanted = comparable([o for folder in folders for o in built(folder)])
    given = comparable(rendered(**values))
    assert sorted(given) == sorted(wanted)
    for key, obj in wanted.items():
        assert given[key] == obj


def test_the_policies_name_the_engines_user_in_the_namespace_of_the_release():
    text = yaml.safe_dump_all(rendered("elsewhere", admission={"enabled": True}), width=9999)
    assert text.count("system:serviceaccount:elsewhere:kubernetes-executor") == 4
    assert "kubernaut-system" not in text


def test_an_additional_plugin_gets_its_account_and_rules():
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["patch"]}]
    mine = {"serviceAccount": "my-account", "grantIn": ["production"], "rules": rules}
    objects = comparable(rendered(actions={"my-action": mine}, admission={"enabled": True}))
    assert objects["ClusterRole", "", "kubernaut-my-action"]["rules"] == rules
    assert objects["RoleBinding", "production", "kubernaut-my-action"]["subjects"] == [
        {"kind": "ServiceAccount", "name": "my-account", "namespace": "production"}
    ]
    assert "'my-action':'my-account'" in json.dumps(objects["ValidatingAdmissionPolicy", "", "kubernaut-engine-jobs"])


def test_where_the_engine_serves_some_namespaces_the_receiver_reads_the_runbooks_of_these_alone():
    objects = comparable(rendered(namespaces=["one", "two"], receiver={"enabled": True, "args": ["--rate=9"]}))
    roles = {key for key, obj in objects.items() if obj["metadata"]["name"].startswith("kubernaut-receiver")}
    assert ("ClusterRole", "", "kubernaut-receiver") not in roles
    assert {("Role", "one", "kubernaut-receiver"), ("RoleBinding", "two", "kubernaut-receiver")} <= roles
    pod = objects["Deployment", "kubernaut-system", "kubernaut-receiver"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"][-3:] == ["--namespace=one", "--namespace=two", "--rate=9"]


def test_helm_lint_reports_no_error():
    assert not helm.lint(str(DEPLOY / "chart"), quiet=True).get("errors")
