"""What a plugin's `validate` returns is checked before it is used."""

from types import SimpleNamespace

import pytest

from kubernaut import PolicySpec, Problem
from kubernaut.admission.validate_hook import find_problems, join_problems
from kubernaut.errors import HookError
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.registry import Plugin, Policy

GOOD = Problem("name", "is not allowed")


class Hook:
    """A `validate` that answers as it is told, implemented or not."""

    def __init__(self, answers, implementations=1):
        self._answers, self._implementations = answers, implementations

    def __call__(self, execution):
        return self._answers

    def get_hookimpls(self):
        return [None] * self._implementations


def plugin(answers, implementations=1, kind=Plugin):
    hook = SimpleNamespace(validate=Hook(answers, implementations))
    more = {"spec": PolicySpec(summary="s")} if kind is Policy else {}
    return kind("nights", "dist 1.0", hook, **more)


@pytest.mark.parametrize(
    ("asked", "problems"),
    [
        pytest.param(plugin([[GOOD]]), [GOOD], id="a problem"),
        pytest.param(plugin([[]]), [], id="approval"),
        pytest.param(plugin([], 0), [], id="an action without the hook"),
    ],
)
async def test_problems_are_collected(asked, problems):
    assert await find_problems(HookCaller(), asked, None) == problems


@pytest.mark.parametrize(
    ("asked", "returned"),
    [
        pytest.param(plugin([], 1), "None", id="an action that returns None"),
        pytest.param(plugin([], 0, Policy), "None", id="a policy without an answer"),
        pytest.param(plugin([["no"]]), "str", id="texts"),
        pytest.param(plugin([True]), "bool", id="a truth"),
    ],
)
async def test_anything_but_a_list_of_problems_is_the_plugins_fault(asked, returned):
    with pytest.raises(HookError, match=f"validate of plugin nights returned {returned}, not a list of Problem"):
        await find_problems(HookCaller(), asked, None)


def test_the_first_few_problems_are_joined():
    assert join_problems([GOOD, Problem("", "second")]) == "parameters.name: is not allowed; second"
    assert join_problems([GOOD] * 9).count(";") == 4
