"""A step's result, as JSON of at most 4096 bytes: what the kubelet passes on of a container's termination message.

It is written after every change, not only at the end: a step that is killed still has told what it did.
"""

from __future__ import annotations

import json
import time
from collections import deque

from kubernaut.runner import pod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LIMIT = 4096
_LONG_VALUE = 120
_LOG_LINES = 12
_SHORT_TEXTS = (800, 400, 100)
"""Characters of message and log that are kept where all is too much; one may take six bytes."""
_CUT = "… (cut)"
_MOST_CALLS = 12


class Report:
    """What one step did; `write` may be called any number of times."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.state = "error"
        """`done`, `rejected` or `error`: until the end is reached, a step that just stops has failed."""
        self.message = ""
        self.reason = ""
        self.verified = False
        self.changes: list[dict[str, Any]] = []
        self.outputs: dict[str, Any] = {}
        self.calls: list[dict[str, Any]] = []
        """Requests to the API server: what, when (milliseconds since `started`), for how long, the HTTP code, how many times in a row."""
        self.unanswered: set[str] = set()
        """Changes that were asked for and never answered."""
        self.lines: deque[str] = deque(maxlen=_LOG_LINES)
        """What the step last wrote to its log."""
        self.started = time.time()

    def say(self, text: str) -> None:
        """Keep the text as the last of the log."""
        self.lines.extend(line[:_LONG_VALUE] for line in text.rstrip().splitlines())

    def called(self, call: str, began: float, ended: float, code: int) -> None:
        """Note a request; the same one again and again, as by a wait, is noted once, and so are all beyond the first dozen."""
        last = self.calls[-1] if self.calls else None
        same = last is not None and (last["call"], last["code"]) == (call[:_LONG_VALUE], code)
        if last is not None and (same or len(self.calls) == _MOST_CALLS):
            last["times"] += 1
            last["ms"] = self._since(ended) - last["at"]
            return
        at = self._since(began)
        self.calls.append(
            {"call": call[:_LONG_VALUE], "at": at, "ms": self._since(ended) - at, "code": code, "times": 1}
        )

    def _since(self, time: float) -> int:
        return max(0, round((time - self.started) * 1000))

    def write(self) -> None:
        """Put the report where the kubelet looks for it."""
        with open(pod.termination_log(), "wb") as file:  # noqa: PTH123 - pathlib costs a container's start 5 ms
            file.write(self.encoded())

    def encoded(self) -> bytes:
        """As JSON within the limit: the calls go first; then long values are cut and changes and outputs left out, and it says so."""
        whole = self._content()
        for content in (whole, {**whole, "calls": []}):
            if len(_json(content)) <= LIMIT:
                return _json(content)
        return _json(self._cut({**whole, "calls": []}))

    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = {
            "kubernaut": 1,
            "step": self.step,
            "state": self.state,
            "message": self.message,
            "reason": self.reason,
            "verified": self.verified,
            "started": self.started,
            "finished": time.time(),
            "changes": self.changes,
            "outputs": self.outputs,
            "calls": self.calls,
        }
        if self.unanswered:
            content["unsure"] = True
        if self.state != "done":
            content["log"] = "\n".join(self.lines)
        return content

    def _cut(self, content: dict[str, Any]) -> dict[str, Any]:
        """Message and log shortened to half of the limit, and of outputs and changes as many as the rest takes."""
        content |= {"truncated": True, "changes": [], "outputs": {}}
        for longest in _SHORT_TEXTS:
            content["log"] = content.get("log", "")[-longest:]
            content["message"] = _shortened({"m": self.message}, longest)["m"]
            if len(_json(content)) <= LIMIT // 2:
                break
        room = LIMIT - len(_json({**content, "changesLeftOut": len(self.changes)}))
        for key, value in _shortened(self.outputs).items():
            room -= len(_json({key: value}))
            if room < 0:
                break
            content["outputs"][key] = value
        for change in self.changes:
            short = _shortened(change)
            room -= len(_json(short)) + 1
            if room < 0:
                break
            content["changes"].append(short)
        content["changesLeftOut"] = len(self.changes) - len(content["changes"])
        return content


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _shortened(values: dict[str, Any], longest: int = _LONG_VALUE) -> dict[str, Any]:
    """The same with every long value replaced by its beginning."""
    short = {}
    for key, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        short[key] = value if len(text) <= longest else text[:longest] + _CUT
    return short
