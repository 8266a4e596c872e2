"""A server on loopback that sends what a test wants, byte for byte."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Return a function that starts a server which sends these bytes to each caller, and returns its URL.

    `pause` is the time in seconds before each byte.
    """
    done = threading.Event()
    threads: list[threading.Thread] = []
    listening: list[socket.socket] = []

    def serve(server: socket.socket, sent: bytes, pause: float) -> None:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            for byte in sent if pause else ():
                if done.is_set():
                    return
                time.sleep(pause)
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    return
            if not pause:
                connection.sendall(sent)

    def start(sent: bytes, pause: float = 0.0) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)
        threads.append(threading.Thread(target=serve, args=(server, sent, pause), daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{server.getsockname()[1]}"

    yield start
    done.set()
    for server in listening:
        server.close()
    for thread in threads:
        thread.join(5)
