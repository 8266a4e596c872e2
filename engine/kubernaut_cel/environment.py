"""Compiles and evaluates expressions. Compile errors and evaluation errors are worded as the API server words them.

Every expression is compiled twice: against exact types, to find errors and the type of its result, and against the types that its
values have at run time (see `functions`).
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import cel_expr_python.ext.ext_optional as ext_optional  # noqa: PLR0402 - mypy finds its stubs so
import cel_expr_python.ext.ext_strings as ext_strings  # noqa: PLR0402
from cel_expr_python import cel

from kubernaut_cel.functions import Overload, Type, callable_at_run_time, declared, erased, run_time_type
from kubernaut_cel.libraries import LIBRARIES, RUN_TIME_ONLY
from kubernaut_cel.syntax import error_at

_COMPILE_ERROR = re.compile(r"^[A-Z_]+: (?P<text>.*?)(?: \[[A-Z_]+\])?$", re.DOTALL)
_LOCATED = re.compile(r"^ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<text>.*?)$(?:\n \| .*$)*", re.MULTILINE)
_NO_OVERLOAD = re.compile(r"^found no matching overload for '(?P<name>\w+)' applied to '\((?P<types>.*)\)'$")
_UNDECLARED = re.compile(r"^undeclared reference to '(?P<root>\w+)\.[\w.]+' (?P<where>.*)$")
_WORDS = (
    (re.compile(r'^NOT_FOUND: Key not found in map : "(.*)"$', re.DOTALL), r"no such key: \1"),
    (re.compile(r"^UNKNOWN: No matching overloads found : .*$", re.DOTALL), "no such overload"),
    (
        re.compile(r"^INVALID_ARGUMENT: (?:Applying SELECT to non-message type|Invalid container type.*)$"),
        "no such overload",
    ),
    (re.compile(r"^UNKNOWN: Index error: index=(-?\d+) size=\d+$"), r"index out of bounds: \1"),
    (re.compile(r"^INVALID_ARGUMENT: divide by zero$"), "division by zero"),
    (re.compile(r"^INVALID_ARGUMENT: modulus by zero$"), "modulus by zero"),
    (re.compile(r"^INVALID_ARGUMENT: cannot convert (\w+) to (\w+)$"), r"type conversion error from '\1' to '\2'"),
    (
        re.compile(r"^INVALID_ARGUMENT: String to (Duration|Timestamp) conversion failed$"),
        r"type conversion error from 'string' to 'google.protobuf.\1'",
    ),
    (re.compile(r"^INTERNAL: Iteration budget exceeded.*$"), "operation cancelled: actual cost limit exceeded"),
    (re.compile(r"^[A-Z_]+: (.*)$", re.DOTALL), r"\1"),
)
"""The runtime's errors in the words of cel-go, which the API server uses. The runtime has no other field for them."""
_MISSING = re.compile(r'^UNKNOWN: No value with name "(?P<name>[^"]+)" found in Activation$')
_NUMBERS = (Type.INT, Type.UINT, Type.DOUBLE)
_COMPARISONS = tuple(
    Overload(operator, (first, second), Type.BOOL, member=False)
    for operator in ("_<_", "_<=_", "_>_", "_>=_")
    for first in _NUMBERS
    for second in _NUMBERS
    if first is not second
)
"""Comparisons of numbers of two types, which the runtime can do and the compiler has to be told of."""


class CompileError(Exception):
    """An expression that does not compile; the text shows where, over several lines."""


class EvaluationError(Exception):
    """An expression that has no value for these variables."""


