"""A desk on asyncfix 1.0.1.

The library comes with FIX 4.4 alone; its protocol class for 4.2 is ours. What it does about gaps,
resends and numbers is its own.
"""

import asyncio

from asyncfix import AsyncFIXClient, ConnectionState, FIXMessage, FMsg, Journaler
from asyncfix.protocol import FIXProtocolBase

from tests.fix.foreign import Fields, password, until
from tests.fix.transcripts.firm import Firm


class Protocol42(FIXProtocolBase):
    """FIX 4.2; none of the messages in use has a repeating group."""

    beginstring = "FIX.4.2"


class AsyncfixClient(AsyncFIXClient):
    """See tests.fix.foreign.Client."""

    def __init__(self, firm: Firm, desk: str) -> None:
        super().__init__(Protocol42(), desk, "OMS", Journaler(), "127.0.0.1", firm.layout.desk, 30)
        self.reports: list[Fields] = []
        self._firm, self._desk = firm, desk

    # What the library calls

    async def on_connect(self) -> None:
        """Log on with the desk's token."""
        word = password(self._firm, self._desk)
        logon = {98: "0", 108: "30", 95: str(len(word)), 96: word}
        await self.send_msg(FIXMessage(FMsg.LOGON, logon))

    async def on_message(self, msg: FIXMessage) -> None:
        """Keep it."""
        self.reports.append({int(tag): value for tag, value in msg.tags.items()})

    # What the test calls

    async def log_on(self) -> None:
        """Connect; the library's own reconnect waits for one and a half heartbeats."""
        await self.connect()
        await until(self, "the answer to the Logon", lambda: self.connection_state in _LOGGED_ON)

    async def send(self, msg_type: str, fields: list[tuple[int, str]]) -> None:
        """An application message."""
        await self.send_msg(FIXMessage(msg_type, dict(fields)))

    async def deafen(self) -> None:
        """The transport reads no more."""
        assert self._socket_writer is not None, "not connected"
        transport = self._socket_writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()

    async def drop(self) -> None:
        """Lose the connection; wait until the library has noticed."""
        if self._socket_writer is not None:
            self._socket_writer.transport.abort()
        await until(self, "the library to notice", lambda: self._socket_reader is None)

    async def log_out(self) -> None:
        """The library closes at once after its Logout, and so must the engine."""
        await self.disconnect(ConnectionState.DISCONNECTED_WCONN_TODAY, logout_message="")
        for task in (self._aio_task_socket_read, self._aio_task_heartbeat):
            task.cancel()
        await asyncio.sleep(0)

    async def pump(self) -> None:
        """It reads by itself."""


_LOGGED_ON = (ConnectionState.ACTIVE, ConnectionState.RESENDREQ_AWAITING)
