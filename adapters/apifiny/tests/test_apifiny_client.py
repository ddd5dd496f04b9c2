"""Apifiny's client over a real socket: what it asks, and what it makes of the answers."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.apifiny.tests.apifiny_desk import TAKES_ALL
from adapters.apifiny.tests.apifiny_line import Line, as_json, known, on_line
from adapters.port import Unreadable, VenueOrder, VenueState
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import MalformedMessage, OutcomeUnknown


def test_an_order_is_seen_by_the_id_that_it_was_given() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        seen = await line.ask(order_id)
        assert (seen.venue_cl_ord_id, seen.secondary_order_id) == (order_id, "")
        assert (seen.symbol, seen.security_exchange) == ("BTC/USDT", "BINANCE")
        assert (seen.price, seen.order_qty) == (Decimal(39000), Decimal("0.01"))
        assert seen.state is VenueState.WORKING

    on_line(story)


def test_an_order_that_has_executed_shows_what_and_when() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working(TAKES_ALL)
        seen = await line.ask(order_id)
        assert seen.cum_qty == Decimal("0.08")
        assert seen.avg_px is not None
        assert Decimal(40000) < seen.avg_px < Decimal(40001)
        assert seen.state is VenueState.FILLED
        assert seen.transact_time is not None
        assert abs(seen.transact_time - line.clock.now()) < timedelta(seconds=1)

    on_line(story)


def test_an_order_that_the_venue_does_not_know_is_none() -> None:
    async def story(line: Line) -> None:
        assert await line.client.order(known(line.desk.new_id())) is None
        line.answer({"result": [], "error": None})
        assert await line.client.order(known("1")) is None

    on_line(story)


@pytest.mark.parametrize("rows", [[{"orderId": "2"}], [{"orderId": "1"}, {"orderId": "1"}]])
def test_an_answer_about_another_order_is_malformed(rows: list[object]) -> None:
    async def story(line: Line) -> None:
        line.answer({"result": rows, "error": None})
        with pytest.raises(MalformedMessage, match="asked for order 1"):
            await line.client.order(known("1"))

    on_line(story)


def test_an_order_in_an_unknown_state_can_not_be_read() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        line.answer({"result": [as_json(line.desk, order_id) | {"orderStatus": "OPEN"}]})
        sight = await line.client.order(known(order_id))
        assert isinstance(sight, Unreadable)
        assert sight.venue_cl_ord_id == order_id
        assert "'OPEN'" in sight.reason

    on_line(story)


@pytest.mark.parametrize(("open_", "state"), [(True, "WORKING"), (False, "CANCELED")])
def test_part_filled_is_final_unless_the_order_is_listed_as_open(open_: bool, state: str) -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        row = as_json(line.desk, order_id)
        row |= {"orderStatus": "PART_FILLED", "openQuantity": 0.004}
        row |= {"filledCumulativeQuantity": 0.006, "filledAveragePrice": 39000}

        def change(request: SimRequest, answer: SimResponse) -> SimResponse:
            listed = [row] if open_ or "queryOrderInfo" in request.path else []
            return SimResponse(200, json.dumps({"result": listed, "error": None}).encode())

        line.tap.change = change
        assert (await line.ask(order_id)).state == state
        assert line.tap.count("GET", "listOpenOrder") == 1

    on_line(story)


def test_a_part_filled_order_in_the_open_list_works() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        row = as_json(line.desk, order_id) | {"orderStatus": "PART_FILLED"}
        line.answer([row])
        sights = await line.client.open_orders()
        assert [s.state for s in sights if isinstance(s, VenueOrder)] == [VenueState.WORKING] * 2

    on_line(story)


def test_the_open_lists_of_all_exchanges() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        (sight,) = await line.client.open_orders()
        assert sight.venue_cl_ord_id == order_id
        assert [asked.path for asked in line.tap.asked] == [
            "/ac/v2/BINANCE/order/listOpenOrder",
            "/ac/v2/COINBASEPRO/order/listOpenOrder",
        ]

    on_line(story)


def test_the_completed_lists_come_bare_or_in_the_envelope() -> None:
    async def story(line: Line) -> None:
        done = line.desk.working(TAKES_ALL)
        since = line.clock.now() - timedelta(minutes=1)
        for bare in (0, 1):
            line.tap.switch("envelope_lists", bare)
            (sight,) = await line.client.closed_orders(since)
            assert sight.venue_cl_ord_id == done

    on_line(story)


def test_a_full_list_is_read_on_from_its_latest_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.apifiny.client.LIST_MAX", 2)

    async def story(line: Line) -> None:
        done = []
        for _ in range(5):
            done.append(line.desk.working(TAKES_ALL | {"quantity": "0.0010"}))
            line.desk.pass_ms(100)
        sights = await line.client.closed_orders(line.clock.now() - timedelta(minutes=1))
        assert [sight.venue_cl_ord_id for sight in sights] == done
        assert line.tap.count("GET", "BINANCE/order/listCompletedOrder") == 5

    on_line(story)


def test_the_symbols_of_all_exchanges_need_no_token() -> None:
    async def story(line: Line) -> None:
        found = await line.client.instruments()
        assert {(i.security_exchange, i.symbol) for i in found} >= {
            ("BINANCE", "BTC/USDT"),
            ("COINBASEPRO", "BTC/USDT"),
        }
        assert all("signature" not in asked.headers for asked in line.tap.asked)

    on_line(story)


def test_a_symbol_that_can_not_be_read_is_left_out() -> None:
    async def story(line: Line) -> None:
        line.answer({"result": [{"symbol": "X"}], "error": None})
        assert await line.client.instruments() == ()

    on_line(story)


def test_balances() -> None:
    async def story(line: Line) -> None:
        line.desk.working()
        found = {(b.security_exchange, b.asset): b for b in await line.client.balances()}
        usdt = found["BINANCE", "USDT"]
        assert usdt.held > 0
        assert usdt.total == usdt.available + usdt.held

    on_line(story)


def test_the_venues_clock() -> None:
    async def story(line: Line) -> None:
        assert await line.client.server_time() == line.clock.now()
        line.answer({"result": "noon", "error": None})
        with pytest.raises(MalformedMessage, match="whole number"):
            await line.client.server_time()

    on_line(story)


def test_the_account_wide_cancel_ends_what_works_at_every_exchange() -> None:
    """Signed over its body; what had ended is not named again."""

    async def story(line: Line) -> None:
        working, _ = line.desk.working(), line.desk.working(TAKES_ALL)
        line.tap.asked.clear()
        assert await line.client.cancel_all() == [working]
        assert (await line.ask(working)).state is VenueState.CANCELED
        assert await line.client.cancel_all() == []
        assert [asked.path.split("/")[3] for asked in line.tap.asked if asked.method == "POST"] == [
            "BINANCE", "COINBASEPRO", "BINANCE", "COINBASEPRO",
        ]  # fmt: skip

    on_line(story)


def test_an_account_wide_cancel_without_a_usable_answer_has_an_unknown_outcome() -> None:
    async def story(line: Line) -> None:
        line.answer({"result": {"no": "list"}, "error": None})
        with pytest.raises(OutcomeUnknown, match="cancelAccountVenueAllOrder"):
            await line.client.cancel_all()

    on_line(story)
