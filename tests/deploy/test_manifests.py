"""What `deploy/` installs: no superfluous permission, the same objects in every overlay, each setting in one place."""

import re
import shutil

import pytest
import typer.main
import yaml

from kubernaut.cli.app import app
from kubernaut.install.admission import admission_manifests
from kubernaut.install.rbac import action_manifests
from kubernaut.jobs import allowlist
from kubernaut.settings import LeaderElectionSettings, Settings
from tests.deploy.manifests import COMPONENTS, DEPLOY, KUSTOMIZATIONS, ROOT, built, named, of_kind

ENGINE = "kubernetes-executor"
RECEIVER = "deploy/receiver"
COMMAND = typer.main.get_command(app)
INSTALLATIONS = [k for k in KUSTOMIZATIONS if k == "deploy" or k.startswith(("deploy/base", "deploy/overlays"))]
ALLOWED = {
    ("kubernaut.io", "kubernetesexecutions"): {"list", "watch", "delete"},
    ("kubernaut.io", "kubernetesexecutions/status"): {"patch"},
    ("batch", "jobs"): {"create", "get", "list", "watch", "patch", "delete"},
    ("", "pods"): {"list", "watch"},
    ("", "serviceaccounts"): {"get"},
    ("", "events"): {"create", "list"},
    ("authorization.k8s.io", "localsubjectaccessreviews"): {"create"},
    ("coordination.k8s.io", "leases"): {"create", "get", "patch"},
}
"""The permissions that the engine's ServiceAccount is allowed to have; every addition needs a justification."""


def rights_of(account, objects):
    """Yield every permission that a ServiceAccount has through any binding: (group, resource, verb, role)."""
    roles = {(o["kind"], o["metadata"]["name"]): o["rules"] for o in of_kind(objects, "Role", "ClusterRole")}
    for binding in of_kind(objects, "RoleBinding", "ClusterRoleBinding"):
        if any(s["kind"] == "ServiceAccount" and s["name"] == account for s in binding["subjects"]):
            ref = binding["roleRef"]
            for rule in roles[ref["kind"], ref["name"]]:
                assert "nonResourceURLs" not in rule
                yield from (
                    (group, resource, verb, ref["name"])
                    for group in rule["apiGroups"]
                    for resource in rule["resources"]
                    for verb in rule["verbs"]
                )


@pytest.mark.parametrize("folder", ["rbac", *INSTALLATIONS])
def test_the_engine_has_its_own_permissions_and_none_on_any_target(folder):
    held = list(rights_of(ENGINE, built(folder)))
    assert held
    assert [h for h in held if h[2] not in ALLOWED.get((h[0], h[1]), set())] == []


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_the_engine_is_allowed_to_renew_its_lease(folder):
    rules = named(built(folder), "Role", "kubernaut-engine-leader")["rules"]
    (renewing,) = (rule for rule in rules if "patch" in rule["verbs"])
    assert renewing["resourceNames"] == [LeaderElectionSettings().name]


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_an_installation_grants_no_action_except_in_the_one_namespace(folder, registry):
    objects = built(folder)
    accounts = {action.spec.service_account for action in registry.actions.values()}
    bound = [s["name"] for b in of_kind(objects, "RoleBinding", "ClusterRoleBinding") for s in b["subjects"]]
    if folder.endswith("one-namespace"):
        assert {*bound} - {ENGINE} <= accounts
    else:
        assert {*bound} == {ENGINE}
        assert [o["metadata"]["name"] for o in of_kind(objects, "ServiceAccount")] == [ENGINE]


def test_the_clusterroles_of_all_actions_that_ship_are_installed(registry):
    roles = {o["metadata"]["name"] for o in of_kind(built("deploy"), "ClusterRole")}
    assert roles == {"kubernaut-engine", *(f"kubernaut-{n}" for n, a in registry.actions.items() if a.spec.rules)}


def test_in_one_namespace_only_the_crds_are_cluster_wide_and_nothing_is_in_another_namespace():
    objects = built("deploy/overlays/one-namespace")
    assert [o["kind"] for o in objects if "namespace" not in o["metadata"]] == ["CustomResourceDefinition"] * 2
    assert {o["metadata"].get("namespace") for o in objects} == {"production", None}
    assert {s["namespace"] for b in of_kind(objects, "RoleBinding") for s in b["subjects"]} == {"production"}
    assert "kubernaut-system" not in yaml.safe_dump_all(objects)


