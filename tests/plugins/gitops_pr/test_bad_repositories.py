"""Repositories and files that are not as one would wish: each is refused with a message that says what it is."""

import os
from threading import Event

import pytest

from kubernaut_gitops_pr import demo_forge, demo_git
from kubernaut_gitops_pr.demo_forge import FILES
from kubernaut_gitops_pr.git import Bounds
from tests.plugins.gitops_pr.pod import BRANCH, TAG

VALUES = "apps/web/values.yaml"


def test_a_repository_that_does_not_exist(site):
    site.settings["forges"][0]["repositories"] = ["**"]
    told = site.step("dry-run", repository="platform/nothing")
    assert (told.state, "platform/nothing does not exist" in told.message) == ("rejected", True)


def test_an_empty_repository(site):
    site.settings["forges"][0]["repositories"] = ["**"]
    demo_forge.run_git(site.root, "init", "--quiet", "--bare", str(site.root / "platform/empty.git"))
    told = site.step("dry-run", repository="platform/empty")
    assert told.message == "platform/empty is empty: push a first commit to main, then try again"


def test_a_base_branch_that_does_not_exist(site):
    assert site.step("dry-run", base="release").message == "base: platform/gitops has no branch release"


@pytest.fixture
def large(site):
    """200 MB that no compression makes smaller, beside the file that is changed."""
    site.git("config", "core.compression", "0")
    file = site.directory / "large"
    with file.open("wb") as out:
        for _ in range(200):
            out.write(os.urandom(1024 * 1024))
    blob = site.git("hash-object", "-w", str(file))
    file.unlink()
    site.git("update-index", "--add", "--cacheinfo", f"100644,{blob},large.bin")
    commit = site.git("commit-tree", site.git("write-tree"), "-p", "main", "-m", "large")
    site.git("update-ref", "refs/heads/main", commit)
    return site


def test_a_200_mb_repository_is_not_fetched_for_one_line_of_it_and_is_refused_if_it_must_be_and_may_not(large):
    told = large.step("execute")
    assert told.state == "done", told.message
    assert large.show(VALUES) == FILES[VALUES].replace('"1.27.3"', '"1.28.0"').strip()
    large.git("config", "uploadpack.allowFilter", "false")
    large.settings["max_repository_mb"] = 50
    large.forge.pulls.clear()
    assert "larger than the 50 MB that the settings allow" in large.step("dry-run").message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x7fELF\x00\x01", "binary file"),
        (b"name: caf\xe9\n", "not UTF-8 (byte 9 is 0xe9)"),
        (b"a: [1\n", "is not YAML that can be read in line 2"),
        (b"a: 1\na: 2\n", "has the key a twice, again in line 2"),
        (b"a: 1\n---\nb: 2\n", "holds 2 YAML documents: say which with document, from 0 to 1"),
        (b"image: 3\n", "image is 3, not a mapping or list: image.tag leads through it"),
        (b"image: [1]\n", "image is a list: name an item of it as [INDEX], not as tag"),
        (b"b: &x {tag: 1}\nimage: *x\n", "image is the alias *x: a change inside it would change every place"),
        (b"x: " + b"y" * 1100000, "files over 1024 KiB are not edited by path"),
        (b"- " * 3000 + b"a\n", "nested too deeply"),
        (
            b"a: &a [x,x,x,x,x,x,x,x,x]\n"
            + b"".join(b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (98 + i, 98 + i, *[97 + i] * 7) for i in range(8)),
            "too many to edit",
        ),
    ],
    ids=[
        "binary",
        "not UTF-8",
        "not YAML",
        "a key twice",
        "two documents",
        "through a scalar",
        "into a list",
        "through an alias",
        "huge",
        "deep",
        "a bomb of aliases",
    ],
)
def test_a_file_that_cannot_be_edited(site, content, words):
    site.push("main", {}, raw={VALUES: content})
    told = site.step("dry-run")
    assert told.state == "rejected"
    assert told.message.startswith(f"{VALUES}: ")
    assert words in told.message


def test_a_binary_file_can_be_replaced_as_a_whole(site):
    site.push("main", {}, raw={"logo.bin": b"\x00\x01"})
    assert site.step("execute", {"path": "logo.bin", "content": "text\n"}).state == "done"
    assert site.show("logo.bin") == "text"


def test_a_file_that_does_not_exist_wants_its_content(site):
    told = site.step("dry-run", {"path": "apps/none.yaml", "set": {"a": 1}})
    assert told.message == "apps/none.yaml: does not exist: to create it, give its content"


@pytest.mark.parametrize(
    ("files", "modes", "path", "words"),
    [
        ({"link.yaml": "/etc/passwd"}, {"link.yaml": "120000"}, "link.yaml", "link.yaml is a symbolic link"),
        ({"out": "../../.."}, {"out": "120000"}, "out/tmp/x.yaml", "out is a symbolic link"),
        ({"sub": "1" * 40}, {"sub": "160000"}, "sub/values.yaml", "sub is a submodule"),
        ({"sub": "1" * 40}, {"sub": "160000"}, "sub", "sub is a submodule"),
        ({}, {}, "apps/web", "apps/web is a directory"),
        ({}, {}, "README.md/x.txt", "README.md is a file"),
    ],
    ids=["a symlink", "a symlinked directory", "below a submodule", "a submodule", "a directory", "below a file"],
)
@pytest.mark.parametrize("step", ["dry-run", "execute"])
def test_a_path_that_leads_elsewhere_than_to_a_file(site, step, files, modes, path, words):
    site.push("main", files, modes)
    told = site.step(step, {"path": path, "content": "x"})
    assert (told.state, words in told.message) == ("rejected", True), told.message
    assert BRANCH not in site.branches()


def test_symlinks_and_submodules_elsewhere_in_the_repository_are_left_as_they_are(site):
    modes = {"link": "120000", "sub": "160000"}
    site.push("main", {"link": "/etc/passwd", "sub": "1" * 40}, modes)
    assert site.step("execute").state == "done"
    assert site.git("diff", "--name-only", "main", BRANCH) == VALUES


def test_attributes_and_filters_of_the_repository_do_nothing(site):
    site.push(
        "main",
        {
            ".gitattributes": "* filter=lfs text eol=crlf\n",
            ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ../x\n',
        },
    )
    assert site.step("execute").state == "done"
    assert "\r" not in site.show(VALUES)


def test_a_git_that_takes_too_long_is_stopped_and_tried_again(site, monkeypatch):
    over = Event()
    monkeypatch.setattr(
        "kubernaut_gitops_pr.request.Bounds",
        lambda _, megabytes: Bounds(0.3, megabytes),
    )
    monkeypatch.setattr(demo_git._Handler, "_git", lambda *_: over.wait(20))
    told = site.step("dry-run", TAG)
    over.set()
    assert (told.state, "took longer than" in told.message) == ("error", True)
