"""One execution per target, the oldest first, and no more than the maximum at a time."""

from hypothesis import given
from hypothesis import strategies as st

from kubernaut.admission.concurrency import Request, Reservations
from kubernaut.kube.objects import Key


def request(number, target="web"):
    return Request(f"2026-01-01T00:00:{number:02}Z", f"uid{number}", Key("ns", f"e{number}"), f"ns/Deployment/{target}")


def test_the_second_execution_on_a_target_waits_for_the_first_and_is_requeued_at_its_end():
    reservations = Reservations(10)
    assert reservations.acquire(request(1)) is None
    assert reservations.acquire(request(2)).ahead == Key("ns", "e1")
    assert reservations.release("uid1") == [Key("ns", "e2")]
    assert reservations.acquire(request(2)) is None


def test_the_oldest_waiting_execution_goes_first():
    reservations = Reservations(10)
    reservations.acquire(request(1))
    reservations.acquire(request(3))
    reservations.acquire(request(2))
    assert reservations.release("uid1") == [Key("ns", "e2")]
    assert reservations.acquire(request(3)).ahead == Key("ns", "e2")


def test_executions_on_other_targets_do_not_wait():
    reservations = Reservations(10)
    reservations.acquire(request(1))
    assert reservations.acquire(request(2, "api")) is None


def test_no_more_than_the_maximum_run_and_the_oldest_gets_the_free_slot():
    reservations = Reservations(1)
    reservations.acquire(request(1, "a"))
    assert reservations.acquire(request(3, "c")).ahead is None
    assert reservations.acquire(request(2, "b")).ahead is None
    assert reservations.release("uid1") == [Key("ns", "e2")]
    assert reservations.acquire(request(3, "c")).ahead is None
    assert reservations.acquire(request(2, "b")) is None


def test_an_execution_that_stops_waiting_lets_the_next_one_start():
    reservations = Reservations(10)
    reservations.acquire(request(1))
    reservations.acquire(request(2))
    reservations.acquire(request(3))
    reservations.release("uid2")
    assert reservations.release("uid1") == [Key("ns", "e3")]


def test_an_execution_that_holds_its_target_acquires_it_again():
    reservations = Reservations(1)
    reservations.acquire(request(1))
    assert reservations.acquire(request(1)) is None


def test_a_deleted_execution_is_released_by_its_key_and_a_new_one_of_the_same_name_is_not():
    reservations = Reservations(10)
    reservations.acquire(request(1))
    assert reservations.release_namesakes(Key("ns", "e1"), "uid1") == []
    assert reservations.running == 1
    reservations.release_namesakes(Key("ns", "e1"))
    assert reservations.running == 0


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.booleans()), max_size=60), st.integers(1, 4))
def test_in_any_order_of_calls_a_target_has_one_holder_and_no_execution_waits_without_need(calls, maximum):
    reservations, holding, waiting = Reservations(maximum), {}, {}
    for number, target, acquire in calls:
        wanted = request(number, f"t{number % 4}" if target else "t0")
        if wanted.uid in holding:
            wanted = holding[wanted.uid]
        if acquire:
            if reservations.acquire(wanted) is None:
                holding[wanted.uid] = wanted
                waiting.pop(wanted.uid, None)
            else:
                waiting[wanted.uid] = wanted
        else:
            holding.pop(wanted.uid, None)
            waiting.pop(wanted.uid, None)
            reservations.release(wanted.uid)
        targets = [r.target for r in holding.values()]
        assert len(targets) == len(set(targets)) <= maximum
    while waiting or holding:
        uid = next(iter(holding), None) or next(iter(waiting))
        holding.pop(uid, None)
        waiting.pop(uid, None)
        for key in reservations.release(uid):
            woken = next(r for r in waiting.values() if r.key == key)
            assert reservations.acquire(woken) is None
            holding[woken.uid] = waiting.pop(woken.uid)
    assert reservations.running == 0
