"""A pod of the action in this process: the same environment, the same `perform`, its report and its output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from kubernaut.runner import Action, Rejected, Stopped, TryAgain
from kubernaut.runner.report import Report
from kubernaut_gitops_pr import demo_forge
from kubernaut_gitops_pr.demo_git import Api, Call, GitServer, Reply
from kubernaut_gitops_pr.parameters import GitOpsPr
from kubernaut_gitops_pr.perform import perform
from kubernaut_gitops_pr.settings import GitOpsSettings

TAG = {"path": "apps/web/values.yaml", "set": {"image.tag": "1.28.0"}}
UID = "0f8fad5b-d9cb-469f-a165-70867728950e"
BRANCH = "kubernaut/roll-web-0f8fad5b"


@dataclass
class StepResult:
    """How a step ended."""

    state: str
    message: str
    changes: list[dict[str, Any]]
    outputs: dict[str, Any]
    printed: str
    report: str

    def fields(self) -> dict[str, tuple[Any, Any]]:
        """Return each changed value, before and after."""
        return {c["field"]: (c["before"], c["after"]) for c in self.changes}


@dataclass
class Scripted:
    """An API that gives scripted answers, and otherwise those of another API."""

    behind: Api
    answers: list[tuple[str, str, Reply]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def answer(self, method: str, ending: str, *replies: Reply) -> None:
        """Script the answers to the next calls of this method whose path has this ending, one each."""
        self.answers += [(method, ending, reply) for reply in replies]

    def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        for scripted in self.answers:
            method, ending, reply = scripted
            if call.method == method and call.path.endswith(ending):
                self.answers.remove(scripted)
                return reply
        return self.behind(call)


@dataclass
class Site:
    """A forge, and pods that use it."""

    monkeypatch: pytest.MonkeyPatch
    directory: Path
    root: Path
    server: GitServer
    api: Scripted
    forge: Any
    settings: dict[str, Any]

    def step(
        self,
        step: str,
        *changes: Mapping[str, Any],
        namespace: str = "production",
        token: str | None = None,
        name: str = "roll-web",
        uid: str = UID,
        **more: Any,
    ) -> StepResult:
        """Run one step and return its result."""
        given = {
            "repository": demo_forge.REPOSITORY,
            "title": "web: roll out",
            "changes": list(changes or [TAG]),
            **more,
        }
        execution = {
            "name": name,
            "namespace": namespace,
            "uid": uid,
            "requestedBy": "jane",
            "deadlineSeconds": 60,
            "parameters": GitOpsPr.model_validate_json(json.dumps(given), strict=True).model_dump(mode="json"),
            "settings": GitOpsSettings.model_validate(self.settings).model_dump(mode="json"),
        }
        (self.directory / "dev").mkdir(exist_ok=True)
        (self.directory / "tmp").mkdir(exist_ok=True)
        environment = {
            "SANDBOX_POD_ROOT": str(self.directory),
            "TMPDIR": str(self.directory / "tmp"),
            "KUBERNAUT_EXECUTION": json.dumps(execution),
            "KUBERNAUT_FORGE_TOKEN": self.server.token if token is None else token,
        }
        for key, value in environment.items():
            self.monkeypatch.setenv(key, value)
        self.monkeypatch.setattr("tempfile.tempdir", None)
        self.monkeypatch.setattr("kubernaut_gitops_pr.secrets.Token._taken", "")
        return self._run(Report(step))

    def _run(self, report: Report) -> StepResult:
        printed = StringIO()
        state, message = "done", ""
        with redirect_stdout(printed), redirect_stderr(printed):
            try:
                perform(Action(report))
            except Rejected as rejection:
                state, message = "rejected", str(rejection)
            except TryAgain as failure:
                state, message = "error", str(failure)
            except Stopped:
                state = "stopped"
        report.state, report.message = state if state != "stopped" else "error", message
        report.write()
        written = (self.directory / "dev/termination-log").read_text()
        return StepResult(state, message, report.changes, report.outputs, printed.getvalue(), written)

    def git(self, *arguments: str, stdin: str = "", repository: str = demo_forge.REPOSITORY) -> str:
        """Run git in a repository of the forge and return its output."""
        return demo_forge.run_git(self.root / f"{repository}.git", *arguments, stdin=stdin)

    def add_hook(self, script: str) -> None:
        """Let a script decide about pushes, as the push rules of a forge do."""
        hook = self.root / f"{demo_forge.REPOSITORY}.git/hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{script}\n")
        hook.chmod(0o755)

    def show(self, path: str, branch: str = BRANCH) -> str:
        """Return the content of a file of a branch."""
        return self.git("show", f"{branch}:{path}")

    def branches(self) -> list[str]:
        """Return all branches."""
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def push(
        self,
        branch: str,
        files: Mapping[str, str],
        modes: Mapping[str, str] | None = None,
        raw: Mapping[str, bytes] | None = None,
    ) -> str:
        """Push a commit by another author to a branch, and return it."""
        self.git("read-tree", branch)
        rows = []
        for path, content in files.items():
            mode = (modes or {}).get(path, "100644")
            blob = content if mode == "160000" else self.git("hash-object", "-w", "--stdin", stdin=content)
            rows.append(f"{mode} {blob}\t{path}\n")
        for path, data in (raw or {}).items():
            file = self.directory / "raw"
            file.write_bytes(data)
            rows.append(f"100644 {self.git('hash-object', '-w', str(file))}\t{path}\n")
        self.git("update-index", "--index-info", stdin="".join(rows))
        commit = self.git("commit-tree", self.git("write-tree"), "-p", branch, "-m", "by another author")
        self.git("update-ref", f"refs/heads/{branch}", commit)
        return commit
