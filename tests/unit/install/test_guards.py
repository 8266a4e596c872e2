"""Guards: the policy refuses exactly the changes outside the declared fields, and what a condition excludes."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubernaut.api.field_paths import FieldTree, field_tree
from kubernaut.api.plugin import ActionSpec, Parameters, Target
from kubernaut.api.rules import Rule
from kubernaut.install.guards import all_guards, guard_manifests
from kubernaut.plugins.registry import Registry
from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.access.users import User
from kubernaut_sandbox.admission.policies import GROUP, Policies
from kubernaut_sandbox.admission.policy import compile_policy
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.admission.validating import ValidatingPolicies
from kubernaut_sandbox.model.kinds import Kinds
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Store

ACCOUNT = "system:serviceaccount:prod:fixer"
OBJECT: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Thing",
    "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"a/b": "1"}, "generation": 1},
    "spec": {
        "replicas": 2,
        "paused": False,
        "template": {
            "metadata": {"annotations": {"x.io/at": "1", "other": "2"}},
            "spec": {
                "containers": [
                    {
                        "name": "a",
                        "image": "a:1",
                        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {}},
                    },
                    {"name": "b", "image": "b:1"},
                ],
                "rules": [{"paths": [{"to": 1, "from": 2}, {"to": 3}]}],
            },
        },
    },
    "data": {"A": "1"},
}


def spec(*rules: Rule) -> ActionSpec:
    return ActionSpec(
        summary="s", parameters=Parameters, target=lambda _: Target("Pod", "a"), service_account="fixer", rules=rules
    )


def patching(*fields: str, **more: Any) -> Rule:
    return Rule(**{"api_group": "apps", "resources": ("deployments",), "verbs": ("patch",), "fields": fields, **more})


class Guarded:
    """Asks an action's guard about writes."""

    def __init__(self, *rules: Rule) -> None:
        store = Store()
        store.put("namespaces", {"metadata": {"name": "prod"}})
        for manifest in guard_manifests("act", spec(*rules)):
            plural = "validatingadmissionpolic" + ("ybindings" if manifest["kind"].endswith("Binding") else "ies")
            if plural.endswith("ies"):
                assert [cause.message for cause in compile_policy(manifest["spec"]).causes] == []
            store.put(f"{plural}.{GROUP}", manifest)
        self._admission = ValidatingPolicies(Policies("validating", store, Kinds(), Authorizer(store)))

    def refusal(
        self, old: Any, new: Any, *, resource: str = "deployments.apps", user: str = ACCOUNT, sub: str = ""
    ) -> str:
        """Return why the guard refuses the write, or ""."""
        operation = "CREATE" if old is None else "DELETE" if new is None else "UPDATE"
        context = RequestContext(user=User(user))
        kind = Kinds().by_resource(resource)
        request = AdmissionRequest(context, operation, kind, "prod", "web", new, old, sub)
        try:
            self._admission.check(request)
        except ApiError as error:
            return error.message
        return ""


def changed(obj: dict[str, Any], *steps: str | int, to: Any) -> dict[str, Any]:
    """Return a copy with one field set, or, for None, removed."""
    new = copy.deepcopy(obj)
    at: Any = new
    for step in steps[:-1]:
        at = at[step]
    if to is None:
        del at[steps[-1]]
    else:
        at[steps[-1]] = to
    return new


TEMPLATE = ("spec", "template", "spec")
RESTART = "spec.template.metadata.annotations[x.io/at]"
LIMITS = "spec.template.spec.containers[*].resources.limits"
PATHS_TO = "spec.template.spec.rules[*].paths[*].to"


@pytest.mark.parametrize(
    ("fields", "steps", "to"),
    [
        (("spec.replicas",), ("spec", "replicas"), 3),
        (("spec.replicas",), ("spec", "replicas"), None),
        ((RESTART,), ("spec", "template", "metadata", "annotations", "x.io/at"), "2"),
        ((RESTART,), ("spec", "template", "metadata", "annotations", "x.io/at"), None),
        ((LIMITS,), (*TEMPLATE, "containers", 0, "resources", "limits", "cpu"), "2"),
        ((LIMITS,), (*TEMPLATE, "containers", 0, "resources", "limits"), None),
        ((LIMITS,), (*TEMPLATE, "containers", 1, "resources"), {"limits": {"cpu": "1"}}),
        ((PATHS_TO,), (*TEMPLATE, "rules", 0, "paths", 1, "to"), 4),
        (("data",), ("data",), {"B": "2"}),
        (("data",), ("data",), None),
        (("spec.template",), ("spec", "template"), {}),
        (("metadata.labels",), ("metadata", "labels"), {}),
        (("spec.replicas",), ("metadata", "generation"), 2),
        (("metadata.labels",), ("metadata", "resourceVersion"), "9"),
        (("metadata.labels",), ("metadata", "managedFields"), [{}]),
    ],
)
def test_a_change_of_a_declared_field_is_allowed(fields, steps, to):
    assert Guarded(patching(*fields)).refusal(OBJECT, changed(OBJECT, *steps, to=to)) == ""


