"""What answers like Prometheus while the demo and the tests run the examples: fixed values of fixed queries, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kubernaut import Surroundings

VALUES = {'sum(rate(http_requests_total{code=~"5.."}[5m]))': "0.025", "count(up)": "3"}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        (query,) = parse_qs(parts.query).get("query", [""])
        if parts.path != "/api/v1/query":
            self._answer(404, {})
        elif query in VALUES:
            result = [{"metric": {}, "value": [0, VALUES[query]]}]
            self._answer(200, {"status": "success", "data": {"resultType": "vector", "result": result}})
        else:
            error = f"this server knows no values but those of {', '.join(VALUES)}"
            self._answer(400, {"status": "error", "errorType": "bad_data", "error": error})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name in http.server
        """Write nothing: the demo's output is not for requests."""


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Run the server, and yield the settings that name it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield Surroundings(settings={"url": f"http://127.0.0.1:{server.server_address[1]}"})
        finally:
            server.shutdown()
            thread.join()
