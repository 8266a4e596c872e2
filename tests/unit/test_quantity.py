"""Kubernetes quantities: exact, compared by value, printed as written or as Kubernetes prints them."""

import copy
import pickle
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity
from pydantic import TypeAdapter, ValidationError

import kubernaut
from kubernaut import Quantity
from kubernaut.api.plugin import Resources

SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
NUMBERS = st.from_regex(r"\A[+-]?([0-9]{1,12}(\.[0-9]{0,6})?|\.[0-9]{1,6})\Z")
EXPONENTS = st.from_regex(r"\A[eE][+-]?[0-9]{1,2}\Z")
TEXTS = st.builds("{}{}".format, NUMBERS, st.sampled_from(SUFFIXES) | EXPONENTS)
NANO, MAX = 10**9, 2**63 - 1


def value_of(text):
    """What the official client reads; it takes an exponent for a part of the number."""
    return Fraction(parse_quantity(text))


@given(TEXTS)
def test_a_quantity_is_exactly_what_the_official_client_reads_or_refused_where_kubernetes_would_alter_it(text):
    nano = value_of(text) * NANO
    try:
        quantity = Quantity(text)
    except ValueError:
        assert nano % 1 or abs(nano) > MAX * NANO
    else:
        assert quantity.nano == nano


@given(TEXTS, TEXTS)
def test_quantities_are_ordered_and_hashed_by_their_values(one, other):
    try:
        left, right = Quantity(one), Quantity(other)
    except ValueError:
        return
    assert (left == right, left < right, left <= right) == (
        value_of(one) == value_of(other),
        value_of(one) < value_of(other),
        value_of(one) <= value_of(other),
    )
    assert left != right or hash(left) == hash(right)
    assert (left > right, left >= right) == (right < left, right <= left)


@given(TEXTS, TEXTS)
def test_sums_and_differences_are_exact(one, other):
    try:
        left, right = Quantity(one), Quantity(other)
        total, rest = left + right, left - right
    except ValueError:
        return
    assert (total.nano, rest.nano) == (left.nano + right.nano, left.nano - right.nano)
    assert total - right == left


@given(TEXTS)
def test_the_canonical_form_has_the_same_value_and_is_its_own(text):
    try:
        quantity = Quantity(text)
    except ValueError:
        return
    again = Quantity(quantity.canonical)
    assert again == quantity
    assert again.canonical == quantity.canonical
    assert "." not in quantity.canonical
    assert value_of(quantity.canonical) == Fraction(quantity.nano, NANO)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1.5", "1500m"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("1000m", "1"),
        ("0.5Ki", "512"),
        ("0.0009765625Ki", "1"),
        ("1.0001Ki", "1024102400u"),
        ("100000k", "100M"),
        ("12e6", "12e6"),
        ("1200e3", "1200e3"),
        ("1.5e3", "1500"),
        ("1E", "1E"),
        ("+5", "5"),
        ("-1.5", "-1500m"),
        ("00012", "12"),
        ("-0Mi", "0"),
        (".5", "500m"),
        ("5.", "5"),
        ("1n", "1n"),
        ("9223372036854775807", "9223372036854775807"),
        ("7Ei", "7Ei"),
    ],
)
def test_the_canonical_form_is_the_one_that_kubernetes_prints(text, canonical):
    assert Quantity(text).canonical == canonical
    assert str(Quantity(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "lots",
        ".",
        "-",
        "+-1",
        "1.2.3",
        "1mi",
        "1K",
        "1ki",
        "1e",
        "1e+",
        "1e1.5",
        "1i",
        "1Mib",
        "0x10",
        "1_000",
        "inf",
        "nan",
        "\u0661",
        "1\u00b2",
        "1e0000",
        "1" * 101,
    ],
)
def test_what_is_not_a_quantity_is_refused_with_what_is_valid(text):
    with pytest.raises(ValueError, match="such as 200m or 128Mi: it must be a number with one of the suffixes n, u, m"):
        Quantity(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0.1n", "finer than a billionth"),
        ("8Ei", "larger than 9223372036854775807"),
        ("1e999", "larger"),
        ("1e-999", "finer"),
    ],
)
def test_what_kubernetes_would_alter_is_refused(text, problem):
    with pytest.raises(ValueError, match=problem):
        Quantity(text)


def test_a_sum_is_written_as_its_left_part():
    assert str(Quantity("1Gi") + Quantity("512Mi")) == "1536Mi"
    assert str(Quantity("1") + Quantity("500m")) == "1500m"
    assert str(Quantity("0") + Quantity("1Gi")) == "1Gi"
    assert str(Quantity("1Gi") - Quantity("1Gi")) == "0"
    with pytest.raises(TypeError):
        Quantity("1") + "1"
    with pytest.raises(TypeError):
        _ = Quantity("1") < 2
    assert Quantity("1") != "1"


def test_a_quantity_can_be_copied():
    quantity = Quantity("1.5Gi")
    for copied in (copy.deepcopy(quantity), pickle.loads(pickle.dumps(quantity)), Quantity(quantity)):  # noqa: S301 - its own
        assert (copied, str(copied)) == (quantity, "1.5Gi")


class Sized(kubernaut.Parameters):
    memory: Quantity = Quantity("1.5Gi")


def test_a_parameter_can_be_a_quantity_and_stays_as_it_was_written():
    assert Sized.model_json_schema()["properties"]["memory"]["type"] == "string"
    sized = Sized.model_validate({"memory": "1024Mi"})
    assert sized.memory == Quantity("1Gi")
    assert sized.model_dump(mode="json") == {"memory": "1024Mi"}
    assert Sized().model_dump(mode="json") == {"memory": "1.5Gi"}
    assert TypeAdapter(Quantity).validate_json('"2k"').nano == 2000 * NANO
    with pytest.raises(ValidationError, match="valid string"):
        Sized.model_validate({"memory": 5})
    with pytest.raises(ValidationError, match="it must be a number with one of the suffixes"):
        Sized.model_validate({"memory": "5 GB"})


def test_a_containers_resources_are_quantities_that_are_not_negative():
    assert Resources(cpu_limit="2e3", memory_limit="1.5Gi").memory_limit == "1.5Gi"
    with pytest.raises(ValidationError, match="it is negative"):
        Resources(cpu_limit="-1")


def test_a_pod_reads_quantities_without_pydantic():
    source = (
        "import sys; from kubernaut.runner import Quantity; Quantity('1Gi') + Quantity('1'); "
        "print([m for m in ('pydantic', 'pydantic_core', 'decimal', 'fractions', 'typing') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
