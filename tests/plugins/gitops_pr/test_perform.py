"""From the request to the pull request, against git's own smart HTTP: what is made, and what is found again."""

import pytest

from kubernaut.runner import Stopped
from kubernaut_gitops_pr.demo_forge import FILES
from kubernaut_gitops_pr.forges.github import GitHub
from kubernaut_gitops_pr.perform import _Step
from kubernaut_gitops_pr.repository import Repository
from tests.plugins.gitops_pr.pod import BRANCH, TAG, UID

VALUES = "apps/web/values.yaml"
AS_ASKED = FILES[VALUES].replace('"1.27.3"', '"1.28.0"')


def stopped(*_):
    raise Stopped


def test_the_dry_run_tells_the_diff_and_pushes_nothing(site):
    told = site.step("dry-run")
    assert (told.state, told.fields()) == ("done", {"image.tag": ("1.27.3", "1.28.0")})
    assert '-    tag: "1.27.3"   # keep in step' in told.outputs["diff"]
    assert '+    tag: "1.28.0"   # keep in step' in told.outputs["diff"]
    assert (site.branches(), site.forge.pulls) == (["main"], [])


def test_execute_pushes_a_branch_with_that_one_change_and_opens_the_pull_request(site):
    told = site.step("execute", body="It leaks.", labels=["fix"], reviewers=["ada", "acme/owners"], draft=True)
    assert told.state == "done", told.message
    assert site.show(VALUES) == AS_ASKED.strip()
    assert site.branches() == [BRANCH, "main"]
    [pull] = site.forge.pulls
    assert (pull["title"], pull["draft"], pull["labels"], pull["base"]["ref"]) == (
        "web: roll out",
        True,
        ["fix"],
        "main",
    )
    assert pull["body"].startswith("It leaks.\n\n---\n")
    assert f"`production/roll-web` (uid `{UID}`), requested by `jane`" in pull["body"]
    assert told.outputs["pull_request"] == pull["html_url"]
    assert told.outputs["commit"] == site.git("rev-parse", BRANCH) == pull["head"]["sha"]


def test_the_commit_has_the_author_of_the_settings_and_says_who_asked(site):
    site.settings |= {"author_name": "Robot", "author_email": "robot@example.com"}
    site.step("execute")
    told = site.git("log", "-1", "--format=%an <%ae>%n%B", BRANCH)
    assert told.startswith("Robot <robot@example.com>\nweb: roll out\n")
    assert f"production/roll-web (uid {UID}), requested by jane" in told


def test_what_is_already_as_asked_makes_no_branch_and_says_so(site):
    told = site.step("execute", {"path": VALUES, "set": {"image.tag": "1.27.3"}, "remove": None})
    assert (told.state, told.changes, told.outputs) == ("done", [], {})
    assert "already as asked" in told.printed
    assert (site.branches(), site.forge.pulls) == (["main"], [])


def test_a_second_attempt_returns_what_the_first_one_made(site):
    first, second = site.step("execute"), site.step("execute")
    assert second.state == "done"
    assert second.outputs == first.outputs
    assert second.changes == first.changes
    assert len(site.forge.pulls) == 1


@pytest.mark.parametrize(
    "point",
    [(_Step, "_pushed"), (Repository, "push"), (GitHub, "open"), (GitHub, "complete")],
    ids=lambda p: f"before {p[1]}",
)
def test_a_crash_is_picked_up_by_the_next_attempt(site, point):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*point, stopped)
        assert site.step("execute", labels=["fix"]).state == "stopped"
    told = site.step("execute", labels=["fix"])
    assert told.state == "done", told.message
    assert told.outputs["pull_request"] == site.forge.pulls[0]["html_url"]
    assert [pull["labels"] for pull in site.forge.pulls] == [["fix"]]
    assert site.git("rev-list", "--count", f"main..{BRANCH}") == "1"


def test_a_branch_that_was_pushed_before_base_moved_on_is_still_known(site):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GitHub, "open", stopped)
        site.step("execute")
    site.push("main", {VALUES: FILES[VALUES].replace("replicas: 3", "replicas: 4")})
    told = site.step("execute")
    assert (told.state, len(site.forge.pulls)) == ("done", 1)
    assert "an earlier attempt pushed" in told.printed


