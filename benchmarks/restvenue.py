"""The counterparty of the REST figures: an HTTP server of one answer, which takes every order.

Plain asyncio on bytes, keep-alive, no web framework. It echoes what BtcTurk's document says that a
new order's answer repeats, and knows what its clock is.

    python -m benchmarks.restvenue      prints its port and serves until it is killed
"""

import asyncio
import json
import re
import sys
from contextlib import suppress
from itertools import count
from typing import Final

from benchmarks.venue import HOST, port_of
from oms.clock import Clock, SystemClock

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Counterparty:
    """Answers requests, one after the other on a connection."""

    def __init__(self, clock: Clock) -> None:
        """No orders yet."""
        self._clock = clock
        self._numbers = count(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until its other side closes it."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                answer = self._answer(head, body)
                writer.write(_HEAD % len(answer) + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if not head.startswith(b"POST"):
            return b'{"serverTime": %d}' % self._clock.now_ms()
        order = json.loads(body)
        row = {
            "id": next(self._numbers),
            "datetime": self._clock.now_ms(),
            "type": order["orderType"],
            "method": order["orderMethod"],
            "price": order["price"],
            "stopPrice": order["price"],
            "quantity": order["quantity"],
            "pairSymbol": order["pairSymbol"],
            "pairSymbolNormalized": order["pairSymbol"],
            "newOrderClientId": order["newOrderClientId"],
        }
        return json.dumps({"success": True, "message": "OK", "code": 0, "data": row}).encode()


async def _main() -> None:
    server = await asyncio.start_server(Counterparty(SystemClock()).serve, HOST, 0)
    sys.stdout.write(f"{port_of(server)}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
