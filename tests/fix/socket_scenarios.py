"""The scenarios of tests/matrices over real sockets: a desk's session, the engine, a counterparty.

One engine plays them all, each under ids of its own. Nothing here knows the engine's messages: what
is sent and what is expected are tags and values.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from tests.core import matrix_steps as steps
from tests.core.matrix_steps import Matrix, Source, Step
from tests.fix.broker import Broker, cancel_reject, report
from tests.fix.desk import Fields, order
from tests.fix.firm import Firm
from tests.fix.wire_words import (
    CXL_REJ_REASON,
    EXEC_TYPE,
    ORD_REJ_REASON,
    ORD_STATUS,
    RESTATEMENT,
    SIDE,
    TIME_IN_FORCE,
    TRANS_TYPE,
    now_text,
    order_terms,
    restated,
    text_of,
)

Pairs = list[tuple[int, str]]

IN_LINE: Final = "LINE"
ONE_BY_ONE: Final = "SINGLE"
"""The two counterparties: one takes requests while others are open, one does not."""

REFUSED_HERE: Final = frozenset({"D17a", "H08a"})
"""Scenarios of a venue that takes no second request while the first is unanswered."""


@dataclass
class _Order:
    """An order as the counterparty keeps it."""

    entered: Fields
    name: str
    """What it is called now: the id of the last request that was accepted."""
    order_id: str = ""
    """OrderID (37) towards the desk."""


@dataclass
class Scenario:
    """One matrix under way."""

    firm: Firm
    matrix: Matrix
    orders: dict[str, _Order] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)
    """The order of each letter."""
    requests: dict[str, Fields] = field(default_factory=dict)
    """What the counterparty got for a request's letter."""
    open_replaces: list[str] = field(default_factory=list)
    """Letters of replaces that are not answered."""
    terms: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    replaces: set[str] = field(default_factory=set)
    told: dict[str, Pairs] = field(default_factory=dict)
    exec_ids: dict[str, str] = field(default_factory=dict)
    """ExecID towards the desk of an execution's letter."""
    seen: set[str] = field(default_factory=set)
    at: str = ""
    words: int = 0

    @property
    def broker(self) -> Broker:
        """Who the scenario's counterparty is."""
        return self.firm.brokers[self.route]

    @property
    def route(self) -> str:
        """Where its orders go."""
        return ONE_BY_ONE if self.matrix.name in REFUSED_HERE else IN_LINE

    def play(self) -> None:
        """Every step, and after each what the desk is told and what it finds when it asks."""
        self._clear()
        for step in self.matrix.steps:
            self.at = f"{self.matrix.name}:{step.line}: {step.text}"
            self._happen(step)
            for wanted in step.reports:
                message = self.firm.desk.expect("8", "9", what=self.at)
                self._expect(step, wanted, message)
            self._look(step)

    def _clear(self) -> None:
        """Take what a scenario that failed has left."""
        self.broker.take_all()
        self.broker.barrier()
        name = self._id("CLEAR")
        self.firm.desk.send("H", (11, name), (55, "BTC/USDT"), (54, "1"))
        while self.firm.desk.expect("8", "9", "j").get(11) != name:
            pass

    def _id(self, letter: str) -> str:
        return f"{self.matrix.name}.{letter}"

    def _happen(self, step: Step) -> None:
        match step.source:
            case Source.VENUE:
                self._venue(step)
                self.broker.barrier()
            case Source.PHONE:
                self._phone(step)
            case Source.DESK:
                self._desk(step)
            case Source.CLOCK:
                pass  # no clock moves an order: a day begins when the venue says so

    # What the desk asks, and what of it the counterparty gets

    def _desk(self, step: Step) -> None:
        event = step.event
        match event:
            case steps.Order():
                self._enter(step, event)
            case steps.Cancel():
                self._request("F", event.cl_ord_id, event.orig_cl_ord_id, [], step)
            case steps.Replace():
                self._replace(step, event)
            case steps.Status():
                self._ask(self._id(event.cl_ord_id))
            case _:
                raise AssertionError(f"no desk sends {event}")

    def _enter(self, step: Step, event: steps.Order) -> None:
        assert event.cl_ord_id is not None
        self.terms.setdefault(event.cl_ord_id, (event.order_qty, event.price))
        changes = {100: self.route, 207: "", **order_terms(event)}
        resent = [(97, "Y")] if event.poss_resend else []  # of the header, so it comes first
        self.firm.desk.send("D", *resent, *order(self._id(event.cl_ord_id), changes))
        if step.forwarded:
            self._take(step, event)

    def _phone(self, step: Step) -> None:
        event = step.event
        assert isinstance(event, steps.Order)
        row = self.firm.submit(
            venue=self.route,
            symbol="BTC/USDT",
            side=event.side,
            ord_type="LIMIT",
            order_qty=text_of(event.order_qty),
            price=text_of(event.price),
            time_in_force=event.time_in_force,
            on_behalf_of="DESK1",
            cl_ord_id=self._id("PHONE"),
        )
        self._take(step, event)
        self.orders["-"].order_id = row["order_id"]

    def _take(self, step: Step, event: steps.Order) -> None:
        """The counterparty gets the order as it was entered, under an id of ours."""
        sent = self.broker.expect("D", what=self.at)
        wanted = {54: SIDE[event.side], 59: TIME_IN_FORCE[event.time_in_force], 55: "BTCUSDT"}
        assert {tag: sent[tag] for tag in wanted} == wanted, f"{self.at}: {sent}"
        assert (Decimal(sent[38]), Decimal(sent[44])) == (event.order_qty, event.price), self.at
        assert sent[11] != self._id(event.cl_ord_id or "PHONE"), self.at
        self.orders[step.order or ""] = _Order(sent, sent[11])
        self.roots[event.cl_ord_id or "-"] = step.order or ""

    def _replace(self, step: Step, event: steps.Replace) -> None:
        qty, price = self.terms.get(event.orig_cl_ord_id, (Decimal(1), Decimal(1)))
        qty = qty if event.order_qty is None else event.order_qty
        price = price if event.price is None else event.price
        self.terms[event.cl_ord_id] = (qty, price)
        self.replaces.add(event.cl_ord_id)
        more = [(38, text_of(qty)), (44, text_of(price)), (40, "2"), (21, "1")]
        if step.order in self.orders:
            more.append((59, self.orders[step.order or ""].entered[59]))
        self._request("G", event.cl_ord_id, event.orig_cl_ord_id, more, step)
        if step.forwarded:
            sent = self.requests[event.cl_ord_id]
            assert (Decimal(sent[38]), Decimal(sent[44])) == (qty, price), f"{self.at}: {sent}"
            self.open_replaces.append(event.cl_ord_id)

    def _request(self, kind: str, letter: str, orig: str, more: Pairs, step: Step) -> None:
        ids = [(11, self._id(letter)), (41, self._id(orig))]
        self.firm.desk.send(kind, *ids, (55, "BTC/USDT"), (54, "1"), (60, now_text()), *more)
        if not step.forwarded:
            return
        sent = self.broker.expect(kind, what=self.at)
        known = [order.entered[11] for order in self.orders.values()]
        known += [request[11] for request in self.requests.values()]
        assert sent[11] not in known, f"{self.at}: {sent[11]} was used before"
        # Requests chain ahead: the replace that is not answered yet, else what was accepted.
        named = self.orders[step.order or ""].name
        if self.open_replaces:
            named = self.requests[self.open_replaces[-1]][11]
        assert sent[41] == named, f"{self.at}: {sent[41]} is not {named}"
        self.requests[letter] = sent
        self.roots[letter] = step.order or ""

    # What the counterparty says

    def _venue(self, step: Step) -> None:
        event = step.event
        if isinstance(event, steps.Again):
            self.broker.send("8", *self.told[event.exec_id])
            return
        assert step.order is not None
        if isinstance(event, steps.CancelReject):
            self._refuse(step, event)
            return
        order, state = self.orders[step.order], step.state
        assert state is not None
        figures = {
            39: ORD_STATUS[state.ord_status],
            38: text_of(state.order_qty),
            14: text_of(state.cum_qty),
            151: text_of(state.leaves_qty),
            6: text_of(state.avg_px),
        }
        figures |= self._word(order, event) if isinstance(event, steps.Word) else {}
        figures.setdefault(11, order.name)
        exec_type, exec_id = self._event(event)
        figures |= self._execution(event)
        fields = report(order.entered, f"{self.matrix.name}-{exec_id}", exec_type, *figures.items())
        self.told[exec_id] = fields
        self.broker.send("8", *fields)

    def _event(self, event: steps.Event) -> tuple[str, str]:
        match event:
            case steps.Word():
                self.words += 1
                return EXEC_TYPE[event.exec_type], f"W{self.words}"
            case steps.Fill():
                return EXEC_TYPE[event.exec_type], event.exec_id
            case steps.Bust() | steps.Correct():
                return EXEC_TYPE["PARTIAL_FILL"], event.exec_id
            case _:
                raise AssertionError(f"no venue says {event}")

    def _execution(self, event: steps.Event) -> dict[int, str]:
        match event:
            case steps.Fill():
                return {32: text_of(event.last_shares), 31: text_of(event.last_px)}
            case steps.Bust():
                return {20: TRANS_TYPE["CANCEL"], 19: f"{self.matrix.name}-{event.exec_ref_id}"}
            case steps.Correct():
                figures = {32: text_of(event.last_shares), 31: text_of(event.last_px)}
                ref = f"{self.matrix.name}-{event.exec_ref_id}"
                return {20: TRANS_TYPE["CORRECT"], 19: ref, **figures}
            case _:
                return {}

    def _word(self, order: _Order, word: steps.Word) -> dict[int, str]:
        fields: dict[int, str] = {}
        if word.request is not None:
            sent = self.requests[word.request]
            fields = {11: sent[11], 41: order.name}
            if not word.exec_type.startswith("PENDING"):
                order.name = sent[11]
            if word.exec_type == "REPLACED":
                self.open_replaces.remove(word.request)
        if word.exec_type in ("REJECTED", "CANCELED", "EXPIRED"):
            self.open_replaces.clear()
        if word.reason is not None:
            rejected = word.exec_type == "REJECTED"
            tag, values = (103, ORD_REJ_REASON) if rejected else (378, RESTATEMENT)
            fields[tag] = values[word.reason]
        return fields

    def _refuse(self, step: Step, event: steps.CancelReject) -> None:
        assert step.state is not None
        order = self.orders[step.order or ""]
        asked = self.requests[event.request]
        status, reason = ORD_STATUS[step.state.ord_status], CXL_REJ_REASON[event.reason]
        fields = cancel_reject(
            asked, status, reason, (37, f"B{order.entered[11]}"), (41, order.name)
        )
        self.broker.send("9", *fields)
        if event.request in self.open_replaces:
            self.open_replaces.remove(event.request)

    # What the desk is told

    def _expect(self, step: Step, wanted: steps.Report, message: Fields) -> None:
        expected: dict[int, str | None] = {
            39: ORD_STATUS[wanted.ord_status],
            11: self._id(wanted.cl_ord_id) if wanted.cl_ord_id else None,
            41: self._id(wanted.orig_cl_ord_id) if wanted.orig_cl_ord_id else None,
        }
        if wanted.exec_type is None:
            assert message[35] == "9", f"{self.at}: {message}"
            replaced = wanted.cl_ord_id in self.replaces
            expected |= {
                102: CXL_REJ_REASON[wanted.cxl_rej_reason or ""],
                434: "2" if replaced else "1",
            }
        else:
            assert message[35] == "8", f"{self.at}: {message}"
            expected |= {
                150: EXEC_TYPE[wanted.exec_type],
                20: TRANS_TYPE[wanted.exec_trans_type],
                103: ORD_REJ_REASON[wanted.ord_rej_reason] if wanted.ord_rej_reason else None,
                378: restated(wanted),
                19: self.exec_ids[wanted.exec_ref_id] if wanted.exec_ref_id else None,
            }
            self._expect_figures(wanted, message)
            self._note(step, wanted, message)
        told = {tag: message.get(tag) for tag in expected}
        assert told == expected, f"{self.at}: told {told}, expected {expected}"
        self._expect_order_id(step, message)

    def _expect_figures(self, wanted: steps.Report, message: Fields) -> None:
        executed = wanted.exec_trans_type in ("CANCEL", "CORRECT") or wanted.last_shares
        figures = {
            38: wanted.order_qty,
            14: wanted.cum_qty,
            151: wanted.leaves_qty,
            6: wanted.avg_px,
            44: wanted.price,
            424: wanted.day_order_qty,
            425: wanted.day_cum_qty,
            32: wanted.last_shares if executed else None,
            31: wanted.last_px if executed else None,
        }
        for tag, figure in figures.items():
            if figure is not None:
                told = message.get(tag)
                assert told is not None, f"{self.at}: no {tag} in {message}"
                assert Decimal(told) == figure, f"{self.at}: {tag}={told}, expected {figure}"
            elif tag in (424, 425, 32, 31):
                assert tag not in message, f"{self.at}: {tag}={message[tag]}, expected none"

    def _note(self, step: Step, wanted: steps.Report, message: Fields) -> None:
        """ExecID is 0 on a status, else new; an execution's is kept for what refers to it."""
        if wanted.exec_trans_type == "STATUS":
            assert message[17] == "0", f"{self.at}: {message}"
            return
        assert message[17] not in self.seen, f"{self.at}: ExecID {message[17]} again"
        self.seen.add(message[17])
        if isinstance(step.event, steps.Fill | steps.Bust | steps.Correct):
            self.exec_ids[step.event.exec_id] = message[17]

    def _expect_order_id(self, step: Step, message: Fields) -> None:
        """One for the whole chain, NONE where there is no order."""
        if step.state is None:
            assert message[37] == "NONE", f"{self.at}: {message}"
            return
        order = self._order(step)
        order.order_id = order.order_id or message[37]
        assert message[37] == order.order_id, f"{self.at}: {message}"

    def _order(self, step: Step) -> _Order:
        assert step.order is not None, self.at
        return self.orders[self.roots[step.order]]

    def _look(self, step: Step) -> None:
        """Ask for the order as the desk: nothing else was told, and the state is the line's."""
        if step.state is None or step.order is None:
            self._ask(self._id("NOBODY"))
            message = self.firm.desk.expect("8", "9", what=f"{self.at}: a status of nobody")
            assert (message.get(20), message[39]) == ("3", "8"), f"{self.at}: {message}"
            return
        self._ask(self._id(step.order), self._order(step).order_id if step.order == "-" else "")
        message = self.firm.desk.expect("8", "9", what=f"{self.at}: the status")
        assert message.get(20) == "3", f"{self.at}: unexpected {message}"
        assert message[39] == ORD_STATUS[step.state.ord_status], f"{self.at}: {message}"
        state = step.state
        figures = (state.order_qty, state.cum_qty, state.leaves_qty, state.avg_px)
        told = tuple(Decimal(message[tag]) for tag in (38, 14, 151, 6))
        assert told == figures, f"{self.at}: {told} for {figures}"

    def _ask(self, name: str, order_id: str = "") -> None:
        ids = [(11, name), *([(37, order_id)] if order_id else [])]
        self.firm.desk.send("H", *ids, (55, "BTC/USDT"), (54, "1"))


@contextmanager
def over_sockets(folder: Path) -> Iterator[Callable[[Matrix], None]]:
    """What plays a scenario over sockets, as long as its engine runs; its files go into `folder`.

    It raises AssertionError where a scenario goes another way than its file says.
    """
    firm = Firm(folder, {IN_LINE: (), ONE_BY_ONE: ("takes_requests_in_line = false",)})
    try:
        firm.open()
        yield lambda matrix: Scenario(firm, matrix).play()
        firm.stop()
        firm.verify()
    finally:
        firm.close()
