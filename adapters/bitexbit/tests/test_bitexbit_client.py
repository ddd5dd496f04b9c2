"""Bitexbit's client over a real socket: orders, lists, and whose the fills are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.bitexbit.tests.bitexbit_line import BTC_USD, RESTING, Line, cancel_of, on_line
from adapters.port import Placed, Unreadable, VenueOrder, VenueState
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused
from oms.core.fields import Side

D = Decimal


# Trading


def test_an_order_is_placed_shown_and_cancelled() -> None:
    async def story(line: Line) -> None:
        placed = await line.place()
        assert placed.trades == ()
        seen = await line.order(placed.secondary_order_id)
        assert (seen.state, seen.symbol, seen.side) == (
            VenueState.WORKING,
            "BTC/USD",
            Side.BUY,
        )
        assert (seen.order_qty, seen.price) == (RESTING.order_qty, RESTING.price)
        assert (seen.cum_qty, seen.names_fills, seen.venue_cl_ord_id) == (None, True, "")
        answer = await line.client.cancel(cancel_of(placed))
        assert answer == f'{{"order": {placed.secondary_order_id}}}'
        assert (await line.order(placed.secondary_order_id)).state is VenueState.CANCELED
        assert line.alarms == []

    on_line(story)


def test_the_answer_to_an_order_names_its_fills() -> None:
    """And the list agrees: they are known already, whoever looks."""

    async def story(line: Line) -> None:
        placed = await line.place(price=D("40000.002"), order_qty=D("0.07"))
        first, second = placed.trades
        assert (first.last_shares, first.last_px, first.side) == (
            D("0.05"),
            D("40000.001"),
            Side.BUY,
        )
        assert second.last_shares == D("0.02")
        seen = await line.order(placed.secondary_order_id)
        assert (seen.state, seen.trades) == (VenueState.FILLED, placed.trades)
        assert line.tap.count("GET", "/exchanges/own/") == 0

    on_line(story)


def test_an_answer_that_does_not_add_up_is_shown_to_a_human() -> None:
    """The document's own sample does not; its trades are taken all the same."""

    async def story(line: Line) -> Placed:
        line.change(lambda body: body.update(amount=0.001), "/order/")
        placed = await line.place()
        (alarm,) = line.alarms
        assert "0.01 asked for, 0 traded, 0.001 left" in alarm
        return placed

    assert on_line(story).secondary_order_id == "15234"


def test_no_success_is_a_refusal_and_nothing_of_the_kind_is_no_answer() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("unsuccessful", 1)
        with pytest.raises(VenueRefused):
            await line.client.place(RESTING)
        line.change(lambda body: body.pop("success"), "/order/")
        with pytest.raises(OutcomeUnknown):
            await line.client.place(RESTING)

    on_line(story)


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"price": 1}, "another order"), ({"type": "sell"}, "another order"), ({"oid": "1"}, "oid")],
)
def test_an_answer_about_another_order_leaves_it_unknown(
    changed: dict[str, object], named: str
) -> None:
    async def story(line: Line) -> None:
        line.change(lambda body: body.update(changed), "/order/")
        with pytest.raises(OutcomeUnknown, match=named):
            await line.client.place(RESTING)

    on_line(story)


def test_a_cancel_that_names_another_order_is_unknown() -> None:
    async def story(line: Line) -> None:
        placed = await line.place()
        line.change(lambda body: body.update(order=1), "/order-cancel/")
        with pytest.raises(OutcomeUnknown, match="asked to cancel order"):
            await line.client.cancel(cancel_of(placed))

    on_line(story)


# Lists


def test_open_and_closed_orders() -> None:
    async def story(line: Line) -> None:
        resting = await line.place()
        filled = await line.place(price=D("40000.001"))
        cancelled = await line.place()
        await line.client.cancel(cancel_of(cancelled))
        (listed,) = await line.client.open_orders()
        assert listed.secondary_order_id == resting.secondary_order_id
        closed = await line.client.closed_orders(datetime(2026, 1, 1, tzinfo=UTC))
        states = {s.secondary_order_id: s.state for s in closed if isinstance(s, VenueOrder)}
        assert states == {
            filled.secondary_order_id: VenueState.FILLED,
            cancelled.secondary_order_id: VenueState.CANCELED,
        }
        (done,) = [s for s in closed if s.secondary_order_id == filled.secondary_order_id]
        assert isinstance(done, VenueOrder)
        assert done.trades == filled.trades

    on_line(story)


