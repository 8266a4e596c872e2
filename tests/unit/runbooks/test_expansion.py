"""A runbook becomes executions: named, ordered, and with the values of its parameters."""

import pytest

from kubernaut.api.names import is_label
from kubernaut.errors import InputError
from kubernaut.runbooks.expansion import alert_suffix, approved_suffix, expand, new_suffix
from tests.support.runbooks import make_spec, make_step

SPEC = make_spec(
    make_step("grow", parameters={"name": "$(params.app)", "replicas": "$(params.n)"}),
    make_step("verify", "grow", parameters={"name": "$(params.app)-check", "replicas": 1}),
    make_step("undo", "verify=Failed", undoes="grow"),
    parameters={"app": {}, "n": {"type": "integer", "default": 3}},
)


def test_a_run_is_an_execution_for_each_step():
    run = expand("grow-web", SPEC, {"app": "web"}, "x7k2p")
    assert (run.name, run.arguments) == ("grow-web-x7k2p", {"app": "web"})
    assert {step.name: step.spec for step in run.steps} == {
        "grow-web-x7k2p-grow": {"action": "scale", "parameters": {"name": "web", "replicas": 3}},
        "grow-web-x7k2p-verify": {
            "action": "scale",
            "parameters": {"name": "web-check", "replicas": 1},
            "after": [{"execution": "grow-web-x7k2p-grow", "when": "Succeeded"}],
        },
        "grow-web-x7k2p-undo": {
            "action": "scale",
            "undoes": "grow-web-x7k2p-grow",
            "after": [
                {"execution": "grow-web-x7k2p-verify", "when": "Failed"},
                {"execution": "grow-web-x7k2p-grow", "when": "Ended"},
            ],
        },
    }


def test_a_rehearsal_is_dry_runs_that_wait_for_nothing_without_those_that_undo():
    run = expand("grow-web", SPEC, {"app": "web"}, "x7k2p").rehearsal()
    assert [step.spec for step in run.steps] == [
        {"action": "scale", "parameters": {"name": "web", "replicas": 3}, "dryRun": True},
        {"action": "scale", "parameters": {"name": "web-check", "replicas": 1}, "dryRun": True},
    ]


@pytest.mark.parametrize(
    ("name", "step", "words"),
    [
        pytest.param("a" * 30, "b" * 27, "the names", id="together too long"),
        pytest.param("Grow", "b", "metadata.name: it must be lower-case", id="capitals"),
        pytest.param("a.b", "b", "metadata.name: it must be lower-case", id="a dot"),
        pytest.param("a" * 64, "b", "metadata.name: it must be lower-case", id="a long name"),
    ],
)
def test_a_name_that_is_none_of_an_execution_is_refused(name, step, words):
    with pytest.raises(InputError, match=words):
        expand(name, make_spec(make_step(step)), {})


def test_the_longest_names_fit():
    (step,) = expand("a" * 29, make_spec(make_step("b" * 27)), {}).steps
    assert len(step.name) == 63


def test_everything_that_is_wrong_is_named_up_to_five():
    steps = [make_step(f"s{n}", parameters={"name": "$(params.nope)"}) for n in range(7)]
    with pytest.raises(InputError) as refused:
        expand("r", make_spec(*steps), {})
    assert str(refused.value).startswith(
        "runbook r: steps.s0.parameters.name: $(params.nope): there is no such parameter"
    )
    assert str(refused.value).endswith("; and 2 more")


def test_parameters_that_are_nested_without_end_are_refused():
    deep: object = "x"
    for _ in range(100):
        deep = [deep]
    with pytest.raises(InputError, match="nested more than 50 levels"):
        expand("r", make_spec(make_step("a", parameters={"a": deep})), {})


def test_parameters_that_become_too_large_are_refused_with_the_step():
    step = make_step("a", parameters={"a": "$(params.x)" * 10})
    with pytest.raises(InputError, match="step a: the parameters exceed the 96 KiB"):
        expand("r", make_spec(step, parameters={"x": {}}), {"x": "y" * 12_000})


def test_suffixes_differ_and_fit_into_names():
    assert len({new_suffix() for _ in range(100)}) > 90
    assert all(is_label(suffix) and len(suffix) == 5 for suffix in (new_suffix(), approved_suffix("r-x7k2p")))


def test_a_suffix_of_an_alert_always_is_the_same_and_meets_no_other():
    causes = [f'["grow", "{number:016x}", "2026-05-01T12:00:00.000Z"]' for number in range(50_000)]
    suffixes = {alert_suffix(cause) for cause in causes}
    assert len(suffixes) == len(causes)
    assert {len(suffix) for suffix in suffixes} == {10}
    assert alert_suffix(causes[0]) == alert_suffix(causes[0]) == "rj2lbb9q6n"


def test_what_carries_out_a_run_that_an_alert_proposed_has_as_long_a_suffix():
    assert len(approved_suffix(f"r-{alert_suffix('x')}")) == 10
    assert len(approved_suffix("r-" + "x" * 40)) == 10
    assert len(approved_suffix("r-x")) == 5


def test_a_longer_suffix_leaves_less_room_for_names():
    spec = make_spec(make_step("b" * 26))
    assert len(expand("a" * 25, spec, {}, "x" * 10).steps[0].name) == 63
    with pytest.raises(InputError, match="have 52 together, and 51 are left"):
        expand("a" * 26, spec, {}, "x" * 10)


def test_what_carries_out_a_proposed_run_always_has_the_same_suffix():
    assert approved_suffix("r-x7k2p") == approved_suffix("r-x7k2p") != approved_suffix("r-x7k2q")
