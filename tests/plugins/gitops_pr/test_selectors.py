"""List items by a key of theirs, and edits that expect the value that they replace."""

import json

import pytest
import yaml

from kubernaut_gitops_pr.file_changes import apply_change
from kubernaut_gitops_pr.tree import EditError
from tests.plugins.gitops_pr.pod import BRANCH

KUSTOMIZATION = """\
images:
- name: shop/web
  newTag: 1.0.0
# The API is pinned.
- name: shop/api
  newTag: 2.0.0 # pinned
"""
PATH = "apps/shop/kustomization.yaml"
ENVIRONMENT = {"containers": [{"name": "a", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "port": 8080}]}


def edit(text, path="f.yaml", **change):
    new, values = apply_change(path, text.encode(), change)
    return new.decode(), {value.field: (value.before, value.after) for value in values}


def test_an_item_is_selected_by_its_name_wherever_it_is():
    field = "images[name=shop/api].newTag"
    after, changes = edit(KUSTOMIZATION, set={field: "2.0.1"})
    assert after == KUSTOMIZATION.replace("2.0.0", "2.0.1")
    assert changes == {field: ("2.0.0", "2.0.1")}
    inserted = KUSTOMIZATION.replace("images:\n", "images:\n- name: shop/new\n  newTag: 2.0.0\n")
    assert edit(inserted, set={field: "2.0.1"})[0] == inserted.replace("2.0.0 # pinned", "2.0.1 # pinned")


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"set": {"containers[name=a].env[name=X].value": "2"}}, {"a": {"env": [{"name": "X", "value": "2"}]}}),
        ({"set": {"containers[port=8080].port": 8081}}, {"b": {"port": 8081}}),
        (
            {"append": {"containers[name=a].env": {"name": "Y"}}},
            {"a": {"env": [{"name": "X", "value": "1"}, {"name": "Y"}]}},
        ),
        ({"remove": ["containers[name=a].env[name=X]"]}, {"a": {"env": []}}),
        ({"remove": ["containers[name=b]", "containers[1]"]}, {"b": None}),
        ({"remove": ["containers[name=c]", "containers[name=a].args[name=x]"]}, {}),
    ],
    ids=["set", "a number", "append", "remove", "the same item twice", "remove what is not there"],
)
def test_every_edit_takes_selectors(suffix, change, expected):
    after, _ = edit(json.dumps(ENVIRONMENT, indent=2), f"f.{suffix}", **change)
    wanted = [{**item, **(expected.get(item["name"], {}) or {})} for item in ENVIRONMENT["containers"]]
    assert yaml.safe_load(after)["containers"] == [
        item for item in wanted if expected.get(item["name"], {}) is not None
    ]


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        (
            KUSTOMIZATION,
            "images[name=shop/db].newTag",
            "its items have: shop/web, shop/api); correct the value, or add",
        ),
        (KUSTOMIZATION, "images[tag=1].newTag", "no item has the key tag"),
        (
            "a: [{n: 1}, {n: 1}]\n",
            "a[n=1].x",
            "2 items have n 1; select them by a key that differs, or name one by its index: [0], [1]",
        ),
        ("a: {n: 1}\n", "a[n=1].x", "a is not a list; name a key as .KEY"),
        ("a: 5\n", "a[n=1].x", "a is not a list"),
        ("a: [x, y]\n", "a[n=1].x", "the items of a are not mappings; name one as [INDEX]"),
        ("a: []\n", "a[n=1].x", "no item of a has n 1"),
        ("a:\n", "a[n=1].x", "there is no list at a; set the list as a whole"),
        ("b: 1\n", "a.c[n=1].x", "there is no list at a.c"),
        ("b: &l [{n: 1}]\na: *l\n", "a[n=1].x", "a is the alias *l; change the list at its anchor"),
    ],
    ids=[
        "no match",
        "no key",
        "several matches",
        "a mapping",
        "a scalar",
        "texts",
        "empty",
        "null",
        "missing",
        "an alias",
    ],
)
def test_a_selector_without_exactly_one_item_is_rejected_with_the_field_and_the_remedy(text, field, words):
    with pytest.raises(EditError) as caught:
        edit(text, set={field: 1})
    assert str(caught.value).startswith(field.rpartition(".")[0] + ": ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("images[1].newTag", "2.0.0"),
        ("images[name=shop/api].newTag", "2.0.0"),
        ("images[name=shop/db]", None),
        ("images[5].newTag", None),
        ("images[0]", {"name": "shop/web", "newTag": "1.0.0"}),
        ("labels.team", None),
    ],
)
def test_an_edit_is_made_when_the_file_has_the_expected_value(field, value):
    assert edit(KUSTOMIZATION, expect={field: value}, set={"images[0].newTag": "3"})[0] != KUSTOMIZATION


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("images[1].newTag", "1.9.0", 'images[1].newTag: expected "1.9.0", but found "2.0.0"'),
        ("images[0].name", "shop/api", 'images[0].name: expected "shop/api", but found "shop/web"'),
        ("images[1].digest", "sha256:1", 'images[1].digest: expected "sha256:1", but found nothing'),
        ("images[name=shop/db].newTag", "1", 'images[name=shop/db].newTag: expected "1", but found nothing'),
        ("images[0].newTag", None, 'images[0].newTag: expected null, but found "1.0.0"'),
        ("images[0].newTag", 1, 'expected 1, but found "1.0.0"'),
        ("images", "x" * 500, f'expected "{"x" * 99}…, but found [{{"name": "shop/web"'),
    ],
)
@pytest.mark.parametrize(
    "change",
    [{"set": {"images[0].newTag": "3"}}, {"remove": ["images[0]"]}, {"append": {"images": {"name": "x"}}}],
    ids=["set", "remove", "append"],
)
def test_an_edit_is_rejected_when_the_value_has_moved_on(field, value, words, change):
    with pytest.raises(EditError) as caught:
        edit(KUSTOMIZATION, expect={field: value}, **change)
    assert words in str(caught.value)
    assert "request the change again with the value that it has now" in str(caught.value)


def test_a_number_and_a_text_are_different_values():
    assert edit("a: 1.10\n", expect={"a": 1.1}, set={"a": "1.20"})[0] == 'a: "1.20"\n'
    with pytest.raises(EditError, match=r'expected "1\.10", but found 1\.1'):
        edit("a: 1.10\n", expect={"a": "1.10"}, set={"a": "1.20"})


@pytest.mark.parametrize("step", ["dry-run", "execute"])
def test_a_value_that_has_moved_on_pushes_nothing(site, step):
    site.push("main", {PATH: KUSTOMIZATION})
    change = {"path": PATH, "expect": {"images[1].newTag": "1.0.0"}, "set": {"images[1].newTag": "1.0.1"}}
    result = site.step(step, change)
    assert (result.state, result.changes) == ("rejected", [])
    assert result.message.startswith(f'{PATH}: images[1].newTag: expected "1.0.0", but found "2.0.0"')
    assert BRANCH not in site.branches()


def test_a_second_attempt_finds_what_the_first_one_pushed_with_an_expectation(site):
    site.push("main", {PATH: KUSTOMIZATION})
    field = "images[name=shop/api].newTag"
    change = {"path": PATH, "expect": {field: "2.0.0"}, "set": {field: "2.0.1"}}
    first, second = site.step("execute", change), site.step("execute", change)
    assert (first.state, second.state) == ("done", "done")
    assert second.outputs["pull_request"] == first.outputs["pull_request"]
    assert first.fields() == {field: ("2.0.0", "2.0.1")}
