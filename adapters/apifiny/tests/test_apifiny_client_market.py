"""Apifiny's client about markets, fills and orders by REST, against the simulator."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from adapters.apifiny.access import Account, signature, stream_login
from adapters.apifiny.tests.apifiny_bench import ORDER
from adapters.apifiny.tests.apifiny_desk import TAKES_ALL
from adapters.apifiny.tests.apifiny_line import ACCOUNT, Line, known, on_line
from adapters.port import VenueOrder, VenueState
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import NotSupported, OutcomeUnknown, VenueRefused, VenueUnavailable
from oms.core.fields import OrdRejReason, OrdType, Side
from oms.core.messages import OrderCancelRequest
from oms.core.venue import Instrument

D = Decimal


async def market(line: Line, exchange: str = "BINANCE") -> Instrument:
    """BTC/USDT at an exchange."""
    found = await line.client.instruments()
    return next(m for m in found if (m.symbol, m.security_exchange) == ("BTC/USDT", exchange))


# Markets


def test_the_limits_of_a_market() -> None:
    async def story(line: Line) -> None:
        told = await market(line)
        assert (told.tick, told.step, told.min_qty) == (D("0.01"), D("0.0001"), D("0.0001"))
        assert (told.min_notional, told.max_notional) == (D(1), D(1_000_000))
        assert told.max_qty == D(1000)

    on_line(story)


def test_the_ticker_and_the_book() -> None:
    async def story(line: Line) -> None:
        btc = await market(line)
        ticker = await line.client.ticker(btc)
        assert ticker.low is not None
        assert ticker.high is not None
        assert ticker.last is not None
        assert ticker.low <= ticker.last <= ticker.high
        assert (ticker.bid, ticker.ask) == (None, None)
        line.desk.pass_ms(1000)
        book = await line.client.order_book(btc, 3)
        assert (len(book.bids), len(book.asks)) == (3, 3)
        assert book.bids[0].price < book.asks[0].price
        line.desk.pass_ms(1000)
        assert await line.client.best_prices("BTCUSDT", "BINANCE") == (
            book.bids[0].price,
            book.asks[0].price,
        )
        assert all("signature" not in asked.headers for asked in line.tap.asked[1:])

    on_line(story)


def test_the_trades_of_others_latest_first() -> None:
    async def story(line: Line) -> None:
        btc = await market(line)
        found = await line.client.trades(btc)
        assert len(found) > 10
        times = [trade.time for trade in found if trade.time]
        assert times == sorted(times, reverse=True)
        assert {trade.side for trade in found} == {Side.BUY, Side.SELL}
        line.desk.pass_ms(1000)
        assert await line.client.trades(btc, 2) == found[:2]

    on_line(story)


def test_candles_oldest_first_by_time_or_number() -> None:
    async def story(line: Line) -> None:
        btc = await market(line)
        latest = await line.client.candles(btc, "1h", limit=5)
        assert len(latest) == 5
        assert [b.time - a.time for a, b in pairwise(latest)] == [timedelta(hours=1)] * 4
        line.desk.pass_ms(1000)
        some = await line.client.candles(btc, "1h", latest[0].time, latest[2].time)
        assert [candle.time for candle in some] == [candle.time for candle in latest[:3]]
        assert some[0] == latest[0]
        with pytest.raises(NotSupported, match="there are 1m, 5m"):
            await line.client.candles(btc, "1y")

    on_line(story)


def test_no_tickers_and_candles_where_the_document_has_none() -> None:
    async def story(line: Line) -> None:
        elsewhere = await market(line, "COINBASEPRO")
        for asked in (line.client.ticker(elsewhere), line.client.candles(elsewhere, "1m")):
            with pytest.raises(NotSupported, match="COINBASEPRO"):
                await asked
        assert (await line.client.order_book(elsewhere)).bids

    on_line(story, candle_exchanges=("BINANCE",))


def test_a_market_that_is_not_there_is_refused() -> None:
    async def story(line: Line) -> None:
        btc = await market(line)
        with pytest.raises(VenueRefused, match="262202"):
            await line.client.order_book(replace(btc, venue_symbol="NOSUCH"))

    on_line(story)


# Fills and orders


def test_the_accounts_own_trades_with_their_fees() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working(TAKES_ALL)
        found = await line.client.own_trades()
        assert {trade.venue_cl_ord_id for trade in found} == {order_id}
        assert sum(trade.last_shares for trade in found) == D("0.08")
        assert len({trade.exec_id for trade in found}) == len(found) == 2
        for trade in found:
            assert trade.commission == trade.last_shares * trade.last_px * D("0.003")
            assert (trade.fee_currency, trade.symbol) == ("USDT", "BTC/USDT")
        btc = await market(line, "COINBASEPRO")
        assert await line.client.own_trades(None, btc) == []
        late = line.clock.now() + timedelta(seconds=1)
        assert await line.client.own_trades(late, await market(line)) == []

    on_line(story)


def test_equal_fills_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a full answer is read on from its last row."""
    monkeypatch.setattr("adapters.apifiny.client.LIST_MAX", 3)

    async def story(line: Line) -> None:
        line.desk.working(TAKES_ALL | {"quantity": "0.0500"})
        (order,) = line.desk.sim.exchange.orders.values()
        order.fills += [order.fills[0]] * 2
        found = await line.client.own_trades()
        assert len(found) == 3
        assert len({trade.trade_id for trade in found}) == 3

    on_line(story)