def test_in_one_namespace_the_grants_are_those_that_the_actions_declare(registry):
    shown = list(yaml.safe_load_all((DEPLOY / "overlays" / "one-namespace" / "grants.yaml").read_text("utf-8")))
    declared = []
    for name, action in sorted(registry.actions.items()):
        for manifest in action_manifests(name, action.spec, ["production"]):
            if manifest["kind"] == "RoleBinding":
                manifest["roleRef"]["kind"] = "Role"
            declared += [manifest] if manifest["kind"] != "ClusterRole" else []
    assert shown == declared


def test_the_name_of_the_one_namespace_is_written_once(tmp_path):
    copy = tmp_path / "deploy"
    shutil.copytree(DEPLOY, copy)
    shutil.copytree(ROOT / "rbac", tmp_path / "rbac")
    file = copy / "overlays" / "one-namespace" / "kustomization.yaml"
    file.write_text(file.read_text("utf-8").replace("namespace: production", "namespace: elsewhere", 1), "utf-8")
    objects = built(file.parent)
    assert {o["metadata"].get("namespace") for o in objects} == {"elsewhere", None}
    (config,) = of_kind(objects, "ConfigMap")
    assert yaml.safe_load(config["data"]["config.yaml"])["namespaces"] == ["elsewhere"]
    assert {s["namespace"] for b in of_kind(objects, "RoleBinding") for s in b["subjects"]} == {"elsewhere"}


def test_the_ha_overlay_has_two_replicas_of_which_a_drain_leaves_one():
    objects = built("deploy/overlays/ha")
    assert named(objects, "Deployment", "kubernaut-engine")["spec"]["replicas"] == 2
    budget = named(objects, "PodDisruptionBudget", "kubernaut-engine")["spec"]
    assert (budget["minAvailable"], budget.get("maxUnavailable")) == (1, None)


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_the_configuration_is_valid_and_the_engines_pod_mounts_it(folder, tmp_path):
    (config,) = of_kind(built(folder), "ConfigMap")
    pod = named(built(folder), "Deployment", "kubernaut-engine")["spec"]["template"]["spec"]
    assert {"name": "config", "configMap": {"name": config["metadata"]["name"]}} in pod["volumes"]
    file = tmp_path / "config.yaml"
    file.write_text(config["data"]["config.yaml"], "utf-8")
    settings = Settings.load(file)
    assert settings.probe_port == pod["containers"][0]["ports"][0]["containerPort"]
    assert settings.namespaces == (("production",) if folder.endswith("one-namespace") else ())


@pytest.mark.parametrize("folder", [*INSTALLATIONS, "deploy/receiver"])
def test_every_pod_is_restricted_and_has_limits_and_a_read_only_root_file_system(folder):
    pods = [owner["spec"]["template"]["spec"] for owner in of_kind(built(folder), "Deployment", "DaemonSet")]
    assert pods
    for pod in pods:
        assert pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"].keys() == {"requests", "limits"}


def test_the_receiver_reads_runbooks_and_has_no_other_right():
    held = {(group, resource, verb) for group, resource, verb, _ in rights_of("kubernaut-receiver", built(RECEIVER))}
    assert held == {("kubernaut.io", "runbooks", verb) for verb in ("get", "list", "watch")}


def test_only_alertmanagers_pods_reach_the_receivers_webhooks():
    rules = named(built(RECEIVER), "NetworkPolicy", "kubernaut-receiver")["spec"]["ingress"]
    (webhooks,) = (rule for rule in rules if {"protocol": "TCP", "port": 8443} in rule["ports"])
    assert webhooks["ports"] == [{"protocol": "TCP", "port": 8443}]
    (peer,) = webhooks["from"]
    assert peer.keys() == {"namespaceSelector", "podSelector"}, "one peer with both: these pods of that namespace"


def test_the_receiver_is_started_with_options_that_exist_and_its_own_ports():
    pod = named(built(RECEIVER), "Deployment", "kubernaut-receiver")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    command, *options = container["args"]
    known = {name: one for one in COMMAND.commands[command].params for name in one.opts}
    assert options
    assert [option for option in options if option.partition("=")[0] not in known] == []
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"webhook": known["--port"].default, "http": known["--probe-port"].default}


def test_the_admission_policies_have_the_accounts_that_the_plugins_declare(registry):
    declared = {name: action.spec.service_account for name, action in registry.actions.items()}
    for policy in ("kubernaut-engine-jobs", "kubernaut-action-accounts"):
        variables = named(built("deploy/admission"), "ValidatingAdmissionPolicy", policy)["spec"]["variables"]
        (text,) = (v["expression"] for v in variables if v["name"] == "accounts")
        assert yaml.safe_load(text) == declared


