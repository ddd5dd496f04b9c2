"""BtcTurk's client: its signature to the letter, and its calls over a real socket."""

import asyncio
import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.btcturk.door import Account, signature
from adapters.btcturk.tests.btcturk_bench import CREDENTIALS
from adapters.btcturk.tests.btcturk_line import (
    CLIENT_ID,
    CROSSING,
    RESTING,
    Line,
    cancel_of,
    known,
    on_line,
)
from adapters.port import Unreadable, VenueOrder, VenueState
from adapters.reconcile import is_same
from oms.clock import SystemClock
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused, VenueUnavailable
from oms.core.fields import OrdType, Side

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

# Signatures


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("btcturk-public-key-00011543996112263", "tRBmTMGc8Yd9CRYLH8mhOrLd96iA1zol6QYLBLSBVLs="),
        ("btcturk-public-key-00011543996112000", "94cx9KpvL7gUwpyw+jd6wHu8Oe7uBPS/peR34dVhhJk="),
        ("btcturk-public-key-00013000", "wxZ/yo9/uTkhVZ99G9lNpslZksJuz/l4HxgXwivmb6s="),
    ],
)
def test_the_worked_signatures(text: str, signed: str) -> None:
    """Computed by two other clients from the same inputs; the last one is a feed's login."""
    assert signature(CREDENTIALS["api_secret"], text) == signed


def test_it_is_not_encoded_twice() -> None:
    wrong = "dFJCbVRNR2M4WWQ5Q1JZTEg4bWhPckxkOTZpQTF6b2w2UVlMQkxTQlZMcz0="
    right = signature(CREDENTIALS["api_secret"], "btcturk-public-key-00011543996112263")
    assert base64.b64encode(right.encode()).decode() == wrong
    assert right != wrong


def test_an_account_shows_no_secret() -> None:
    told: dict[str, Any] = dict(CREDENTIALS)
    shown = repr(Account(**told))
    assert not any(secret in shown for secret in CREDENTIALS.values())


# Stamps


def test_stamps_rise_though_the_clock_stands() -> None:
    async def story(line: Line) -> None:
        await asyncio.gather(*(line.client.balances() for _ in range(8)))
        stamps = [int(asked.headers["x-stamp"]) for asked in line.tap.asked[1:]]
        assert len(set(stamps)) == len(stamps) == 8
        assert all(abs(stamp - line.clock.now_ms()) < 5000 for stamp in stamps)

    standing = SystemClock().now_us() * 1000
    on_line(story, clock=SystemClock(read_ns=lambda: standing))


@pytest.mark.parametrize("skew_ms", [10_000, -10_000])
def test_a_venue_whose_clock_is_off_is_asked_for_its_time(skew_ms: int) -> None:
    async def story(line: Line) -> None:
        line.tap.switch("skew_clock", skew_ms)
        assert await line.client.balances()
        assert line.tap.count("GET", "server/time") == 1
        assert line.tap.count("GET", "balances") == 1

    on_line(story)


@pytest.mark.parametrize("skew_ms", [10_000, -10_000])
def test_a_clock_that_jumps_is_measured_anew_and_the_order_goes_once(skew_ms: int) -> None:
    async def story(line: Line) -> None:
        await line.client.balances()
        line.tap.switch("skew_clock", skew_ms)
        await line.client.place(RESTING)
        assert line.tap.count("GET", "server/time") == 2
        assert line.tap.count("POST", "order") == 2
        assert len(line.tap.orders()) == 1

    on_line(story)


@pytest.mark.parametrize("status", [404, 500])
def test_a_venue_that_does_not_tell_its_time_takes_orders_and_cancels(status: int) -> None:
    async def story(line: Line) -> None:
        line.fail("server/time", status)
        placed = await line.client.place(RESTING)
        await line.client.cancel(cancel_of(placed))
        assert len(line.tap.orders()) == 1
        assert line.tap.count("GET", "server/time") == 1  # not again for each request

    on_line(story)


def test_a_stamp_that_is_wrong_and_no_time_to_compare_it_with_is_no_doubt() -> None:
    async def story(line: Line) -> None:
        await line.client.balances()
        line.tap.switch("skew_clock", 10_000)
        line.fail("server/time", 500)
        with pytest.raises(VenueUnavailable):
            await line.client.place(RESTING)
        assert line.tap.count("POST", "order") == 1
        assert line.tap.orders() == []

    on_line(story)


# Calls