def test_base_that_moves_on_between_clone_and_push_is_not_overwritten(site, monkeypatch):
    push = Repository.push

    def late(self, *arguments, **more):
        site.push("main", {"other.txt": "new"})
        push(self, *arguments, **more)

    monkeypatch.setattr(Repository, "push", late)
    assert site.step("execute").state == "done"
    assert site.show("other.txt", "main") == "new"
    assert site.git("merge-tree", "--write-tree", "main", BRANCH)


def test_a_branch_with_other_content_is_never_overwritten(site):
    site.git("branch", BRANCH, "main")
    theirs = site.push(BRANCH, {VALUES: "theirs: true\n"})
    told = site.step("execute")
    assert told.state == "rejected"
    assert "exists with other content" in told.message
    assert site.git("rev-parse", BRANCH) == theirs
    assert site.forge.pulls == []


def test_a_branch_that_appears_while_pushing_is_never_overwritten(site, monkeypatch):
    push = Repository.push

    def late(self, *arguments, **more):
        site.git("branch", BRANCH, "main")
        site.push(BRANCH, {VALUES: "theirs: true\n"})
        push(self, *arguments, **more)

    monkeypatch.setattr(Repository, "push", late)
    told = site.step("execute")
    assert (told.state, site.show(VALUES)) == ("rejected", "theirs: true")


@pytest.mark.parametrize(
    ("state", "merged_at"), [("closed", None), ("closed", "2024-05-01T00:00:00Z")], ids=["closed", "merged"]
)
def test_a_pull_request_that_was_dealt_with_meanwhile_is_reported_and_not_opened_anew(site, state, merged_at):
    site.step("execute")
    site.forge.pulls[0] |= {"state": state, "merged_at": merged_at}
    site.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    told = site.step("execute")
    assert (told.state, told.outputs["pull_request_state"]) == ("done", "merged" if merged_at else "closed")
    assert (len(site.forge.pulls), site.branches()) == (1, ["main"])


def test_several_changes_become_one_commit(site):
    told = site.step(
        "execute",
        TAG,
        {"path": VALUES, "append": {"env": {"name": "B", "value": "1"}}},
        {"path": VALUES, "remove": ["replicas"]},
        {"path": "docs/new.md", "content": "new\n"},
    )
    assert told.state == "done", told.message
    assert set(told.fields()) == {"image.tag", "env[2]", "replicas", "content"}
    assert site.show("docs/new.md") == "new"
    assert site.git("rev-list", "--count", f"main..{BRANCH}") == "1"


def test_a_file_keeps_its_mode(site):
    site.push("main", {"run.json": '{"a": 1}\n'}, {"run.json": "100755"})
    site.step("execute", {"path": "run.json", "set": {"a": 2}})
    assert site.git("ls-tree", BRANCH, "run.json").startswith("100755")


def test_another_base_branch_is_the_one_that_is_changed(site):
    site.git("branch", "release", "main")
    site.push("release", {VALUES: FILES[VALUES].replace("1.27.3", "1.20.0")})
    told = site.step("execute", base="release")
    assert told.fields() == {"image.tag": ("1.20.0", "1.28.0")}
    assert site.forge.pulls[0]["base"]["ref"] == "release"


def test_nothing_of_the_clone_is_left_behind(site):
    site.step("execute")
    assert list((site.directory / "tmp").iterdir()) == []


def test_gitlab_gets_a_merge_request_with_everything_in_it(gitlab):
    told = gitlab.step("execute", labels=["fix", "now"], reviewers=["ada"], draft=True)
    assert told.state == "done", told.message
    [merge] = gitlab.forge.pulls
    assert merge["title"] == "Draft: web: roll out"
    assert (merge["labels"], merge["reviewer_ids"], merge["target_branch"]) == ("fix,now", [8], "main")
    assert gitlab.show(VALUES) == AS_ASKED.strip()
    assert gitlab.step("execute").outputs["pull_request"] == merge["web_url"]
