"""What a scenario's expectations must be, worked out from its events by the rules of FIX 4.2 alone.

A slow and plain reckoning, made apart from the engine so that the files can be held against it: sums
over the executions that stand, OrdStatus by precedence, ids by what was accepted last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from tests.core.matrix_steps import (
    Again,
    Bust,
    Cancel,
    CancelReject,
    Correct,
    Fill,
    Matrix,
    NextDay,
    Order,
    Replace,
    Report,
    State,
    Status,
    Step,
    Word,
)

ZERO: Final = Decimal(0)

RANKED: Final = [
    "PENDING_NEW",
    "NEW",
    "REJECTED",
    "REPLACED",
    "PARTIALLY_FILLED",
    "EXPIRED",
    "CANCELED",
    "STOPPED",
    "FILLED",
    "DONE_FOR_DAY",
    "PENDING_REPLACE",
    "PENDING_CANCEL",
]
"""OrdStatus by precedence, lowest first."""

_ENDS: Final = ("CANCELED", "EXPIRED", "REJECTED")
_BEGUN_BY: Final = {"WORKING": "NEW", "DONE_FOR_DAY": "DONE_FOR_DAY"} | {e: e for e in _ENDS}
"""By which report a life began: told again in that life it is no news (H22)."""
_MIRRORED: Final = {"PARTIALLY_FILLED": "PARTIAL_FILL", "FILLED": "FILL"}


@dataclass
class _Request:
    """A cancel or replace that went out and is not answered yet."""

    asked: Cancel | Replace
    pending: bool = False


@dataclass
class Chain:
    """One order with its replacements, as its events have left it."""

    entered: Order
    order_qty: Decimal
    cl_ord_id: str | None
    price: Decimal
    life: str = "PENDING_NEW"
    latest: str = ""  # REPLACED or STOPPED: facts that last until something else happens
    requests: dict[str, _Request] = field(default_factory=dict)
    standing: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    today: set[str] = field(default_factory=set)

    @property
    def cum_qty(self) -> Decimal:
        return sum((shares for shares, _ in self.standing.values()), ZERO)

    @property
    def filled(self) -> bool:
        return ZERO < self.order_qty <= self.cum_qty

    @property
    def over(self) -> bool:
        return self.life in _ENDS

    @property
    def ord_status(self) -> str:
        facts = [self.life if self.life != "WORKING" else "NEW"]
        if self.life == "REJECTED" and self.cum_qty:
            facts = ["CANCELED"]  # H10
        if self.cum_qty:
            facts.append("FILLED" if self.filled else "PARTIALLY_FILLED")
        if self.latest:
            facts.append(self.latest)
        for request in self.requests.values():
            if request.pending:
                cancel = isinstance(request.asked, Cancel)
                facts.append("PENDING_CANCEL" if cancel else "PENDING_REPLACE")
        return max(facts, key=RANKED.index)

    @property
    def state(self) -> State:
        cum = self.cum_qty
        worth = sum((shares * price for shares, price in self.standing.values()), ZERO)
        gone = self.over or self.filled
        if self.life == "DONE_FOR_DAY" and self.entered.time_in_force == "DAY":
            gone = True  # D02
        leaves = ZERO if gone else self.order_qty - cum
        return State(self.ord_status, self.order_qty, cum, leaves, worth / cum if cum else ZERO)

    @property
    def day_figures(self) -> tuple[Decimal, Decimal]:
        """DayOrderQty, DayCumQty."""
        day_cum = sum((self.standing[key][0] for key in self.today & set(self.standing)), ZERO)
        return self.order_qty - (self.cum_qty - day_cum), day_cum


class Ledger:
    """Goes through a scenario step by step and yields what its lines get wrong."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.chains: dict[str, Chain] = {}
        self.chain_of: dict[str, Chain | None] = {}  # None: used up by a refused request

    def complaints(self) -> Iterator[str]:
        """One line for each expectation that the events do not bear out."""
        for step in self.matrix.steps:
            chain, told = self._happen(step)
            where = f"{self.matrix.name}:{step.line} {step.text}"
            state = chain.state if chain is not None else None
            if step.state != state:
                yield f"{where}: the state is {step.state}, by the rules {state}"
            if len(step.reports) != len(told):
                yield f"{where}: {len(step.reports)} reports, by the rules {len(told)}"
            for wrote, ought in zip(step.reports, told, strict=False):
                if wrote != _as_far_as_said(ought, wrote):
                    yield f"{where}: the report is {wrote}, by the rules {ought}"

    def _happen(self, step: Step) -> tuple[Chain | None, list[Report]]:
        event = step.event
        match event:
            case Order():
                return self._ordered(event)
            case Cancel() | Replace():
                return self._asked(event)
            case Status():
                chain = self.chain_of.get(event.cl_ord_id)
                return chain, [_status(chain, event.cl_ord_id)]
            case NextDay():
                for chain in self.chains.values():
                    chain.today.clear()
                return self.chains[step.order or ""], []
            case _:
                chain = self.chains[step.order or ""]
                return chain, self._told(chain, event)

    def _ordered(self, event: Order) -> tuple[Chain | None, list[Report]]:
        key = event.cl_ord_id or "-"
        if key not in self.chain_of:
            chain = Chain(event, event.order_qty, event.cl_ord_id, event.price)
            self.chains[key] = self.chain_of[key] = chain
            return chain, []
        known = self.chain_of[key]
        if event.poss_resend:
            return known, [_status(known, key)]
        if known is None:
            nothing = State("REJECTED", event.order_qty, ZERO, ZERO, ZERO)
            return None, [_report(nothing, "REJECTED", key, ord_rej_reason="DUPLICATE_ORDER")]
        refusal = _report(known.state, "REJECTED", key, ord_rej_reason="DUPLICATE_ORDER")
        return known, [refusal]

    def _asked(self, event: Cancel | Replace) -> tuple[Chain | None, list[Report]]:
        chain = self.chain_of.get(event.orig_cl_ord_id)
        if event.cl_ord_id in self.chain_of:
            status, orig = ("REJECTED", event.orig_cl_ord_id)
            if chain is not None:
                status, orig = chain.ord_status, chain.cl_ord_id or ""
            return chain, [_reject(status, event.cl_ord_id, orig, "BROKER_CREDIT")]
        self.chain_of[event.cl_ord_id] = None
        if chain is None:
            refusal = _reject("REJECTED", event.cl_ord_id, event.orig_cl_ord_id, "UNKNOWN_ORDER")
            return None, [refusal]
        reason = self._refused(chain, event)
        if reason:
            refusal = _reject(chain.ord_status, event.cl_ord_id, chain.cl_ord_id, reason)
            return chain, [refusal]
        self.chain_of[event.cl_ord_id] = chain
        chain.requests[event.cl_ord_id] = _Request(event)
        return chain, []

    def _refused(self, chain: Chain, event: Cancel | Replace) -> str:
        reopens = isinstance(event, Replace) and (event.order_qty or ZERO) > chain.cum_qty
        if chain.over or (chain.filled and not reopens):
            return "TOO_LATE_TO_CANCEL"
        if chain.requests and "chain" not in self.matrix.needs:
            return "ORDER_ALREADY_IN_PENDING_STATUS"
        return ""

    def _told(
        self, chain: Chain, event: Word | Fill | Bust | Correct | Again | CancelReject
    ) -> list[Report]:
        match event:
            case Again():
                return []
            case CancelReject():
                return self._request_refused(chain, event)
            case Word():
                return self._word(chain, event)
            case Fill() | Bust() | Correct():
                return [_executed(chain, event)]

    def _request_refused(self, chain: Chain, event: CancelReject) -> list[Report]:
        if chain.requests.pop(event.request, None) is None:
            return []  # answered already, by the end of the order
        self.chain_of[event.request] = None
        if chain.latest == "REPLACED":
            chain.latest = ""  # H20
        return [_reject(chain.ord_status, event.request, chain.cl_ord_id, event.reason)]

    def _word(self, chain: Chain, event: Word) -> list[Report]:
        before = chain.cl_ord_id
        if event.exec_type == "PENDING_NEW" or event.exec_type == _BEGUN_BY.get(chain.life):
            return []
        if chain.latest == "REPLACED" or event.exec_type in ("REPLACED", *_ENDS):
            chain.latest = ""  # a guarantee lasts until the terms or the order end: H21
        if event.exec_type.startswith("PENDING"):
            chain.requests[event.request or ""].pending = True
        elif event.exec_type == "REPLACED":
            _replaced(chain, event.request or "")
        elif event.exec_type == "RESTATED":
            _restated(chain, event)
        else:
            chain.life = "WORKING" if event.exec_type == "NEW" else event.exec_type
        if event.exec_type == "CANCELED" and event.request is not None:
            del chain.requests[event.request]
            chain.cl_ord_id = event.request
        left_over = list(chain.requests) if chain.over else []
        if chain.over:
            chain.requests.clear()
        about_order = _report(
            chain.state,
            event.exec_type,
            event.request or before,
            orig_cl_ord_id=before if event.request is not None else None,
            ord_rej_reason=event.reason if event.exec_type == "REJECTED" else None,
            exec_restatement_reason=event.reason if event.exec_type == "RESTATED" else None,
        )
        return [_with_terms(chain, about_order)] + [
            _reject(chain.ord_status, request, chain.cl_ord_id, "TOO_LATE_TO_CANCEL")
            for request in left_over
        ]


