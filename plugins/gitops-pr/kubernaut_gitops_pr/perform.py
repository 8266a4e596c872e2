"""The pod side of `gitops-pr`: clone, change, and in the execute step commit, push a branch and open the pull request.

Every attempt looks first for what an earlier one left: a pull request, or a branch without one.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

from kubernaut.runner import Action, Rejected, TryAgain, run
from kubernaut_gitops_pr.forges import Forge, PullRequest
from kubernaut_gitops_pr.patience import Patience
from kubernaut_gitops_pr.plan import Plan, planned
from kubernaut_gitops_pr.repository import Repository
from kubernaut_gitops_pr.request import Request
from kubernaut_gitops_pr.telling import Telling
from kubernaut_gitops_pr.troubles import BranchTaken


class UnforeseenError(RuntimeError):
    """An error of this code, its text scrubbed."""


def perform(action: Action) -> None:
    """Do the step; whatever leaves it, the token does not."""
    request = Request.of(action)
    try:
        with TemporaryDirectory(prefix="gitops-", ignore_cleanup_errors=True) as directory:
            _Step(action, request, Path(directory)).run()
    except Rejected as refusal:
        raise Rejected(request.token.scrub(str(refusal))) from None
    except TryAgain as failure:
        raise TryAgain(request.token.scrub(str(failure))) from None
    except Exception as error:  # noqa: BLE001 - an error that nobody thought of may quote anything
        told = UnforeseenError(request.token.scrub(f"{type(error).__name__}: {error}"))
        told.add_note(request.token.scrub(traceback.format_exc()))
        raise told from None


class _Step:
    """One step, its tools at hand."""

    def __init__(self, action: Action, request: Request, directory: Path) -> None:
        self._dry_run, self._request = action.dry_run, request
        self._tell = Telling(action, request.token)
        patience = Patience(request.settings["retry_seconds"])
        ca_file = request.ca_file(directory)
        self._forge: Forge = request.open_forge(patience, ca_file)
        self._repository: Repository = request.open_repository(directory, patience, ca_file)

    def run(self) -> None:
        wanted = self._request.wanted
        self._forge.check(wanted.reviewers)
        pull = self._forge.find(wanted.branch)
        if pull:
            self._found(pull)
            return
        heads = self._heads()
        plan = self._planned()
        if plan.empty:
            self._tell.progress(f"{self._request.repository} is already as asked: no branch, no pull request")
        elif self._dry_run:
            self._repository.push(self._commit(plan), wanted.branch, rehearse=True)
        else:
            self._publish(plan, known=wanted.branch in heads)

    def _planned(self) -> Plan:
        """The changes on the base branch as it is now, told."""
        commit = self._repository.clone(self._request.wanted.base)
        plan = planned(self._repository, commit, self._request.changes)
        self._tell.plan(plan, "" if plan.empty else self._repository.diff(plan.commit, plan.tree))
        return plan

    def _heads(self) -> dict[str, str]:
        """Which of the base branch and this execution's own exist; without the base nothing can be done."""
        base, name = self._request.wanted.base, self._request.repository
        heads = self._repository.heads(base, self._request.wanted.branch)
        if base in heads:
            return heads
        if not self._repository.heads():
            raise Rejected(f"{name} is empty: push a first commit to {base}, then try again")
        raise Rejected(f"base: {name} has no branch {base}")

    def _commit(self, plan: Plan) -> str:
        return self._repository.commit(plan.tree, plan.commit, self._request.message)

    def _publish(self, plan: Plan, *, known: bool) -> None:
        branch = self._request.wanted.branch
        commit = self._earlier(branch) if known else self._pushed(plan, branch)
        self._tell.output("branch", branch)
        self._tell.output("commit", commit)
        pull = self._forge.open(self._request.wanted)
        self._tell.pull_request(pull)
        self._complete(pull)

    def _pushed(self, plan: Plan, branch: str) -> str:
        commit = self._commit(plan)
        try:
            self._repository.push(commit, branch)
        except BranchTaken:
            # Another attempt of this execution was quicker, or the branch is somebody else's.
            return self._earlier(branch)
        self._tell.progress(f"pushed {branch} ({commit[:12]})")
        return commit

    def _earlier(self, branch: str) -> str:
        """The commit of this execution's own branch; raises Rejected if it holds anything else than what was asked."""
        commit, parents = self._repository.fetch(branch)
        theirs = self._repository.tree(commit)
        if len(parents) != 1 or planned(self._repository, parents[0], self._request.changes).tree != theirs:
            raise Rejected(
                f"branch {branch} of {self._request.repository} exists with other content, and is never overwritten: "
                "delete it, or create the execution anew"
            )
        self._tell.progress(f"an earlier attempt pushed {branch} ({commit[:12]})")
        return commit

    def _found(self, pull: PullRequest) -> None:
        """An earlier attempt got as far as the pull request."""
        self._tell.output("branch", self._request.wanted.branch)
        self._tell.output("commit", pull.commit)
        self._tell.pull_request(pull)
        if pull.state != "open":
            return
        try:
            self._planned()
        except Rejected as refusal:
            self._tell.progress(f"what it changes cannot be told any more: {refusal}")
        if not self._dry_run:
            self._complete(pull)

    def _complete(self, pull: PullRequest) -> None:
        try:
            self._forge.complete(pull, self._request.wanted)
        except Rejected as refusal:
            raise Rejected(f"the pull request is open ({pull.url}), but lacks labels or reviewers: {refusal}") from None


if __name__ == "__main__":
    run(perform)