@pytest.mark.parametrize(
    ("fields", "steps", "to", "path"),
    [
        (("spec.replicas",), ("spec", "paused"), True, "spec.paused"),
        (("spec.replicas",), ("spec", "paused"), None, "spec.paused"),
        (("spec.replicas",), ("spec", "added"), 1, "spec.added"),
        (("spec.replicas",), ("data", "A"), "2", "data"),
        (("spec.replicas",), ("metadata", "labels", "app"), "x", "metadata.labels"),
        (("spec.replicas",), ("metadata", "finalizers"), ["x/y"], "metadata.finalizers"),
        (("spec.replicas",), ("spec", "template", "spec", "rules"), [], "spec.template"),
        (
            (RESTART,),
            ("spec", "template", "metadata", "annotations", "other"),
            "3",
            "spec.template.metadata.annotations[other]",
        ),
        ((RESTART,), ("spec", "template", "metadata", "annotations"), {}, "spec.template.metadata.annotations[other]"),
        ((LIMITS,), (*TEMPLATE, "containers", 0, "image"), "mine", "spec.template.spec.containers[a].image"),
        ((LIMITS,), (*TEMPLATE, "containers", 1, "name"), "c", "spec.template.spec.containers[c].name"),
        (
            (LIMITS,),
            (*TEMPLATE, "containers", 0, "resources", "requests"),
            None,
            "spec.template.spec.containers[a].resources.requests",
        ),
        (
            (LIMITS,),
            (*TEMPLATE, "containers", 1, "resources"),
            {"claims": []},
            "spec.template.spec.containers[b].resources.claims",
        ),
        ((LIMITS,), (*TEMPLATE, "containers", 1), None, "spec.template.spec.containers"),
        ((LIMITS,), (*TEMPLATE, "containers"), [], "spec.template.spec.containers"),
        (
            (LIMITS,),
            (*TEMPLATE, "containers"),
            OBJECT["spec"]["template"]["spec"]["containers"][::-1],
            "containers[b].name",
        ),
        ((PATHS_TO,), (*TEMPLATE, "rules", 0, "paths", 0, "from"), 4, "spec.template.spec.rules[0].paths[0].from"),
        ((PATHS_TO,), (*TEMPLATE, "rules", 0, "paths", 1), None, "spec.template.spec.rules[0].paths"),
        (("metadata.labels",), ("metadata", "annotations"), {}, "metadata.annotations"),
        (("metadata.labels[app]",), ("metadata", "labels", "other"), "x", "metadata.labels[other]"),
    ],
)
def test_a_change_of_any_other_field_is_refused_by_its_path(fields, steps, to, path):
    refusal = Guarded(patching(*fields)).refusal(OBJECT, changed(OBJECT, *steps, to=to))
    assert f"{ACCOUNT} is allowed to change only {', '.join(fields)} of deployments, not " in refusal
    assert path in refusal


@pytest.mark.parametrize(
    ("steps", "to"),
    [
        ((*TEMPLATE, "containers"), "text"),
        ((*TEMPLATE, "containers", 0), "text"),
        ((*TEMPLATE, "containers", 0, "resources"), "text"),
        (("spec", "template"), []),
        (("metadata", "labels"), 1),
        ((*TEMPLATE, "containers"), [{"name": f"c{n}", "resources": {}} for n in range(65)]),
    ],
)
def test_what_cannot_be_compared_is_refused(steps, to):
    odd = changed(OBJECT, *steps, to=to)
    assert (
        Guarded(patching(LIMITS, "metadata.labels[app]")).refusal(odd, copy.deepcopy(odd)) != ""
        or steps[-1] == "labels"
    )
    assert Guarded(patching(LIMITS, "metadata.labels[app]")).refusal(OBJECT, odd) != ""


def test_every_path_that_changed_is_named_at_once():
    new = changed(changed(OBJECT, "spec", "paused", to=True), "metadata", "labels", to={})
    new = changed(new, *TEMPLATE, "containers", 0, "image", to="mine")
    refusal = Guarded(patching(LIMITS)).refusal(OBJECT, new)
    assert "not metadata.labels, spec.paused, spec.template.spec.containers[a].image: change that" in refusal


