"""Files of a repository that would take too much time or memory, or that no reader can read: refused by name, within a bounded time."""

import time

import pytest

from kubernaut_gitops_pr.file_changes import apply_change
from kubernaut_gitops_pr.tree import EditError
from tests.plugins.gitops_pr.pod import BRANCH

VALUES = "apps/web/values.yaml"


def edit(text, path="f.yaml", **change):
    new, values = apply_change(path, text.encode(), change)
    return new.decode(), values


def seconds(call):
    started = time.monotonic()
    call()
    return time.monotonic() - started


def aliases(count):
    return "a: &a 1\nl:\n" + "- *a\n" * count


def test_the_time_for_aliases_of_one_anchor_grows_with_their_number_and_not_with_its_square():
    text, values = edit(aliases(8_000), set={"a": 2})
    assert text == aliases(8_000).replace("1", "2", 1)
    assert len(values) == 8_001
    assert {(value.before, value.after) for value in values} == {(1, 2)}
    few, many = (seconds(lambda n=n: edit(aliases(n), set={"a": 2})) for n in (2_000, 16_000))
    assert many < 8 * few * 3
    assert many < 8


def test_more_places_than_can_be_reported_are_refused():
    with pytest.raises(EditError, match="would change in more than 20000 other places through aliases"):
        edit(aliases(25_000), set={"a": 2})


KEYS = ", ".join(f"k{number}: 1" for number in range(1000))
CHAIN = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 3000)) + "b: 1\n"
HOSTILE = {
    "merge keys of one anchor": (f"a: &a {{{KEYS}}}\nl:\n" + "- <<: *a\n" * 50_000, "more than 200000 values"),
    "merge keys of several": (f"a: &a {{{KEYS}}}\nl:\n" + "- <<: [*a, *a, *a]\n" * 30_000, "more than 200000 values"),
    "merge keys that double": (
        "a0: &a0 {k: 1}\n"
        + "".join(f"a{n}: &a{n} {{x: *a{n - 1}, <<: [*a{n - 1}, {{z: *a{n - 1}}}]}}\n" for n in range(1, 60)),
        "more than 200000 values",
    ),
    "merge keys in a document before": (f"a: &a {{{KEYS}}}\nl:\n" + "- <<: *a\n" * 50_000 + "---\nb: 1\n", "200000"),
    "aliases of aliases": (
        "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 90)),
        "200000",
    ),
    "aliases as keys": (
        "a: &a [1]\n" + "".join(f"? [*a, {n}]\n: 1\n" for n in range(150)) + "b: [&b x\n",
        "not valid YAML",
    ),
    "a chain of aliases": (CHAIN, "nested too deeply to be edited: more than 100 levels"),
    "lists in lists": ("a: " + "[" * 100_000, "nested too deeply"),
    "mappings in mappings": ("a: " + "{a: " * 100_000, "nested too deeply"),
    "keys in keys": ("? " * 100_000 + "a\n", "nested too deeply"),
    "an integer of 100,000 digits": (f"a: {'9' * 100_000}\n", "has a number of 100000 characters in line 1"),
    "a negative one": (f"b: 1\na: -{'9' * 5000}\n", "in line 2"),
    "one in another base": (f"a: 0x{'f' * 100_000}\n", "has a number of 100002 characters"),
    "a fraction": (f"a: 0.{'1' * 100_000}\n", "has a number of 100002 characters"),
}


@pytest.mark.parametrize(("text", "words"), HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "change", [{"set": {"b": 2}}, {"remove": ["a"]}, {"expect": {"a": 1}, "set": {"b": 2}}], ids=lambda c: next(iter(c))
)
def test_a_hostile_yaml_file_is_refused_within_seconds(text, words, change):
    started = time.monotonic()
    with pytest.raises(EditError) as caught:
        edit(text, **change)
    assert words in str(caught.value)
    assert time.monotonic() - started < 10


HOSTILE_JSON = {
    "an integer of 100,000 digits": (
        '{"b": 1, "a": %s}' % ("9" * 100_000),
        "has a number of 100000 characters in line 1",
    ),
    "one in line 3": ('{"b": 1,\n\n"a": -%s}' % ("9" * 2000), "in line 3"),
    "a fraction": ('{"a": 1.%s}' % ("9" * 100_000), "has a number of 100002 characters"),
    "lists in lists": ('{"a": ' + "[" * 50_000 + "]" * 50_000 + "}", "nested too deeply"),
    "a few hundred": ('{"a": ' + "[" * 400 + "]" * 400 + "}", "nested too deeply"),
    "mappings in mappings": ('{"a":' * 100_000, "nested too deeply"),
    "more values than can be edited": ('{"a": [' + "1," * 250_000 + "1]}", "more than 200000 values"),
    "NaN": ('{"a": NaN}', "is not valid JSON"),
    "Infinity": ('{"a": -Infinity}', "is not valid JSON"),
}


@pytest.mark.parametrize(("text", "words"), HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_a_hostile_json_file_is_refused_within_seconds(text, words):
    started = time.monotonic()
    with pytest.raises(EditError) as caught:
        edit(text, "f.json", set={"b": 2})
    assert words in str(caught.value)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("name", ["merge keys of one anchor", "a chain of aliases", "one in another base"])
@pytest.mark.parametrize("step", ["dry-run", "execute"])
def test_the_refusal_names_the_file_and_is_not_retried(site, step, name):
    text, words = HOSTILE[name]
    site.push("main", {VALUES: text})
    result = site.step(step)
    assert result.state == "rejected", result.message
    assert result.message.startswith(f"{VALUES}: ")
    assert words in result.message
    assert BRANCH not in site.branches()


@pytest.mark.parametrize("path", ["f.yaml", "f.json"])
@pytest.mark.parametrize("levels", [99, 150, 200, 330, 900])
def test_requested_values_that_are_nested_too_deeply_are_refused(path, levels):
    value = 1
    for _ in range(levels):
        value = [value]
    with pytest.raises(EditError, match="nested too deeply"):
        edit('{"a": 1}\n' if path == "f.json" else "a: 1\n", path, set={"a": value})


def test_as_many_levels_as_are_read_can_be_written():
    value = 1
    for _ in range(90):
        value = {"k": value}
    assert edit("a: 1\n", set={"a": value})[1][0].after == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("l:\n" + "- x\n" * 20_000, ["x"] * 900),
        ("l:\n" + "".join(f"- x{n}\n" for n in range(3000)), [f"x{n}" for n in range(0, 3000, 2)]),
        ("m:\n" + "".join(f"  k{n}: 1\n" for n in range(3000)), {f"k{n}": 2 for n in range(3000)}),
    ],
    ids=["equal items", "every other item", "every key"],
)
def test_a_value_with_thousands_of_differences_is_replaced_as_a_whole(text, value):
    key = text[0]
    started = time.monotonic()
    _, values = edit(text, set={key: value})
    assert (len(values), values[0].after) == (1, value)
    assert time.monotonic() - started < 20


def test_many_edits_of_a_large_file_are_refused_before_they_take_longer_than_a_pod_has(monkeypatch):
    monkeypatch.setattr("kubernaut_gitops_pr.file_changes._MAX_READ", {True: 10**9, False: 100_000})
    text = "".join(f"k{n}: 1\n" for n in range(1000))
    with pytest.raises(EditError, match="too large for so many edits at once"):
        edit(text, set={f"k{n}": 2 for n in range(100)})
