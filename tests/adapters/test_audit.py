"""Routes compared with their venues all the time: balances, orders that are not ours, lost fills."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters import VENUES
from adapters.port import Audited
from oms.core.break_notes import BalancesTold, BreakClosed, Cause
from oms.core.fields import OrdStatus
from oms.core.holdings import Break, Foreign
from tests.adapters.one_route import OneRoute, carried_route

D = Decimal


@contextmanager
def audited(kind: str, folder: Path, **settings: Any) -> Iterator[OneRoute]:
    """A route that is ready, and whose first balances are known."""
    with carried_route(kind, folder, audit_s=1, **settings) as route:
        route.until_ready()
        route.until(lambda: route.book.agreement.begun(route.route), "the first balances")
        yield route


def breaks(route: OneRoute) -> list[Break]:
    """Those that are open."""
    return route.book.agreement.open_breaks()


def foreign(route: OneRoute) -> list[Foreign]:
    """The orders that work and are not ours."""
    return route.book.agreement.foreign_orders(route.route)


def compared_since(route: OneRoute) -> None:
    """Wait until two looks have been compared with what the books say now."""
    agreement = route.book.agreement
    seen: dict[int, BalancesTold] = {}

    def looked_twice() -> bool:
        told = agreement.looks.get(route.route)
        if told is not None and told.mark == agreement.mark(route.route):
            seen[id(told)] = told
        return len({key for key, one in seen.items() if told and one.mark == told.mark}) > 1

    route.until(looked_twice, "two looks at the balances")


def switch(route: OneRoute, name: str, value: object) -> None:
    """Have something happen at the venue."""
    route.there.do(lambda: route.tap.switch(name, value))


def assets(route: OneRoute) -> tuple[str, str]:
    """What the bench's market trades, and for what."""
    base, _, quote = route.bench.ORDER.symbol.partition("/")
    return base, quote


@pytest.mark.parametrize("kind", VENUES)
def test_what_is_traded_and_told_breaks_nothing(kind: str, tmp_path: Path) -> None:
    """But for fees, which not every venue tells: that is named, and nothing else is amiss."""
    with audited(kind, tmp_path) as route:
        order_id = route.take(route.bench.LEVEL)
        route.until(lambda: route.order(order_id).ord_status is OrdStatus.FILLED, "the fill")
        compared_since(route)
        found = breaks(route)
        assert {(one.cause, one.key[2], one.amount < 0) for one in found} <= {
            (Cause.FEE, assets(route)[1], True)
        }
        assert bool(found) is (kind == "apifiny"), "the one that takes fees and does not tell them"


@pytest.mark.parametrize("kind", VENUES)
def test_a_balance_that_changes_without_a_word_is_a_break_until_it_is_right_again(
    kind: str, tmp_path: Path
) -> None:
    with audited(kind, tmp_path) as route:
        asset = assets(route)[0]
        switch(route, "credit", {"asset": asset, "amount": "-0.25"})
        route.until(lambda: bool(breaks(route)), "the break")
        (found,) = breaks(route)
        assert (found.key[2], found.amount, found.cause) == (asset, D("-0.25"), Cause.UNKNOWN)
        switch(route, "credit", {"asset": asset, "amount": "0.25"})
        route.until(lambda: not breaks(route), "its end")


@pytest.mark.parametrize("kind", VENUES)
def test_an_order_by_another_way_is_on_record_and_left_alone(kind: str, tmp_path: Path) -> None:
    with audited(kind, tmp_path) as route:
        ours = route.place(wait=True)
        asked = route.bench.ORDER
        terms = {"symbol": asked.symbol, "side": "BUY", "price": str(asked.price)}
        switch(route, "stranger", {**terms, "qty": str((asked.order_qty or D(0)) * 2)})
        route.until(lambda: bool(foreign(route)), "the order that is not ours")
        (found,) = foreign(route)
        assert (found.told.symbol, found.told.price) == (asked.symbol, asked.price)
        assert found.told.order_qty == (asked.order_qty or D(0)) * 2
        assert [sent.order_id for sent in route.sent] == [ours]
        compared_since(route)
        assert breaks(route) == [], "what it holds is there all the same"


def test_a_deposit_that_the_venue_lists_is_explained_by_that(tmp_path: Path) -> None:
    with audited("btcturk", tmp_path) as route:
        switch(route, "deposit", {"asset": "BTC", "amount": "2"})
        route.until(lambda: bool(_closed(route)), "the deposit in the venue's list")
        (note,) = _closed(route)
        assert note.accepted
        assert note.reference.startswith("DEPOSIT ")


def test_a_withdrawal_that_nobody_here_sent_stays_a_break(tmp_path: Path) -> None:
    with audited("btcturk", tmp_path) as route:
        switch(route, "deposit", {"asset": "BTC", "amount": "-2"})
        route.until(lambda: any(b.cause is Cause.WITHDRAWAL for b in breaks(route)), "its cause")
        assert _closed(route) == []


def _closed(route: OneRoute) -> list[BreakClosed]:
    notes = (record.message for record in route.records)
    return [note for note in notes if isinstance(note, BreakClosed)]


@pytest.mark.parametrize("agreed_before", [False, True])
def test_a_report_that_is_lost_without_a_gap_is_found_by_the_list(
    tmp_path: Path, agreed_before: bool
) -> None:
    """The link stands and has lost nothing that it knows of; the list shows the order no more. It
    may have lived through a loss before, and have been found to agree."""
    with audited("apifiny", tmp_path) as route:
        order_id = route.place(wait=True)
        if agreed_before:
            route.runner.link_tore()
            repair: Any = getattr(route.runner, "_repair")  # noqa: B009  not of every runner's type
            route.until(lambda: repair._torn.get(order_id) is True, "book and venue to agree")
        switch(route, "lose_fill", 100)
        fill = route.tap.simulator.exchange  # type: ignore[attr-defined]  # this venue's own
        name = route.order(order_id).venue_cl_ord_id
        route.there.do(lambda: _hit(fill, name, route.clock.now_ms()))
        route.until(lambda: route.order(order_id).ord_status is OrdStatus.FILLED, "the fill")
        assert all(one.derived for one in route.order(order_id).executions.values())


def _hit(exchange: Any, name: str, now_ms: int) -> None:
    order = exchange.orders[name]
    engine = exchange.engines[order.asked.venue]
    exchange._book(order, [engine.hit(name, order.sim.leaves, now_ms)])


@pytest.mark.parametrize("kind", VENUES)
def test_it_can_be_asked_for_at_once(kind: str, tmp_path: Path) -> None:
    with audited(kind, tmp_path) as route:
        route.place(wait=True)
        asked = route.runner.ask("audit")
        route.spin(asked.done, "the comparison")
        told: Audited = asked.result()
        assert (told.working, told.differences) == (1, ())
        assert told.assets
        switch(route, "credit", {"asset": assets(route)[0], "amount": "1"})
        asked = route.runner.ask("audit")
        route.spin(asked.done, "the comparison")
        (found,) = asked.result().differences
        assert assets(route)[0] in found.what
        assert D(found.venue) - D(found.books) == 1
