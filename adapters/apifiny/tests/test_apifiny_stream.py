"""Apifiny's account feeds against the simulator over real sockets: what is heard, and what ends it."""

import asyncio
import re
from decimal import Decimal
from typing import Any

import pytest

from adapters.apifiny.connections import Connections
from adapters.apifiny.stream import ApifinyStream
from adapters.apifiny.tests.apifiny_desk import TAKES_ALL
from adapters.apifiny.tests.apifiny_ear import FEEDS, Heard, feed_paths, on_stream, until
from adapters.apifiny.tests.apifiny_line import Line, on_line
from adapters.options import Options
from adapters.port import VenueOrder
from adapters.port import VenueState as State
from oms.core.market import Topic

# The account


def test_the_feeds_of_every_exchange_and_what_is_told_of_an_order() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        assert sorted(feed_paths(line)) == [
            "/ac/ws/v2/BINANCE/asset",
            "/ac/ws/v2/BINANCE/order",
            "/ac/ws/v2/COINBASEPRO/asset",
            "/ac/ws/v2/COINBASEPRO/order",
        ]
        order_id = line.desk.working(TAKES_ALL)
        await until(lambda: len(heard.sights) == 4, "the order's events")
        sights = [sight for sight in heard.sights if isinstance(sight, VenueOrder)]
        assert {sight.venue_cl_ord_id for sight in sights} == {order_id}
        assert [sight.state for sight in sights] == [
            State.PENDING, State.WORKING, State.WORKING, State.FILLED,
        ]  # fmt: skip
        assert sights[-1].cum_qty == Decimal("0.08")
        assert sights[-1].last_shares == Decimal("0.03")
        assert sights[-1].security_exchange == "BINANCE"
        assert heard.shown == []

    on_stream(story)


def test_the_path_of_the_feeds_can_be_chosen() -> None:
    async def story(line: Line) -> None:
        stream = ApifinyStream(
            line.account, line.client, line.budget, line.clock, Options(speed=20)
        )
        listening = asyncio.create_task(stream.run(Heard()))
        await until(lambda: len(feed_paths(line)) >= 2, "both feeds")
        assert set(feed_paths(line)) == {"/gx/ws/v2/asset", "/gx/ws/v2/order"}
        listening.cancel()
        await asyncio.wait([listening])

    on_line(story, own_host=True, ws_path="/gx/ws/v2")


def test_the_feeds_of_a_host_of_its_own_are_heard() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        order_id = line.desk.working()
        await until(lambda: len(heard.sights) == 2, "the order's events")
        assert {sight.venue_cl_ord_id for sight in heard.sights} == {order_id}

    on_stream(story, own_host=True)


def test_balances_come_whole_first_and_then_as_they_change() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        line.desk.working()
        await until(lambda: heard.owned, "a change")
        assert {b.asset for b in heard.owned} == {"BTC", "USDT"}
        held = [b for b in heard.owned if b.asset == "USDT"][-1]
        assert held.total == held.available + held.held
        assert held.held > 0
        heard.owned.clear()
        stream.follow(frozenset({Topic("balances")}))
        await until(lambda: len(heard.owned) == 6, "all of them")
        assert {b.security_exchange for b in heard.owned} == {"BINANCE", "COINBASEPRO"}
        heard.owned.clear()
        line.tap.switch("drop_stream", 1)
        await until(lambda: len(heard.gaps) == FEEDS + 1, "the connection anew")
        if "asset" in heard.gaps[-1]:
            await until(lambda: len(heard.owned) == 6, "all of them again")

    on_stream(story)


def test_an_order_event_before_any_market_is_known_is_a_reason_to_look() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        line.client._symbols = {}
        order_id = line.desk.working()
        await until(lambda: len(heard.stirred) == 2, "the order's events")
        assert set(heard.stirred) == {order_id}
        assert heard.sights == []

    on_stream(story)


def test_events_that_come_twice_are_heard_twice_and_say_the_same() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        line.tap.switch("duplicate", 2)
        line.desk.working()
        await until(lambda: len(heard.sights) >= 3, "the order's events")
        assert heard.sights[0] == heard.sights[1]

    on_stream(story)


def test_a_ping_is_answered_with_its_own_number() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        for turn in (1, 2, 3):
            line.desk.pass_ms(30_000)
            await until(lambda turn=turn: len(line.sent) == turn * FEEDS, "pongs")  # type: ignore[misc]  # a lambda's default
            assert line.sent[-1] == {"pong": line.desk.now_ms}
        assert len(heard.gaps) == FEEDS

    on_stream(story)


def test_a_connection_that_breaks_is_made_anew() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        line.tap.switch("drop_stream", 1)
        await until(lambda: len(heard.gaps) == FEEDS + 1, "the connection anew")
        assert any("cut off" in text or "code" in text for text in heard.losses)
        line.desk.working()
        await until(lambda: len(heard.sights) == 2, "the order's events")

    on_stream(story)


def test_a_venue_that_takes_no_connection_is_asked_again() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        line.tap.switch("refuse_stream", 1)
        line.tap.switch("drop_stream", 1)
        await until(lambda: any("503" in text for text in heard.losses), "a refusal")
        line.tap.switch("refuse_stream", 0)
        await until(lambda: len(heard.gaps) == FEEDS + 1, "the connection anew")

    on_stream(story)


def test_a_feed_that_falls_silent_is_left() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        await until(lambda: len(heard.gaps) >= 2 * FEEDS, "new connections")
        assert any("silent for 0.3 s" in text for text in heard.losses)

    on_stream(story, silence_s=0.3)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("<html>", "not JSON"),
        ("[1]", "an object is wanted"),
        ('{"logTimestamp":1,"payload":null}', "order update"),
        ('{"logTimestamp":1,"payload":{"orderId":7}}', "orderId"),
        ('{"ping":"now"}', "ping"),
        ('{"result":null,"error":{"code":65562,"message":"no"}}', r"no \(65562\)"),
        ('{"result":null,"error":"no"}', "error"),
    ],
)
def test_what_makes_no_sense_is_shown_and_the_feed_stands(text: str, named: str) -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        sockets = line.sockets["/ac/ws/v2/BINANCE/order"]
        sockets[0]._out.append(text)
        await until(lambda: heard.shown, "the quarantine")
        (shown,) = heard.shown
        assert shown[0].startswith("order feed of BINANCE: ")
        assert re.search(named, shown[0])
        line.desk.working()
        await until(lambda: len(heard.sights) == 2, "the order's events")
        assert len(heard.gaps) == FEEDS

    on_stream(story)


def test_balances_that_can_not_be_read_are_asked_for_again() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        line.answer({"result": None, "error": None})
        stream.follow(frozenset({Topic("balances")}))
        await until(lambda: line.tap.count("GET", "listBalance") >= 2, "the second question")
        assert heard.owned == []
        line.tap.change = lambda _, answer: answer
        await until(lambda: len(heard.owned) == 6, "all of them")

    on_stream(story)


def test_what_a_feed_repeats_of_a_key_is_shown_nowhere() -> None:
    heard: Any = Heard()
    nobody: Any = None
    connections = Connections(("a-key-of-ours",), Options(), 1)
    text = '{"result": null, "error": {"code": 196634, "message": "token of a-key-of-ours"}}'
    asyncio.run(connections.take(heard, "order feed", nobody, text, lambda _: None))
    assert heard.shown
    assert "a-key-of-ours" not in str(heard.shown)
