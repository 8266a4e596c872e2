"""Functions that Kubernetes adds to CEL, declared twice: with exact types for the compiler, and without them for the runtime.

The runtime cannot hold values of types that are not its own, such as a quantity. There they are maps, and the compiler alone keeps
them apart. So an overload that differs from another only in such types must have the same implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from cel_expr_python import cel

Type: TypeAlias = cel.Type
Implementation = Callable[..., Any]
STRINGS = Type.List(Type.STRING)
RECORD = Type.Map(Type.STRING, Type.DYN)
"""What a value of one of Kubernetes' own types is at run time."""


def own_type(name: str) -> Type:
    """Return one of Kubernetes' own types, which has no fields; its name is as in messages."""
    return Type.AbstractType(name)


@dataclass(frozen=True, eq=False)
class Overload:
    """One way to call a function; the first parameter of a member function is its receiver.

    An implementation raises ValueError with the message of the evaluation error. Without one, the function is given with each evaluation.
    """

    name: str
    parameters: tuple[Type, ...]
    result: Type
    implementation: Implementation | None = None
    member: bool = True


def declared(overloads: Iterable[Overload]) -> tuple[cel.CelExtension, list[cel.FunctionDecl]]:
    """Return the functions with their exact types, to compile with; they cannot be called.

    Only the list may mention Kubernetes' own types, and only the extension may add overloads to functions of CEL itself.
    """
    exact = [replace(overload, implementation=None) for overload in overloads]
    own = {o.name for o in exact if any(_is_own(kind) for kind in (*o.parameters, o.result))}
    extension = cel.CelExtension("declared", _declarations(o for o in exact if o.name not in own))
    return extension, _declarations(o for o in exact if o.name in own)


def erased(overloads: Iterable[Overload]) -> cel.CelExtension:
    """Return the functions without exact types, to compile with; they cannot be called."""
    return cel.CelExtension("erased", _declarations(replace(_erased(o), implementation=None) for o in overloads))


def callable_at_run_time(overloads: Iterable[Overload]) -> cel.CelExtension:
    """Return the functions as the runtime can call them."""
    return cel.CelExtension("callable", _declarations(_erased(overload) for overload in overloads))


def _erased(overload: Overload) -> Overload:
    parameters = tuple(run_time_type(kind) for kind in overload.parameters)
    return replace(overload, parameters=parameters, result=run_time_type(overload.result))


def run_time_type(kind: Type) -> Type:
    """Return the type that a value has at run time: a map in place of one of Kubernetes' own types."""
    if _is_own(kind):
        return RECORD
    return Type.LIST if kind.name().startswith("LIST") else kind


def _is_own(kind: Type) -> bool:
    return "." in kind.name()


def bound(overload: Overload, implementation: Implementation) -> cel.Function:
    """Return the function for one evaluation."""
    parameters = [run_time_type(kind) for kind in overload.parameters]
    return cel.Function(overload.name, parameters, overload.member, implementation, run_time_type(overload.result))


def _declarations(overloads: Iterable[Overload]) -> list[cel.FunctionDecl]:
    functions: dict[str, dict[str, Overload]] = {}
    for overload in overloads:
        known = functions.setdefault(overload.name, {})
        identifier = "_".join((overload.name, *(kind.name() for kind in overload.parameters)))
        same = known.get(identifier)
        known[identifier] = overload if same is None else replace(overload, result=Type.DYN)
    return [
        cel.FunctionDecl(name, [_declaration(identifier, overload) for identifier, overload in known.items()])
        for name, known in functions.items()
    ]


def _declaration(identifier: str, overload: Overload) -> cel.Overload:
    options: dict[str, Any] = {"return_type": overload.result, "parameters": list(overload.parameters)}
    if overload.implementation is not None:
        options["impl"] = overload.implementation
    return cel.Overload(identifier, is_member=overload.member, **options)
