"""The public channel of each pair: who listens, and what is said when.

Source: Bitexbit API v1 document, section "Orderbook events".
"""

from typing import Final

from adapters.bitexbit.simulator.socketio import Client, Heartbeat, admit
from adapters.bitexbit.simulator.troubles import Troubles
from adapters.bitexbit.simulator.wire import dumps
from adapters.simserver import SimRequest, SimResponse

ROOM: Final = "book_{}"


class Channel:
    """All connections, and the messages on their way to them."""

    def __init__(self, troubles: Troubles) -> None:
        self.generation = 4
        self.heartbeat = Heartbeat()
        self._troubles = troubles
        self._clients: list[Client] = []
        self._waiting: list[tuple[int, str, str]] = []
        self._opened = 0

    def connect(self, request: SimRequest, now_ms: int) -> Client | SimResponse:
        """Open a connection, or say why not."""
        refused = admit(request, self.generation)
        if refused is not None:
            return refused
        self._opened += 1
        sid = f"sid-{self._opened}"
        client = Client(self.generation, sid, self.heartbeat, now_ms, self._stalled)
        client.open()
        self._clients = [known for known in self._clients if known.closed is None] + [client]
        return client

    def tell(self, pair: str, message: dict[str, object], due_ms: int) -> None:
        """Say something to the listeners of a pair when its time has come."""
        if not self._troubles.take("lose_events"):
            times = 2 if self._troubles.take("duplicate") else 1
            self._waiting += [(due_ms, ROOM.format(pair), dumps(message))] * times

    def advance(self, now_ms: int) -> None:
        """Say what is due."""
        if self._stalled():
            return
        waiting, self._waiting = self._waiting, []
        for due_ms, room, text in waiting:
            if due_ms > now_ms:
                self._waiting.append((due_ms, room, text))
                continue
            for client in self._clients:
                client.emit(room, text)

    def _stalled(self) -> bool:
        return self._troubles.flag("stall_stream")

    def drop(self) -> None:
        """Break all connections."""
        for client in self._clients:
            client.closed = ""
        self._clients = []
