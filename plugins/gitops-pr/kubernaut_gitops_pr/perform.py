"""The pod side of `gitops-pr`: clone, change, and in the execute step commit, push a branch and open the pull request.

Every attempt first checks for what an earlier one created: a pull request, or a branch without one.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from kubernaut.runner import Action, Rejected, TryAgain, run
from kubernaut_gitops_pr.forges.base import Forge, PullRequest
from kubernaut_gitops_pr.git_errors import BranchExistsError
from kubernaut_gitops_pr.plan import Plan, make_plan
from kubernaut_gitops_pr.quotation import printable
from kubernaut_gitops_pr.report import StepReport
from kubernaut_gitops_pr.repository import Repository
from kubernaut_gitops_pr.request import Request
from kubernaut_gitops_pr.retry_budget import RetryBudget

_MAX_COMPARED = 50
"""How many open pull requests are compared with the request."""

_MAX_MESSAGE, _MAX_SCRUBBED = 1500, 8000


class UnexpectedError(RuntimeError):
    """A defect of this code; its text is scrubbed."""


def perform(action: Action) -> None:
    """Carry out the step. No exception that leaves it contains the token."""
    request = Request.from_action(action)
    try:
        with TemporaryDirectory(prefix="gitops-", ignore_cleanup_errors=True) as directory:
            _Step(action, request, Path(directory)).run()
    except Rejected as rejection:
        raise Rejected(_message(rejection, request)) from None
    except TryAgain as failure:
        raise TryAgain(_message(failure, request)) from None
    except Exception as error:  # noqa: BLE001 - an unexpected error may quote anything
        scrubbed = UnexpectedError(request.token.scrub(f"{type(error).__name__}: {error}"))
        scrubbed.add_note(request.token.scrub(traceback.format_exc()))
        raise scrubbed from None


def _message(error: Exception, request: Request) -> str:
    """Return the error's message without the token, in one line, in which nothing has an effect on a terminal."""
    text = printable(request.token.scrub(str(error)[:_MAX_SCRUBBED]))
    return text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]}…"