def test_the_policy_on_the_engines_jobs_has_the_same_fields_as_the_engines_allowlist():
    variables = named(built("deploy/admission"), "ValidatingAdmissionPolicy", "kubernaut-engine-jobs")["spec"][
        "variables"
    ]
    written = {v["name"]: v["expression"] for v in variables}
    added = {"enableServiceLinks", "dnsPolicy", "schedulerName", "serviceAccount"}
    termination = {"terminationMessagePath", "terminationMessagePolicy"}
    assert set(yaml.safe_load(written["podFields"])) == allowlist.POD_KEYS | added
    assert set(yaml.safe_load(written["podSecurityFields"])) == allowlist.POD_SECURITY_KEYS
    assert set(yaml.safe_load(written["stepFields"])) == allowlist.CONTAINER_KEYS | termination
    assert set(yaml.safe_load(written["stepSecurityFields"])) == allowlist.CONTAINER_SECURITY_KEYS
    assert set(yaml.safe_load(written["volumeFields"])) == allowlist.VOLUME_KINDS | {"name"}


def test_every_action_that_rbac_does_not_hold_in_full_has_a_guard(registry):
    objects = built("deploy/admission")
    guarded = {name for name, action in registry.actions.items() if any(rule.is_guarded for rule in action.spec.rules)}
    writing = {name for name, action in registry.actions.items() if any(rule.operations for rule in action.spec.rules)}
    assert guarded == writing, "an action that ships may write only what a guard holds it to"
    for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        names = {
            o["metadata"]["name"]
            for o in of_kind(objects, kind)
            if o["metadata"]["name"].startswith("kubernaut-guard-")
        }
        assert names == {f"kubernaut-guard-{name}" for name in guarded}


def test_the_admission_policies_name_the_user_that_the_engine_runs_as():
    policies = yaml.safe_dump_all(built("deploy/admission"), width=9999)
    users = re.findall(r"system:serviceaccount:[\w-]+:kubernetes-executor", policies)
    assert users == [f"system:serviceaccount:kubernaut-system:{ENGINE}"] * 4


def test_the_command_line_prints_the_same_policies_and_roles(registry):
    installed = [o for folder in ("deploy/admission", "deploy/admission/stamp") for o in built(folder)]
    printed = admission_manifests(registry)
    assert len(printed) > 15
    assert sorted(printed, key=identity) == sorted(installed, key=identity)


def identity(manifest):
    return manifest["kind"], manifest["metadata"]["name"]


def test_no_policy_has_parameters():
    policies = of_kind(built("deploy/admission"), "ValidatingAdmissionPolicy")
    assert policies
    assert [policy["metadata"]["name"] for policy in policies if "paramKind" in policy["spec"]] == []


def test_every_action_has_a_role_for_those_who_run_it(registry):
    for name in registry.actions:
        rules = named(built("deploy/admission"), "ClusterRole", f"kubernaut-run-{name}")["rules"]
        execute = {"apiGroups": ["kubernaut.io"], "resources": ["actions"], "resourceNames": [name]}
        assert {**execute, "verbs": ["execute"]} in rules


def test_every_policy_fails_closed_and_has_a_binding_that_denies():
    objects = built("deploy/admission")
    policies = of_kind(objects, "ValidatingAdmissionPolicy")
    bindings = of_kind(objects, "ValidatingAdmissionPolicyBinding")
    assert {policy["spec"]["failurePolicy"] for policy in policies} == {"Fail"}
    assert {b["spec"]["policyName"] for b in bindings} == {p["metadata"]["name"] for p in policies}
    assert [b["spec"]["validationActions"] for b in bindings] == [["Deny"]] * len(policies)


def test_the_guide_names_every_kustomization_and_component():
    guide = (ROOT / "docs" / "installation.md").read_text("utf-8")
    installable = [k for k in (*KUSTOMIZATIONS, *COMPONENTS) if k not in ("rbac", "deploy", "deploy/base")]
    assert [folder for folder in installable if folder not in guide] == []


def test_the_image_installs_every_plugin_that_ships_by_default(registry):
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    defaults = re.findall(r'^ARG PLUGINS="(.*)"$', text, re.MULTILINE)
    assert [set(plugins.split()) for plugins in defaults] == [set(registry.actions)] * 2