@pytest.mark.parametrize(
    ("user", "held"),
    [
        (ACCOUNT, True),
        ("system:serviceaccount:other:fixer", True),
        ("system:serviceaccount:prod:a-fixer", False),
        ("fixer", False),
        ("alice:fixer", False),
    ],
)
def test_the_account_of_the_action_is_held_in_every_namespace_and_nobody_else_is(user, held):
    new = changed(OBJECT, "spec", "paused", to=True)
    assert bool(Guarded(patching("spec.replicas")).refusal(OBJECT, new, user=user)) is held


def test_a_condition_decides_on_the_writes_of_its_rule_alone():
    ended = "oldObject.status.phase in ['Failed', 'Succeeded']"
    guard = Guarded(Rule(resources=("pods",), verbs=("list", "delete"), condition=ended), patching("spec.replicas"))
    running, failed = ({"metadata": {"name": "web"}, "status": {"phase": phase}} for phase in ("Running", "Failed"))
    assert guard.refusal(failed, None, resource="pods") == ""
    refusal = guard.refusal(running, None, resource="pods")
    assert f"{ACCOUNT} is allowed to delete pods only where {ended}: do that with an account of your own" in refusal
    assert guard.refusal({"metadata": {"name": "web"}}, None, resource="pods") != ""
    assert guard.refusal(OBJECT, changed(OBJECT, "spec", "replicas", to=3)) == ""
    assert guard.refusal(OBJECT, changed(OBJECT, "spec", "paused", to=True)) != ""
    assert guard.refusal(OBJECT, None) == ""


def test_fields_and_a_condition_of_one_rule_both_hold():
    guard = Guarded(patching("spec.replicas", condition="object.spec.replicas >= oldObject.spec.replicas"))
    assert guard.refusal(OBJECT, changed(OBJECT, "spec", "replicas", to=3)) == ""
    assert "only where object.spec.replicas >=" in guard.refusal(OBJECT, changed(OBJECT, "spec", "replicas", to=1))
    assert "not spec.paused" in guard.refusal(OBJECT, changed(OBJECT, "spec", "paused", to=True))


def test_rules_for_different_names_allow_different_fields():
    guard = Guarded(patching("spec.replicas", names=("web",)), patching("spec.paused", names=("other",)))
    assert guard.refusal(OBJECT, changed(OBJECT, "spec", "replicas", to=3)) == ""
    assert "not spec.paused" in guard.refusal(OBJECT, changed(OBJECT, "spec", "paused", to=True))


def test_a_subresource_has_a_rule_of_its_own():
    guard = Guarded(
        Rule(
            resources=("pods/eviction",),
            verbs=("create",),
            condition="object.?deleteOptions.?preconditions.?uid.hasValue()",
        ),
        Rule(resources=("pods",), verbs=("delete",), condition="false"),
    )
    pinned = {"metadata": {"name": "web"}, "deleteOptions": {"preconditions": {"uid": "u"}}}
    assert guard.refusal(None, pinned, resource="pods", sub="eviction") == ""
    assert "only where" in guard.refusal(None, {"metadata": {"name": "web"}}, resource="pods", sub="eviction")
    assert guard.refusal(None, {"metadata": {"name": "web"}}, resource="pods") == ""


def test_no_list_of_a_guard_is_empty_as_the_api_server_drops_it(registry):
    specs = [manifest["spec"] for manifest in all_guards(registry)]
    assert specs
    assert [key for spec in specs for key, value in spec.items() if value in ([], "", None)] == []


def test_an_action_that_rbac_holds_in_full_has_no_guard(registry):
    assert guard_manifests("act", spec(Rule(resources=("pods",), verbs=("delete",)))) == []
    assert guard_manifests("gitops-pr", registry.actions["gitops-pr"].spec) == []


def test_each_guard_is_a_policy_that_fails_closed_and_a_binding_that_denies(registry):
    guards = all_guards(registry)
    policies = {m["metadata"]["name"]: m["spec"] for m in guards if m["kind"] == "ValidatingAdmissionPolicy"}
    bindings = [m["spec"] for m in guards if m["kind"] == "ValidatingAdmissionPolicyBinding"]
    assert "kubernaut-guard-scale" in policies
    assert {policy["failurePolicy"] for policy in policies.values()} == {"Fail"}
    assert bindings == [{"policyName": name, "validationActions": ["Deny"]} for name in policies]
    assert all_guards(Registry()) == []