class _Step:
    """One step of one execution."""

    def __init__(self, action: Action, request: Request, directory: Path) -> None:
        self._dry_run, self._request = action.dry_run, request
        self._report = StepReport(action, request.token)
        budget = RetryBudget(request.settings["retry_seconds"])
        ca_file = request.ca_file(directory)
        self._forge: Forge = request.open_forge(budget, ca_file)
        self._repository: Repository = request.open_repository(directory, budget, ca_file)

    def run(self) -> None:
        spec = self._request.spec
        self._forge.check(spec.reviewers)
        pulls = self._forge.find(spec)
        heads = self._heads()
        base = self._repository.clone(spec.base)
        if any(self._resume(pull, heads.get(spec.branch, "")) for pull in pulls):
            return
        plan = self._plan_for(base)
        if plan.empty:
            self._report.progress(
                f"{self._request.repository} already has all requested values: no branch and no pull request is needed"
            )
            return
        self._show(plan)
        duplicate = None if spec.branch in heads else self._find_duplicate(plan)
        if self._dry_run:
            self._report.changes(plan)
        if duplicate:
            self._report.duplicate(duplicate)
        elif self._dry_run:
            self._rehearse_push(plan, spec.branch, branch_exists=spec.branch in heads)
        else:
            self._publish(plan, branch_exists=spec.branch in heads)

    def _show(self, plan: Plan) -> None:
        self._report.diff(self._repository.diff(plan.commit, plan.tree))

    def _plan_for(self, commit: str) -> Plan:
        rules = self._request.path_rules(self._forge)
        return make_plan(self._repository, commit, self._request.changes, rules)

    def _find_duplicate(self, plan: Plan) -> PullRequest | None:
        """Return the newest open pull request for the same base branch that proposes the same changes, or None."""
        base = self._request.spec.base
        pulls = {pull.branch: pull for pull in reversed(self._forge.open_requests(base)) if pull.branch != base}
        existing = self._repository.heads(*pulls) if pulls else {}
        found = [branch for branch in reversed(pulls) if branch in existing][:_MAX_COMPARED]
        commits = self._repository.fetch_all(found) if found else {}
        for branch, (commit, parents) in commits.items():
            if self._proposes(branch, commit, parents, plan):
                return replace(pulls[branch], commit=commit)
        return None

    def _proposes(self, branch: str, commit: str, parents: tuple[str, ...], plan: Plan) -> bool:
        """Whether a branch has the tree of the plan.

        A branch of this action, which has one commit, may also make the same changes to the same files of an older state of the base.
        """
        if self._repository.tree(commit) == plan.tree:
            return True
        prefix = self._request.branch_prefix
        if not prefix or not branch.startswith(prefix) or len(parents) != 1:
            return False
        return self._repository.changes(parents[0], commit) == self._repository.changes(plan.commit, plan.tree)

    def _heads(self) -> dict[str, str]:
        """Return those of the base branch and this execution's own branch that exist. Raises Rejected without a base branch."""
        base, name = self._request.spec.base, self._request.repository
        heads = self._repository.heads(base, self._request.spec.branch)
        if base in heads:
            return heads
        if not self._repository.heads():
            raise Rejected(f"{name} is empty: push a first commit to {base} first")
        raise Rejected(f"base: {name} has no branch {base}")

    def _commit(self, plan: Plan) -> str:
        return self._repository.commit(plan.tree, plan.commit, self._request.message)

    def _publish(self, plan: Plan, *, branch_exists: bool) -> None:
        branch = self._request.spec.branch
        commit = self._adopt_branch(branch) if branch_exists else self._push(plan, branch)
        self._report.changes(plan)
        self._report.output("branch", branch)
        self._report.output("commit", commit)
        pull = self._open(branch, commit)
        self._report.pull_request(pull)
        self._complete(pull)

    def _open(self, branch: str, commit: str) -> PullRequest:
        try:
            return self._forge.open(self._request.spec, commit)
        except Rejected as rejection:
            raise Rejected(
                f"branch {branch} is pushed ({commit[:12]}), but no pull request is open for it: {rejection}"
            ) from None

    def _push(self, plan: Plan, branch: str) -> str:
        commit = self._commit(plan)
        try:
            self._repository.push(commit, branch)
        except BranchExistsError:
            # Another attempt of this execution created it, or someone else did.
            return self._adopt_branch(branch)
        except TryAgain:
            if not self._is_pushed(commit, branch):
                raise
        self._report.progress(f"pushed {branch} ({commit[:12]})")
        return commit

    def _is_pushed(self, commit: str, branch: str) -> bool:
        """Whether a push whose answer was lost has arrived; if that cannot be found out, the report says so."""
        try:
            return self._repository.heads(branch).get(branch) == commit
        except (Rejected, TryAgain):
            self._report.unsure(branch)
            return False

    def _rehearse_push(self, plan: Plan, branch: str, *, branch_exists: bool) -> None:
        """Find out whether the branch can be pushed. Raises Rejected if it exists with other content."""
        if branch_exists:
            self._adopt_branch(branch)
            return
        try:
            self._repository.push(self._commit(plan), branch, dry_run=True)
        except BranchExistsError:
            self._adopt_branch(branch)

    def _adopt_branch(self, branch: str) -> str:
        """Return the commit of a branch that an earlier attempt pushed. Raises Rejected if its content is not the requested one."""
        commit, parents = self._repository.fetch(branch)
        if self._requested(commit, parents) is None:
            raise Rejected(
                f"branch {branch} of {self._request.repository} exists with other content, and is never overwritten: "
                "delete it, or create a new execution"
            )
        self._report.progress(f"an earlier attempt pushed {branch} ({commit[:12]})")
        return commit

    def _requested(self, commit: str, parents: tuple[str, ...]) -> Plan | None:
        """Return the plan that a commit carries out, if an attempt of this execution can have made it."""
        if len(parents) != 1:
            return None
        plan = self._plan_for(parents[0])
        return plan if plan.tree == self._repository.tree(commit) else None

    def _resume(self, pull: PullRequest, head: str) -> bool:
        """Report the pull request that an earlier attempt opened, and complete it. Return False if it is somebody else's.

        `head` is the commit of the branch now, or "".
        """
        commit = pull.commit or head
        if pull.state == "open" and commit != head:
            return False
        try:
            plan = self._requested(commit, self._repository.fetch_commit(commit))
        except Rejected as rejection:
            self._report.progress(f"pull request {pull.url} is not of this execution: {rejection}")
            return False
        if plan is None:
            self._report.progress(f"pull request {pull.url} is not of this execution: its commit has other content")
            return False
        self._report.output("branch", self._request.spec.branch)
        self._report.output("commit", commit)
        self._report.pull_request(pull)
        if pull.state == "open":
            self._show(plan)
            self._report.changes(plan)
            if not self._dry_run:
                self._complete(pull)
        return True

    def _complete(self, pull: PullRequest) -> None:
        try:
            self._forge.complete(pull, self._request.spec)
        except Rejected as rejection:
            raise Rejected(
                f"the pull request is open ({pull.url}), but has no labels or reviewers: {rejection}"
            ) from None


if __name__ == "__main__":
    run(perform)
