"""Events are sent in the background; one that is lost is counted and harms nothing."""

import asyncio

import pytest

from kubernaut.api.timestamps import micro_time, now
from kubernaut.controller.events import EventRecorder
from kubernaut.errors import UnavailableError
from kubernaut.kube.objects import EVENTS


async def test_an_event_names_the_execution_its_reason_and_its_trace(ground):
    key = ground.add()
    ground.events.emit(ground.view(key), "Started", "x" * 3000)
    await ground.events.flush()
    (event,) = ground.cluster.all(EVENTS)
    assert event["involvedObject"]["kind"] == "KubernetesExecution"
    assert event["involvedObject"]["uid"] == ground.view(key).uid
    assert (event["reason"], event["type"], len(event["message"])) == ("Started", "Normal", 1024)
    assert len(event["metadata"]["annotations"]["kubernaut.io/trace-id"]) == 32


async def test_an_event_that_is_not_accepted_is_counted(ground, caplog):
    key = ground.add()
    ground.cluster.failures["create", EVENTS.plural] = [UnavailableError("down")]
    ground.events.emit(ground.view(key), "Started", "m")
    await ground.events.flush()
    assert (ground.events.dropped, ground.cluster.all(EVENTS)) == (1, [])
    assert "an Event about more-web was lost: down" in caplog.text


@pytest.fixture
def patient(ground):
    """Holds an Event for a tenth of a second."""
    return EventRecorder(ground.cluster, "engine-1", hold_seconds=0.1)


async def test_an_event_that_is_held_is_sent_later_with_its_own_time(ground, patient):
    patient.hold(ground.view(ground.add()), "Started", "m")
    held_at = micro_time(now())
    await asyncio.sleep(0.05)
    assert ground.event_reasons() == []
    await asyncio.sleep(0.1)
    (event,) = ground.cluster.all(EVENTS)
    assert (event["reason"], event["eventTime"] <= held_at) == ("Started", True)


async def test_an_event_that_is_held_is_not_sent_after_another_about_the_same_execution(ground, patient, caplog):
    first, second = ground.view(ground.add("first")), ground.view(ground.add("second"))
    for execution in (first, second):
        patient.hold(execution, "Started", execution.name)
    patient.emit(first, "Succeeded", "first")
    await asyncio.sleep(0.2)
    assert [(event["reason"], event["message"]) for event in ground.cluster.all(EVENTS)] == [
        ("Succeeded", "first"),
        ("Started", "second"),
    ]
    assert caplog.text == "", "its timer is cancelled"


async def test_a_start_that_is_held_twice_is_sent_once(ground, patient):
    execution = ground.view(ground.add())
    for message in ("first", "adopted"):
        patient.hold(execution, "Started", message)
    await asyncio.sleep(0.2)
    assert [event["message"] for event in ground.cluster.all(EVENTS)] == ["adopted"]


async def test_an_engine_that_stops_sends_what_it_holds_and_nothing_twice(ground, patient):
    patient.hold(ground.view(ground.add()), "Started", "m")
    await patient.flush()
    assert ground.event_reasons() == ["Started"]
    await asyncio.sleep(0.2)
    assert ground.event_reasons() == ["Started"]
