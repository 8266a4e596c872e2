"""From the request to the pull request, on git's own smart HTTP: what one attempt creates, and the next one finds."""

import pytest

from kubernaut.runner import Stopped
from kubernaut_gitops_pr.demo_forge import FILES
from kubernaut_gitops_pr.forges.github import GitHub
from kubernaut_gitops_pr.perform import _Step
from kubernaut_gitops_pr.repository import Repository
from tests.plugins.gitops_pr.pod import BRANCH, TAG, UID

VALUES = "apps/web/values.yaml"
EXPECTED = FILES[VALUES].replace('"1.27.3"', '"1.28.0"')


def stopped(*_):
    raise Stopped


def test_the_dry_run_reports_the_diff_and_pushes_nothing(site):
    result = site.step("dry-run")
    assert (result.state, result.fields()) == ("done", {"image.tag": ("1.27.3", "1.28.0")})
    assert '-    tag: "1.27.3"   # keep in step' in result.outputs["diff"]
    assert '+    tag: "1.28.0"   # keep in step' in result.outputs["diff"]
    assert (site.branches(), site.forge.pulls) == (["main"], [])


@pytest.mark.parametrize("hidden", ["beyond what is shown of a value", "beyond the values that are shown"])
def test_a_dry_run_that_does_not_show_all_differs_wherever_the_base_differs(site, hidden):
    """What is approved is what was rehearsed, also where a report has no room for it."""
    names = [f"key{number}" for number in range(12)]
    change = {"path": "long.yaml", "set": dict.fromkeys(names, "new")}
    reports = []
    for other in ("a", "b"):
        end = other if hidden == "beyond what is shown of a value" else ""
        last = other if hidden == "beyond the values that are shown" else ""
        values = {**dict.fromkeys(names, "x" * 90 + end), names[-1]: "y" + last}
        site.push("main", {"long.yaml": "".join(f"{name}: {value}\n" for name, value in values.items())})
        reports.append(site.step("dry-run", change).changes)
    shown = [[one for one in changes if one["field"] != "sha256"] for changes in reports]
    assert shown[0] == shown[1], "nothing of what is shown differs"
    assert reports[0] != reports[1]


def test_execute_pushes_a_branch_with_that_one_change_and_opens_the_pull_request(site):
    result = site.step("execute", body="It leaks.", labels=["fix"], reviewers=["ada", "acme/owners"], draft=True)
    assert result.state == "done", result.message
    assert site.show(VALUES) == EXPECTED.strip()
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
    assert result.outputs["pull_request"] == pull["html_url"]
    assert result.outputs["commit"] == site.git("rev-parse", BRANCH) == pull["head"]["sha"]


def test_the_commit_has_the_author_of_the_settings_and_names_the_requester(site):
    site.settings |= {"author_name": "Robot", "author_email": "robot@example.com"}
    site.step("execute")
    log = site.git("log", "-1", "--format=%an <%ae>%n%B", BRANCH)
    assert log.startswith("Robot <robot@example.com>\nweb: roll out\n")
    assert f"production/roll-web (uid {UID}), requested by jane" in log


def test_without_a_change_there_is_no_branch_and_the_log_says_so(site):
    result = site.step("execute", {"path": VALUES, "set": {"image.tag": "1.27.3"}, "remove": None})
    assert (result.state, result.changes, result.outputs) == ("done", [], {})
    assert "already has all requested values" in result.printed
    assert (site.branches(), site.forge.pulls) == (["main"], [])


def test_a_second_attempt_returns_what_the_first_one_created(site):
    first, second = site.step("execute"), site.step("execute")
    assert second.state == "done"
    assert second.outputs == first.outputs
    assert second.changes == first.changes
    assert len(site.forge.pulls) == 1


@pytest.mark.parametrize(
    "point",
    [(_Step, "_push"), (Repository, "push"), (GitHub, "open"), (GitHub, "complete")],
    ids=lambda p: f"before {p[1]}",
)
def test_the_attempt_after_a_crash_completes_the_work(site, point):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*point, stopped)
        assert site.step("execute", labels=["fix"]).state == "stopped"
    result = site.step("execute", labels=["fix"])
    assert result.state == "done", result.message
    assert result.outputs["pull_request"] == site.forge.pulls[0]["html_url"]
    assert [pull["labels"] for pull in site.forge.pulls] == [["fix"]]
    assert site.git("rev-list", "--count", f"main..{BRANCH}") == "1"


