"""The FIX gateway's application layer: D, F and H in, 8, 9, 3 and j out.

Source: the venue's document, "FIX API": "New Order", "Cancel Order", "Execution Report", "Query
order status". Its execution reports have no 6, 14, 20, 31 or 151, and 11 only on the
acknowledgement and on a refusal.
"""

from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator import fix_fields as tag
from adapters.apifiny.simulator.exchange import Exchange, Report
from adapters.apifiny.simulator.fix_fields import Fields, Message, is_timestamp, timestamp
from adapters.apifiny.simulator.orders import NewOrder, VenueOrder
from adapters.apifiny.simulator.refusals import (
    ACCOUNT,
    NOT_CANCELLABLE,
    REQUEST,
    Refusal,
    refusal,
)
from adapters.apifiny.simulator.switches import Switches
from adapters.apifiny.simulator.wire import number, read_number

_NEW: Final = (
    tag.CL_ORD_ID,
    tag.SYMBOL,
    tag.HANDL_INST,
    tag.ORD_TYPE,
    tag.TIME_IN_FORCE,
    tag.TRANSACT_TIME,
    tag.SIDE,
    tag.ACCOUNT,
    tag.ORDER_QTY,
    tag.SECURITY_EXCHANGE,
)
_NAMED: Final = (tag.CL_ORD_ID, tag.ACCOUNT, tag.SECURITY_EXCHANGE)  # F and H
_TYPES: Final = {"1": "MARKET", "2": "LIMIT"}
_SIDES: Final = {"1": "BUY", "2": "SELL"}
_SIDE_CODES: Final = {name: code for code, name in _SIDES.items()}
_LIMIT: Final = "2"
_REQUIRED_MISSING: Final = "1"
_BAD_FORMAT: Final = "6"
_UNKNOWN_ORDER: Final = "NONE"  # 37 where there is no order to name


class FixOrders:
    """Answers application messages, and tells what befell the orders that came this way."""

    def __init__(self, exchange: Exchange, switches: Switches) -> None:
        self.rejected_by_client = 0
        self._exchange = exchange
        self._switches = switches
        self._ack_after_fill: set[str] = set()
        self._held_acks: dict[str, Fields] = {}

    def answer(self, message: Message, now_ms: int) -> list[Fields]:
        """Handle one message; what it does to an order comes out of `reports`, not of here."""
        kind = message[tag.MSG_TYPE]
        if kind == "D":
            return _malformed(message, (*_NEW, *_price_too(message))) or self._new(message, now_ms)
        if kind == "F":
            return _malformed(message, _NAMED) or self._cancel(message, now_ms)
        if kind == "H":
            return _malformed(message, _NAMED) or self._status(message, now_ms)
        if kind in {"3", "j"}:
            self.rejected_by_client += 1
            return []
        return [
            [
                (tag.MSG_TYPE, "j"),
                (tag.REF_SEQ_NUM, message[tag.MSG_SEQ_NUM]),
                (tag.REF_MSG_TYPE, kind),
                (tag.BUSINESS_REASON, "3"),
                (tag.TEXT, "Unsupported message type"),
            ]
        ]

    def reports(self) -> list[Fields]:
        """Return what befell orders since the last call, in the order in which it did."""
        told, self._exchange.outbox = self._exchange.outbox, []
        out: list[Fields] = []
        for report in told:
            if report.last_qty and self._switches.take("lose_fill"):
                continue
            fields = self._execution_report(report)
            order_id = report.order.order_id
            if report.exec_type == "0" and order_id in self._ack_after_fill:
                self._held_acks[order_id] = fields
                continue
            out.append(fields)
            if self._switches.take("duplicate_report"):
                out.append(fields)
            if order_id in self._held_acks:
                self._ack_after_fill.discard(order_id)
                out.append(self._held_acks.pop(order_id))
        return out

    def forget(self) -> None:
        """Drop what nobody was there to hear: it is never told again."""
        self._exchange.outbox = []
        self._held_acks.clear()
        self._ack_after_fill.clear()

    def _new(self, message: Message, now_ms: int) -> list[Fields]:
        try:
            if self._switches.take("refuse"):
                raise refusal(REQUEST, "refused")
            asked = self._asked(message)
            due_ms = now_ms + self._switches.value("slow_ack_ms")
            order = self._exchange.place(asked, now_ms, due_ms, fix=True)
        except Refusal as no:
            copied = (tag.SYMBOL, tag.SIDE, tag.PRICE, tag.ORDER_QTY)
            return [self._refused(message, no, now_ms, copied)]
        if self._switches.take("fill_before_ack"):
            self._ack_after_fill.add(order.order_id)
        self._exchange.settle(now_ms)
        return []

    def _asked(self, message: Message) -> NewOrder:
        self._demand_account(message)
        if message[tag.HANDL_INST] != "1":
            raise refusal(REQUEST, "HandlInst")
        order_type = _TYPES.get(message[tag.ORD_TYPE], "")
        market = order_type == "MARKET"
        tif = message[tag.TIME_IN_FORCE]
        return NewOrder(
            order_id=message[tag.CL_ORD_ID],
            venue=message[tag.SECURITY_EXCHANGE],
            symbol=message[tag.SYMBOL],
            order_type=order_type,
            side=_SIDES.get(message[tag.SIDE], ""),
            tif=int(tif) if tif in {"1", "3", "7"} else 0,
            price=None if market else read_number(message[tag.PRICE]),
            qty=read_number(message[tag.ORDER_QTY]),
        )

    def _cancel(self, message: Message, now_ms: int) -> list[Fields]:
        try:
            self._demand_account(message)
            if self._switches.take("reject_cancel"):
                raise refusal(NOT_CANCELLABLE)
            venue, order_id = message[tag.SECURITY_EXCHANGE], message[tag.CL_ORD_ID]
            self._exchange.cancel(venue, order_id, now_ms)
        except Refusal as no:
            order = self._known(message)
            known = [] if order is None else [(tag.ORDER_ID, order.fix_id)]
            return [
                [
                    (tag.MSG_TYPE, "9"),
                    *known,
                    (tag.CL_ORD_ID, message[tag.CL_ORD_ID]),
                    (tag.ORD_STATUS, "8" if order is None else order.fix_status),
                    (tag.TEXT, str(no)),
                ]
            ]
        return []

    def _status(self, message: Message, now_ms: int) -> list[Fields]:
        try:
            self._demand_account(message)
            venue, order_id = message[tag.SECURITY_EXCHANGE], message[tag.CL_ORD_ID]
            order = self._exchange.find(venue, order_id)
        except Refusal as no:
            return [self._refused(message, no, now_ms, ())]
        exec_id, state = self._exchange.new_id(now_ms), order.fix_status
        px = order.asked.price
        report = Report(order, exec_id, state, Decimal(0), px, order.updated_ms)
        return [_fields(report, cl_ord_id=True)]

    def _execution_report(self, report: Report) -> Fields:
        named = report.exec_type in {"0", "8"} or bool(self._switches.value("fill_clordid"))
        return _fields(report, cl_ord_id=named)

    def _refused(
        self, message: Message, no: Refusal, now_ms: int, copied: tuple[int, ...]
    ) -> Fields:
        return [
            (tag.MSG_TYPE, "8"),
            (tag.CL_ORD_ID, message[tag.CL_ORD_ID]),
            (tag.ORDER_ID, _UNKNOWN_ORDER),
            (tag.EXEC_ID, self._exchange.new_id(now_ms)),
            *((name, message[name]) for name in copied if name in message),
            (tag.LAST_SHARES, "0"),
            (tag.TRANSACT_TIME, timestamp(now_ms)),
            (tag.EXEC_TYPE, "8"),
            (tag.ORD_STATUS, "8"),
            (tag.TEXT, str(no)),
        ]

    def _demand_account(self, message: Message) -> None:
        if message[tag.ACCOUNT] != self._exchange.account_id:
            raise refusal(ACCOUNT)

    def _known(self, message: Message) -> VenueOrder | None:
        try:
            self._demand_account(message)
            return self._exchange.find(message[tag.SECURITY_EXCHANGE], message[tag.CL_ORD_ID])
        except Refusal:
            return None


