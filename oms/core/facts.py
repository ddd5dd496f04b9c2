"""The facts that an order is made of, beside its life."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from oms.core.fields import TimeInForce
from oms.core.messages import OrderCancelReplaceRequest, OrderCancelRequest
from oms.core.notes import Request, RequestEntered
from oms.core.numbers import multiply
from oms.core.values import frozen

_OF_REQUEST: Final = re.compile(r"(.+)[CR][0-9]+", re.ASCII)


def order_named(name: str) -> str:
    """The `venue_cl_ord_id` of the order that one of its requests is named after."""
    found = _OF_REQUEST.fullmatch(name)
    return found[1] if found else name


@frozen
class Execution:
    """One execution as the venue told it. `stands` is False once busted or corrected.

    `day` is the order's day on which it was executed. `split_shares` is what splits of the
    instrument have made of `last_shares`, worth the same; None while there was none.
    """

    exec_id: str
    last_shares: Decimal
    last_px: Decimal
    stands: bool = True
    derived: bool = False
    exec_ref_id: str = ""
    commission: Decimal | None = None
    fee_currency: str = ""
    day: str = ""
    split_shares: Decimal | None = None

    leg: int = 0
    """Which of the order's legs was executed."""

    @property
    def qty(self) -> Decimal:
        """What it counts for in CumQty."""
        return self.last_shares if self.split_shares is None else self.split_shares

    @property
    def notional(self) -> Decimal:
        """What it is worth, in quote units: no split changes it."""
        return multiply(self.last_shares, self.last_px)


@frozen
class Leg:
    """One order at the venue, of those that an emulated order becomes one after the other."""

    venue_cl_ord_id: str
    order_qty: Decimal
    price: Decimal | None = None
    exec_inst: str = ""
    secondary_order_id: str = ""
    acknowledged: bool = False
    over: bool = False
    """The venue has proven its end, or that it never began; the order itself goes on."""
    taken_at: datetime | None = None
    """See Order.taken_at."""


@frozen
class PendingRequest:
    """A cancel or replace that has not been answered finally. `origin` asked for it."""

    cl_ord_id: str
    orig_cl_ord_id: str
    origin: str
    kind: Request
    pending: bool
    released: bool
    order_qty: Decimal | None = None
    price: Decimal | None = None
    venue_cl_ord_id: str = ""
    """What the venue calls the request; no other request about the order is ever called so."""
    silent: bool = False
    """The engine's own; `text` says why it was made."""
    text: str = ""
    expire_time: datetime | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce | None = None
    exec_inst: str = ""
    emulated: bool = False
    """A replace that the engine performs by a cancel and a new order."""
    leg_name: str = ""
    """What the venue will call that new order."""
    part_of: str = ""
    """A cancel that is the first half of the emulated replace of this ClOrdID."""
    expires: bool = False
    """A cancel because ExpireTime has come."""


TERMS: Final = ("price", "stop_px", "time_in_force", "expire_time")
"""What a replace can change, beside OrderQty; what it does not say stays. ExecInst does not stay."""


def entered_request(note: RequestEntered, venue_cl_ord_id: str, number: int) -> PendingRequest:
    """The `number`-th request about the order that the venue calls so."""
    request = note.request
    cancel = isinstance(request, OrderCancelRequest)
    terms: dict[str, Any] = {}
    if isinstance(request, OrderCancelReplaceRequest):
        terms = {name: getattr(request, name) for name in (*TERMS, "exec_inst")}
    return PendingRequest(
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        origin=note.origin,
        kind=Request.CANCEL if cancel else Request.REPLACE,
        pending=note.pending,
        released=note.released,
        order_qty=request.order_qty,
        venue_cl_ord_id=f"{venue_cl_ord_id}{'C' if cancel else 'R'}{number}",
        **terms,
        emulated=note.emulated,
        leg_name=note.leg_name,
        part_of=note.part_of,
        expires=note.expires,
        silent=note.silent,
        text=request.text if note.silent else "",
    )


@frozen
class Kill:
    """The kill switch of a route, or of every one: as it stands, since when, and by whom.

    `seq` is the record of the journal that turned it.
    """

    on: bool
    since: datetime
    seq: int
    origin: str
    text: str = ""
    in_doubt: int = -1
    """Orders in doubt when it was last certified, -1 before it was."""


@frozen
class InDoubt:
    """Which request has no known outcome, since when, and what would settle it."""

    request: Request
    since: datetime
    text: str
