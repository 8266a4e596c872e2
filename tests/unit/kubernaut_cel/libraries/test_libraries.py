"""The functions of Kubernetes, each with values at its limits; the conformance tests compare them with a cluster."""

from __future__ import annotations

import pytest

from kubernaut_cel.environment import Environment, EvaluationError
from kubernaut_cel.functions import Type

ENVIRONMENT = Environment({"object": Type.DYN})


@pytest.mark.parametrize(
    "source",
    [
        "[].isSorted() && [1, 1].isSorted() && ![2, 1].isSorted()",
        "[1.5, 2.5].sum() == 4.0 && dyn([]).sum() == 0 && [duration('1s'), duration('2s')].isSorted()",
        "[3, 1].max() == 3 && ['b', 'a'].min() == 'a'",
        "[1, 2, 1].lastIndexOf(1) == 2 && [1].lastIndexOf(2) == -1",
        "'a1b22'.findAll('[0-9]+') == ['1', '22'] && 'a'.find('x') == '' && 'aa'.findAll('a', 0) == []",
        "sets.contains([], []) && !sets.intersects([], [1]) && sets.equivalent([1, 2], [2, 1, 1])",
        "quantity('0.5').add(quantity('500m')).asInteger() == 1 && quantity('1').sub(2).isLessThan(quantity('0'))",
        "!quantity('1.5').isInteger() && quantity('1.5').asApproximateFloat() == 1.5 && isQuantity('1Ei')",
        "quantity('1Ki').compareTo(quantity('1k')) == 1 && sign(quantity('0')) == 0",
        "ip('::').isUnspecified() && ip('224.0.0.1').isLinkLocalMulticast() && !ip('255.255.255.255').isGlobalUnicast()",
        "ip.isCanonical('::1') && !ip.isCanonical('0:0::1') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && !cidr('10.0.0.0/8').containsCIDR('9.0.0.0/8')",
        "!cidr('10.0.0.0/8').containsCIDR(cidr('::/0')) && cidr('10.1.2.3/8').ip() == ip('10.1.2.3') && !isCIDR('10.0.0.0')",
        "format.dns1123LabelPrefix().validate('a-').hasValue() == false && format.dns1123Label().validate('a-').hasValue()",
        "format.uuid().validate('x').value() == ['does not match the UUID format']",
        "!format.date().validate('2026-02-28').hasValue() && format.date().validate('2026-02-30').hasValue()",
        "!format.byte().validate('YQ==').hasValue() && format.byte().validate('!').hasValue()",
        "!format.uri().validate('/a').hasValue() && format.uri().validate('a b').hasValue()",
        "format.datetime().validate('noon').hasValue() && format.named('uri').hasValue()",
    ],
)
def test_it_holds(source: str):
    assert ENVIRONMENT.compile(source).evaluate({"object": {}}) is True


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("dyn([]).max()", "max called on empty list"),
        ("dyn([]).min()", "min called on empty list"),
        ("'a'.find('(')", "Illegal regex"),
        ("quantity('1.5').asInteger()", "cannot convert value to integer"),
        ("ip('10.0.0')", 'IP Address "10.0.0" parse error during conversion from string'),
        ("cidr('10.0.0.0')", 'CIDR "10.0.0.0" parse error during conversion from string'),
        ("format.uuid().validate('0b2c3b3e-6c39-4a3a-9d8a-1c2f0d9e8b7a').value()", "optional.none() dereference"),
    ],
)
def test_it_has_no_value(source: str, message: str):
    with pytest.raises(EvaluationError) as raised:
        ENVIRONMENT.compile(source).evaluate({"object": {}})
    assert message in str(raised.value)