def test_rows_that_can_not_be_read_are_shown_as_such() -> None:
    async def story(line: Line) -> None:
        await line.place()
        await line.place()

        def spoil(body: Any) -> None:
            body[0]["status"] = 7
            body[1] = "nothing"

        line.change(spoil, "/orders/own/")
        one, other = await line.client.open_orders()
        assert isinstance(one, Unreadable)
        assert (one.secondary_order_id, one.reason) == ("15235", "unknown status 7")
        assert isinstance(other, Unreadable)
        assert other.secondary_order_id == ""
        assert len(await line.client.closed_orders(datetime(2026, 1, 1, tzinfo=UTC))) == 2

    on_line(story)


@pytest.mark.parametrize("number", ["\u00b2", "9" * 5_000])
def test_an_id_that_is_no_number_hides_no_other_order(number: str) -> None:
    async def story(line: Line) -> None:
        await line.client.cancel(cancel_of(await line.place()))
        line.change(lambda body: body.append({**body[0], "id": number}), "/orders/own/")
        seen, strange = await line.client.closed_orders(datetime(2026, 1, 1, tzinfo=UTC))
        assert isinstance(seen, VenueOrder)
        assert isinstance(strange, Unreadable)

    on_line(story)


def test_a_list_whose_newest_orders_are_cut_off_is_no_evidence() -> None:
    """Its order is not documented: 2,000 rows, the oldest first, hide what is looked for."""

    async def story(line: Line) -> None:
        placed = await line.place()
        number = int(placed.secondary_order_id)

        def lengthen(body: Any) -> None:
            body[:] = [body[0] | {"id": number - 2_000 + n} for n in range(2_000)]

        line.change(lengthen, "/orders/own/")
        with pytest.raises(MalformedMessage, match="cut off"):
            await line.client.closed_orders(datetime(2026, 1, 1, tzinfo=UTC))

    on_line(story)


def test_an_order_that_the_venue_does_not_know_is_none() -> None:
    async def story(line: Line) -> None:
        assert await line.client.order(line.known("999999")) is None

    on_line(story)


def test_an_order_that_is_not_to_be_seen_is_no_absence() -> None:
    async def story(line: Line) -> None:
        def forbid(request: SimRequest, answer: SimResponse) -> SimResponse:
            return replace(answer, status=403)

        line.tap.change = forbid
        with pytest.raises(VenueRefused, match="HTTP 403"):
            await line.client.order(line.known("999999"))

    on_line(story)


def test_an_answer_about_another_order_is_malformed() -> None:
    """The document's own sample asks for 53189 and gets 11259."""

    async def story(line: Line) -> None:
        placed = await line.place()
        line.tap.switch("wrong_order", 1)
        with pytest.raises(MalformedMessage, match="asked for order"):
            await line.order(placed.secondary_order_id)

    on_line(story)


# Own exchanges


def test_fills_of_a_resting_order_are_found_in_the_list() -> None:
    """By price, time and open quantity: the list does not say whose they are."""

    async def story(line: Line) -> None:
        placed, other = await line.place(), await line.place(price=D(29_999))
        line.fill(placed.secondary_order_id, "0.004")
        found = await line.client.fills(line.shelf.orders)
        (trade,) = found[f"O{placed.secondary_order_id}"]
        assert (trade.last_shares, trade.last_px, trade.side) == (D("0.004"), D(30000), Side.BUY)
        assert trade.exec_id == f"6030-{placed.secondary_order_id}"
        assert found[f"O{other.secondary_order_id}"] == ()
        assert line.tap.count("GET", "/orders/own/") == 1  # the other orders of the account
        await line.client.fills(line.shelf.orders)
        assert line.tap.count("GET", "/orders/own/") == 1  # what is known is not asked again

    on_line(story)


def test_two_own_orders_at_one_price_have_no_fills_by_the_list() -> None:
    async def story(line: Line) -> None:
        one, other = await line.place(), await line.place()
        line.fill(one.secondary_order_id, "0.004")
        found = await line.client.fills(line.shelf.orders)
        assert set(found.values()) == {()}
        line.fill(other.secondary_order_id, "0.01")
        assert set((await line.client.fills(line.shelf.orders)).values()) == {()}

    on_line(story)


