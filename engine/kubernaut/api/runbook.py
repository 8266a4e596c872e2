"""The custom resource `Runbook` as one pydantic model: a template from which `kubernaut run` creates several executions.

The engine never reads a runbook. What a run is, is in the executions that were created from it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from kubernaut.api.model import CamelCase
from kubernaut.api.names import is_label

RUNBOOK_KIND, RUNBOOK_PLURAL, RUNBOOK_SHORT = "Runbook", "runbooks", "krb"
MAX_STEPS, MAX_AFTER, MAX_PARAMETERS, MAX_ALERTS = 20, 8, 50, 20
MAX_NAME_LENGTH, SUFFIX_LENGTH = 63, 5
"""In characters: of an execution's name, which is RUNBOOK-SUFFIX-STEP, and of the suffix in it."""
ALERT_SUFFIX_LENGTH = 10
"""Of the suffix of a run that an alert begins: it follows from the alert, and no two may share one, so there are 27^10."""
MAX_STEP_NAME_LENGTH = 40
_LABEL_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
PARAMETER_NAME = r"[A-Za-z][A-Za-z0-9_]{0,62}"
"""What a parameter's name looks like: it must fit into `$(params.NAME)`."""
_PARAMETER_NAME = re.compile(PARAMETER_NAME)


def _name(text: str) -> str:
    if "$(" in text:
        raise ValueError("a name cannot hold $(…): it has to be known before the parameters are; write it out")
    if not is_label(text):
        raise ValueError("it must be lower-case letters, digits and '-', and begin and end with a letter or digit")
    return text


def _steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if not steps:
        raise ValueError("a runbook has at least one step")
    if len(steps) > MAX_STEPS:
        raise ValueError(f"a runbook has at most {MAX_STEPS} steps, and this one {len(steps)}: divide it into several")
    names = [step.name for step in steps]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"the name {twice[0]} is used more than once: give each step its own")
    return steps


def _after(after: tuple[After, ...]) -> tuple[After, ...]:
    if len(after) > MAX_AFTER:
        raise ValueError(f"a step comes after at most {MAX_AFTER} others, and this one after {len(after)}")
    names = [edge.step for edge in after]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"step {twice[0]} is named more than once: name it once")
    return after


def _label(max_length: int, description: str) -> Any:
    """Return the field of a name: checked with a message that says what is wrong, and described to the API server as a pattern."""
    return Field(max_length=max_length, description=description, json_schema_extra={"pattern": _LABEL_PATTERN})


StepName = Annotated[
    str, _label(MAX_STEP_NAME_LENGTH, "The step's name, unique in the runbook."), AfterValidator(_name)
]
StepRef = Annotated[str, _label(MAX_STEP_NAME_LENGTH, "The name of another step."), AfterValidator(_name)]
ActionName = Annotated[
    str, _label(MAX_NAME_LENGTH, "The action's name, as `kubernaut actions` lists it."), AfterValidator(_name)
]


class When(StrEnum):
    """How a step must have ended for another to begin."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ENDED = "Ended"
    """However it ended, skipped and cancelled included."""


class Mode(StrEnum):
    """What an alert does with a runbook."""

    PROPOSE = "propose"
    EXECUTE = "execute"


class _Strict(CamelCase):
    """A part of a runbook; a field that is not known is refused, as it may be misspelt."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


class ParameterType(StrEnum):
    """The type of a runbook's parameter."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


def type_problem(wanted: ParameterType, value: Any) -> str:
    """Return why the value does not have this type, or ""."""
    fits = {
        ParameterType.STRING: isinstance(value, str),
        ParameterType.INTEGER: isinstance(value, int) and not isinstance(value, bool),
        ParameterType.NUMBER: isinstance(value, int | float) and not isinstance(value, bool),
        ParameterType.BOOLEAN: isinstance(value, bool),
    }
    articles = {ParameterType.INTEGER: "an integer", ParameterType.BOOLEAN: "true or false"}
    return "" if fits[wanted] else f"it must be {articles.get(wanted, f'a {wanted}')}"


class RunbookParameter(_Strict):
    """What the caller gives; required if it has no default."""

    type: ParameterType = ParameterType.STRING
    default: JsonValue = Field(
        default=None, description="Its value where the caller gives none; without one it is required."
    )
    description: Annotated[str, Field(max_length=1000)] = ""

    @field_validator("default")
    @classmethod
    def _has_its_type(cls, value: JsonValue, info: ValidationInfo) -> JsonValue:
        if value is not None and "type" in info.data and (problem := type_problem(info.data["type"], value)):
            raise ValueError(problem)
        return value

    @property
    def is_required(self) -> bool:
        """Whether the caller must give it."""
        return self.default is None


class After(_Strict):
    """Another step that must have ended first, and how."""

    step: StepRef
    when: When = When.SUCCEEDED


class Step(_Strict):
    """One execution of a run."""

    name: StepName
    action: ActionName
    parameters: dict[str, JsonValue] = Field(
        default_factory=dict, description="The action's parameters; a text may hold `$(params.NAME)`."
    )
    after: Annotated[
        tuple[After, ...],
        Field(description="What must have ended first; all of it.", json_schema_extra={"maxItems": MAX_AFTER}),
        AfterValidator(_after),
    ] = ()
    undoes: StepRef | None = Field(
        default=None,
        description="The step whose changes it undoes, instead of parameters; `action` is what undoes them.",
    )


class AlertRule(_Strict):
    """Which alerts begin a run, and with which parameters."""

    match: Annotated[dict[str, Annotated[str, Field(max_length=253)]], Field(min_length=1, max_length=20)] = Field(
        description="Labels that a firing alert must have, all of them."
    )
    arguments: Annotated[dict[str, Annotated[str, Field(max_length=1000)]], Field(max_length=MAX_PARAMETERS)] = Field(
        default_factory=dict, description="The runbook's parameters; a text may hold `$(labels.NAME)`."
    )
    mode: Mode = Field(default=Mode.PROPOSE, description="propose: rehearse every step; execute: carry it out.")


def _parameter_names(parameters: dict[str, RunbookParameter]) -> dict[str, RunbookParameter]:
    for name in parameters:
        if not _PARAMETER_NAME.fullmatch(name):
            raise ValueError(
                f"{name[:63]!r} is not a name: it must be letters, digits and '_', and begin with a letter"
            )
    return parameters


class RunbookSpec(_Strict):
    """Several actions that belong together, with parameters."""

    summary: Annotated[str, Field(min_length=1, max_length=1000, description="What it is for, in one sentence.")]
    parameters: Annotated[
        dict[str, RunbookParameter], Field(max_length=MAX_PARAMETERS), AfterValidator(_parameter_names)
    ] = Field(default_factory=dict, description="What the caller gives, by name.")
    steps: Annotated[
        tuple[Step, ...],
        Field(
            description="The executions of a run; those without `after` begin at once.",
            json_schema_extra={"maxItems": MAX_STEPS, "minItems": 1},
        ),
        AfterValidator(_steps),
    ]
    alerts: Annotated[tuple[AlertRule, ...], Field(max_length=MAX_ALERTS)] = Field(
        default=(), description="Which alerts of its namespace begin a run."
    )

    @property
    def by_name(self) -> dict[str, Step]:
        """The steps by their names, in their order."""
        return {step.name: step for step in self.steps}


class Runbook(BaseModel):
    """A template of several executions, which `kubernaut run` creates in its namespace."""

    spec: RunbookSpec
