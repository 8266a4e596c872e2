"""Guards: for each action an admission policy that holds its ServiceAccount to the fields and conditions of its rules.

RBAC ends at the verb: permission to restart a Deployment is permission to change all of it. The guard goes on from there. It is generated
from `Rule.fields` and `Rule.condition`, and needs Kubernetes 1.31 and no webhook.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from kubernaut.api.field_paths import FieldTree, field_tree
from kubernaut.api.labels import LABEL_ACTION
from kubernaut.api.plugin import ActionSpec
from kubernaut.api.rules import Rule
from kubernaut.install.guard_expressions import (
    Variable,
    difference_variables,
    listed,
    needs_positions,
    positions,
    quoted,
)
from kubernaut.plugins.registry import Registry

_API = "admissionregistration.k8s.io/v1"
_TEMPLATE_GENERATION = "metadata.annotations[deprecated.daemonset.template.generation]"
"""The API server counts the templates of a DaemonSet there, whatever a client writes (registry/apps/daemonset/strategy.go)."""
_REQUESTED = (
    "request.operation + ' ' + request.resource.group + '/' + request.resource.resource\n"
    "+ (request.?subResource.orValue('') == '' ? '' : '/' + request.subResource)"
)
_REMEDY = ": do that with an account of your own"
_FIELDS_REMEDY = ": change that with an account of your own"
_WEBHOOK = ", or, if a mutating webhook changed it, exclude updates of this account from the webhook"


def guard_name(action: str) -> str:
    """Return the name of an action's guard, of the policy and of its binding."""
    return f"kubernaut-guard-{action}"


def guarded_rules(spec: ActionSpec) -> list[Rule]:
    """Return the rules that are narrower than RBAC."""
    return [rule for rule in spec.rules if rule.is_guarded]


def guard_manifests(action: str, spec: ActionSpec) -> list[dict[str, Any]]:
    """Return the policy and its binding; nothing for an action whose rules RBAC expresses in full."""
    rules = guarded_rules(spec)
    if not rules:
        return []
    metadata = {"name": guard_name(action), "labels": {"app.kubernetes.io/part-of": "kubernaut", LABEL_ACTION: action}}
    return [
        {
            "apiVersion": _API,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": metadata,
            "spec": _policy(spec.service_account, rules),
        },
        {
            "apiVersion": _API,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": metadata,
            "spec": {"policyName": guard_name(action), "validationActions": ["Deny"]},
        },
    ]


def all_guards(registry: Registry) -> list[dict[str, Any]]:
    """Return the guards of all installed actions."""
    return [
        manifest for name, action in sorted(registry.actions.items()) for manifest in guard_manifests(name, action.spec)
    ]


def changeable_fields(rule: Rule) -> FieldTree:
    """Return the fields that may differ: those that the rule names, and what the API server itself writes at such a change."""
    tree = field_tree(rule.fields)
    if "daemonsets" not in rule.resources or tree.touches(_TEMPLATE_GENERATION):
        return tree
    return field_tree((*rule.fields, _TEMPLATE_GENERATION))


def _policy(account: str, rules: list[Rule]) -> dict[str, Any]:
    """Return the spec of the policy, with every default that the API server would add, so that the two can be compared."""
    variables: list[Variable] = [positions()] if any(needs_positions(changeable_fields(rule)) for rule in rules) else []
    validations: list[dict[str, Any]] = []
    if len(rules) > 1:
        variables.append(Variable("requested", _REQUESTED))
    for number, rule in enumerate(rules, 1):
        suffix = str(number) if len(rules) > 1 else ""
        unless = "".join(f"!({criterion}) || " for criterion in _criteria(rule, alone=len(rules) == 1))
        if rule.fields:
            variables += difference_variables(changeable_fields(rule), suffix)
            validations.append(_fields_validation(rule, suffix, unless))
        if rule.condition:
            validations.append(_condition_validation(rule, unless))
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "matchPolicy": "Equivalent",
            "namespaceSelector": {},
            "objectSelector": {},
            "resourceRules": [_match(rule) for rule in rules],
        },
        "matchConditions": [
            {
                # In any namespace; no part of a user's name of this kind contains a colon.
                "name": "by-the-account-of-the-action",
                "expression": "request.userInfo.username.startsWith('system:serviceaccount:')"
                f" && request.userInfo.username.endsWith(':{account}')",
            }
        ],
        # The API server drops an empty list, and the two must be equal.
        **({"variables": [asdict(variable) for variable in variables]} if variables else {}),
        "validations": validations,
    }


def _match(rule: Rule) -> dict[str, Any]:
    return {
        "apiGroups": [rule.api_group],
        "apiVersions": ["*"],
        "operations": list(rule.operations),
        "resources": list(rule.resources),
        "scope": "*",
    }


def _criteria(rule: Rule, *, alone: bool) -> Iterator[str]:
    """Yield the conditions under which a request falls under this rule and not another one of the policy."""
    if not alone:
        resources = [f"{rule.api_group}/{resource}" for resource in rule.resources]
        yield f"variables.requested in {listed(f'{one} {resource}' for one in rule.operations for resource in resources)}"
    if rule.names:
        yield f"request.name in {listed(rule.names)}"


def _fields_validation(rule: Rule, suffix: str, unless: str) -> dict[str, Any]:
    limit = f"is allowed to change only {', '.join(rule.fields)} of {', '.join(rule.resources)}"
    return {
        "expression": f"{unless}variables.changed{suffix}.size() == 0",
        "reason": "Forbidden",
        "message": f"this account {limit}{_FIELDS_REMEDY}",
        "messageExpression": f"request.userInfo.username + {quoted(f' {limit}, not ')}\n"
        f"+ variables.changed{suffix}.join(', ')\n+ {quoted(_FIELDS_REMEDY + _WEBHOOK)}",
    }


def _condition_validation(rule: Rule, unless: str) -> dict[str, Any]:
    verbs = " and ".join(verb for verb in rule.verbs if verb not in {"get", "list", "watch"})
    limit = f"is allowed to {verbs} {', '.join(rule.resources)} only where {rule.condition}"
    return {
        "expression": f"{unless}({rule.condition})" if unless else rule.condition,
        "reason": "Forbidden",
        "message": f"this account {limit}{_REMEDY}",
        "messageExpression": f"request.userInfo.username + {quoted(f' {limit}{_REMEDY}')}",
    }