def test_an_order_that_was_entered_elsewhere_makes_a_fill_ambiguous() -> None:
    """Working, or over already: this engine did not send it, and yet it may be its fill."""

    async def story(line: Line) -> None:
        placed = await line.place()
        elsewhere = {"type": "buy", "pair": "BTC_USD", "amount": "0.004", "price": "30000"}
        line.tap.switch("outside", elsewhere)
        line.fill("15235", "0.004")
        found = await line.client.fills(line.shelf.orders)
        assert found == {f"O{placed.secondary_order_id}": ()}

    on_line(story)


def test_an_older_order_from_elsewhere_is_remembered() -> None:
    """It was seen open before, and is done when the fill is found."""

    async def story(line: Line) -> None:
        elsewhere = {"type": "buy", "pair": "BTC_USD", "amount": "0.004", "price": "30000"}
        line.tap.switch("outside", elsewhere)
        await line.client.open_orders()
        await line.place()
        line.fill("15234", "0.004")
        assert set((await line.client.fills(line.shelf.orders)).values()) == {()}

    on_line(story)


def test_an_order_that_was_answered_takes_no_better_prices_later() -> None:
    """What it took on its arrival is known: a better price is another order's."""

    async def story(line: Line) -> None:
        placed = await line.place()
        line.fill(placed.secondary_order_id, "0.004")
        line.change(lambda body: body[0].update(price=29_000), "/exchanges/own/")
        assert set((await line.client.fills(line.shelf.orders)).values()) == {()}

    on_line(story)


def test_a_trade_with_oneself_is_a_fill_of_both_orders() -> None:
    """The answer names the order that was hit; it is ours only if it is one of ours."""

    async def story(line: Line) -> None:
        resting = await line.place()
        ids = [int(resting.secondary_order_id), 99]

        def hit_ours(body: Any) -> None:
            body["trades"] = [
                {"type": "sell", "price": 30000, "o_id": oid, "amount": 0.001, "tid": oid}
                for oid in ids
            ]
            body["amount"] = 0.008

        line.change(hit_ours, "/v1/order/")
        placed = await line.place()
        assert [trade.trade_id for trade in placed.trades] == [str(oid) for oid in ids]
        (own,) = line.fills.of(resting.secondary_order_id)
        assert (own.trade_id, own.side) == (resting.secondary_order_id, Side.SELL)
        assert line.fills.of("99") == ()

    on_line(story)


def test_the_end_of_an_order_is_looked_at_with_its_fills() -> None:
    async def story(line: Line) -> None:
        placed = await line.place()
        line.fill(placed.secondary_order_id, "0.004")
        await line.client.cancel(cancel_of(placed))
        seen = await line.order(placed.secondary_order_id)
        assert seen.state is VenueState.CANCELED
        assert [trade.last_shares for trade in seen.trades] == [D("0.004")]

    on_line(story)


def test_the_list_of_own_trades_page_by_page() -> None:
    """The offsets shift while pages are read: a row comes twice, none is missed."""

    async def story(line: Line) -> None:
        placed = await line.place(order_qty=D("0.5"))
        for _ in range(150):
            line.fill(placed.secondary_order_id, "0.001")
        asked = line.tap.change

        def shift(request: SimRequest, answer: SimResponse) -> SimResponse:
            line.tap.change = asked
            line.fill(placed.secondary_order_id, "0.001")
            return answer

        line.tap.change = shift
        rows = await line.client.own_trades()
        assert [int(row.trade_id) for row in rows] == list(range(6030 + 149, 6029, -1))
        assert {row.secondary_order_id for row in rows} == {""}
        (owned,) = (await line.client.fills(line.shelf.orders)).values()
        assert len(owned) == 151
        named = await line.client.own_trades(None, BTC_USD)
        assert {row.secondary_order_id for row in named} == {placed.secondary_order_id}
        eth = replace(BTC_USD, symbol="ETH/USD", venue_symbol="ETH_USD")
        assert await line.client.own_trades(None, eth) == []
        later, before = line.clock.now() + timedelta(minutes=1), len(line.tap.asked)
        assert await line.client.own_trades(later) == []
        assert len(line.tap.asked) == before + 1  # what is older is not read

    on_line(story)


def test_a_list_that_never_ends_is_a_fault_of_the_venue() -> None:
    async def story(line: Line) -> None:
        await line.place(price=D("40000.001"))
        pages: list[Any] = []

        def lengthen(body: Any) -> None:
            pages.append(body[:1] or pages[0])
            body[:] = pages[-1] * 100

        line.change(lengthen, "/exchanges/own/")
        with pytest.raises(MalformedMessage, match="more than 50 pages"):
            await line.client.own_trades()

    on_line(story)
