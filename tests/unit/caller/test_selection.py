"""Which executions are selected, and whether all of them have ended."""

import pytest

from kubernaut.api.execution import Phase
from kubernaut.caller.selection import Selection
from kubernaut.errors import InputError
from kubernaut.kube.objects import Key
from tests.support.executions import T, make_execution


def found(*executions):
    return {Key(execution.namespace, execution.name): dict(execution.json) for execution in executions}


LATER = make_execution("a", phase="Running", created=T.format(5))
EARLIER = make_execution("b", phase="Failed", created=T.format(1))
SAME_TIME = make_execution("c", phase="Succeeded", created=T.format(1))
FOUND = found(LATER, SAME_TIME, EARLIER)


@pytest.mark.parametrize(
    ("names", "phases", "selected"),
    [
        pytest.param((), (), ["b", "c", "a"], id="all of them, the newest last"),
        pytest.param(("a", "c"), (), ["c", "a"], id="by name"),
        pytest.param((), (Phase.FAILED, Phase.RUNNING), ["b", "a"], id="by phase"),
        pytest.param(("a",), (Phase.FAILED,), [], id="by both"),
    ],
)
def test_executions_are_selected(names, phases, selected):
    assert [execution.name for execution in Selection("prod", names, phases).select(FOUND)] == selected


def test_names_that_do_not_exist_are_bad_input():
    Selection("prod", ("a", "b"), ()).require_names(FOUND)
    with pytest.raises(InputError, match="there is no execution x, y in prod: kubernaut get -n prod"):
        Selection("prod", ("y", "a", "x"), ()).require_names(FOUND)


def test_a_watch_of_names_ends_when_all_of_them_have_ended():
    assert Selection("prod", ("b", "c"), ()).has_ended(FOUND)
    assert not Selection("prod", ("a", "b"), ()).has_ended(FOUND)


def test_a_watch_of_everything_never_ends():
    assert not Selection("prod", (), ()).has_ended(found(EARLIER))


def test_the_executions_of_one_agent_are_selected():
    helper = make_execution("d", annotations={"kubernaut.io/agent": "helper 1.2"})
    selected = Selection("prod", (), (), agent="helper 1.2").select({**FOUND, **found(helper)})
    assert [execution.name for execution in selected] == ["d"]
