"""The doctor's one download, from servers that mean no good."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from portal.doctor import speed

Server = Callable[[socket.socket], None]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], tuple[int, float]]:
    """Load something from a server; returns what came."""
    monkeypatch.setattr(speed, "_address", lambda phones, host: "192.0.2.1")
    monkeypatch.setattr(speed, "_LONGEST_SECONDS", 0.3)

    def ask(server: Server) -> tuple[int, float]:
        near, far = socket.socketpair()
        monkeypatch.setattr(socket, "create_connection", lambda *_: near)
        serving = threading.Thread(target=_serve, args=(server, far), daemon=True)
        serving.start()
        try:
            return speed._download("http://a.example/file", "br-phones")
        finally:
            serving.join(5)
            assert not serving.is_alive()

    return ask


def _serve(server: Server, far: socket.socket) -> None:
    with far:
        far.recv(4096)
        try:
            server(far)
        except OSError:
            return


def dribbles(far: socket.socket) -> None:
    far.sendall(b"HTTP/1.1 200 OK\r\n")
    far.settimeout(0.01)
    while True:
        far.sendall(b"x")
        with suppress(TimeoutError):
            if not far.recv(1):
                return


@pytest.mark.slow
def test_a_server_that_says_a_little_now_and_then_is_not_listened_to_for_ever(
    ask: Callable[[Server], tuple[int, float]],
) -> None:
    count, _ = ask(dribbles)

    assert count == 0


def test_what_comes_is_measured(ask: Callable[[Server], tuple[int, float]]) -> None:
    body = b"a" * 600_000
    count, _ = ask(lambda far: far.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body))

    assert count == len(body) - 1  # The clock starts with the first.
