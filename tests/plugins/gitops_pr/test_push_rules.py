"""A forge's push rules: a rejected push changed nothing, and the message has the forge's words and the setting that fixes it."""

import pytest
from pydantic import ValidationError

from kubernaut_gitops_pr import demo_git, templates
from kubernaut_gitops_pr.demo_git import Reply
from kubernaut_gitops_pr.repository import Repository
from kubernaut_gitops_pr.settings import GitOpsSettings
from tests.plugins.gitops_pr.pod import BRANCH, UID

BRANCH_RULE = (
    'read old new ref; case "$ref" in refs/heads/bots/*) ;; *) '
    "echo \"GitLab: Branch name '${ref#refs/heads/}' does not follow the pattern '^bots/.+'\" >&2; exit 1;; esac"
)
MESSAGE_RULE = (
    "read old new ref; git log -1 --format=%s $new | grep -Eq '^OPS-[0-9]+' || "
    "{ echo \"GitLab: Commit message does not follow the pattern '^OPS-[0-9]+'\" >&2; exit 1; }"
)
AUTHOR_RULE = (
    "read old new ref; a=$(git log -1 --format=%ae $new); [ $a = robot@example.com ] || "
    "{ echo \"GitLab: Author '$a' is not a member of team\" >&2; exit 1; }"
)
COMMITTER_RULE = (
    "read old new ref; a=$(git log -1 --format=%ce $new); [ $a = sign@example.com ] || "
    "{ echo \"GitLab: Committer '$a' is not a member of team\" >&2; exit 1; }"
)
RULES = {
    "branch": (BRANCH_RULE, "does not follow the pattern '^bots/.+'", {"branch_template": "bots/{execution}-{uid}"}),
    "message": (
        MESSAGE_RULE,
        "does not follow the pattern '^OPS-[0-9]+'",
        {"commit_message_template": "OPS-1 {title}"},
    ),
    "author": (AUTHOR_RULE, "is not a member of team", {"author_name": "Robot", "author_email": "robot@example.com"}),
    "committer": (
        COMMITTER_RULE,
        "is not a member of team",
        {"committer_name": "Signer", "committer_email": "sign@example.com"},
    ),
}


@pytest.mark.parametrize("which", ["site", "gitlab"])
@pytest.mark.parametrize(("hook", "words", "remedy"), RULES.values(), ids=RULES)
def test_a_rule_is_quoted_with_the_setting_that_fixes_it_and_nothing_was_changed(request, which, hook, words, remedy):
    site = request.getfixturevalue(which)
    site.add_hook(hook)
    result = site.step("execute")
    assert (result.state, result.changes, site.branches(), site.forge.pulls) == ("rejected", [], ["main"], [])
    assert f"rejected the branch {BRANCH}, so nothing was pushed" in result.message
    assert words in result.message
    named = result.message.partition(" in the settings of gitops-pr")[0].partition("change ")[2]
    assert named == " and ".join(remedy)
    assert not {"branch", "commit", "pull_request"} & result.outputs.keys()
    site.settings |= remedy
    assert site.step("execute").state == "done"
    assert len(site.forge.pulls) == 1


def test_a_rule_whose_words_name_no_subject_names_every_setting(site):
    site.add_hook("echo 'only humans push here' >&2; exit 1")
    message = site.step("execute").message
    for setting in ("branch_template", "commit_message_template", "author_email", "committer_email"):
        assert setting in message


def test_a_hook_without_words_is_a_rejection_too(site):
    site.add_hook("exit 1")
    result = site.step("execute")
    assert (result.state, result.changes) == ("rejected", [])
    assert "pre-receive hook declined" in result.message


@pytest.mark.parametrize(
    "words", ["the ticket already exists", "timeout of the freeze", "returned error: 503", "fetch first"]
)
def test_the_words_of_a_hook_do_not_decide_what_kind_of_error_it_is(site, words):
    site.add_hook(f"echo '{words}' >&2; exit 1")
    result = site.step("execute")
    assert (result.state, result.changes) == ("rejected", [])
    assert words in result.message


def test_the_words_of_a_forge_are_bounded_and_have_no_control_characters(site):
    site.add_hook("printf '\\033[31mno\\033[0m\\a \\342\\200\\256way\\n' >&2; seq -s ' ' 5000 >&2; exit 1")
    message = site.step("execute").message
    assert "(the forge: no way; 1 2 3" in message
    assert message.isprintable()
    assert len(message) < 900


def test_a_commit_message_has_the_fields_of_the_template(site):
    site.settings["commit_message_template"] = (
        "OPS-7 {title} [{execution}]\n\n{body}\n\nFor {requester} in {namespace} ({uid})"
    )
    site.step("execute")
    message = site.git("log", "-1", "--format=%B", BRANCH)
    assert message == "OPS-7 web: roll out [roll-web]\n\nFor jane in production (0f8fad5b)"


