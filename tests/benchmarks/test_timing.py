from benchmarks.timing import random_pauses


def results(seed, number=500):
    pause = random_pauses(seed)
    return [pause() for _ in range(number)]


def test_random_pauses_lie_between_nothing_and_a_second_and_cover_it():
    pauses = results(1)
    assert all(0.0 <= pause <= 1.0 for pause in pauses)
    quarters = [sum(n / 4 <= pause < (n + 1) / 4 for pause in pauses) for n in range(4)]
    assert min(quarters) > 90


def test_random_pauses_are_the_same_for_the_same_seed():
    assert results(1) == results(1)
    assert results(1) != results(2)
