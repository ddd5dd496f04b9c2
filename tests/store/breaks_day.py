"""Balances, breaks and foreign orders of a trading day at random."""

from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from oms.core.break_notes import (
    BalancesTold,
    BreakClosed,
    BreakShown,
    Cause,
    ForeignOrder,
    Total,
)
from oms.core.fields import Side
from oms.core.ports import Evidence

if TYPE_CHECKING:
    from tests.store.trading_day import Firm


def look(firm: "Firm", route: str, totals: dict[str, str | Decimal], exchange: str = "") -> None:
    """The venue tells its balances, twice, and nothing moves meanwhile."""
    told = tuple(
        Total(asset=asset, total=Decimal(total), security_exchange=exchange)
        for asset, total in totals.items()
    )
    for _ in range(2):
        mark = firm.book.agreement.mark(route)
        firm.post(route, BalancesTold(mark=mark, totals=told), Evidence.VENUE_QUERY)


def disagree(firm: "Firm", rng: Random, route: str) -> None:
    """A look at balances that are right or wrong, a word on a break, an order that is not ours."""
    agreement = firm.book.agreement
    holdings = agreement.holdings_of(route)
    broken = rng.choice(agreement.open_breaks() or [None])
    what = rng.randrange(4)
    if what == 0:
        right = {asset: holding.expected for (_, _, asset), holding in holdings.items()}
        wrong = {asset: total + rng.choice((0, 0, 5)) for asset, total in right.items()}
        look(firm, route, {**wrong, "XRP": Decimal(rng.randrange(3))} if wrong else {"BTC": "100"})
    elif what == 1 and broken is not None:
        cause = rng.choice((Cause.DEPOSIT, Cause.WITHDRAWAL))
        shown = BreakShown(
            break_id=broken.break_id,
            amount=broken.amount,
            cause=cause,
            reference=f"row-{rng.randrange(9)}",
            text="the venue lists it",
        )
        firm.post(broken.key[0], shown, Evidence.VENUE_QUERY)
    elif what == 2 and broken is not None:
        firm.operator(BreakClosed(break_id=broken.break_id, text="asked them", by="ann"))
    else:
        stranger(firm, route, rng.randrange(3), works=rng.random() < 0.8, cum=rng.randrange(3))


def stranger(firm: "Firm", route: str, number: int, *, works: bool = True, cum: int = 0) -> None:
    """An order that somebody else has sent."""
    note = ForeignOrder(
        secondary_order_id=f"other-{number}",
        symbol="BTC/USDT",
        side=Side.SELL,
        order_qty=Decimal("3.0"),
        works=works,
        price=Decimal("1E+5"),
        cum_qty=Decimal(cum),
        avg_px=Decimal("100000.50") if cum else None,
    )
    firm.post(route, note, Evidence.VENUE_QUERY)