def test_a_branch_that_was_pushed_before_the_base_changed_is_adopted(site):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GitHub, "open", stopped)
        site.step("execute")
    site.push("main", {VALUES: FILES[VALUES].replace("replicas: 3", "replicas: 4")})
    result = site.step("execute")
    assert (result.state, len(site.forge.pulls)) == ("done", 1)
    assert "an earlier attempt pushed" in result.printed


def test_a_base_that_changes_between_clone_and_push_is_not_overwritten(site, monkeypatch):
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
    result = site.step("execute")
    assert result.state == "rejected"
    assert "exists with other content" in result.message
    assert site.git("rev-parse", BRANCH) == theirs
    assert site.forge.pulls == []


def test_a_branch_that_appears_during_the_push_is_never_overwritten(site, monkeypatch):
    push = Repository.push

    def late(self, *arguments, **more):
        site.git("branch", BRANCH, "main")
        site.push(BRANCH, {VALUES: "theirs: true\n"})
        push(self, *arguments, **more)

    monkeypatch.setattr(Repository, "push", late)
    result = site.step("execute")
    assert (result.state, site.show(VALUES)) == ("rejected", "theirs: true")


@pytest.mark.parametrize(
    ("state", "merged_at"), [("closed", None), ("closed", "2024-05-01T00:00:00Z")], ids=["closed", "merged"]
)
def test_a_pull_request_that_was_closed_or_merged_is_reported_and_not_opened_again(site, state, merged_at):
    site.step("execute")
    site.forge.pulls[0] |= {"state": state, "merged_at": merged_at}
    site.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    result = site.step("execute")
    assert (result.state, result.outputs["pull_request_state"]) == ("done", "merged" if merged_at else "closed")
    assert (len(site.forge.pulls), site.branches()) == (1, ["main"])


def test_several_changes_become_one_commit(site):
    result = site.step(
        "execute",
        TAG,
        {"path": VALUES, "append": {"env": {"name": "B", "value": "1"}}},
        {"path": VALUES, "remove": ["replicas"]},
        {"path": "docs/new.md", "content": "new\n"},
    )
    assert result.state == "done", result.message
    assert set(result.fields()) == {"image.tag", "env[2]", "replicas", "content"}
    assert site.show("docs/new.md") == "new"
    assert site.git("rev-list", "--count", f"main..{BRANCH}") == "1"


def test_a_file_keeps_its_mode(site):
    site.push("main", {"run.json": '{"a": 1}\n'}, {"run.json": "100755"})
    site.step("execute", {"path": "run.json", "set": {"a": 2}})
    assert site.git("ls-tree", BRANCH, "run.json").startswith("100755")


def test_the_requested_base_branch_is_the_one_that_is_changed(site):
    site.git("branch", "release", "main")
    site.push("release", {VALUES: FILES[VALUES].replace("1.27.3", "1.20.0")})
    result = site.step("execute", base="release")
    assert result.fields() == {"image.tag": ("1.20.0", "1.28.0")}
    assert site.forge.pulls[0]["base"]["ref"] == "release"


def test_the_clone_is_removed_afterwards(site):
    site.step("execute")
    assert list((site.directory / "tmp").iterdir()) == []


def test_on_gitlab_one_request_opens_a_complete_merge_request(gitlab):
    result = gitlab.step("execute", labels=["fix", "now"], reviewers=["ada"], draft=True)
    assert result.state == "done", result.message
    [merge] = gitlab.forge.pulls
    assert merge["title"] == "Draft: web: roll out"
    assert (merge["labels"], merge["reviewer_ids"], merge["target_branch"]) == ("fix,now", [8], "main")
    assert gitlab.show(VALUES) == EXPECTED.strip()
    assert gitlab.step("execute").outputs["pull_request"] == merge["web_url"]
