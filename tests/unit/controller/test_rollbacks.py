"""How an execution can be undone, whatever became of its plugin since it began, or why it cannot."""

from dataclasses import replace

import pytest

from kubernaut import Parameters
from kubernaut.api.plugin import Change, Result, Rollback
from kubernaut.controller.rollbacks import RollbackFinder
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.registry import Registry

CHANGED = Result(changes=(Change(kind="Deployment", name="web", field="spec.replicas", before=2, after=3),))


class Renamed(Parameters):
    """The parameters of a version that renamed one of them."""

    workload: str


class Hook:
    """The hooks of a plugin that returns this, or raises it."""

    def __init__(self, answer):
        self._answer = answer

    def on_complete(self, execution, result):
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def undo(ground, result=CHANGED, *, restarted=True, actions=None, **changed):
    """Return the result of an execution of `scale` whose plugin is as `changed` says by the time it ends."""
    key, _ = await ground.started()
    execution = ground.caches.view(key)
    admission = ground.admission
    scale = (await admission.resolve(execution)).action
    spec = {"spec": scale.spec.model_copy(update=changed.pop("spec"))} if "spec" in changed else {}
    installed = {"scale": replace(scale, **changed, **spec)} if actions is None else actions
    if restarted:
        admission.release(execution.uid)
        admission._validator._registry = Registry(installed)
    else:
        admission._admitted[execution.uid] = replace(admission._admitted[execution.uid], action=installed["scale"])
    return await RollbackFinder(admission, HookCaller(1.0)).add_to(execution, result)


async def test_the_version_that_began_is_recorded(ground):
    key, _ = await ground.started()
    assert ground.view(key).status.plugin == "kubernaut-scale 0.1.0"


async def test_a_new_version_that_understands_the_execution_keeps_its_rollback(ground):
    found = await undo(ground, distribution="kubernaut-scale 0.2.0")
    assert (found.rollback.parameters["replicas"], found.irreversible) == (2, None)


async def test_a_new_version_with_other_parameters_is_why_there_is_no_rollback(ground):
    found = await undo(ground, distribution="kubernaut-scale 2.0.0", spec={"parameters": Renamed})
    assert found.rollback is None
    assert found.irreversible.startswith("it began under kubernaut-scale 0.1.0; parameters.workload: is required; ")


async def test_a_plugin_that_is_gone_is_why_there_is_no_rollback(ground):
    found = await undo(ground, actions={})
    assert found.irreversible.startswith(
        "it began under kubernaut-scale 0.1.0; action 'scale' is not installed; installed: none"
    )


async def test_a_hook_that_fails_is_why_there_is_no_rollback(ground):
    found = await undo(ground, hook=Hook(KeyError("size")), distribution="kubernaut-scale 2.0.0")
    assert found.irreversible.startswith("it began under kubernaut-scale 0.1.0, and ended under kubernaut-scale 2.0.0;")
    assert "KeyError: 'size'" in found.irreversible


@pytest.mark.parametrize(
    ("rollback", "why"),
    [
        (Rollback(action="scale", parameters={"size": 2}), "its rollback would be refused: parameters.name: "),
        (Rollback(action="unscale", parameters={}), "its rollback would be refused: action 'unscale' is not installed"),
    ],
    ids=["parameters", "action"],
)
async def test_a_rollback_that_would_be_refused_is_none(ground, rollback, why):
    found = await undo(ground, hook=Hook(rollback), restarted=False)
    assert found.rollback is None
    assert found.irreversible.startswith(why)


async def test_a_report_that_was_cut_is_why_there_is_no_rollback(ground):
    found = await undo(ground, CHANGED.model_copy(update={"truncated": True}))
    assert found.irreversible == "it changed more than its report has room for, so the old values are not known"


async def test_where_nothing_was_changed_there_is_nothing_to_explain(ground):
    assert (await undo(ground, Result(), actions={})) == Result()


async def test_an_action_that_offers_no_rollback_needs_no_reason(ground):
    found = await undo(ground, hook=Hook(None))
    assert (found.rollback, found.irreversible) == (None, None)
