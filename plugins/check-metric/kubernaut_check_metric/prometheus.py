"""Prometheus' HTTP API: an instant query and its one value (https://prometheus.io/docs/prometheus/latest/querying/api/).

What waiting cannot cure is Rejected: a query that Prometheus refuses, a result that is not one number, a wrong URL or credential.
"""

from __future__ import annotations

import json
import math
from urllib.parse import urlencode

from kubernaut.printable import printable
from kubernaut.runner import Rejected
from kubernaut_check_metric.credentials import Credential, trust
from kubernaut_check_metric.http import MAX_BYTES, MAX_SECONDS, Answer, NoAnswer, Untrusted, get

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_QUERY_SECONDS = int(MAX_SECONDS) - 5
"""How long Prometheus may evaluate the query: it then says itself that this took too long."""
_TRANSIENT = (408, 425, 429)
_CURABLE = ("timeout", "canceled", "unavailable", "internal")
"""The types of errors (web/api/v1, `errorType`) that another request may not meet."""
_MAX_TEXT_LENGTH, _MAX_LABELS_LENGTH, _MAX_SHOWN = 300, 120, 3
_ONE_NUMBER = "it must have one value, such as max(…), sum(…) or count(…) of it"


class Unavailable(Exception):  # noqa: N818 - what happened, as in kubernaut.runner
    """There is no value now; another request may get one."""


class Sample:
    """The value of a query; `number` is None where the query returned nothing."""

    def __init__(self, number: float | None, warnings: tuple[str, ...] = ()) -> None:
        self.number, self.warnings = number, warnings


class Prometheus:
    """The Prometheus of the admin's settings."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Read the credential and the authority. Rejects a Secret that has none."""
        self._url = settings["url"]
        self._credential = Credential.of(settings)
        self._context = trust(settings) if self._url.startswith("https://") else None

    def query(self, text: str) -> Sample:
        """Return the value now. Raises Unavailable for what may pass, and Rejected for what will not."""
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "kubernaut-check-metric"}
        if self._credential.header:
            headers["Authorization"] = self._credential.header
        parameters = urlencode({"query": text, "timeout": f"{_QUERY_SECONDS}s"})
        try:
            answer = get(f"{self._url}/api/v1/query?{parameters}", headers, self._context)
        except Untrusted as error:
            raise Rejected(
                f"the certificate of {self._url} is not trusted, see `ca_secret` in the settings: {self._clean(str(error))}"
            ) from None
        except NoAnswer as error:
            raise Unavailable(f"Prometheus at {self._url} does not answer: {self._clean(str(error))}") from None
        return self._sample(answer)

    def _sample(self, answer: Answer) -> Sample:
        if answer.status == 200 and answer.is_cut:
            raise Rejected(
                f"the answer is longer than {MAX_BYTES // 1024} KiB: the query has far too many values; {_ONE_NUMBER}"
            )
        content = _json(answer.body)
        if answer.status != 200 or content.get("status") != "success":
            raise self._refusal(answer, content)
        data = content.get("data")
        kind = data.get("resultType") if isinstance(data, dict) else None
        result = data.get("result") if isinstance(data, dict) else None
        if not isinstance(result, list) or not isinstance(kind, str):
            raise self._not_prometheus(answer)
        warnings = content.get("warnings")
        shown = tuple(self._clean(str(one)) for one in warnings[:_MAX_SHOWN]) if isinstance(warnings, list) else ()
        if kind == "vector":
            result = self._only_series(result, answer)
            if result is None:
                return Sample(None, shown)
        elif kind != "scalar":
            raise Rejected(
                f"the query returns a {self._clean(kind)} ({_what_it_is(kind)}), and not one number: {_ONE_NUMBER}"
            )
        return Sample(self._number(result, answer), shown)

    def _only_series(self, result: list[Any], answer: Answer) -> Any:
        """Return the value of the only series of a vector; None where there is no series."""
        if not all(isinstance(series, dict) for series in result):
            raise self._not_prometheus(answer)
        if len(result) > 1:
            first = ", ".join(self._labels(series) for series in result[:_MAX_SHOWN])
            more = f" and {len(result) - _MAX_SHOWN} more" if len(result) > _MAX_SHOWN else ""
            raise Rejected(f"the query returns {len(result)} series, and not one ({first}{more}): {_ONE_NUMBER}")
        if result and "value" not in result[0] and "histogram" in result[0]:
            raise Rejected("the query returns a native histogram, and not one number: use histogram_quantile(…) of it")
        return result[0].get("value", ()) if result else None

    def _number(self, value: Any, answer: Answer) -> float:
        """Return the number of a `[time, "number"]`."""
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
            try:
                return float(value[1])
            except ValueError:
                pass
        raise self._not_prometheus(answer)

    def _refusal(self, answer: Answer, content: dict[str, Any]) -> Rejected | Unavailable:
        """Return what an answer without a value means."""
        code, kind = answer.status, content.get("errorType")
        words = self._clean(str(content["error"])) if "error" in content else self._body(answer)
        shown = f"{code}{f' ({self._clean(kind)})' if isinstance(kind, str) else ''}{f': {words}' if words else ''}"
        if code in (401, 403):
            named = (
                f"the credential in {self._credential.secret}"
                if self._credential.secret
                else "a request without a credential"
            )
            return Rejected(f"Prometheus at {self._url} refuses {named}: {shown}")
        if code // 100 == 3:
            where = f", to {self._clean(answer.location)}" if answer.location else ""
            return Rejected(
                f"{self._url} redirects the request{where} ({code}), and none is followed: correct `url` in the settings"
            )
        if code >= 500 or code in _TRANSIENT or (code == 200 and kind in _CURABLE):
            return Unavailable(f"Prometheus answered {shown}")
        if "error" in content:
            return Rejected(f"Prometheus answered {shown}")
        return self._not_prometheus(answer)

    def _not_prometheus(self, answer: Answer) -> Rejected:
        words = self._body(answer)
        return Rejected(
            f"{self._url} does not answer as Prometheus does, see `url` in the settings: {answer.status}{f': {words}' if words else ''}"
        )

    def _labels(self, series: dict[str, Any]) -> str:
        metric = series.get("metric")
        labels = metric.items() if isinstance(metric, dict) else ()
        name = "".join(str(value) for key, value in labels if key == "__name__")
        scrub = self._credential.scrub  # before a quotation mark or backslash in it is escaped
        inner = ", ".join(
            f"{key}={json.dumps(scrub(str(value)), ensure_ascii=False)}" for key, value in labels if key != "__name__"
        )
        return self._clean(f"{name}{{{inner}}}", _MAX_LABELS_LENGTH)

    def _body(self, answer: Answer) -> str:
        return self._clean(answer.body.decode(errors="replace"))

    def _clean(self, text: str, limit: int = _MAX_TEXT_LENGTH) -> str:
        """Return a text of the server in one line, bounded, and without the credential and what would steer a terminal."""
        line = " ".join(printable(self._credential.scrub(text)).split())
        return line if len(line) <= limit else f"{line[:limit]}…"


def in_words(number: float) -> str:
    """Return a number as Prometheus writes it."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    return f"{number:.15g}"


def _json(body: bytes) -> dict[str, Any]:
    """Return the object in the body; {} where there is none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _what_it_is(kind: str) -> str:
    return {"matrix": "the values of a range", "string": "a text"}.get(kind, "which is unknown")
