"""Amounts as Kubernetes writes them: `200m` of CPU, `1.5Gi` of memory. Engine, plugins and pods use the same class.

Every amount that the API stores is a whole number of billionths below 2^63 (apimachinery, resource/quantity.go), so an integer holds it
exactly, without a float or a decimal that rounds.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_BY_POWER = {power: suffix for suffix, power in _DECIMAL.items()}
_BY_BINARY_POWER = {power: suffix for suffix, power in _BINARY.items()}
_NANO = 10**9
_MAX = 2**63 - 1
_MAX_LENGTH = 100
_MAX_EXPONENT_DIGITS = 3
_SI, _EXPONENT, _IEC = "decimal suffix", "exponent", "binary suffix"
_VALID = (
    "a number with one of the suffixes n, u, m, k, M, G, T, P, E, or Ki, Mi, Gi, Ti, Pi, Ei, "
    "or an exponent (1e3), or neither"
)


class Quantity:
    """An amount, compared and hashed by its value: `Quantity("1Gi") == Quantity("1024Mi")`.

    `str()` is the text that it was made of; a sum or difference is written as its left part is.
    """

    __slots__ = ("_form", "_nano", "_text")
    _text: str
    _nano: int
    _form: str

    def __init__(self, text: str | Quantity) -> None:
        """Parse a text such as `200m`, `1.5Gi`, `-3` or `2e6`. Raises ValueError that says what is valid.

        Refused are amounts that Kubernetes would silently alter: beyond 2^63-1, or finer than a billionth.
        """
        if isinstance(text, Quantity):
            self._text, self._nano, self._form = text._text, text._nano, text._form
            return
        if not isinstance(text, str):
            raise ValueError(f"it is {type(text).__name__}, and a Kubernetes quantity is text: {_VALID}")  # noqa: TRY004 - pydantic reads ValueErrors
        self._text = text
        self._nano, self._form = _parsed(text)

    @property
    def nano(self) -> int:
        """The exact value in billionths: 200,000,000 for `200m`."""
        return self._nano

    @property
    def canonical(self) -> str:
        """The text as Kubernetes prints it: no fraction, the largest suffix of its kind: `1500m` for `1.5`, `1536Mi` for `1.5Gi`."""
        return _written(self._nano, self._form)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Quantity({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return self._nano == other._nano if isinstance(other, Quantity) else NotImplemented

    def __hash__(self) -> int:
        return hash((Quantity, self._nano))

    def __lt__(self, other: Quantity) -> bool:
        return self._nano < other._nano if isinstance(other, Quantity) else NotImplemented

    def __le__(self, other: Quantity) -> bool:
        return self._nano <= other._nano if isinstance(other, Quantity) else NotImplemented

    def __gt__(self, other: Quantity) -> bool:
        return self._nano > other._nano if isinstance(other, Quantity) else NotImplemented

    def __ge__(self, other: Quantity) -> bool:
        return self._nano >= other._nano if isinstance(other, Quantity) else NotImplemented

    def __add__(self, other: Quantity) -> Quantity:
        return self._sum(other, 1) if isinstance(other, Quantity) else NotImplemented

    def __sub__(self, other: Quantity) -> Quantity:
        return self._sum(other, -1) if isinstance(other, Quantity) else NotImplemented

    def _sum(self, other: Quantity, sign: int) -> Quantity:
        return Quantity(_written(self._nano + sign * other._nano, self._form if self._nano else other._form))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Accept text or a Quantity in a model, and write it to JSON as the text that was given."""
        from pydantic_core import core_schema  # noqa: PLC0415 - a pod has no pydantic

        return core_schema.no_info_wrap_validator_function(
            lambda value, as_text: value if isinstance(value, cls) else cls(as_text(value)),
            core_schema.str_schema(strict=True),
            serialization=core_schema.to_string_ser_schema(),
        )


def _parsed(text: str) -> tuple[int, str]:
    """Return the billionths that a text stands for, and the form that it is written in."""
    number, suffix = _split(text)
    whole, _, fraction = number.lstrip("+-").partition(".")
    is_number = _are_digits(whole or "0") and _are_digits(fraction or "0") and bool(whole or fraction)
    factor = (
        _factor(suffix)
        if is_number and len(text) <= _MAX_LENGTH and number.count("+") + number.count("-") <= 1
        else None
    )
    if factor is None:
        raise ValueError(f"it is not a valid Kubernetes quantity, such as 200m or 128Mi: it must be {_VALID}")
    base, power, form = factor
    nano = int(whole + fraction) * _NANO * base ** max(power, 0)
    divisor = 10 ** len(fraction) * base ** max(-power, 0)
    if nano % divisor:
        raise ValueError("it is finer than a billionth, which Kubernetes would round: give at most 9 decimal places")
    nano //= divisor
    if nano > _MAX * _NANO:
        raise ValueError(f"it is larger than {_MAX}, the largest quantity of Kubernetes")
    return -nano if number.startswith("-") else nano, form


def _split(text: str) -> tuple[str, str]:
    """Return the signed number at the text's beginning, and the rest."""
    end = next(
        (i for i, char in enumerate(text) if not (char in ".0123456789" or (i == 0 and char in "+-"))), len(text)
    )
    return text[:end], text[end:]


def _factor(suffix: str) -> tuple[int, int, str] | None:
    """Return base, power and form of a suffix or exponent; None for what is neither."""
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix], _SI
    if suffix in _BINARY:
        return 1024, _BINARY[suffix], _IEC
    digits = suffix[2:] if suffix[1:2] in {"+", "-"} else suffix[1:]
    if suffix[:1] in {"e", "E"} and _are_digits(digits) and len(digits) <= _MAX_EXPONENT_DIGITS:
        return 10, int(suffix[1:]), _EXPONENT
    return None


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _written(nano: int, form: str) -> str:
    """Return the canonical text; as in Kubernetes, a binary suffix is for whole numbers from 1024 on."""
    if nano == 0:
        return "0"
    if form == _IEC and (abs(nano) < 1024 * _NANO or nano % _NANO):
        form = _SI
    if form == _IEC:
        number, power = _reduced(nano // _NANO, 1024, len(_BINARY))
        return f"{number}{_BY_BINARY_POWER.get(power, '')}"
    number, thousands = _reduced(nano, 1000, 9)
    power = 3 * thousands - 9
    return f"{number}{_BY_POWER[power]}" if form == _SI else f"{number}e{power}" if power else str(number)


def _reduced(number: int, base: int, most: int) -> tuple[int, int]:
    power = 0
    while power < most and number % base == 0:
        number, power = number // base, power + 1
    return number, power
