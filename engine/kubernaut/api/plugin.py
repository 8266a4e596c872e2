"""The values that pass between the engine and its plugins.

All are frozen: hooks receive and return them, and cannot change the engine's state through them. Authors import them from
`kubernaut`; nothing here depends on the Kubernetes client.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from kubernaut.api.fields import ANY, TargetField
from kubernaut.api.rules import Rule, check_overlaps
from kubernaut.api.steps import Rehearsal
from kubernaut.api.surroundings import Surroundings
from kubernaut.printable import printable
from kubernaut.quantity import Quantity
from kubernaut.validation_errors import format_validation_error

HOOK_VERSION = 1
"""The version of the hook contract. A plugin states the one it was written for as its own `HOOK_VERSION`."""

ObjectName = Annotated[
    str, Field(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
]
"""A Kubernetes object's name (RFC 1123 subdomain): no slash, no `..`, no upper case."""

Label = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
"""An RFC 1123 label, as the names of ServiceAccounts and actions must be."""


def _amount(value: str) -> str:
    if Quantity(value).nano < 0:
        raise ValueError(
            "it is negative, which no container's request or limit is: give an amount such as 200m or 128Mi"
        )
    return value


Amount = Annotated[str, AfterValidator(_amount)]
"""What a container may request or use of CPU or memory, as Kubernetes writes it: a Quantity that is not negative."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)


class Parameters(_Frozen):
    """Base of every action's parameters and settings: unknown fields are refused, types are strict."""


class NoSettings(Parameters):
    """The settings of an action that has none."""


class Resources(_Frozen):
    """Requests and limits of each of the action's containers, as Kubernetes quantities."""

    cpu_request: Amount = "50m"
    memory_request: Amount = "64Mi"
    cpu_limit: Amount = "1"
    """A step needs a tenth of a second of CPU; whatever the limit withholds is added to the time until the change is in effect."""
    memory_limit: Amount = "128Mi"

    def manifest(self) -> dict[str, dict[str, str]]:
        """The `resources` of a container."""
        return {
            "requests": {"cpu": self.cpu_request, "memory": self.memory_request},
            "limits": {"cpu": self.cpu_limit, "memory": self.memory_limit},
        }


@dataclass(frozen=True, slots=True)
class Target:
    """What an execution acts on, in its own namespace. Two executions never run on the same target at once."""

    kind: str
    name: str
    resource: str = ""
    """Its API resource, such as `apps/v1/deployments`; empty for what is not in the cluster."""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an execution must not run: the parameter at fault (or "") and what to do about it."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"parameters.{self.field}: {self.message}" if self.field else self.message


class Change(_Frozen):
    """One field of one object, before and after. An absent field is null."""

    kind: str
    name: str
    field: str
    before: JsonValue = None
    after: JsonValue = None
    volatile: bool | None = None
    """Whether its values depend on when it is made, such as a time: approved with a plan is then the field alone."""


class Rollback(_Frozen):
    """The action and parameters that undo an execution."""

    action: str
    parameters: dict[str, JsonValue]


