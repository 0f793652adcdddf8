"""The wire that is cut: what was on its way waits, or is lost together with its connection."""

import socket
import threading
from collections.abc import Iterator

import pytest

from faults.proxy import Wire


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says back what it hears."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(1024):
                connection.sendall(data)

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def connect(wire: Wire) -> socket.socket:
    return socket.create_connection(("127.0.0.1", wire.port), timeout=10)


def test_a_whole_wire_carries_both_ways(echo: int) -> None:
    with Wire(echo) as wire, connect(wire) as end:
        end.sendall(b"one")

        assert end.recv(1024) == b"one"


def test_what_is_sent_into_a_cut_wire_arrives_once_it_is_mended(echo: int) -> None:
    with Wire(echo) as wire, connect(wire) as end:
        end.sendall(b"one")
        end.recv(1024)
        wire.cut()
        end.sendall(b"two")
        end.settimeout(0.3)
        with pytest.raises(TimeoutError):
            end.recv(1024)

        wire.mend()
        end.settimeout(10)

        assert end.recv(1024) == b"two"


def test_a_wire_mended_with_a_loss_ends_its_connections_and_takes_new_ones(echo: int) -> None:
    with Wire(echo) as wire, connect(wire) as end:
        end.sendall(b"one")
        end.recv(1024)
        wire.cut()
        end.sendall(b"two")

        wire.mend(losing=True)

        assert end.recv(1024) == b""
        with connect(wire) as other:
            other.sendall(b"three")
            assert other.recv(1024) == b"three"