@dataclass(frozen=True)
class Environment:
    """The names that an expression may use. Variables are declared by name; a name may contain dots."""

    variables: Mapping[str, Type]
    overloads: tuple[Overload, ...] = ()
    """Functions beyond those that every expression may use."""
    members: Mapping[str, Type] = field(default_factory=dict)
    """The types of fields of variables, for the compiler: `request.name` where `request` is a variable."""

    def with_variable(self, name: str, kind: Type) -> Environment:
        """Return the environment with one more variable."""
        return Environment({**self.variables, name: kind}, self.overloads, self.members)

    def compile(self, source: str) -> Expression:
        """Compile an expression; raise CompileError."""
        exact, loose, runtime = self._environments
        try:
            kind = exact.compile(source).return_type()
            return Expression(source, kind, runtime.deserialize(loose.compile(source).serialize()))
        except RuntimeError as error:
            match = _COMPILE_ERROR.match(str(error))
            text = match["text"] if match else str(error)
            raise CompileError(_LOCATED.sub(lambda located: _relocated(source, located), text)) from None

    @cached_property
    def _environments(self) -> tuple[cel.Env, cel.Env, cel.Env]:
        """Return the compiler of exact types, the compiler of run-time types, and the runtime."""
        variables = {name: run_time_type(kind) for name, kind in self.variables.items()}
        (extension, functions), known, callables = _functions(self.overloads)
        return (
            cel.NewEnv(
                variables={**self.variables, **self.members},
                extensions=[*_standard(), extension],
                functions=functions,
            ),
            cel.NewEnv(variables=variables, extensions=[*_standard(), known]),
            cel.NewEnv(variables=variables, extensions=[*_standard(), callables]),
        )


@dataclass(frozen=True)
class Expression:
    """A compiled expression."""

    source: str
    kind: Type
    """The type of its result."""
    _program: cel.Expression = field(repr=False)

    def evaluate(
        self,
        values: Mapping[str, Any],
        functions: Iterable[cel.Function] = (),
        failed: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the value as plain Python data.

        Args:
            values: the variables, as JSON data; one that is absent is an error only where its value matters.
            functions: the functions that have no implementation of their own.
            failed: why a variable is absent.

        Raises EvaluationError.
        """
        try:
            value = self._program.eval(data=dict(values), functions=list(functions))
            result = value.plain_value()
        except RuntimeError as error:
            raise EvaluationError(_in_words(str(error))) from None
        if value.type().name() == "ERROR":
            text = str(result)
            missing = _MISSING.match(text)
            if missing and failed and missing["name"] in failed:
                raise EvaluationError(failed[missing["name"]])
            raise EvaluationError(_in_words(text))
        return result


def type_name(kind: Type) -> str:
    """Return the name of a type as messages have it, such as `list(string)`."""
    name = kind.name()
    for own in re.findall(r"[\w.]*\.[\w.]+", name):
        return str(own)
    return str(name).lower().replace("<", "(").replace(">", ")")


def _relocated(source: str, error: re.Match[str]) -> str:
    """Return one compile error as cel-go words it: it tells receivers from arguments, and names the first unknown name."""
    lines = source.split("\n")
    line, column, text = int(error["line"]), int(error["column"]), error["text"]
    position = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
    if (overload := _NO_OVERLOAD.match(text)) and source[:position].rstrip().endswith(f".{overload['name']}"):
        receiver, _, arguments = _split(overload["types"])
        called = f"{receiver}.({arguments})"
        text = f"found no matching overload for '{overload['name']}' applied to '{called}'"
    elif undeclared := _UNDECLARED.match(text):
        position = max(0, source.rfind(undeclared["root"], 0, position))
        text = f"undeclared reference to '{undeclared['root']}' {undeclared['where']}"
    else:
        return error.group()
    return error_at(source, position, text)


def _split(types: str) -> tuple[str, str, str]:
    """Split a list of types after the first one, which may have commas inside brackets."""
    depth = 0
    for index, character in enumerate(types):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            return types[:index], ",", types[index + 1 :].strip()
    return types, "", ""


def _in_words(text: str) -> str:
    text = re.sub(r" \[[A-Z_]+\]$", "", text)
    for pattern, words in _WORDS:
        if pattern.match(text):
            return pattern.sub(words, text)
    return text


@cache
def _standard() -> tuple[cel.CelExtensionBase, ...]:
    _keep_none_alive()
    return (ext_strings.ExtStrings(), ext_optional.ExtOptional())


@cache
def _functions(
    overloads: tuple[Overload, ...],
) -> tuple[tuple[cel.CelExtension, list[cel.FunctionDecl]], cel.CelExtension, cel.CelExtension]:
    """Return the functions for each of the three environments."""
    known = (*LIBRARIES, *overloads)
    at_run_time = (*known, *RUN_TIME_ONLY)
    return declared((*known, *_COMPARISONS)), erased((*at_run_time, *_COMPARISONS)), callable_at_run_time(at_run_time)


def _keep_none_alive() -> None:
    """Make None survive cel-expr-python 0.1.3, which gives away a reference to None that it does not own for every null.

    From Python 3.12 on, None cannot be deleted.
    """
    if sys.version_info < (3, 12):
        ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40