def _printable_values(value: Any) -> Any:
    """Return a JSON value with every text in it, keys too, as it may be shown."""
    if isinstance(value, dict):
        return {printable(key): _printable_values(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_printable_values(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value


class Result(_Frozen):
    """What an execution did, as its pods reported it."""

    changes: tuple[Change, ...] = ()
    unconfirmed: tuple[Change, ...] = ()
    """Changes that an attempt planned and may have made: it ended before it could report them, and no later one did."""
    rollback: Rollback | None = None
    irreversible: Annotated[str, AfterValidator(printable)] | None = None
    """Why these changes have no rollback, if the engine knows."""
    outputs: Annotated[dict[str, JsonValue], AfterValidator(_printable_values)] = Field(default_factory=dict)
    truncated: bool = False
    disbelieved: int | None = None
    """How many changes its pods reported of fields that it could not have been asked for; none of them is recorded."""


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """The dry run that was approved, and that an execution carries out."""

    execution: str
    """The name of the dry run."""
    uid: str
    digest: str
    proposed_by: str = ""
    """Who asked for the dry run; "" where that is not known."""
    proposed_at: datetime = _NEVER
    """When the dry run was created."""


@dataclass(frozen=True, slots=True)
class UndoneExecution:
    """The execution that another one undoes."""

    name: str
    left: tuple[dict[str, JsonValue], ...]
    """Each field that it changed (`kind`, `name`, `field`) with the value that it left, as `after` or, for a long one, as its `digest`."""
    undoes: str = ""
    """What it undid itself; "" where it was no undoing."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One KubernetesExecution as hooks see it, its parameters checked and typed."""

    name: str
    namespace: str
    uid: str
    action: str
    parameters: Any
    """An instance of the action's own parameters model."""
    settings: Any
    """An instance of the action's own settings model."""
    image: str
    """The image that holds the engine and this plugin; the default for `runner_job`."""
    dry_run: bool = False
    rehearsal: Rehearsal = "initContainer"
    """Where its dry run takes place; `runner_job` builds the Job accordingly."""
    read_only: bool = False
    """Whether its action changes nothing, and so has one step."""
    deadline_seconds: int = 600
    requested_by: str = ""
    traceparent: str = ""
    """Its W3C trace context; every step of its pods has it as `TRACEPARENT`."""
    checked_at: datetime = _NEVER
    """When the engine validated it."""
    target: Target = Target("", "")
    """The result of `ActionSpec.target` for the parameters."""
    target_labels: Mapping[str, str] = field(default_factory=dict)
    """The target's own labels; empty unless the policy reads them (`PolicySpec.reads_labels`)."""
    approved_plan: ApprovedPlan | None = None
    """The plan that it carries out; None for an execution that nobody approved."""
    undone: UndoneExecution | None = None
    """The execution that it undoes, by the rollback which that one recorded."""


class PolicySpec(BaseModel):
    """What a policy is: returned by its `describe`, read once at start-up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: Annotated[str, Field(min_length=1, max_length=200)]
    settings: type[BaseModel] = NoSettings
    reads_labels: Callable[[Execution], bool] | None = None
    """Whether the decision on this execution depends on its target's labels. If so, the engine needs permission to read the target."""


class ActionSpec(BaseModel):
    """What an action is, and what it is allowed to do: returned by `describe`, read once at start-up."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    summary: Annotated[str, Field(min_length=1, max_length=200)]
    parameters: type[BaseModel]
    target: Callable[[Any], Target]
    """Maps checked parameters to the object acted on; spellings that mean the same object must give equal targets."""
    fields: Callable[[Any], Iterable[TargetField | str]] = lambda _: (ANY,)
    """Maps checked parameters to the fields that they may change: paths of the target such as `spec.replicas`, or TargetFields of other
    objects. What a pod reports of any other field is not believed. Without it: every field of the target."""
    service_account: Label
    rules: tuple[Rule, ...] = ()
    """Least-privilege RBAC in the namespace acted on; empty means the pod gets no token at all."""
    resources: Resources = Resources()
    deadline: Annotated[int, Field(ge=1, le=86_400)] = 600
    """Seconds for all attempts together; an execution can ask for less."""
    backoff_limit: Annotated[int, Field(ge=0, le=10)] = 2
    """Attempts after the first."""
    retry_safe: bool = False
    """Whether a second attempt may run after a first one that may have changed something."""
    read_only: bool = False
    """Whether it changes nothing, as a check does. It then has one step and no rehearsal, is always retried, and holds no lock on its
    target. Its rules may only allow to get, list and watch."""
    inline_rehearsal: bool = True
    """Whether one process may call `perform` twice, first as the dry run, where the admin asks for that (`rehearsal: inline`). False for
    a `command_job`, and for code that leaves something behind in its process; such an action keeps its initContainer."""
    cooldown: Annotated[int, Field(ge=0, le=86_400)] = 0
    """Seconds that must pass on one target between the end of an execution of this action and the start of the next."""
    settings: type[BaseModel] = NoSettings
    examples: tuple[dict[str, JsonValue], ...] = ()
    """Parameters that work on the sandbox's own objects and together need every rule: shown to users, run by the demo and the tests."""

    surroundings: Callable[[], AbstractContextManager[Surroundings]] | None = None
    """Starts whatever else the examples need, such as a server on loopback, while the demo and the tests run them."""

    @model_validator(mode="after")
    def _clear_rules(self) -> Self:
        check_overlaps(self.rules)
        return self

    @model_validator(mode="after")
    def _reads_only(self) -> Self:
        for number, rule in enumerate(self.rules if self.read_only else ()):
            if writes := sorted(set(rule.verbs) - {"get", "list", "watch"}):
                raise ValueError(f"read_only: rules.{number} allows {', '.join(writes)}: drop that, or read_only")
        return self

    @model_validator(mode="after")
    def _closed_models(self) -> Self:
        for role, model in (("parameters", self.parameters), ("settings", self.settings)):
            if model.model_config.get("extra") != "forbid":
                raise ValueError(
                    f"{role} model {model.__name__} accepts unknown fields: derive it from kubernaut.Parameters"
                )
        if "namespace" in self.parameters.model_fields:
            raise ValueError(
                f"parameters model {self.parameters.__name__} has a field `namespace`: an execution acts on its own, so leave it out"
            )
        for number, example in enumerate(self.examples):
            try:
                self.parameters.model_validate_json(json.dumps(example), strict=True)
            except ValidationError as error:
                raise ValueError(f"examples[{number}]: {format_validation_error(error, noun='parameter')}") from error
        return self
