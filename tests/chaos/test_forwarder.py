"""The relay before AWS: what a client of a killed endpoint sees, and that it comes back at the same place."""

import contextlib
import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from tests.chaos.forwarder import Forwarder
from tests.patience import PATIENCE


@pytest.fixture
def echo() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                while piece := connection.recv(100):
                    connection.sendall(piece.upper())

        Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(echo: int) -> Iterator[Forwarder]:
    made = Forwarder(echo)
    yield made
    made.close()


def asked(client: socket.socket) -> bytes:
    client.sendall(b"ping")
    return client.recv(100)


def connect(relay: Forwarder) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=PATIENCE)


def test_it_passes_on_what_is_said_and_what_is_answered(relay: Forwarder) -> None:
    with connect(relay) as client:
        assert asked(client) == b"PING"
        assert asked(client) == b"PING"


def test_when_it_vanishes_connections_break_and_new_ones_are_refused(relay: Forwarder) -> None:
    with connect(relay) as client:
        assert asked(client) == b"PING"
        relay.vanish()
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(100) == b""
        with pytest.raises(ConnectionRefusedError):
            connect(relay)
    relay.appear()
    with connect(relay) as client:
        assert asked(client) == b"PING"
