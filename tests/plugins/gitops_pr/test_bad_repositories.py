"""Repositories and files that cannot be used: each is rejected with a message that says why."""

import os
from threading import Event

import pytest

from kubernaut_gitops_pr import demo_forge, demo_git
from kubernaut_gitops_pr.demo_forge import FILES
from kubernaut_gitops_pr.git import Bounds
from tests.plugins.gitops_pr.pod import BRANCH, TAG

VALUES = "apps/web/values.yaml"


def test_a_missing_repository_is_rejected_by_name(site):
    site.settings["forges"][0]["repositories"] = ["**"]
    result = site.step("dry-run", repository="platform/nothing")
    assert (result.state, "platform/nothing does not exist" in result.message) == ("rejected", True)


def test_an_empty_repository_is_rejected_with_the_remedy(site):
    site.settings["forges"][0]["repositories"] = ["**"]
    demo_forge.run_git(site.root, "init", "--quiet", "--bare", str(site.root / "platform/empty.git"))
    result = site.step("dry-run", repository="platform/empty")
    assert result.message == "platform/empty is empty: push a first commit to main first"


def test_a_missing_base_branch_is_rejected_by_name(site):
    assert site.step("dry-run", base="release").message == "base: platform/gitops has no branch release"


@pytest.fixture
def large(site):
    """Add 200 MB that cannot be compressed to the repository."""
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


def test_of_a_200_mb_repository_only_one_file_is_fetched_and_a_full_clone_over_the_limit_is_rejected(large):
    result = large.step("execute")
    assert result.state == "done", result.message
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
        (b"a: [1\n", "is not valid YAML in line 2"),
        (b"a: 1\na: 2\n", "has the key a twice, again in line 2"),
        (b"a: 1\n---\nb: 2\n", "contains 2 YAML documents: name one with document, from 0 to 1"),
        (b"image: 3\n", "image is 3, not a mapping or list: image.tag leads through it"),
        (b"image: [1]\n", "image is a list: name an item as [INDEX], not as tag"),
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
def test_a_file_that_cannot_be_edited_is_rejected_with_the_reason(site, content, words):
    site.push("main", {}, raw={VALUES: content})
    result = site.step("dry-run")
    assert result.state == "rejected"
    assert result.message.startswith(f"{VALUES}: ")
    assert words in result.message


def test_a_binary_file_can_be_replaced_as_a_whole(site):
    site.push("main", {}, raw={"logo.bin": b"\x00\x01"})
    assert site.step("execute", {"path": "logo.bin", "content": "text\n"}).state == "done"
    assert site.show("logo.bin") == "text"


def test_a_missing_file_can_only_be_created_with_content(site):
    result = site.step("dry-run", {"path": "apps/none.yaml", "set": {"a": 1}})
    assert result.message == "apps/none.yaml: does not exist: to create it, set content"


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
def test_a_path_that_does_not_lead_to_a_file_is_rejected(site, step, files, modes, path, words):
    site.push("main", files, modes)
    result = site.step(step, {"path": path, "content": "x"})
    assert (result.state, words in result.message) == ("rejected", True), result.message
    assert BRANCH not in site.branches()


def test_symlinks_and_submodules_elsewhere_in_the_repository_stay_as_they_are(site):
    modes = {"link": "120000", "sub": "160000"}
    site.push("main", {"link": "/etc/passwd", "sub": "1" * 40}, modes)
    assert site.step("execute").state == "done"
    assert site.git("diff", "--name-only", "main", BRANCH) == VALUES


def test_attributes_and_filters_of_the_repository_have_no_effect(site):
    site.push(
        "main",
        {
            ".gitattributes": "* filter=lfs text eol=crlf\n",
            ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ../x\n',
        },
    )
    assert site.step("execute").state == "done"
    assert "\r" not in site.show(VALUES)


def test_a_git_command_that_takes_too_long_is_stopped_and_the_attempt_fails(site, monkeypatch):
    finished = Event()
    monkeypatch.setattr(
        "kubernaut_gitops_pr.request.Bounds",
        lambda _, megabytes: Bounds(0.3, megabytes),
    )
    monkeypatch.setattr(demo_git._Handler, "_git", lambda *_: finished.wait(20))
    result = site.step("dry-run", TAG)
    finished.set()
    assert (result.state, "took longer than" in result.message) == ("error", True)