def test_an_order_rests_is_seen_and_is_cancelled() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        seen = await line.order(known(placed.secondary_order_id))
        assert seen.venue_cl_ord_id == CLIENT_ID
        assert (seen.symbol, seen.side, seen.state) == ("BTC/TRY", Side.BUY, VenueState.WORKING)
        (listed,) = await line.client.open_orders()
        assert listed.secondary_order_id == placed.secondary_order_id
        (everything,) = await line.client.closed_orders(LONG_AGO)
        assert everything.venue_cl_ord_id == CLIENT_ID
        assert '"message"' not in placed.raw
        await line.client.cancel(cancel_of(placed))
        order = known(placed.secondary_order_id)
        await line.until(order, lambda seen: seen.state is VenueState.CANCELED)
        (deleted,) = [asked for asked in line.tap.asked if asked.method == "DELETE"]
        assert deleted.query == f"id={placed.secondary_order_id}"
        assert deleted.body == b""

    on_line(story)


def test_fills_come_with_their_order() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(CROSSING)
        order = known(placed.secondary_order_id)
        seen = await line.filled(order)
        (trade,) = seen.trades
        assert (seen.state, seen.cum_qty) == (VenueState.FILLED, Decimal("0.01"))
        assert trade.last_shares == Decimal("0.01")
        assert trade.secondary_order_id == placed.secondary_order_id
        (row,) = line.tap.orders()
        assert trade.commission == Decimal(row["fees"])
        booked = order.evolve(cum_qty=Decimal("0.01"))
        asked = line.tap.count("GET", "transactions")
        assert (await line.order(booked)).trades == ()
        assert line.tap.count("GET", "transactions") == asked  # nothing is missing

    on_line(story)


def test_fills_of_a_venue_as_old_as_its_document() -> None:
    """Without order ids, and rounded: what rounding hides is found again."""

    async def story(line: Line) -> None:
        line.tap.switch("old_rows", True)
        order = replace(
            RESTING,
            symbol="XRPTRY",
            side=Side.SELL,
            price=Decimal("17.99"),
            order_qty=Decimal("900.1234"),
        )
        placed = await line.client.place(order)
        sold = known(
            placed.secondary_order_id,
            symbol="XRP/TRY",
            side=Side.SELL,
            order_qty=Decimal("900.1234"),
        )

        def is_whole(seen: VenueOrder) -> bool:
            total = sum((trade.last_shares for trade in seen.trades), Decimal(0))
            return seen.state is VenueState.FILLED and total == Decimal("900.1234")

        await line.until(sold, is_whole)

    on_line(story)


def test_a_market_buy_is_seen_whole() -> None:
    async def story(line: Line) -> None:
        buy = replace(
            RESTING,
            ord_type=OrdType.MARKET,
            price=None,
            order_qty=None,
            cash_order_qty=Decimal(120000),
        )
        line.tap.switch("delay_trades", 999_999)
        placed = await line.client.place(buy)
        order = known(
            placed.secondary_order_id, cash_order_qty=Decimal(120000), order_qty=Decimal(0)
        )
        first = await line.order(order)
        assert first.lacks_fills
        line.tap.switch("delay_trades", 0)
        seen = await line.filled(order)
        (row,) = line.tap.orders()
        assert seen.order_qty == seen.cum_qty == Decimal(row["cum"])
        assert len(seen.trades) > 1

    on_line(story)


def test_a_market_buy_in_base_units_is_seen_as_any_order() -> None:
    async def story(line: Line) -> None:
        buy = replace(
            RESTING,
            ord_type=OrdType.MARKET,
            price=None,
            order_qty=None,
            cash_order_qty=Decimal(999),
        )
        placed = await line.client.place(buy)
        line.change(lambda told: told["data"].update(amount="0.1", leftAmount="0"), "/order/")
        order = known(
            placed.secondary_order_id,
            ord_type=OrdType.MARKET,
            price=None,
            order_qty=Decimal("0.1"),
        )
        seen = await line.filled(order)
        assert (seen.order_qty, seen.cum_qty) == (Decimal("0.1"), Decimal("0.1"))
        assert is_same(order, seen)

    on_line(story, market_buy_by_cash=False)


def test_a_stop_order_at_the_market_is_not_bought() -> None:
    async def story(line: Line) -> None:
        stop = replace(RESTING, ord_type=OrdType.STOP, price=None, stop_px=Decimal(1_300_000))
        with pytest.raises(VenueRefused, match="sized"):
            await line.client.place(stop)
        assert line.tap.asked == []

    on_line(story)


def test_an_order_that_nobody_has_is_none() -> None:
    async def story(line: Line) -> None:
        assert await line.client.order(known("1")) is None

    on_line(story)


