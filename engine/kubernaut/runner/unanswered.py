"""Repeats a deletion or creation that got no answer, where that is safe: where it can only concern the same object again.

A deletion that names the uid, and a creation that names the object, can be repeated. Without, the repetition could delete the successor of
what the first try deleted, such as the next pod of a StatefulSet, or create a second object; the failure is left to the step, whose report
then says that it may have been carried out.
"""

from __future__ import annotations

import time

from kubernaut.runner.exceptions import AlreadyExists, Conflict, NotFound, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kubernaut.runner.report import Report

_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further try."""


def repeat_deletion(
    send: Callable[[], dict[str, Any]], options: dict[str, Any], report: Report, call: tuple[str, str, str]
) -> dict[str, Any]:
    """Call `send` until it is answered; return {} where the object that an earlier try should delete is gone.

    `options` is the DeleteOptions. A Conflict after such a try means that the object of this uid is gone, unless a resourceVersion was a
    precondition, too: a deletion that waits for finalizers changes that.
    """
    preconditions = options.get("preconditions") or {}
    lost = False
    for pause in (*_PAUSES, None):
        try:
            answer = send()
        except Unanswered:
            if pause is None or not preconditions.get("uid"):
                raise
            lost = True
            time.sleep(pause)
        except (NotFound, Conflict) as refusal:
            if not lost:
                raise
            if isinstance(refusal, Conflict) and preconditions.get("resourceVersion"):
                raise Unanswered(f"an earlier try got no answer, and may have been carried out: {refusal}") from refusal
            report.settle(call)
            return {}
        else:
            report.unanswered.discard(call)
            return answer
    raise AssertionError("unreachable")


def repeat_creation(send: Callable[[], dict[str, Any]], report: Report, call: tuple[str, str, str]) -> dict[str, Any]:
    """Call `send` until it is answered; `call` has the object's name, or "" where the API server makes one.

    If the object is there after a try without an answer, AlreadyExists is raised, and the report says that it may have been created: who
    created it cannot be known.
    """
    lost = False
    for pause in (*_PAUSES, None):
        try:
            answer = send()
        except Unanswered:
            if pause is None or not call[2]:
                raise
            lost = True
            time.sleep(pause)
        except AlreadyExists as refusal:
            if lost:
                refusal.args = (f"{refusal}; an earlier try of this step got no answer, and may have created it",)
            raise
        else:
            report.unanswered.discard(call)
            return answer
    raise AssertionError("unreachable")
