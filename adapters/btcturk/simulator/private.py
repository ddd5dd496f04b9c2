"""What the account may ask, and do.

Source: BtcTurk API document, section "Private Endpoints"; the single order and the parameters of
the lists as the venue's later pages have them.
"""

from typing import Final

from adapters.btcturk.simulator.history import Span, whole
from adapters.btcturk.simulator.orders import parse_order
from adapters.btcturk.simulator.route import Visit, route
from adapters.btcturk.simulator.wire import (
    NO_SUCH_ORDER,
    PARAMETERS_ERROR,
    Refused,
    answer,
    envelope,
)
from adapters.simserver import SimResponse

LIST_DEFAULT: Final = 100
LIST_MAX: Final = 1000


def balances(visit: Visit) -> SimResponse:
    """All assets."""
    return answer(envelope(visit.desk.account.rows(old=visit.desk.old)))


def open_orders(visit: Visit) -> SimResponse:
    """What works, newest first, waiting stop orders too; of one pair if it is asked for."""
    listing, old = visit.listing(), visit.desk.old
    sides: dict[str, list[dict[str, object]]] = {"asks": [], "bids": []}
    for booked in visit.desk.listed(visit.now_ms, listing):
        if booked.order.status == "OPEN":
            side = "bids" if booked.order.side == "BUY" else "asks"
            sides[side].append(booked.row(old=old, listed=True))
    return answer(envelope(sides))


def all_orders(visit: Visit) -> SimResponse:
    """The orders of one pair, newest first, page by page."""
    listing = visit.demand_listing()
    first, page, limit = (whole(visit.asked, name) for name in ("orderId", "page", "limit"))
    size = LIST_DEFAULT if limit is None else min(limit, LIST_MAX)
    if page == 0 or not size:
        raise Refused(PARAMETERS_ERROR)
    start = whole(visit.asked, "startTime") or 0
    end = whole(visit.asked, "endTime")
    rows = [
        booked
        for booked in visit.desk.listed(visit.now_ms, listing)
        if booked.number >= (first or 0)
        and booked.order.created_ms >= start
        and (end is None or booked.order.created_ms <= end)
    ]
    from_row = ((page or 1) - 1) * size
    return answer(
        envelope([row.row(old=visit.desk.old) for row in rows[from_row : from_row + size]])
    )


def one_order(visit: Visit) -> SimResponse:
    """An order by its id."""
    return answer(envelope(visit.desk.row(int(visit.parts[0]), visit.now_ms)))


def new_order(visit: Visit) -> SimResponse:
    """Take an order; it may have filled when the answer comes."""
    return answer(envelope(visit.desk.create(parse_order(visit.body), visit.now_ms), "SUCCESS"))


def cancel_order(visit: Visit) -> SimResponse:
    """Take the wish to cancel; the order ends later, unless it fills before."""
    text = visit.one("id")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Refused(NO_SUCH_ORDER)
    visit.desk.cancel(int(text), visit.now_ms)
    return answer({"success": True, "message": "SUCCESS", "code": 0})


def transactions(visit: Visit) -> SimResponse:
    """Fills, newest first; they lag the orders."""
    rows = visit.desk.fills(visit.asked, Span.of(visit.asked, visit.now_ms), visit.now_ms)
    return answer(envelope(rows, "SUCCESS"))


def crypto(visit: Visit) -> SimResponse:
    """Deposits and withdrawals of coins, asked for by GET."""
    return answer(envelope(visit.desk.movements(visit.asked, visit.now_ms, fiat=False), "SUCCESS"))


def crypto_posted(visit: Visit) -> SimResponse:
    """The same, asked for by POST."""
    return answer(
        envelope(visit.desk.movements(visit.fields(), visit.now_ms, fiat=False), "SUCCESS")
    )


def fiat(visit: Visit) -> SimResponse:
    """Deposits and withdrawals of money, asked for by GET."""
    return answer(envelope(visit.desk.movements(visit.asked, visit.now_ms, fiat=True), "SUCCESS"))


def fiat_posted(visit: Visit) -> SimResponse:
    """The same, asked for by POST."""
    return answer(
        envelope(visit.desk.movements(visit.fields(), visit.now_ms, fiat=True), "SUCCESS")
    )


PRIVATE: Final = (
    route("GET", "/api/v1/users/balances", balances, "balances"),
    route("GET", "/api/v1/users/transactions/trade", transactions, "transactions"),
    route("GET", "/api/v1/users/transactions/crypto", crypto, "transactions"),
    route("POST", "/api/v1/users/transactions/crypto", crypto_posted, "transactions"),
    route("GET", "/api/v1/users/transactions/fiat", fiat, "transactions"),
    route("POST", "/api/v1/users/transactions/fiat", fiat_posted, "transactions"),
    route("GET", "/api/v1/openOrders", open_orders, "lists"),
    route("GET", "/api/v1/allOrders", all_orders, "lists"),
    route("GET", "/api/v1/order/([0-9]{1,18})", one_order, "order"),
    route("POST", "/api/v1/order", new_order, "new", changes="order"),
    route("DELETE", "/api/v1/order", cancel_order, "cancel", changes="cancel"),
)