KEYS = st.sampled_from(["a", "b", "x.io/k"])
VALUES = st.recursive(
    st.sampled_from([0, 1, True, "", "t"]),
    lambda inner: (
        st.dictionaries(KEYS, inner, max_size=3) | st.lists(st.dictionaries(KEYS, inner, max_size=2), max_size=2)
    ),
    max_leaves=8,
)
OBJECTS = st.fixed_dictionaries(
    {"metadata": st.dictionaries(st.sampled_from(["labels", "generation", "z"]), VALUES, max_size=2)},
    optional={"spec": VALUES, "data": VALUES},
)
STEPS = st.sampled_from(["a", "b", "[x.io/k]", "[*]"])
FIELDS = st.lists(
    st.tuples(st.sampled_from(["spec", "data", "metadata.labels"]), st.lists(STEPS, max_size=3)), min_size=1, max_size=3
)


class Either(Exception):  # noqa: N818 - a verdict
    """Something empty in place of a list or a map, which no schema allows: harmless, so the guard may take it for empty or refuse it."""


def differs(new: Any, old: Any, tree: FieldTree | None, ignored: tuple[str, ...] = ()) -> bool:
    """Whether the two differ outside the tree: what the CEL must decide, in Python. Raises TypeError where they cannot be compared."""
    if tree is not None and tree.is_whole:
        return False
    if tree is None:
        return new != old or _types(new) != _types(old)
    if tree.items is not None:
        if {} in (new, old) or "" in (new, old):
            raise Either
        new, old = ([] if value is None else value for value in (new, old))
        if not isinstance(new, list) or not isinstance(old, list):
            raise TypeError
        return len(new) != len(old) or any(differs(a, b, tree.items) for a, b in zip(new, old, strict=True))
    if [] in (new, old):
        raise Either
    new, old = ({} if value is None else value for value in (new, old))
    if not isinstance(new, dict) or not isinstance(old, dict):
        raise TypeError
    return any(
        differs(new.get(key), old.get(key), tree.children.get(key))
        for key in new.keys() | old.keys() | tree.children.keys()
        if key not in ignored
    )


def _types(value: Any) -> Any:
    """True and 1 are equal in Python, and not in CEL."""
    if isinstance(value, dict):
        return {key: _types(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_types(inner) for inner in value]
    return type(value)


def reference(new: dict[str, Any], old: dict[str, Any], tree: FieldTree) -> bool:
    """Whether the guard must refuse."""
    try:
        metadata = tree.children.get("metadata", FieldTree({"\0": FieldTree()}))
        of_server = ("generation", "managedFields", "resourceVersion")
        inner = differs(new["metadata"], old["metadata"], metadata, of_server)
        rest = FieldTree({"\0": FieldTree(), **{k: v for k, v in tree.children.items() if k != "metadata"}})
        without = [{key: value for key, value in obj.items() if key != "metadata"} for obj in (new, old)]
        return inner or differs(*without, rest)
    except TypeError:
        return True


@settings(max_examples=52, deadline=None)
@given(new=OBJECTS, old=OBJECTS, fields=FIELDS, same=st.booleans())
def test_the_guard_refuses_exactly_what_differs_outside_the_fields(new, old, fields, same):
    paths = [top + "".join(step if step.startswith("[") else f".{step}" for step in steps) for top, steps in fields]
    try:
        tree = field_tree(paths)
    except ValueError:
        return
    if same:
        new = copy.deepcopy(old)
    for obj in (new, old):
        obj.update(apiVersion="v1", kind="Thing")
        obj["metadata"]["name"] = "web"
    refused = bool(Guarded(patching(*paths)).refusal(old, new))
    with suppress(Either):
        assert reference(new, old, tree) is refused, paths


GENERATION = "deprecated.daemonset.template.generation"


@pytest.mark.parametrize(
    "fields", [("spec.template",), ("spec.template", "metadata.annotations"), ("spec.template", "metadata")]
)
def test_what_the_api_server_counts_of_a_daemon_set_is_no_change_of_the_account(fields):
    guard = Guarded(patching(*fields, resources=("daemonsets",)))
    new = changed(
        changed(OBJECT, "spec", "template", to={}), "metadata", "annotations", to={"a/b": "1", GENERATION: "2"}
    )
    assert guard.refusal(OBJECT, new, resource="daemonsets.apps") == ""
    other = changed(new, "metadata", "annotations", to={"a/b": "2", GENERATION: "2"})
    refusal = guard.refusal(OBJECT, other, resource="daemonsets.apps")
    assert ("metadata.annotations[a/b]" in refusal) is (len(fields) == 1)


def test_nobody_else_may_change_that_annotation():
    new = changed(OBJECT, "metadata", "annotations", to={"a/b": "1", GENERATION: "2"})
    assert "metadata.annotations" in Guarded(patching("spec.template")).refusal(OBJECT, new)
