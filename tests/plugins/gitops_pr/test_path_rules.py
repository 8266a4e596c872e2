"""Files that a forge or git runs or trusts are not changed unless the admin allows it, however their names are written."""

import json

import pytest
from pydantic import ValidationError

from kubernaut.api.plugin import Execution
from kubernaut_gitops_pr import plugin
from kubernaut_gitops_pr.demo_forge import EXAMPLE
from kubernaut_gitops_pr.demo_forge import settings as demo_settings
from kubernaut_gitops_pr.demo_git import Reply
from kubernaut_gitops_pr.parameters import GitOpsPr
from kubernaut_gitops_pr.path_rules import PathRules
from kubernaut_gitops_pr.settings import GitOpsSettings
from kubernaut_gitops_pr.trusted_files import trust
from tests.plugins.gitops_pr.pod import BRANCH, TAG, UID

TRUSTED = [
    ".github/workflows/x.yml",
    ".github/actions/build/action.yml",
    ".github/dependabot.yml",
    ".github/CODEOWNERS",
    ".github/agents/fixer.md",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitlab/CODEOWNERS",
    ".gitlab/agents/prod/config.yaml",
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".gitlab-ci/deploy.yml",
    "templates/.gitlab-ci-template.yml",
    "templates/deploy.gitlab-ci.yml",
    "ci/deploy.yml",
    "build/action.yaml",
    ".gitattributes",
    "apps/web/.gitattributes",
    ".gitmodules",
    ".lfsconfig",
    ".gitconfig",
    "apps/inner/HEAD",
    ".githooks/pre-commit",
    "web/.husky/post-merge",
    ".pre-commit-config.yaml",
    ".circleci/config.yml",
    ".tekton/push.yaml",
    "Jenkinsfile",
    "atlantis.yaml",
    "renovate.json",
]
SPELLINGS = [
    ".GitHub/Workflows/x.yml",
    ".g\u0131thub/workflows/x.yml".replace("\u0131", "i\ufe0f"),
    ".gith\uff55b/workflows/x.yml",
    "\uff0egithub/workflows/x.yml",
    ".github./workflows/x.yml",
    ".github /workflows/x.yml",
    ".github::$INDEX_ALLOCATION/workflows/x.yml",
    "GITHUB~1/workflows/x.yml",
    "codeowner\u017f",
    "CODEOW~1",
    ".GITLAB-CI.YML",
    "GITLAB~1.YML",
    "GI7EBA~1",
    ".gitattributes.",
    "apps/.GitModules",
    ".git\u034fmodules",
]
ORDINARY = [
    "apps/web/values.yaml",
    ".gitignore",
    "apps/ci/values.yaml",
    "github/workflows/x.yml",
    "docs/owners.md",
    "apps/head/values.yaml",
    "head.yaml",
    "actions.yml",
    "values~1.yaml",
]


@pytest.mark.parametrize("path", [*TRUSTED, *SPELLINGS], ids=ascii)
def test_a_file_that_a_forge_or_git_runs_or_trusts_is_known_in_every_spelling(path):
    assert trust(path)


@pytest.mark.parametrize("path", ORDINARY)
def test_another_file_is_not_taken_for_one(path):
    assert trust(path) == ""


def problems(path, **forge):
    made = demo_settings("https://git.example.com")
    made["forges"][0] |= forge
    given = {**EXAMPLE, "changes": [{"path": path, "content": "x"}]}
    parameters = GitOpsPr.model_validate_json(json.dumps(given), strict=True)
    known = GitOpsSettings.model_validate(made)
    return [str(found) for found in plugin.validate(Execution("x", "prod", UID, "gitops-pr", parameters, known, "i:1"))]


@pytest.mark.parametrize("path", [".github/workflows/x.yml", ".gitlab-ci.yml", "docs/CODEOWNERS", ".GITMODULES"])
def test_it_is_refused_before_a_pod_exists_with_the_setting_that_allows_it(path):
    [message] = problems(path)
    assert message.startswith(f"parameters.changes: {path} ")
    assert "the admin can allow it in forges[].trusted_paths" in message


@pytest.mark.parametrize("path", [".github/workflows/x.yml", ".gitlab-ci.yml", "apps/.GitAttributes"])
@pytest.mark.parametrize("step", ["dry-run", "execute"])
@pytest.mark.parametrize("which", ["site", "gitlab"])
def test_the_pod_refuses_it_too_and_pushes_nothing(request, which, step, path):
    site = request.getfixturevalue(which)
    result = site.step(step, {"path": path, "content": "on: push\n"})
    assert (result.state, result.changes, site.branches()) == ("rejected", [], ["main"])
    assert f"{path} " in result.message
    assert site.api.calls == []


def test_what_the_admin_allows_by_name_is_changed(site):
    site.settings["forges"][0]["trusted_paths"] = [".github/workflows/*.yml"]
    assert site.step("execute", {"path": ".github/workflows/x.yml", "content": "on: push\n"}).state == "done"
    refused = site.step("execute", {"path": ".GitHub/workflows/x.yml", "content": "on: push\n"}, uid="2" * 32)
    assert refused.state == "rejected"


def test_ordinary_paths_do_not_allow_trusted_ones():
    assert problems(".github/workflows/x.yml", paths=["**", ".github/**"])
    assert problems(".github/workflows/x.yml", paths=[], trusted_paths=[".github/**"]) == []