def test_a_field_in_a_value_is_not_filled_in(site):
    site.step("execute", title="web {uid}")
    assert site.git("log", "-1", "--format=%s", BRANCH) == "web {uid}"


def test_author_and_committer_can_differ(site):
    site.settings |= {"author_name": "A", "author_email": "a@x", "committer_email": "c@x"}
    site.step("execute")
    assert site.git("log", "-1", "--format=%an <%ae>, %cn <%ce>", BRANCH) == "A <a@x>, A <c@x>"


@pytest.mark.parametrize("name", ["web.lock", "a.b.c", "x" * 250])
@pytest.mark.parametrize("template", ["{uid}/{execution}", "bots/{namespace}/{execution}/{uid}"])
def test_every_name_of_an_execution_makes_a_valid_branch(site, name, template):
    site.settings["branch_template"] = template
    result = site.step("execute", name=name)
    assert result.state == "done", result.message
    assert result.outputs["branch"] in site.branches()


@pytest.mark.parametrize(
    "setting",
    [
        {"branch_template": "kubernaut/{execution}"},
        {"branch_template": "kubernaut/{name}-{uid}"},
        {"branch_template": "/{uid}"},
        {"branch_template": "a b/{uid}"},
        {"branch_template": "a..{uid}"},
        {"branch_template": "{uid}.lock"},
        {"branch_template": "{uid}{"},
        {"branch_template": ""},
        {"commit_message_template": "{titel}"},
        {"commit_message_template": " \n"},
        {"commit_message_template": "a\x1b[31m"},
        {"commit_message_template": "a {} b"},
        {"author_name": "<>"},
        {"author_name": "..."},
        {"author_email": "robot"},
        {"author_email": "a@b c"},
        {"committer_name": ""},
        {"committer_email": "a@b\n"},
    ],
    ids=str,
)
def test_an_invalid_setting_is_rejected(setting):
    with pytest.raises(ValidationError):
        GitOpsSettings.model_validate(setting)


def test_the_branch_is_never_the_base(site):
    site.settings["branch_template"] = "main{uid}"
    site.git("branch", "main0f8fad5b", "main")
    assert "is the branch that this execution would create" in site.step("dry-run", base="main0f8fad5b").message


def test_the_prefix_of_a_template_is_what_comes_before_its_first_field():
    assert templates.prefix("bots/{namespace}/{uid}") == "bots/"
    assert templates.prefix("{uid}") == ""


def lost_answer(times):
    """Return a git server that carries out pushes, but whose answers are lost."""
    original = demo_git._Handler._git

    def git(handler, path, body):
        if path.endswith("git-receive-pack") and times:
            times.pop()
            handler._relay = lambda output: (output.read(), handler._reply(Reply(502)))
        original(handler, path, body)

    return git


def test_a_push_whose_answer_is_lost_counts_if_it_has_arrived(site, monkeypatch):
    monkeypatch.setattr(demo_git._Handler, "_git", lost_answer([1]))
    result = site.step("execute")
    assert (result.state, result.fields()) == ("done", {"image.tag": ("1.27.3", "1.28.0")})
    assert len(site.forge.pulls) == 1


def test_a_push_that_may_have_arrived_is_reported_as_unknown(site, monkeypatch):
    monkeypatch.setattr(demo_git._Handler, "_git", lost_answer([1]))
    heads = Repository.heads

    def gone(self, *branches):
        return heads(self, *branches) if len(branches) != 1 else self._remote("ls-remote", "http://127.0.0.1:9/")

    monkeypatch.setattr(Repository, "heads", gone)
    result = site.step("execute")
    assert (result.state, result.changes) == ("error", [])
    assert '"unsure":true' in result.report


def test_a_push_that_did_not_arrive_changed_nothing(site, monkeypatch):
    original = demo_git._Handler._git

    def git(handler, path, body):
        handler._reply(Reply(503)) if path.endswith("git-receive-pack") else original(handler, path, body)

    monkeypatch.setattr(demo_git._Handler, "_git", git)
    result = site.step("execute")
    assert (result.state, result.changes, "unsure" in result.report) == ("error", [], False)
    assert UID[:8] not in " ".join(site.branches())


def test_when_no_pull_request_can_be_opened_the_message_names_the_branch_that_was_pushed(site):
    site.api.answer("POST", "/pulls", Reply(422, {"message": "Validation Failed"}))
    result = site.step("execute")
    assert (result.state, result.fields()) == ("rejected", {"image.tag": ("1.27.3", "1.28.0")})
    assert f"branch {BRANCH} is pushed (" in result.message
    assert "no pull request is open for it" in result.message
