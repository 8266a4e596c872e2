"""Admission keeps the reservations of an execution until it ends, and requeues those that wait for it."""

from kubernaut.admission.decisions import Admitted, Deferred, Rejected
from kubernaut.settings import BudgetSettings, Settings
from tests.support.controller import Ground


async def admit(ground, name, **spec):
    return await ground.admission.admit(ground.caches.view(ground.add(name, **spec)))


async def test_an_admitted_execution_holds_its_target_until_it_is_released(registry):
    ground = Ground(registry)
    assert isinstance(await admit(ground, "first"), Admitted)
    assert (await admit(ground, "second")).blocked_by == "first"
    ground.queued.clear()
    ground.admission.release("uid-first")
    assert [key.name for key in ground.queued] == ["second"]


async def test_a_rejected_execution_reserves_nothing(registry):
    ground = Ground(registry)
    assert isinstance(await admit(ground, "bad", parameters={}), Rejected)
    assert ground.reservations.running == 0


async def test_a_suspended_execution_releases_its_reservations(registry):
    ground = Ground(registry)
    key = ground.add("first")
    await ground.admission.admit(ground.caches.view(key))
    ground.change(key, suspend=True)
    deferred = await ground.admission.admit(ground.caches.view(key))
    assert (isinstance(deferred, Deferred), ground.reservations.running) == (True, 0)


async def test_an_execution_that_waits_for_its_target_does_not_count_towards_the_budget(registry):
    ground = Ground(registry, Settings(budget=BudgetSettings(executions=2)))
    await admit(ground, "first")
    await admit(ground, "waits")
    other = await admit(ground, "third", parameters={"name": "api", "replicas": 1})
    assert isinstance(other, Admitted)


async def test_an_execution_that_did_not_start_does_not_count_towards_the_budget(registry):
    ground = Ground(registry, Settings(budget=BudgetSettings(executions=1)))
    key = ground.add("first")
    await ground.admission.admit(ground.caches.view(key))
    ground.admission.not_started(ground.caches.view(key), Deferred("QuotaExceeded", "full", keeps_queue_position=False))
    assert isinstance(await admit(ground, "second"), Admitted)


async def test_a_running_execution_is_readmitted_without_limits_even_if_it_was_suspended_since(registry):
    ground = Ground(registry, Settings(max_running=1))
    await admit(ground, "first")
    view = ground.caches.view(ground.add("second", parameters={"name": "api", "replicas": 1}))
    assert isinstance(await ground.admission.readmit(view), Admitted)
    suspended = ground.caches.view(ground.add("third", suspend=True))
    assert isinstance(await ground.admission.readmit(suspended), Admitted)
