"""The desk of the rounds notices that it has been left."""

import socket
import time
from contextlib import closing

from tests.rounds.seat import Seat

WAIT_S = 30.0


def test_a_seat_notices_that_its_connection_has_ended() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with server, closing(Seat(server.getsockname()[1], "DESK1", "secret")) as seat:
        seat.connect()
        other, _ = server.accept()
        assert not seat.is_cut_off()
        other.close()
        until = time.monotonic() + WAIT_S
        while not seat.is_cut_off():
            assert time.monotonic() < until, "waited for the end to be noticed"
