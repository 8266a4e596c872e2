"""Events are sent in the background; one that is lost is counted and harms nothing."""

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
