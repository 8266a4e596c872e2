"""What one look at a workload finds."""

import pytest

from kubernaut.runner import NotFound, Rejected
from kubernaut_check_workload.perform import Looking

EXPRESSION = "object.status.readyReplicas == object.spec.replicas"


def deployment(ready=2, uid="u1", generation=1, observed=1, **metadata):
    status = {"observedGeneration": observed, **({} if ready is None else {"readyReplicas": ready})}
    return {"metadata": {"uid": uid, "generation": generation, **metadata}, "spec": {"replicas": 2}, "status": status}


class _Action:
    """An action whose API server has these states of the workload, one after the other."""

    def __init__(self, states):
        self._states, self.api = list(states), self

    def get(self, kind, name):
        assert (kind, name) == ("apps/v1/deployments", "web")
        if (state := self._states.pop(0)) is None:
            raise NotFound('deployments.apps "web" not found')
        return state

    def reject(self, message):
        raise Rejected(message)


def looks(*states, expression=EXPRESSION):
    look = Looking(_Action(states), "Deployment", "web", expression)
    return [look() for _ in states]


def test_true_and_false_are_found_with_the_values_of_the_fields():
    yes, no = looks(deployment(2), deployment(1))
    assert (yes.holds, yes.seen) == (
        True,
        f"`{EXPRESSION}` is true of Deployment web: object.status.readyReplicas is 2, object.spec.replicas is 2",
    )
    assert (no.holds, no.seen) == (
        False,
        f"`{EXPRESSION}` is false of Deployment web: object.status.readyReplicas is 1, object.spec.replicas is 2 "
        "(generation 1; 2 pods wanted, 0 updated, 1 ready, 0 available)",
    )


def test_the_status_of_an_earlier_spec_does_not_count():
    stale, current = looks(deployment(2, generation=5, observed=4), deployment(2, generation=5, observed=5))
    assert (stale.holds, stale.seen) == (
        False,
        "Deployment web: its status is of generation 4, and its spec is generation 5 already",
    )
    assert current.holds


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (
            EXPRESSION,
            "no such key: readyReplicas: object.status.readyReplicas is not set, object.spec.replicas is 2 (generation",
        ),
        (
            "object.spec.replicas > 'a'",
            "cannot be evaluated for Deployment web: no such overload: object.spec.replicas is 2",
        ),
        ("object.spec.replicas / 0 == 1", "cannot be evaluated for Deployment web: division by zero"),
        ("int(object.metadata.uid) == 1", "cannot be evaluated for Deployment web"),
        ("[1, 2][object.spec.replicas] == 1", "index out of bounds: 2"),
    ],
)
def test_what_cannot_be_evaluated_does_not_hold_and_says_why(expression, words):
    (found,) = looks(deployment(None), expression=expression)
    assert not found.holds
    assert words in found.seen


def test_a_long_expression_is_cut_and_becomes_one_line():
    (found,) = looks(deployment(), expression="object.spec.replicas\n  == 2 // " + "x" * 400)
    assert found.holds
    assert found.seen.startswith("`object.spec.replicas == 2 // xxx")
    assert len(found.seen) < 350
    assert "\n" not in found.seen


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([None], "Deployment web does not exist, so there is nothing to check"),
        ([deployment(1), None], "Deployment web was deleted while this waited, so there is nothing to check"),
        ([deployment(deletionTimestamp="2026-01-01T00:00:00Z")], "Deployment web is being deleted"),
        (
            [deployment(1), deployment(2, uid="u2")],
            "Deployment web was deleted while this waited, and there is another one",
        ),
    ],
)
def test_a_workload_that_is_gone_ends_the_wait(states, words):
    with pytest.raises(Rejected, match=words):
        looks(*states)


def test_an_expression_that_takes_too_long_is_stopped():
    many = "[" + ",".join("1" * 200) + "]"
    (found,) = looks(deployment(), expression=f"{many}.all(a, {many}.all(b, object.spec.replicas == 2))")
    assert not found.holds
    assert "actual cost limit exceeded" in found.seen