@pytest.mark.parametrize(
    ("patterns", "path", "allowed"),
    [
        (["apps/**"], "apps/web/values.yaml", True),
        (["apps/**"], "apps2/web/values.yaml", False),
        (["apps/*/values.yaml"], "apps/web/values.yaml", True),
        (["apps/*/values.yaml"], "apps/web/eu/values.yaml", False),
        (["apps/**/values.yaml"], "apps/web/eu/values.yaml", True),
        (["apps/**/values.yaml"], "apps/values.yaml", True),
        (["**/values.yaml"], "values.yaml", True),
        (["apps/web"], "apps/web/values.yaml", False),
        (["apps/**"], "Apps/web/values.yaml", False),
        ([], "apps/web/values.yaml", False),
        (["docs/*.md", "apps/web/**"], "apps/web/values.yaml", True),
    ],
)
def test_only_files_on_the_list_are_changed(patterns, path, allowed):
    found = problems(path, paths=patterns)
    assert (found == []) is allowed
    assert (
        allowed or "is not on the list of files that can be changed: the admin can add it to forges[].paths" in found[0]
    )


def test_many_wildcards_take_no_time():
    rules = PathRules(["/".join(["**", "*a*"] * 20) + "/b"], [])
    assert rules.problem("/".join(["a" * 10] * 90))


def test_the_pod_checks_the_list_of_files_again(site):
    site.settings["forges"][0]["paths"] = ["docs/**"]
    result = site.step("execute")
    assert (result.state, site.branches()) == ("rejected", ["main"])
    assert "apps/web/values.yaml is not on the list of files that can be changed" in result.message


def test_each_namespace_can_have_files_of_its_own(site):
    [forge] = site.settings["forges"]
    site.settings["forges"] = [
        {**forge, "namespaces": ["staging"], "paths": ["apps/staging/**"]},
        {**forge, "namespaces": ["production"], "paths": ["apps/web/**"]},
    ]
    assert site.step("dry-run", TAG, namespace="production").state == "done"
    assert "forges[].paths" in site.step("dry-run", TAG, namespace="staging").message


@pytest.mark.parametrize("pattern", ["", "/apps", "apps/", "a//b", "a\\b", "a\nb"])
def test_an_invalid_pattern_is_rejected(pattern):
    forge = demo_settings("https://git.example.com")["forges"][0]
    with pytest.raises(ValidationError):
        GitOpsSettings.model_validate({"forges": [{**forge, "paths": [pattern]}]})


LINKS = {
    "a linked file": ({".github/workflows/x.yml": "../../build/x.yml"}, "build/x.yml"),
    "a linked directory": ({".github/workflows": "../build"}, "build/x.yml"),
    "the forge's directory": ({".github": "meta/github"}, "meta/github/workflows/x.yml"),
    "a link over another": ({".github/workflows": "../a/b", "a": "c"}, "c/b/x.yml"),
    "a link to the root": ({".github": "."}, "workflows/x.yml"),
    "a link to a link to a file": ({".lfsconfig": "a.cfg", "a.cfg": "b.cfg"}, "b.cfg"),
    "a linked pipeline": ({".gitlab-ci.yml": "build/pipeline.yml"}, "build/pipeline.yml"),
    "another case": ({".github/workflows": "../Build"}, "build/x.yml"),
    "hooks": ({".husky": "scripts"}, "scripts/post-merge"),
}


@pytest.mark.parametrize(("links", "path"), LINKS.values(), ids=LINKS)
@pytest.mark.parametrize("step", ["dry-run", "execute"])
def test_a_file_to_which_a_link_at_a_trusted_place_leads_is_refused(site, step, links, path):
    site.push("main", links, dict.fromkeys(links, "120000"))
    result = site.step(step, {"path": path, "content": "on: push\n"})
    assert (result.state, site.branches()) == ("rejected", ["main"]), result.message
    assert path in result.message
    assert "forges[].trusted_paths" in result.message


def test_links_elsewhere_and_links_that_lead_in_circles_refuse_nothing(site):
    links = {".github/workflows": "loop", ".github/loop": "workflows", "latest": "apps/web", ".gitlab": "/etc"}
    site.push("main", links, dict.fromkeys(links, "120000"))
    assert site.step("execute").state == "done"


def test_more_links_than_can_be_followed_are_refused(site):
    links = {f".github/{number}": f"../build/{number}" for number in range(101)}
    site.push("main", links, dict.fromkeys(links, "120000"))
    assert "more than 100 symbolic links" in site.step("dry-run").message


@pytest.mark.parametrize("links", [{}, {"build": "deploy"}], ids=["by its name", "through a link"])
def test_the_file_that_a_gitlab_project_names_as_its_pipeline_is_refused(gitlab, links):
    path = "deploy/pipe.yml" if links else "build/pipe.yml"
    gitlab.push("main", links, dict.fromkeys(links, "120000"))
    project = {"path_with_namespace": "platform/gitops", "ci_config_path": "build/pipe.yml"}
    gitlab.api.answer("GET", "/projects/platform%2Fgitops", Reply(200, project))
    result = gitlab.step("execute", {"path": path, "content": "job: {}\n"})
    assert (result.state, "is run by a pipeline" in result.message) == ("rejected", True), result.message
    assert BRANCH not in gitlab.branches()


@pytest.mark.parametrize("named", [None, "", "x.yml@group/ci:main", "https://ci.example.com/x.yml"])
def test_a_pipeline_that_is_elsewhere_refuses_nothing(gitlab, named):
    project = {"path_with_namespace": "platform/gitops", "ci_config_path": named}
    gitlab.api.answer("GET", "/projects/platform%2Fgitops", Reply(200, project))
    assert gitlab.step("dry-run").state == "done"
