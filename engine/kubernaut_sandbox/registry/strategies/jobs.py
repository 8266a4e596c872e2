"""Jobs: defaults, the generated selector and labels, and the rules of podFailurePolicy."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, labels_of, meta, name_of, spec_of, status_of, uid_of, with_meta
from kubernaut_sandbox.model.selectors import label_selector, matches_labels
from kubernaut_sandbox.model.statuses import Cause, invalid_value, not_implemented, required, unsupported_value
from kubernaut_sandbox.registry.strategies.base import Strategy, immutable, with_defaults
from kubernaut_sandbox.registry.strategies.pods import default_template, template_causes

NAME_LABEL = "batch.kubernetes.io/job-name"
UID_LABEL = "batch.kubernetes.io/controller-uid"
_UNSUPPORTED_FIELDS = ("successPolicy", "backoffLimitPerIndex", "maxFailedIndexes", "managedBy")
_AMOUNTS = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
_IMMUTABLE_FIELDS = ("completions", "selector", "template", "completionMode", "podFailurePolicy")
_POLICY = "spec.podFailurePolicy"


_MUTABLE_METADATA = ("annotations", "labels")
_MUTABLE_POD = ("affinity", "nodeSelector", "schedulingGates", "tolerations")
"""What may change in the template of a suspended Job that has not started: queues write it there."""


class JobStrategy(Strategy):
    """Defaults and validates Jobs; indexed Jobs are not implemented."""

    def prepare(self, obj: Object) -> Object:
        return {**obj, "spec": default_job_spec(spec_of(obj))}

    def prepare_create(self, obj: Object) -> Object:
        spec, uid = spec_of(obj), uid_of(obj)
        if spec.get("manualSelector"):
            return {**obj, "status": {}}
        generated = {UID_LABEL: uid, NAME_LABEL: name_of(obj), "controller-uid": uid, "job-name": name_of(obj)}
        template = spec["template"]
        template = {**template, "metadata": {**meta(template), "labels": {**labels_of(template), **generated}}}
        given = (spec.get("selector") or {}).get("matchLabels") or {}
        selector = {**(spec.get("selector") or {}), "matchLabels": {**given, UID_LABEL: uid}}
        spec = {**spec, "selector": selector, "template": template}
        # A Job without labels gets those of its template.
        labels = labels_of(obj) or template["metadata"]["labels"]
        return {**with_meta(obj, labels=labels), "spec": spec, "status": {}}

    def validate(self, obj: Object) -> list[Cause]:
        return job_spec_causes(spec_of(obj), _selector_causes(obj))

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        before = spec_of(old)
        if before.get("suspend") and not status_of(old).get("startTime"):
            before = {**before, "template": _with_scheduling_of(before["template"], spec_of(new)["template"])}
        return immutable(spec_of(new), before, "spec", _IMMUTABLE_FIELDS)


def default_job_spec(spec: Object) -> Object:
    """Return the spec of a Job with its defaults."""
    completions = spec.get("completions") if spec.get("parallelism") is not None else spec.get("completions") or 1
    policy = "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed"
    spec = with_defaults(
        {**spec, **({} if completions is None else {"completions": completions})},
        parallelism=1,
        backoffLimit=6,
        completionMode="NonIndexed",
        suspend=False,
        manualSelector=False,
        podReplacementPolicy=policy,
    )
    if spec.get("podFailurePolicy"):
        spec = {**spec, "podFailurePolicy": _default_policy(spec["podFailurePolicy"])}
    return {**spec, "template": default_template(spec.get("template") or {}, restart_policy=None)}


def job_spec_causes(spec: Object, selector_causes: list[Cause] | None = None) -> list[Cause]:
    """Return a cause for every invalid field of a Job's spec, which has its defaults; those of its selector are given."""
    _reject_unsupported(spec)
    causes = [
        invalid_value(f"spec.{field}", spec[field], "must be greater than or equal to 0")
        for field in _AMOUNTS
        if spec.get(field) is not None and spec[field] < 0
    ]
    if spec["completionMode"] != "NonIndexed":
        causes.append(unsupported_value("spec.completionMode", spec["completionMode"], ("NonIndexed", "Indexed")))
    causes += selector_causes or []
    causes += template_causes(spec["template"])
    restart = spec_of(spec["template"]).get("restartPolicy")
    if not restart:
        causes.append(required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"'))
    elif restart == "Always":
        causes.append(unsupported_value("spec.template.spec.restartPolicy", restart, ("OnFailure", "Never")))
    return causes + (_policy_causes(spec, restart) if spec.get("podFailurePolicy") else [])


def _with_scheduling_of(template: Object, other: Object) -> Object:
    """Return the template with what may change before a suspended Job starts taken from the other one."""
    metadata = _with_fields(meta(template), meta(other), _MUTABLE_METADATA)
    return {**template, "metadata": metadata, "spec": _with_fields(spec_of(template), spec_of(other), _MUTABLE_POD)}


def _with_fields(part: Object, other: Object, fields: tuple[str, ...]) -> Object:
    kept = {key: value for key, value in part.items() if key not in fields}
    return kept | {key: value for key, value in other.items() if key in fields}


def _default_policy(policy: Object) -> Object:
    """Return the policy with its defaults: a condition without a status stands for True."""
    rules = [
        {**rule, "onPodConditions": [with_defaults(item, status="True") for item in rule["onPodConditions"]]}
        if rule.get("onPodConditions")
        else rule
        for rule in policy.get("rules") or ()
    ]
    return {**policy, "rules": rules}


def _selector_causes(job: Object) -> list[Cause]:
    spec = spec_of(job)
    selector, labels = spec.get("selector") or {}, labels_of(spec["template"])
    generated = selector == {"matchLabels": {UID_LABEL: uid_of(job)}}
    causes = []
    if not generated and not spec.get("manualSelector"):
        causes.append(invalid_value("spec.selector", selector, "`selector` not auto-generated"))
    if not matches_labels(label_selector(selector), labels):
        detail = "`selector` does not match template `labels`"
        causes.append(invalid_value("spec.template.metadata.labels", labels, detail))
    return causes


def _reject_unsupported(spec: Object) -> None:
    for field in _UNSUPPORTED_FIELDS:
        if spec.get(field) is not None:
            raise not_implemented(f"spec.{field} of a Job")
    if spec.get("completionMode") == "Indexed":
        raise not_implemented("Jobs with completionMode Indexed")


def _policy_causes(spec: Object, restart: str | None) -> list[Cause]:
    causes = []
    if restart and restart != "Never":
        causes.append(
            invalid_value(
                "spec.template.spec.restartPolicy",
                restart,
                'only "Never" is supported when podFailurePolicy is specified',
            )
        )
    if spec["podReplacementPolicy"] != "Failed":
        causes.append(unsupported_value("spec.podReplacementPolicy", spec["podReplacementPolicy"], ("Failed",)))
    pod = spec_of(spec["template"])
    names = {
        container.get("name") for container in (*(pod.get("initContainers") or ()), *(pod.get("containers") or ()))
    }
    for index, rule in enumerate(spec["podFailurePolicy"].get("rules") or ()):
        causes += _rule_causes(rule, f"{_POLICY}.rules[{index}]", names)
    return causes


def _rule_causes(rule: Object, at: str, names: set[str | None]) -> list[Cause]:
    causes = []
    actions = ("Count", "FailIndex", "FailJob", "Ignore")
    if not rule.get("action"):
        causes.append(required(f"{at}.action", 'valid values: ["Count" "FailIndex" "FailJob" "Ignore"]'))
    elif rule["action"] not in actions:
        causes.append(unsupported_value(f"{at}.action", rule["action"], actions))
    elif rule["action"] == "FailIndex":
        causes.append(invalid_value(f"{at}.action", "FailIndex", "requires the backoffLimitPerIndex to be set"))
    codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
    if bool(codes) == bool(conditions):
        detail = (
            "specifying both OnExitCodes and OnPodConditions is not supported"
            if codes
            else "specifying one of OnExitCodes and OnPodConditions is required"
        )
        causes.append(Cause(at, f"Invalid value: {detail}"))
    for index, condition in enumerate(conditions or ()):
        if condition["status"] not in ("False", "True", "Unknown"):
            field = f"{at}.onPodConditions[{index}].status"
            causes.append(unsupported_value(field, condition["status"], ("False", "True", "Unknown")))
    return causes + (_codes_causes(codes, f"{at}.onExitCodes", names) if codes else [])


def _codes_causes(codes: Object, at: str, names: set[str | None]) -> list[Cause]:
    causes = []
    container, values, operator = codes.get("containerName"), codes.get("values") or [], codes.get("operator")
    if container is not None and container not in names:
        causes.append(
            invalid_value(
                f"{at}.containerName",
                container,
                "must be one of the container or initContainer names in the pod template",
            )
        )
    if operator not in ("In", "NotIn"):
        causes.append(unsupported_value(f"{at}.operator", operator or "", ("In", "NotIn")))
    if not values:
        causes.append(invalid_value(f"{at}.values", values, "at least one value is required"))
    if operator == "In" and 0 in values:
        causes.append(invalid_value(f"{at}.values[{values.index(0)}]", 0, "must not be 0 for the In operator"))
    if values != sorted(values):
        causes.append(invalid_value(f"{at}.values", values, "must be ordered"))
    return causes