def test_many_orders_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.apifiny.client.IDS_MAX", 2)

    async def story(line: Line) -> None:
        ids = [line.desk.working() for _ in range(3)]
        found = await line.client.orders("BINANCE", [*ids, "000000011760000000000999"])
        assert list(found) == ids
        assert all(isinstance(sight, VenueOrder) for sight in found.values())
        queries = [a.query for a in line.tap.asked if "listMultiple" in a.path]
        # The comma goes as it is, so what is signed is the same whether escapes count or not.
        assert queries[0].endswith(f"orderIdList={ids[0]},{ids[1]}")
        assert await line.client.orders("BINANCE", ["1"]) == {}

    on_line(story)


def test_an_order_of_somebody_else_in_the_list_is_nobodys() -> None:
    async def story(line: Line) -> None:
        ids = [line.desk.working() for _ in range(2)]

        def other(request: SimRequest, answer: SimResponse) -> SimResponse:
            rows = json.loads(answer.body)
            return replace(answer, body=json.dumps([rows[0] | {"orderId": "x"}, rows[1]]).encode())

        line.tap.change = other
        assert list(await line.client.orders("BINANCE", ids)) == ids[1:]

    on_line(story)


def test_an_order_by_rest() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.new_id()
        request = replace(ORDER, cl_ord_id=order_id, symbol="BTCUSDT")
        placed = await line.client.place(request)
        assert (placed.secondary_order_id, placed.trades) == ("", ())
        assert (await line.ask(order_id)).state is VenueState.PENDING
        cancel = OrderCancelRequest(cl_ord_id="c", orig_cl_ord_id=order_id)
        with pytest.raises(VenueUnavailable, match="328026"):
            await line.client.cancel_at(cancel, "BINANCE")
        line.desk.now_ms += 20
        assert "CANCELLED" in await line.client.cancel_at(cancel, "BINANCE")
        with pytest.raises(VenueRefused, match="327802"):
            await line.client.cancel_at(cancel, "BINANCE")
        with pytest.raises(OutcomeUnknown, match="327722"):
            await line.client.place(request)
        line.desk.sim.exchange.balances.add("BINANCE", "USDT", D(-100_000_000))
        with pytest.raises(VenueRefused, match="393242") as caught:
            await line.client.place(replace(request, cl_ord_id=line.desk.new_id()))
        assert caught.value.ord_rej_reason is OrdRejReason.ORDER_EXCEEDS_LIMIT

    on_line(story)


@pytest.mark.parametrize(
    "body", [{"result": [], "error": None}, {"result": [{"orderId": "x"}]}, {}, {"result": 1}]
)
def test_an_answer_that_is_not_about_the_order_leaves_it_unknown(body: Any) -> None:
    async def story(line: Line) -> None:
        line.answer(body)
        order_id = line.desk.new_id()
        with pytest.raises(OutcomeUnknown):
            await line.client.place(replace(ORDER, cl_ord_id=order_id, symbol="BTCUSDT"))
        request = OrderCancelRequest(cl_ord_id="c", orig_cl_ord_id=order_id)
        with pytest.raises(OutcomeUnknown):
            await line.client.cancel_at(request, "BINANCE")

    on_line(story)


