"""Bitexbit's channel over a real socket: what is ours in it, and what is everybody's."""

from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.bitexbit.stream import BOOK_EVERY_S, TICK_S, BitexbitStream
from adapters.bitexbit.tests.bitexbit_ear import Notes, listening, until_subscribed
from adapters.bitexbit.tests.bitexbit_line import BTC_USD, RESTING, Line, cancel_of
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import OutcomeUnknown
from oms.core.fields import Side
from oms.core.market import OrderBook, PublicTrade, Topic

D = Decimal
ETH_USD = replace(BTC_USD, symbol="ETH/USD", venue_symbol="ETH_USD")
ETH = {"type": "sell", "pair": "ETH_USD", "amount": "0.1", "price": "2500"}
BTC = {"type": "sell", "pair": "BTC_USD", "amount": "0.1", "price": "39999.999"}


def _versions(line: Line) -> list[str]:
    """Which generations were asked for, in order."""
    asked = [one.query for one in line.tap.asked if one.path == "/socket.io/"]
    return [query.removeprefix("EIO=")[0] for query in asked]


@pytest.mark.parametrize("generation", [3, 4])
def test_a_fill_of_a_resting_order_is_heard_in_either_generation(generation: int) -> None:
    """Beyond the time after which a heartbeat that is wrong would have ended the connection."""

    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        line.tap.switch("ping_ms", {"interval": 60, "timeout": 540})
        line.tap.switch("drop_stream", 1)
        await notes.until(lambda: len(notes.gaps) == 2, "the connection with the short heartbeat")
        opened_at = line.clock.monotonic()
        placed = await line.place(order_qty=D(1))
        number = 0
        while line.clock.monotonic() < opened_at + 0.7:
            number += 1
            line.fill(placed.secondary_order_id, "0.001")
            await notes.until(lambda count=number: len(notes.trades) == count, "a fill")  # type: ignore[misc]  # a lambda's default
        assert len(notes.gaps) == 2
        trade = notes.trades[0]
        assert trade.exec_id == f"6030-{placed.secondary_order_id}"
        assert (trade.side, trade.last_px, trade.last_shares) == (
            Side.BUY,
            D(30000),
            D("0.001"),
        )
        assert line.fills.of(placed.secondary_order_id) == tuple(notes.trades)

    listening(story, generation=generation)


def test_the_generation_is_found_by_trying_and_kept() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        assert _versions(line) == ["4", "3"]
        assert notes.losses == ["socket.io: the server is of generation 3"]
        line.tap.switch("drop_stream", 1)
        await notes.until(lambda: len(notes.gaps) == 2, "the next connection")
        assert _versions(line) == ["4", "3", "3"]

    listening(story, generation=3)


def test_a_generation_that_was_chosen_is_the_only_one() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        assert _versions(line) == ["3"]

    listening(story, generation=3, generations=(3,))


def test_a_server_that_refuses_the_older_generation() -> None:
    """Tried first on purpose: the answer is HTTP 400, and the newer one is tried."""

    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        assert _versions(line) == ["3", "4"]
        assert "HTTP 400" in notes.losses[0]

    listening(story, generation=4, generations=(3, 4))


def test_what_others_do_is_not_ours() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        stream.follow(frozenset({Topic("trades", BTC_USD)}))
        line.tap.switch("others", BTC)
        await notes.until(lambda: bool(notes.news), "the trade of others")
        ((topic, told),) = notes.news
        assert topic.kind == "trades"
        assert isinstance(told, PublicTrade)
        assert (told.side, told.price, told.qty, told.trade_id) == (
            Side.SELL,
            D("39999.999"),
            D("0.1"),
            "6030",
        )
        assert (notes.trades, notes.stirred) == ([], [])

    listening(story)


def test_an_order_and_its_cancel_are_stirred() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        placed = await line.place()
        await line.client.cancel(cancel_of(placed))
        oid = placed.secondary_order_id
        await notes.until(lambda: notes.stirred.count(oid) >= 2, "both events")
        assert set(notes.stirred) == {oid}

    listening(story)


def test_what_a_new_order_takes_is_heard_as_its_answer_tells_it() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        placed = await line.place(price=D("40000.001"))
        await notes.until(lambda: bool(notes.trades), "the fill")
        (told,), (answered,) = notes.trades, placed.trades
        assert told.exec_id == answered.exec_id
        assert (told.side, told.last_px) == (answered.side, answered.last_px)

    listening(story)


def test_a_lost_order_stirs_and_its_fills_are_remembered() -> None:
    """The channel names the order; whose it was is known once the order has been found."""

    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        lost = line.known("15234")
        line.shelf.orders.append(lost.evolve(secondary_order_id="", price=D("40000.002")))
        line.tap.switch("lose_reply", 1)
        with pytest.raises(OutcomeUnknown):
            await line.client.place(replace(RESTING, price=D("40000.002")))
        await notes.until(lambda: notes.stirred == ["15234"], "the order")
        line.shelf.orders[0] = lost.evolve(price=D("40000.002"))
        (found,) = (await line.client.fills(line.shelf.orders)).values()
        assert [(t.last_px, t.side) for t in found] == [(D("40000.001"), Side.BUY)]
        assert line.tap.count("GET", "/orders/own/") == 0  # nothing had to be weighed

    listening(story)


