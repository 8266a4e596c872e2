"""The files of a repository that a forge or git runs or trusts: some as soon as a branch with them is pushed, before anyone has seen it.

Sources, by path:

- `.github/`: workflows run on pushes, with the repository's secrets (docs.github.com, "Workflow syntax for GitHub Actions"); local actions
  ("Creating a composite action": `action.yml` in any directory); `dependabot.yml`, `CODEOWNERS`, `secret_scanning.yml` and instructions
  for agents (docs.github.com, "About code owners", "Dependabot options reference", "Adding repository custom instructions").
- `.gitlab-ci.yml` and what it includes (docs.gitlab.com, "CI/CD YAML syntax reference", `include:local`: any path, by convention
  `*.gitlab-ci.yml`, `.gitlab-ci/`, `ci/`); a project can name another file, which its API tells ("Projects API", `ci_config_path`).
- `.gitlab/`: agents for Kubernetes, CODEOWNERS, rules of scanners, route maps (docs.gitlab.com, "Features inside the .gitlab/ directory").
- `CODEOWNERS` in the root, `docs/`, `.github/` or `.gitlab/` (docs.github.com, "About code owners"; docs.gitlab.com, "Code Owners").
- `.gitattributes` (gitattributes(5): filters and merge drivers), `.gitmodules` (gitmodules(5)), `.lfsconfig` (git-lfs-config(5): the server
  that gets credentials), `.gitconfig` (by `include.path`); `HEAD`, which makes a directory a repository of its own (git-config(1),
  `safe.bareRepository`).
- Hooks, where a project sets `core.hooksPath` (githooks(5)): `.githooks/`, `.husky/`, and the files of pre-commit and lefthook.
- Other systems that forges start for a push: each in its own manual.

The list cannot know every file that a pipeline calls, such as a script: the setting `paths` is for that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kubernaut_gitops_pr.folding import fold_path, is_short_name

_FORGE = "is run or trusted by the forge"
_PIPELINE = "is run by a pipeline"
_GIT = "tells git or its hooks what to run or whom to trust"
_DIRECTORIES = {
    **dict.fromkeys((".github", ".gitlab", ".gitea", ".forgejo", ".bitbucket", ".devcontainer"), _FORGE),
    **dict.fromkeys((".gitlab-ci", ".ci", ".circleci", ".buildkite", ".woodpecker", ".drone", ".tekton"), _PIPELINE),
    **dict.fromkeys((".semaphore", ".azure-pipelines", ".azuredevops", ".teamcity", ".harness"), _PIPELINE),
    **dict.fromkeys((".githooks", ".git-hooks", ".husky", ".lefthook"), _GIT),
}
_FILES = {
    **dict.fromkeys(("codeowners", "action.yml", "agents.md", ".devcontainer.json", ".gitpod.yml"), _FORGE),
    **dict.fromkeys(("renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json", ".mergify.yml"), _FORGE),
    **dict.fromkeys((".gitlab-ci.yml", ".travis.yml", ".drone.yml", ".woodpecker.yml", ".cirrus.yml"), _PIPELINE),
    **dict.fromkeys(("appveyor.yml", ".appveyor.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml"), _PIPELINE),
    **dict.fromkeys(("jenkinsfile", "atlantis.yml", "cloudbuild.yml", "buildspec.yml", ".cirrus.star"), _PIPELINE),
    **dict.fromkeys((".gitattributes", ".gitmodules", ".gitconfig", ".lfsconfig", "head"), _GIT),
    **dict.fromkeys((".pre-commit-config.yml", ".pre-commit-hooks.yml", "lefthook.yml", ".lefthook.yml"), _GIT),
}
_IN_ROOT = {"ci": _PIPELINE}


def trust(path: str, pipelines: Collection[str] = ()) -> str:
    """Return who runs or trusts this file, as the end of a sentence, or "".

    `pipelines` are further files that the forge itself names as pipelines. A directory of this kind counts, too.
    """
    folded = fold_path(path)
    if folded in map(fold_path, pipelines):
        return _PIPELINE
    *directories, name = folded.split("/")
    found = (_known(directory, _DIRECTORIES) for directory in directories)
    by_name = _known(name, {**_DIRECTORIES, **_FILES})
    return next(filter(None, found), "") or by_name or _IN_ROOT.get([*directories, name][0], "")


def leads_to_trusted(path: str, pipelines: Collection[str] = ()) -> bool:
    """Whether the path, or a file below it, is trusted by where it is and not by the file's own name."""
    folded = fold_path(path)
    below = any(fold_path(pipeline).startswith(f"{folded}/") for pipeline in pipelines)
    return below or bool(trust(path, pipelines))


def _known(segment: str, names: Mapping[str, str]) -> str:
    """Return who trusts a file or directory of this name, in whatever directory it is."""
    name = f"{segment.removesuffix('.yaml')}.yml" if segment.endswith(".yaml") else segment
    if who := names.get(name):
        return who
    if name.startswith(".gitlab-ci") or name.endswith(".gitlab-ci.yml"):
        return _PIPELINE
    return next((names[full] for full in names if "~" in name and is_short_name(name, full)), "")