def _fields(report: Report, *, cl_ord_id: bool) -> Fields:
    order = report.order
    return [
        (tag.MSG_TYPE, "8"),
        *([(tag.CL_ORD_ID, order.order_id)] if cl_ord_id else []),
        (tag.ORDER_ID, order.fix_id),
        (tag.EXEC_ID, report.exec_id),
        (tag.SYMBOL, order.asked.symbol),
        (tag.SIDE, _SIDE_CODES[order.asked.side]),
        (tag.LAST_SHARES, number(report.last_qty)),
        *([] if report.px is None else [(tag.PRICE, number(report.px))]),
        (tag.ORDER_QTY, number(order.qty)),
        (tag.TRANSACT_TIME, timestamp(report.time_ms)),
        (tag.EXEC_TYPE, report.exec_type),
        (tag.ORD_STATUS, report.exec_type),
        *([(tag.TEXT, report.text)] if report.text else []),
    ]


def _price_too(message: Message) -> tuple[int, ...]:
    return (tag.PRICE,) if message.get(tag.ORD_TYPE) == _LIMIT else ()


def _malformed(message: Message, required: tuple[int, ...]) -> list[Fields]:
    """Return a Reject (3) if a required field is missing or is not what its type says."""
    for name in required:
        if name not in message:
            return [_reject(message, name, _REQUIRED_MISSING, "Required tag missing")]
    for name in (tag.PRICE, tag.ORDER_QTY):
        if name in message and read_number(message[name]) is None:
            return [_reject(message, name, _BAD_FORMAT, "Incorrect data format for value")]
    if tag.TRANSACT_TIME in message and not is_timestamp(message[tag.TRANSACT_TIME]):
        return [_reject(message, tag.TRANSACT_TIME, _BAD_FORMAT, "Incorrect data format for value")]
    return []


def _reject(message: Message, name: int, reason: str, text: str) -> Fields:
    return [
        (tag.MSG_TYPE, "3"),
        (tag.REF_SEQ_NUM, message[tag.MSG_SEQ_NUM]),
        (tag.REF_TAG, str(name)),
        (tag.REF_MSG_TYPE, message[tag.MSG_TYPE]),
        (tag.REJECT_REASON, reason),
        (tag.TEXT, text),
    ]
