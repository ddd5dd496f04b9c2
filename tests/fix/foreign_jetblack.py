"""A desk on jetblack-fixengine 1.0.0a5, which decodes every message against the stock FIX42.xml.

Worked around here, because the library does not do it:

- its Logon has no way to carry RawData: `_Engine.send_message` adds it, and its parser has no type
  DATA: RawData is declared a STRING;
- it takes messages under whatever number they come: `JetblackClient` keeps the number it expects,
  asks for what is missing, and drops what it has;
- a SequenceReset that it receives ends it, for want of a line in its table of transitions, which
  `_TABLE` adds;
- it cuts a float to a whole number unless it is told to use Decimal;
- its own answer to a ResendRequest is a SequenceReset, so that requests that were lost stay lost.
  None is lost here; a desk that trades on it would have to send them again with PossResend.
"""

import asyncio
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jetblack_fixengine import FIXApplication, FIXEngine, Session, Store
from jetblack_fixengine.admin import AdminEvent, AdminState
from jetblack_fixengine.initiator import InitiatorEngine
from jetblack_fixengine.initiator.state_transitions import INITIATOR_ADMIN_TRANSITIONS
from jetblack_fixengine.transports import FixReadBuffer, fix_read_async, fix_stream_processor
from jetblack_fixparser import load_quickfix_protocol
from jetblack_fixparser.fix_message.value_decoders import decode_value

from tests.fix.desk import ADMIN
from tests.fix.foreign import Fields, password, until
from tests.fix.transcripts.firm import Firm

STOCK = Path(sysconfig.get_path("data")) / "share" / "quickfix" / "FIX42.xml"


_TABLE = {
    **INITIATOR_ADMIN_TRANSITIONS,
    AdminState.SET_INCOMING_SEQNUM: {AdminEvent.SEQUENCE_RESET_SENT: AdminState.AUTHENTICATED},
}


class _Numbers(Session, Store):
    """The library's store of one session, in memory; sees the raw text of all that comes."""

    def __init__(self, desk: str) -> None:
        self._desk = desk
        self._out = self._in = 0
        self.last: Fields = {}

    @property
    def sender_comp_id(self) -> str:
        return self._desk

    @property
    def target_comp_id(self) -> str:
        return "OMS"

    def get_session(self, sender_comp_id: str, target_comp_id: str) -> Session:
        return self

    async def get_seqnums(self) -> tuple[int, int]:
        return self._out, self._in

    async def set_seqnums(self, outgoing_seqnum: int, incoming_seqnum: int) -> None:
        self._out, self._in = outgoing_seqnum, incoming_seqnum

    async def get_outgoing_seqnum(self) -> int:
        return self._out

    async def set_outgoing_seqnum(self, seqnum: int) -> None:
        self._out = seqnum

    async def get_incoming_seqnum(self) -> int:
        return self._in

    async def set_incoming_seqnum(self, seqnum: int) -> None:
        self._in = seqnum

    async def save_message(self, buf: bytes) -> None:
        pairs = [part.partition("=") for part in buf.decode().split("\x01")[:-1]]
        self.last = {int(tag): value for tag, _, value in pairs}


class _Engine(InitiatorEngine):
    """The library's engine, with a token in its Logon."""

    word = ""

    async def send_message(self, msg_type: str, message: Mapping[str, Any] | None = None) -> None:
        fields = dict(message or {})
        if msg_type == "LOGON":
            fields["RawDataLength"], fields["RawData"] = len(self.word), self.word
        await super().send_message(msg_type, fields)


class JetblackClient(FIXApplication):
    """See tests.fix.foreign.Client."""

    def __init__(self, firm: Firm, desk: str) -> None:
        self.reports: list[Fields] = []
        self._firm, self._desk = firm, desk
        self._port = firm.layout.desk
        self._protocol = load_quickfix_protocol(STOCK, is_float_decimal=True)
        self._protocol.fields_by_name["RawData"].type = "STRING"
        self._numbers = _Numbers(desk)
        self._expected = 1
        self._asked = 0
        self._engine: _Engine | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._running: asyncio.Task[None] | None = None
        self._logged_on = False

    # What the library calls

    async def on_admin_message(self, message: Mapping[str, Any], fix_engine: FIXEngine) -> None:
        """Keep count, and ask for what is missing."""
        await self._count(fix_engine)
        if message["MsgType"] == "LOGON":
            self._logged_on = True

    async def on_application_message(
        self, message: Mapping[str, Any], fix_engine: FIXEngine
    ) -> None:
        """The same, and keep it if it is next."""
        if await self._count(fix_engine):
            self.reports.append(self._numbers.last)

    async def _count(self, engine: FIXEngine) -> bool:
        """Whether the last message is the one that was expected."""
        message = self._numbers.last
        number = int(message[34])
        if number > self._expected:
            if self._asked < self._expected:
                self._asked = number
                wanted = {"BeginSeqNo": self._expected, "EndSeqNo": 0}
                await engine.send_message("RESEND_REQUEST", wanted)
            return False
        if number < self._expected:
            assert message.get(43) == "Y", f"again without PossDup: {message}"
            return False
        self._expected = int(message[36]) if message[35] == "4" else number + 1
        return message[35] not in ADMIN

    # What the test calls

    async def log_on(self) -> None:
        """What the library's `initiate` does, with a hold on the transport."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._asked, self._logged_on = 0, False
        ending = asyncio.Event()
        engine = _Engine(self, self._protocol, self._desk, "OMS", self._numbers, 10, 30, ending)
        engine._admin_state_machine.transitions = _TABLE
        engine.word = password(self._firm, self._desk)
        source = fix_read_async(FixReadBuffer(), reader, 1024)
        self._engine = engine
        self._running = asyncio.create_task(
            fix_stream_processor(engine, 1.0, source, self._writer, ending)
        )
        await until(self, "the answer to the Logon", lambda: self._logged_on)

    async def send(self, msg_type: str, fields: list[tuple[int, str]]) -> None:
        """An application message, in the library's words."""
        assert self._engine is not None, "not connected"
        told = {}
        for tag, value in fields:
            field = self._protocol.fields_by_number[str(tag).encode()]
            told[field.name] = decode_value(self._protocol, field, value.encode())
        kind = decode_value(
            self._protocol, self._protocol.fields_by_name["MsgType"], msg_type.encode()
        )
        await self._engine.send_message(kind, told)

    async def deafen(self) -> None:
        """The transport reads no more."""
        assert self._writer is not None, "not connected"
        transport = self._writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()

    async def drop(self) -> None:
        """Lose the connection; wait until the library has noticed."""
        assert self._writer is not None, "not connected"
        self._writer.transport.abort()
        await self._ended()

    async def log_out(self) -> None:
        """Exchange Logouts."""
        assert self._engine is not None, "not connected"
        await self._engine.logout()
        await self._ended()

    async def _ended(self) -> None:
        assert self._running is not None, "not connected"
        assert self._writer is not None, "not connected"
        done, _ = await asyncio.wait({self._running}, timeout=10.0)
        assert done, "the library ends with its connection"
        self._writer.transport.abort()  # the library leaves it open if the engine ended it
        await asyncio.sleep(0)

    async def pump(self) -> None:
        """It reads by itself."""