def _replaced(chain: Chain, request: str) -> None:
    asked = chain.requests.pop(request).asked
    if isinstance(asked, Replace):
        chain.order_qty = max(asked.order_qty or chain.order_qty, chain.cum_qty)
        chain.price = asked.price or chain.price
    if chain.life == "PENDING_NEW":
        chain.life = "WORKING"  # H25
    chain.cl_ord_id = request
    chain.latest = "REPLACED"


def _restated(chain: Chain, event: Word) -> None:
    chain.order_qty = chain.order_qty if event.order_qty is None else event.order_qty
    if event.cum_qty is not None:
        by = event.cum_qty / chain.cum_qty
        chain.standing = {key: (s * by, p / by) for key, (s, p) in chain.standing.items()}
    if chain.life == "DONE_FOR_DAY":
        chain.life = "WORKING"


def _report(
    state: State,
    exec_type: str,
    cl_ord_id: str | None,
    *,
    orig_cl_ord_id: str | None = None,
    ord_rej_reason: str | None = None,
    exec_restatement_reason: str | None = None,
) -> Report:
    return Report(
        exec_type,
        "NEW",
        state.ord_status,
        state.order_qty,
        state.cum_qty,
        state.leaves_qty,
        state.avg_px,
        ZERO,
        ZERO,
        cl_ord_id,
        orig_cl_ord_id,
        ord_rej_reason=ord_rej_reason,
        exec_restatement_reason=exec_restatement_reason,
    )


