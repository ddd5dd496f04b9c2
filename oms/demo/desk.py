"""The demo's desk: a FIX 4.2 client on asyncio and simplefix that keeps a log of its reports."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import jwt
import simplefix

from fix import tags
from oms.clock import Clock
from oms.core.errors import MalformedMessage
from oms.core.fields import ExecTransType, ExecType, OrdRejReason, OrdStatus
from oms.core.numbers import number_text, parse_number
from oms.demo.fix_session import DeskSession, Fields, Turn
from oms.demo.plan import PlannedOrder
from oms.demo.reports import ReportLog, Told

HEART_BT_INT_S: Final = 5
TOKEN_LIFE_S: Final = 30
_TICK_S: Final = 0.25
_PATIENCE_S: Final = 10.0
_READ: Final = 65_536
_FRAME: Final = frozenset({tags.BEGIN_STRING, tags.BODY_LENGTH, tags.CHECK_SUM})
_KINDS: Final = {"8": "EXECUTION_REPORT", "9": "ORDER_CANCEL_REJECT", "3": "REJECT", "j": "REJECT"}
_SIDES: Final = {"BUY": "1", "SELL": "2"}
_TIMES_IN_FORCE: Final = {"GTC": "1", "IOC": "3"}


def sign_logon(comp_id: str, secret: str, now: datetime) -> str:
    """The token of a Logon: HS256, claims `sub` and `exp`."""
    claims = {"sub": comp_id, "exp": now + timedelta(seconds=TOKEN_LIFE_S)}
    return jwt.encode(claims, secret, algorithm="HS256")


class Desk:
    """One desk and its session. All calls on one asyncio loop."""

    def __init__(
        self, comp_id: str, token: Callable[[datetime], str], clock: Clock, log: Path | None = None
    ) -> None:
        """`log`: a file to which every report is written, one a line."""
        self.reports = ReportLog()
        self.session = DeskSession(comp_id, HEART_BT_INT_S, token)
        self._clock = clock
        self._log = log
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._moved = asyncio.Event()

    async def log_on(self, host: str, port: int) -> None:
        """Connect and log on. ConnectionError when the other side will not have it."""
        reader, self._writer = await asyncio.open_connection(host, port)
        self._write(self.session.log_on(self._clock.now()))
        self._tasks = [
            asyncio.create_task(self._listen(reader)),
            asyncio.create_task(self._tick()),
        ]
        if not await self._until(lambda: self.session.logged_on or self.session.closed):
            raise ConnectionError("no answer to the Logon")
        if self.session.closed:
            raise ConnectionError(f"logged out: {self.session.text or 'no reason given'}")

    async def log_out(self) -> None:
        """End the session in good order."""
        if self.session.logged_on:
            self._write(self.session.log_out(self._clock.now()))
            await self._until(lambda: self.session.closed)
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close the connection without a word; `log_on` goes on with the same numbers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.session.lose()
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    async def submit(self, order: PlannedOrder) -> None:
        """NewOrderSingle (D)."""
        market = order.price is None
        fields: Fields = [
            (tags.MSG_TYPE, "D"),
            (tags.CL_ORD_ID, order.cl_ord_id),
            (tags.HANDL_INST, "1"),
            (tags.EX_DESTINATION, order.route),
            (tags.SYMBOL, order.symbol),
            (tags.SIDE, _SIDES[order.side]),
            (tags.TRANSACT_TIME, self._now_text()),
            (tags.ORDER_QTY, number_text(order.order_qty)),
            (tags.ORD_TYPE, "1" if market else "2"),
            *([] if order.price is None else [(tags.PRICE, number_text(order.price))]),
            (tags.TIME_IN_FORCE, _TIMES_IN_FORCE[order.time_in_force]),
            *([(tags.EXEC_INST, "6")] if order.post_only else []),
            *([(tags.SECURITY_EXCHANGE, order.exchange)] if order.exchange else []),
        ]
        self.send(fields)

    async def cancel(self, order: PlannedOrder) -> None:
        """OrderCancelRequest (F)."""
        fields: Fields = [
            (tags.MSG_TYPE, "F"),
            (tags.ORIG_CL_ORD_ID, order.cl_ord_id),
            (tags.CL_ORD_ID, order.cancel_id),
            (tags.SYMBOL, order.symbol),
            (tags.SIDE, _SIDES[order.side]),
            (tags.TRANSACT_TIME, self._now_text()),
        ]
        self.send(fields)

    async def ask_status(self, order: PlannedOrder) -> None:
        """OrderStatusRequest (H)."""
        fields: Fields = [
            (tags.MSG_TYPE, "H"),
            (tags.CL_ORD_ID, order.cl_ord_id),
            (tags.SYMBOL, order.symbol),
            (tags.SIDE, _SIDES[order.side]),
        ]
        self.send(fields)

    def send(self, fields: Fields) -> None:
        """Any application message, MsgType first. ConnectionError while not logged on."""
        if not self.session.logged_on:
            raise ConnectionError(f"not logged on: {self.session.text or 'the connection is gone'}")
        self._write(self.session.send(fields, self._clock.now()))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        parser = simplefix.FixParser()
        try:
            while not self.session.closed:
                received = await reader.read(_READ)
                if not received:
                    break
                parser.append_buffer(received)
                while (message := parser.get_message()) is not None:
                    if _sound(message):  # a garbled one is ignored: the gap in 34 tells of it
                        self._take(self.session.receive(_decoded(message), self._clock.now()))
        except ConnectionError as error:
            self.session.text = self.session.text or str(error)
        self.session.lose()
        self._moved.set()

    async def _tick(self) -> None:
        while not self.session.closed:
            await asyncio.sleep(_TICK_S)
            self._take(self.session.tick(self._clock.now()))

    def _take(self, turn: Turn) -> None:
        self._write(turn.out)
        for message in turn.told:
            told = told_of_fix(message)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(f"{told.line()}\n")
            self.reports.add(told)
        self._moved.set()

    def _write(self, messages: Iterable[Fields]) -> None:
        assert self._writer is not None, "log on first"
        for fields in messages:
            message = simplefix.FixMessage()
            message.append_pair(tags.BEGIN_STRING, "FIX.4.2")
            for tag, value in fields:
                message.append_pair(tag, value)
            self._writer.write(message.encode())

    async def _until(self, holds: Callable[[], bool]) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while not holds():
                    self._moved.clear()
                    await self._moved.wait()
        return holds()

    def _now_text(self) -> str:
        return f"{self._clock.now():%Y%m%d-%H:%M:%S}"


def told_of_fix(message: Fields) -> Told:
    """An application message from the engine as `Told`."""
    fields = dict(message)
    reason = fields.get(tags.ORD_REJ_REASON, "")
    return Told(
        number=int(fields[tags.MSG_SEQ_NUM]),
        kind=_KINDS.get(fields[tags.MSG_TYPE], fields[tags.MSG_TYPE]),
        cl_ord_id=fields.get(tags.CL_ORD_ID, ""),
        order_id=fields.get(tags.ORDER_ID, ""),
        exec_id=fields.get(tags.EXEC_ID, ""),
        exec_trans_type=_word(ExecTransType, fields.get(tags.EXEC_TRANS_TYPE, "")),
        exec_type=_word(ExecType, fields.get(tags.EXEC_TYPE, "")),
        ord_status=_word(OrdStatus, fields.get(tags.ORD_STATUS, "")),
        ord_rej_reason=_word(OrdRejReason, reason),
        last_shares=_number(fields, tags.LAST_SHARES),
        cum_qty=_number(fields, tags.CUM_QTY),
        avg_px=_number(fields, tags.AVG_PX),
        text=fields.get(tags.TEXT, ""),
    )


def _word(
    kind: type[ExecTransType] | type[ExecType] | type[OrdStatus] | type[OrdRejReason], code: str
) -> str:
    return kind(code).name if code else ""


def _number(fields: dict[int, str], tag: int) -> Decimal:
    try:
        return parse_number(fields.get(tag, "0"))
    except MalformedMessage:
        raise AssertionError(f"the engine wrote {fields[tag]!r} in tag {tag}") from None


def _decoded(message: simplefix.FixMessage) -> Fields:
    pairs = ((int(tag), value.decode()) for tag, value in message.pairs)
    return [(tag, value) for tag, value in pairs if tag not in _FRAME]


def _sound(message: simplefix.FixMessage) -> bool:
    """Whether BeginString and CheckSum are right."""
    content = message.encode(raw=True)
    body = content[: content.rfind(b"\x0110=") + 1]
    checksum = f"{sum(body) % 256:03d}".encode()
    return bool(message.get(8) == b"FIX.4.2" and message.get(10) == checksum)