def test_a_market_order_is_bought_by_its_total() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.new_id()
        await line.client.place(
            replace(
                ORDER,
                cl_ord_id=order_id,
                symbol="BTCUSDT",
                ord_type=OrdType.MARKET,
                price=None,
                order_qty=None,
                cash_order_qty=D(1000),
            )
        )
        line.desk.now_ms += 20
        assert line.desk.query(order_id)["orderStatus"] == "FILLED"

    on_line(story)


# The signature of later years


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (
            "accountId=STA-00000001&venue=BINANCE&timestamp=1657770300000&recvWindow=5000",
            "eefb5a89277926c4d29934eea4478f933e3839aab92b103cc48bef0c36059203",
        ),
        (
            '{"accountId": "STA-00000001", "venue": "BINANCE", "orderId": '
            '"000000011584603011942221", "timestamp": 1657770300000, "recvWindow": 5000}',
            "6931f1fec8c2fbc382cb09652812664e7114c78276f2ef286d49f4afdcff5b7a",
        ),
        (
            "timestamp=1657770300000",
            "617d91adda6c05bad945298e7bb954c1e04c704bc990d760d9616b6551ee3b9f",
        ),
    ],
    ids=["query", "body", "feed"],
)
def test_the_worked_signatures(text: str, made: str) -> None:
    account: Account = ACCOUNT
    assert signature(account, text) == made


def test_the_message_that_opens_the_trading_feed() -> None:
    async def story(line: Line) -> None:
        told = json.loads(stream_login(ACCOUNT, 1657770300000))
        assert told == {
            "action": "auth",
            "data": {
                "timestamp": 1657770300000,
                "apiKey": "ak-0001",
                "signature": "617d91adda6c05bad945298e7bb954c1e04c704bc990d760d9616b6551ee3b9f",
            },
        }
        socket: Any = line.desk.sim.connect(SimRequest("GET", "/ws/stream", "", {}, b""), 1)
        now_ms = line.clock.now_ms()
        fresh: Any = line.desk.sim.connect(SimRequest("GET", "/ws/stream", "", {}, b""), now_ms)
        fresh.receive(stream_login(ACCOUNT, now_ms), now_ms)
        socket.receive(stream_login(ACCOUNT, now_ms), now_ms)
        assert '"success"' in fresh.drain(now_ms)[0]

    on_line(story)


def test_everything_can_be_signed_so() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        assert (await line.ask(order_id)).state is VenueState.WORKING
        asked = line.tap.asked[-1]
        assert asked.headers["apikey"] == "ak-0001"
        now_ms = line.clock.now_ms()
        assert asked.query.endswith(f"&timestamp={now_ms}&recvWindow=5000")
        assert await line.client.cancel_all() == [order_id]
        found = await line.client.orders("BINANCE", [order_id, order_id[:-1] + "x"])
        assert list(found) == [order_id]

    on_line(story, auth_scheme="hmac")


def test_a_wrong_secret_signs_nothing() -> None:
    async def story(line: Line) -> None:
        with pytest.raises(VenueRefused, match="2097162"):
            await line.client.balances()

    on_line(story, auth_scheme="hmac", api_secret_key="another")  # noqa: S106  of no account


def test_what_was_told_ahead_serves_once_and_only_an_order_that_has_not_moved() -> None:
    async def story(line: Line) -> None:
        orders = [known(line.desk.working()) for _ in range(3)]
        await line.client.look_ahead(orders)
        assert line.tap.count("GET", "listMultipleOrderInfo") == 1
        moved = orders[1].evolve(text="something else")
        asked = line.tap.count("GET", "queryOrderInfo")
        assert isinstance(await line.client.order(orders[0]), VenueOrder)
        assert isinstance(await line.client.order(moved), VenueOrder)
        assert line.tap.count("GET", "queryOrderInfo") == asked + 1
        assert isinstance(await line.client.order(orders[0]), VenueOrder)
        assert line.tap.count("GET", "queryOrderInfo") == asked + 2

    on_line(story)