def test_the_same_event_twice_is_one_fill() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        placed = await line.place()
        await notes.until(lambda: bool(notes.stirred), "the order")
        line.tap.switch("duplicate", 1)
        line.fill(placed.secondary_order_id, "0.004")
        await notes.until(lambda: len(notes.trades) == 2, "the fill, twice")
        assert len({trade.exec_id for trade in notes.trades}) == 1
        assert len(line.fills.of(placed.secondary_order_id)) == 1

    listening(story)


def test_a_pair_is_listened_to_from_when_it_is_wanted() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        topic = Topic("trades", ETH_USD)
        stream.follow(frozenset({topic}))
        await notes.until(lambda: len(notes.gaps) == 2, "the further channel")
        await until_subscribed(line, "book_ETH_USD")
        line.tap.switch("others", ETH)
        line.tap.switch("others", BTC)
        await notes.until(lambda: bool(notes.news), "the trade")
        assert [told for told, _ in notes.news] == [topic]

    listening(story)


def test_after_a_restart_the_pairs_of_working_orders_are_listened_to() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        line.shelf.orders.append(line.known("1").evolve(symbol="ETH/USD"))
        line.tap.switch("drop_stream", 1)
        await notes.until(lambda: len(notes.gaps) == 2, "the next connection")
        await until_subscribed(line, "book_ETH_USD")

    listening(story)


def test_a_book_that_is_watched_is_read_whole_when_it_moves() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        topic = Topic("order_book", BTC_USD)
        stream.follow(frozenset({topic}))
        await notes.until(lambda: len(notes.news) == 1, "the book as it is")
        await line.place(price=D("39000"), order_qty=D("0.02"))
        await notes.until(lambda: len(notes.news) == 2, "the book with the order")
        (_, before), (_, after) = notes.news
        assert isinstance(before, OrderBook)
        assert isinstance(after, OrderBook)
        assert sum(level.qty for level in after.bids) == sum(
            level.qty for level in before.bids
        ) + D("0.02")
        stream.follow(frozenset())
        await line.place()
        assert len(notes.news) == 2

    listening(story)


def test_a_book_that_can_not_be_read_is_read_again() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        failed: list[str] = []

        def fail(request: SimRequest, answer: SimResponse) -> SimResponse:
            if "/orderbook/" not in request.path or failed:
                return answer
            failed.append(request.path)
            return SimResponse(200, b"<html>")

        line.tap.change = fail
        stream.follow(frozenset({Topic("order_book", BTC_USD)}))
        await notes.until(lambda: bool(notes.news), "the book after all")
        assert failed

    listening(story)


def test_a_book_that_nobody_watches_any_more_is_not_read() -> None:
    """Also if it could not be read: that would be tried for ever."""

    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        line.tap.change = lambda request, answer: (
            SimResponse(200, b"<html>") if "/orderbook/" in request.path else answer
        )
        stream.follow(frozenset({Topic("order_book", BTC_USD)}))
        while line.tap.count("GET", "/orderbook/") < 2:
            await line.client.currencies()
        stream.follow(frozenset())
        asked = line.tap.count("GET", "/orderbook/")
        until = line.clock.monotonic() + 2 * (BOOK_EVERY_S + TICK_S)
        while line.clock.monotonic() < until:
            await line.client.currencies()
        assert line.tap.count("GET", "/orderbook/") <= asked + 1  # one was under way

    listening(story)


def test_an_event_that_makes_no_sense_is_shown_and_all_is_looked_at() -> None:
    """Something may be missing now; the connection stays."""

    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        channel = line.tap.simulator.channel  # type: ignore[attr-defined]  # it is Bitexbit's
        channel.tell("BTC_USD", {"oid": "unheard of"}, 0)
        await notes.until(lambda: len(notes.gaps) == 2, "the gap")
        ((text, raw),) = notes.odd
        assert "channel" in text
        assert "unheard of" in raw
        assert notes.losses == []

    listening(story)


def test_a_frame_that_is_none_ends_the_connection_and_another_is_made() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        channel = line.tap.simulator.channel  # type: ignore[attr-defined]  # it is Bitexbit's
        channel._clients[0]._out.append("gibberish")
        await notes.until(lambda: len(notes.gaps) == 2, "the next connection")
        assert "no frame begins with" in notes.losses[0]

    listening(story)


def test_a_connection_that_says_nothing_is_given_up() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        line.tap.switch("ping_ms", {"interval": 80, "timeout": 80})
        line.tap.switch("drop_stream", 1)
        await notes.until(lambda: len(notes.gaps) >= 2, "the connection that will be silent")
        line.tap.switch("stall_stream", 1)
        await notes.until(lambda: "silent for 0.16 s" in notes.losses[-1], "the end of patience")
        line.tap.switch("stall_stream", 0)
        await notes.until(lambda: len(notes.gaps) >= 3, "the one after it")

    listening(story)


def test_a_venue_that_is_away_is_tried_again() -> None:
    async def story(line: Line, stream: BitexbitStream, notes: Notes) -> None:
        there = line.tap.connect
        line.tap.connect = lambda request, now_ms: SimResponse(503, b"")  # type: ignore[method-assign]  # it is away
        line.tap.switch("drop_stream", 1)
        await notes.until(lambda: len(notes.losses) >= 3, "two connections that are refused")
        line.tap.connect = there  # type: ignore[method-assign]  # it is back
        await notes.until(lambda: len(notes.gaps) == 2, "the connection")

    listening(story)