def _executed(chain: Chain, event: Fill | Bust | Correct) -> Report:
    if isinstance(event, Fill) and event.exec_type == "STOPPED":
        chain.latest = "STOPPED"  # a guarantee; nothing is executed
        return _of_execution(chain, event, "STOPPED")
    if chain.latest == "REPLACED":
        chain.latest = ""  # Stopped stays: D37
    was_today = True
    if not isinstance(event, Fill):
        was_today = event.exec_ref_id in chain.today
        del chain.standing[event.exec_ref_id]
    if not isinstance(event, Bust):
        chain.standing[event.exec_id] = (event.last_shares, event.last_px)
        if was_today:
            chain.today.add(event.exec_id)
    return _of_execution(chain, event, "FILL" if chain.filled else "PARTIAL_FILL")


def _of_execution(chain: Chain, event: Fill | Bust | Correct, exec_type: str) -> Report:
    report = _report(chain.state, exec_type, chain.cl_ord_id)
    if isinstance(event, Bust):
        report = replace(report, exec_trans_type="CANCEL", exec_ref_id=event.exec_ref_id)
    else:
        report = replace(report, last_shares=event.last_shares, last_px=event.last_px)
    if isinstance(event, Correct):
        report = replace(report, exec_trans_type="CORRECT", exec_ref_id=event.exec_ref_id)
    return _with_terms(chain, report)


def _with_terms(chain: Chain, report: Report) -> Report:
    day_order_qty, day_cum_qty = chain.day_figures
    return replace(report, day_order_qty=day_order_qty, day_cum_qty=day_cum_qty, price=chain.price)


def _status(chain: Chain | None, cl_ord_id: str) -> Report:
    if chain is None:
        unknown = State("REJECTED", ZERO, ZERO, ZERO, ZERO)
        report = _report(unknown, "REJECTED", cl_ord_id, ord_rej_reason="UNKNOWN_ORDER")
        report = replace(report, order_qty=None)
    else:
        status = chain.ord_status
        report = _report(chain.state, _MIRRORED.get(status, status), cl_ord_id)
    return replace(report, exec_trans_type="STATUS", last_shares=None, last_px=None)


def _reject(ord_status: str, cl_ord_id: str, orig: str | None, reason: str) -> Report:
    nothing = (None,) * 6
    return Report(None, "NEW", ord_status, *nothing, cl_ord_id, orig, cxl_rej_reason=reason)


def _as_far_as_said(ought: Report, wrote: Report) -> Report:
    """``ought`` without what a file need not say: the day's figures and the price."""
    price = None if wrote.price is None else ought.price
    if wrote.day_order_qty is None and wrote.day_cum_qty is None:
        return replace(ought, price=price, day_order_qty=None, day_cum_qty=None)
    return replace(ought, price=price)


def complaints(matrix: Matrix) -> list[str]:
    """What the scenario expects against the rules; empty when nothing."""
    return list(Ledger(matrix).complaints())
