"""A step's result as JSON of at most 4096 bytes, which is as much of a container's termination message as the kubelet passes on.

It is written after every change, not only at the end, so that a step that is killed has reported what it did. Where one container runs both
steps, the report of the second one holds that of the first, its rehearsal.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque

from kubernaut.runner import pod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LIMIT = 4096
UNPACKED_LIMIT = 128 * 1024
"""The largest report in bytes that is compressed; no more than that is decompressed of what a pod wrote."""
_MAX_VALUE_LENGTH = 120
_MAX_LOG_LINES = 12
_TEXT_LENGTHS = (800, 400, 100)
"""How many characters of message and log are kept where the whole is too large, longest first; one may take six bytes."""
_CUT = "… (cut)"
_MAX_CALLS = 12


class Report:
    """What one step did. `write` may be called any number of times."""

    def __init__(self, step: str, rehearsal: Report | None = None) -> None:
        self.step = step
        self._rehearsal = rehearsal
        self.state = "error"
        """`done`, `rejected` or `error`; a step that stops before its end has failed."""
        self.message = ""
        self.reason = ""
        self.verified = False
        self.changes: list[dict[str, Any]] = []
        self.outputs: dict[str, Any] = {}
        self.calls: list[dict[str, Any]] = []
        """Requests to the API server: `at` (since `started`) and `ms` (duration) in milliseconds, `times` in a row."""
        self.unanswered: set[tuple[str, str, str]] = set()
        """Changes (verb, kind, name) that were requested and never answered."""
        self.unrecorded: set[tuple[str, str, str]] = set()
        """Changes (verb, kind, name) that were made, and that the step has not yet recorded."""
        self.wrote = False
        """Whether a change was made in the cluster."""
        self.handed: dict[str, Any] = {}
        """What the dry run hands over to `execute`; not part of what is written."""
        self.received = rehearsal.handed if rehearsal else None
        """What the dry run in this process handed over; None where it ran elsewhere."""
        self.lines: deque[str] = deque(maxlen=_MAX_LOG_LINES)
        """The last lines of the step's log."""
        self.started = self._finished = time.time()

    def log(self, text: str) -> None:
        """Add the text to the last lines of the log."""
        self.lines.extend(line[:_MAX_VALUE_LENGTH] for line in text.rstrip().splitlines())

    def record_call(self, verb: str, kind: str, name: str, started: float, ended: float, code: int) -> None:
        """Record a request; repetitions in a row, as by a wait, are one entry, and so are all beyond the first dozen."""
        call = {"verb": verb, "resource": kind[:_MAX_VALUE_LENGTH], "name": name[:_MAX_VALUE_LENGTH], "code": code}
        last = self.calls[-1] if self.calls else None
        if last is not None and (len(self.calls) == _MAX_CALLS or call.items() <= last.items()):
            last["times"] += 1
            last["ms"] = self._since(ended) - last["at"]
            return
        at = self._since(started)
        self.calls.append({**call, "at": at, "ms": self._since(ended) - at, "times": 1})

    def record_change(self, change: dict[str, Any]) -> None:
        """Record a change, and that what was written to its object is reported."""
        self.changes.append(change)
        self.record_object(change["name"])

    def record_object(self, name: str) -> None:
        """Record that what was written to the object is reported, even if no field of it changed."""
        self.unrecorded = {call for call in self.unrecorded if call[2] != name}

    def settle(self, call: tuple[str, str, str]) -> None:
        """Record that a change (verb, kind, name) is known to have been made, whatever earlier tries were answered."""
        self.unanswered.discard(call)
        self.unrecorded.add(call)
        self.wrote = True

    @property
    def may_have_changed(self) -> bool:
        """Whether the step made a change, or may have."""
        made = self.step != "dry-run" and any(change["before"] != change["after"] for change in self.changes)
        return self.wrote or bool(self.unanswered) or made

    def _since(self, time: float) -> int:
        return max(0, round((time - self.started) * 1000))

    def write(self) -> None:
        """Write the report to the file that the kubelet reads it from.

        The file is never empty or half written, whenever the process is killed: one call writes over the report before, with spaces up
        to its end, and then the spaces are cut off.
        """
        self._finished = time.time()
        report = self.encode()
        file = os.open(pod.termination_log(), os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.write(file, report.ljust(os.fstat(file).st_size))
            os.ftruncate(file, len(report))
        finally:
            os.close(file)

    def encode(self) -> bytes:
        """Return it as JSON within the limit: without the calls if need be, or compressed, or without the fields that did not change;
        then with long values cut, and changes and outputs left out.
        """
        whole, bare, changed = self._content(), self._content(calls=False), self._content(calls=False, unchanged=False)
        for encoded in (_json(whole), _json(bare)):
            if len(encoded) <= LIMIT:
                return encoded
        for content in (whole, bare, changed) if self._has_short_messages() else ():
            packed = _packed(content)
            if len(packed) <= LIMIT:
                return packed
        return _json(self._cut(changed))

    def _content(self, *, calls: bool = True, unchanged: bool = True) -> dict[str, Any]:
        content: dict[str, Any] = {
            "kubernaut": 1,
            "step": self.step,
            **self._end(calls),
            "changes": self._changes(unchanged),
            "outputs": self.outputs,
        }
        if self.unanswered or (self.unrecorded and self.state != "done"):
            content["unsure"] = True
        if self.state != "done":
            content["log"] = "\n".join(self.lines)
        if self._rehearsal:
            content["rehearsal"] = {**self._rehearsal._end(calls), **self._plan(unchanged)}
        return content

    def _end(self, calls: bool = True) -> dict[str, Any]:
        """Return how the step ended."""
        return {
            "state": self.state,
            "message": self.message,
            "reason": self.reason,
            "verified": self.verified,
            "started": self.started,
            "finished": self._finished,
            "calls": self.calls if calls else [],
        }

    def _has_short_messages(self) -> bool:
        return all(len(report.message) <= LIMIT for report in (self, self._rehearsal) if report)

    def _changes(self, unchanged: bool = True) -> list[dict[str, Any]]:
        return self.changes if unchanged else [c for c in self.changes if c["before"] != c["after"]]

    def _plan(self, unchanged: bool) -> dict[str, Any]:
        """Return what the rehearsal would change: its changes, or that they are those that were made since."""
        planned = self._rehearsal._changes(unchanged) if self._rehearsal else []
        return {"asExecuted": True} if planned and planned == self._changes(unchanged) else {"changes": planned}

    def _cut(self, content: dict[str, Any]) -> dict[str, Any]:
        """Shorten message and log to half of the limit, and keep as many outputs and changes as fit into the rest."""
        changes = content["changes"]
        content |= {"truncated": True, "changes": [], "outputs": {}}
        if self._rehearsal:
            message = _shortened({"message": self._rehearsal.message})
            content["rehearsal"] = {**self._rehearsal._end(calls=False), **message, "truncated": True, "changes": []}
        for length in _TEXT_LENGTHS:
            content["log"] = content.get("log", "")[-length:]
            content["message"] = _shortened({"m": self.message}, length)["m"]
            if len(_json(content)) <= LIMIT // 2:
                break
        room = LIMIT - len(_json({**content, "changesLeftOut": len(changes)}))
        for key, value in _shortened(self.outputs).items():
            room -= len(_json({key: value}))
            if room < 0:
                break
            content["outputs"][key] = value
        content["changes"], room = _fitting(changes, room)
        content["changesLeftOut"] = len(changes) - len(content["changes"])
        if self._rehearsal:
            content["rehearsal"]["changes"], room = _fitting(self._rehearsal._changes(unchanged=False), room)
        return content


def _fitting(changes: list[dict[str, Any]], room: int) -> tuple[list[dict[str, Any]], int]:
    """Return as many of the changes, with long values cut, as fit into so many bytes, and what is left of these."""
    fitting: list[dict[str, Any]] = []
    for change in changes:
        short = _shortened(change)
        room -= len(_json(short)) + 1
        if room < 0:
            break
        fitting.append(short)
    return fitting, room


def _packed(content: dict[str, Any]) -> bytes:
    """Return the JSON compressed, which keeps both texts of a configuration file of some ten kilobytes."""
    import base64  # noqa: PLC0415 - few reports need it, and every import costs the start of a container
    import zlib  # noqa: PLC0415

    text = _json(content)
    return _json({"packed": base64.b85encode(zlib.compress(text, 9)).decode()}) if len(text) <= UNPACKED_LIMIT else text


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _shortened(values: dict[str, Any], max_length: int = _MAX_VALUE_LENGTH) -> dict[str, Any]:
    """Return the values with every long one replaced by its beginning."""
    short = {}
    for key, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        short[key] = value if len(text) <= max_length else text[:max_length] + _CUT
    return short