def test_an_answer_about_another_order() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        line.tap.switch("wrong_order", 1)
        with pytest.raises(MalformedMessage, match="asked for order"):
            await line.order(known(placed.secondary_order_id))

    on_line(story)


def test_fills_of_another_order() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(CROSSING)
        await line.filled(known(placed.secondary_order_id))
        line.change(lambda body: body["data"][0].update(orderId=1), "transactions")
        with pytest.raises(MalformedMessage, match="fills of"):
            await line.order(known(placed.secondary_order_id))

    on_line(story)


def test_an_order_taken_under_another_client_id_is_in_doubt() -> None:
    """It could not be found again by ours."""

    async def story(line: Line) -> None:
        line.tap.switch("wrong_echo", 1)
        with pytest.raises(OutcomeUnknown, match="client id"):
            await line.client.place(RESTING)

    on_line(story)


def test_a_row_that_makes_no_sense_hides_no_other() -> None:
    async def story(line: Line) -> None:
        await line.client.place(RESTING)
        await line.client.place(replace(RESTING, cl_ord_id="f" * 32))
        line.change(lambda body: body["data"]["bids"][0].update(status="UNHEARD_OF"), "openOrders")
        strange, known_one = await line.client.open_orders()
        assert isinstance(strange, Unreadable)
        assert strange.venue_cl_ord_id == "f" * 32
        assert "UNHEARD_OF" in strange.raw
        assert known_one.venue_cl_ord_id == CLIENT_ID

    on_line(story)


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_lists_are_dated_by_the_venues_clock(unit: str) -> None:
    """Ours is two days ahead, and so is all that it dates: the lists have it nevertheless."""

    async def story(line: Line) -> None:
        ours = line.clock.now()
        placed = await line.client.place(CROSSING)
        await line.filled(known(placed.secondary_order_id))
        assert await line.client.closed_orders(ours)
        assert await line.client.own_trades(ours)

    wrong = lambda: SystemClock().now_us() * 1000 + 2 * 86_400 * 10**9  # noqa: E731
    on_line(story, clock=SystemClock(read_ns=wrong), all_orders_time_unit=unit)


def test_what_a_stop_order_became_is_listed_though_our_clock_dated_it_too_late() -> None:
    """Ours was an hour ahead when it was made."""

    async def story(line: Line) -> None:
        stop = replace(
            CROSSING,
            ord_type=OrdType.STOP_LIMIT,
            stop_px=Decimal(1_250_000),
            price=Decimal(1_300_000),
        )
        placed = await line.client.place(stop)
        line.tap.switch("trigger_stops", 1)
        made = line.clock.now() + timedelta(hours=1)
        number = placed.secondary_order_id
        order = known(number, ord_type=OrdType.STOP_LIMIT, created=made)
        assert (await line.until(order, lambda sight: bool(sight.formerly))).formerly == number

    on_line(story, all_orders_time_unit="ms")


def test_what_was_dated_before_the_clock_was_set_back_is_asked_for_from_now() -> None:
    async def story(line: Line) -> None:
        now_ms = line.clock.now_ms()
        later = line.clock.now() + timedelta(days=2)
        assert now_ms <= await line.door.venue_ms(later) <= now_ms + 60_000

    on_line(story)


def test_open_orders_of_each_pair() -> None:
    async def story(line: Line) -> None:
        await line.client.place(RESTING)
        line.working = ["BTC/TRY", "XRP/TRY"]
        assert len(await line.client.open_orders()) == 1
        queries = [asked.query for asked in line.tap.asked if "openOrders" in asked.path]
        assert queries == ["pairSymbol=BTCTRY", "pairSymbol=XRPTRY"]

    on_line(story, open_orders_by_pair=True)


@pytest.mark.parametrize(("unit", "digits"), [("", 0), ("s", 10), ("ms", 13)])
def test_the_scan_of_all_orders_is_dated_only_where_asked_for(unit: str, digits: int) -> None:
    async def story(line: Line) -> None:
        await line.client.place(RESTING)
        lately = datetime.now(UTC) - timedelta(hours=1)  # noqa: TID251  the venue's clock is this one
        (found,) = await line.client.closed_orders(lately)
        assert found.venue_cl_ord_id == CLIENT_ID
        query = next(asked.query for asked in line.tap.asked if "allOrders" in asked.path)
        times = [part for part in query.split("&") if part.startswith("startTime=")]
        assert [len(part.partition("=")[2]) for part in times] == ([digits] if digits else [])

    on_line(story, all_orders_time_unit=unit)
