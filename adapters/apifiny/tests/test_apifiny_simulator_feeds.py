"""The simulator's WebSocket side and its market data, without a socket."""

import json
from decimal import Decimal
from typing import Any

import jwt
import pytest

from adapters.apifiny.simulator.feeds import Socket
from adapters.apifiny.simulator.market_data import FEED_VENUES, REST_VENUES
from adapters.apifiny.simulator.tape import PERIODS_MS, bar, closing, opening, prints
from adapters.apifiny.tests.apifiny_desk import ACCOUNT, KEY_ID, SECRET, TAKES_ALL, Desk, code
from adapters.matching import default_markets
from adapters.simserver import SimRequest, SimResponse, SimSocket

HMAC_LOGIN = "617d91adda6c05bad945298e7bb954c1e04c704bc990d760d9616b6551ee3b9f"
"""Of the text timestamp=1657770300000, under the secret."""

BTC = default_markets()[0]


@pytest.fixture
def desk() -> Desk:
    """Return a client of a fresh simulator."""
    return Desk()


def signed(desk: Desk, **changed: object) -> str:
    """Return the token of the account's feeds, with changes."""
    claims = {"accountId": ACCOUNT, "secretKeyId": KEY_ID, "exp": desk.now_ms // 1000 + 10}
    return jwt.encode(claims | changed, SECRET)


def connect(desk: Desk, path: str, token: str) -> Any:
    """Ask for a feed."""
    request = SimRequest("GET", path, "", {"signature": token}, b"")
    return desk.sim.connect(request, desk.now_ms)


def feed(desk: Desk, path: str) -> Socket:
    """Return a feed of the account."""
    socket: Socket = connect(desk, path, signed(desk))
    check: SimSocket = socket
    assert check.closed is None
    return socket


def market(desk: Desk) -> Socket:
    """Return the market's feed."""
    socket: Socket = connect(desk, "/md/ws/v1", jwt.encode({"accessKey": KEY_ID}, SECRET))
    return socket


def told(socket: Socket, desk: Desk) -> list[Any]:
    """Return what is pushed now."""
    return [json.loads(text, parse_float=Decimal) for text in socket.drain(desk.now_ms)]


def subscribe(socket: Socket, desk: Desk, channel: str, **changed: object) -> list[Any]:
    """Subscribe, and return what is pushed at once; a second passes before."""
    desk.pass_ms(1000)
    asked = {"channel": channel, "symbol": "BTCUSDT", "venues": ["BINANCE"], "action": "sub"}
    socket.receive(json.dumps(asked | changed), desk.now_ms)
    return told(socket, desk)


def test_an_order_is_told_of_at_every_change(desk: Desk) -> None:
    socket = feed(desk, "/ac/ws/v2/BINANCE/order")
    elsewhere = feed(desk, "/ac/ws/v2/COINBASEPRO/order")
    order_id = desk.working(TAKES_ALL)
    events = [event["payload"] for event in told(socket, desk)]
    assert {event["orderId"] for event in events} == {order_id}
    shown = [(e["orderStatus"], e["filledCumulativeQuantity"]) for e in events]
    assert shown[:2] == [("PENDING_SUBMIT", 0), ("SUBMITTED", 0)]
    assert shown[-1] == ("FILLED", Decimal("0.08"))
    assert sum(e.get("lastFilledQuantity", 0) for e in events) == Decimal("0.08")
    assert events[-1]["isTaker"] is True
    assert told(socket, desk) == told(elsewhere, desk) == []


def test_the_feed_of_a_host_of_its_own_names_no_exchange(desk: Desk) -> None:
    socket = feed(desk, "/ac/ws/v2/order")
    desk.working()
    assert len(told(socket, desk)) == 2


def test_balances_are_told_of_when_they_change(desk: Desk) -> None:
    socket = feed(desk, "/ac/ws/v2/BINANCE/asset")
    desk.working()
    event = told(socket, desk)[0]
    assert event["error"] is None
    (base, quote) = event["result"]["payload"]
    assert (base["currency"], quote["currency"]) == ("BTC", "USDT")
    assert quote["amount"] == quote["available"] + quote["frozen"]
    desk.sim.switch("deposit", {"venue": "BINANCE", "currency": "ETH", "amount": 1})
    (deposited,) = told(socket, desk)
    assert [row["currency"] for row in deposited["result"]["payload"]] == ["ETH"]


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"digest": "x"}, 2097162),
        ({"exp": 1}, 196634),
        ({"accountId": "STA-2"}, 131115),
        ({"secretKeyId": "ak-2"}, 2097163),
    ],
)
def test_a_token_that_opens_no_feed(desk: Desk, changed: dict[str, object], wanted: int) -> None:
    answer = connect(desk, "/ac/ws/v2/BINANCE/order", signed(desk, **changed))
    assert isinstance(answer, SimResponse)
    assert answer.status == 401
    assert code(json.loads(answer.body)) == wanted


def test_the_markets_feed_wants_its_own_token(desk: Desk) -> None:
    answer = connect(desk, "/md/ws/v1", signed(desk))
    assert (answer.status, code(json.loads(answer.body))) == (401, 2097163)
    assert connect(desk, "/md/ws/v1", "").status == 401


@pytest.mark.parametrize("path", ["/ac/ws/v2/BINANCE/trade", "/gx/ws/v2/BINANCE/order", "/ws"])
def test_there_is_no_other_feed(desk: Desk, path: str) -> None:
    assert connect(desk, path, signed(desk)).status == 404


def test_an_exchange_that_is_not_there_has_no_feed(desk: Desk) -> None:
    answer = connect(desk, "/ac/ws/v2/FTX/order", signed(desk))
    assert code(json.loads(answer.body)) == 327741


def test_a_ping_wants_its_pong(desk: Desk) -> None:
    socket, deaf = feed(desk, "/ac/ws/v2/BINANCE/order"), market(desk)
    desk.pass_ms(30_000)
    (ping,) = told(socket, desk)
    assert told(deaf, desk) == [ping] == [{"ping": desk.now_ms}]
    socket.receive(json.dumps({"pong": ping["ping"]}), desk.now_ms)
    deaf.receive(json.dumps({"pong": 1}), desk.now_ms)
    desk.pass_ms(30_000)
    assert len(told(socket, desk)) == 1
    told(deaf, desk)
    assert (socket.closed, deaf.closed) == (None, "no pong")


def test_books_and_tickers_and_candles_come_every_second(desk: Desk) -> None:
    socket = market(desk)
    (book,) = subscribe(socket, desk, "orderbook")
    assert book["orderbook"]["bids"][0][0] < book["orderbook"]["asks"][0][0]
    first = subscribe(socket, desk, "ticker")
    assert [event["channel"] for event in first] == ["orderbook", "ticker"]
    assert first[1]["ticker"]["provider"] == "BINANCE"
    candle = subscribe(socket, desk, "kline_1m")[-1]
    assert candle["kline_1m"]["period"] == "1m"
    assert candle["symbol"] == candle["kline_1m"]["currencyPair"] == "BTCUSDT"
    desk.pass_ms(500)
    assert told(socket, desk) == []
    assert len(subscribe(socket, desk, "kline_1m", action="unsub")) == 2


def test_trades_come_once_each(desk: Desk) -> None:
    socket = market(desk)
    rows = []
    for event in subscribe(socket, desk, "trade"):
        rows += event["trade"]["trades"]
    for _ in range(30):
        desk.pass_ms(1000)
        for event in told(socket, desk):
            rows += event.get("trade", {"trades": []})["trades"]
    numbers = [int(row["exchangeID"]) for row in rows]
    assert len(numbers) in {3, 4}
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("channel", "changed", "wanted"),
    [
        ("depth", {}, 65562),
        ("kline_2m", {}, 65562),
        ("kline_1m", {"symbol": "BTC/USDT"}, 65562),
        ("ticker", {"venues": ["GBBO"]}, 327741),
        ("trade", {"venues": ["FTX"]}, 327741),
        ("orderbook", {"symbol": "NOSUCH"}, 262202),
        ("orderbook", {"action": "subscribe"}, 65562),
        ("orderbook", {"venues": "BINANCE"}, 65562),
    ],
)
def test_subscriptions_that_are_refused(
    desk: Desk, channel: str, changed: dict[str, object], wanted: int
) -> None:
    (answer,) = subscribe(market(desk), desk, channel, **changed)
    assert code(answer) == wanted


def test_candles_may_want_the_slash(desk: Desk) -> None:
    desk.sim.switch("slash_klines", 1)
    (candle,) = subscribe(market(desk), desk, "kline_1m", symbol="BTC/USDT")
    assert candle["symbol"] == "BTC/USDT"


def test_two_requests_in_a_second_are_one_too_many(desk: Desk) -> None:
    socket = market(desk)
    subscribe(socket, desk, "orderbook")
    asked = {"channel": "ticker", "symbol": "BTCUSDT", "venues": ["BINANCE"], "action": "sub"}
    socket.receive(json.dumps(asked), desk.now_ms)
    assert code(told(socket, desk)[-1]) == 131114


@pytest.mark.parametrize("text", ["no json", "[]", '{"channel":"ticker"}'])
def test_an_account_feed_takes_no_requests(desk: Desk, text: str) -> None:
    socket = feed(desk, "/ac/ws/v2/BINANCE/order")
    socket.receive(text, desk.now_ms)
    assert code(told(socket, desk)[0]) == 65562


def test_the_troubles_of_a_feed(desk: Desk) -> None:
    socket = feed(desk, "/ac/ws/v2/BINANCE/order")
    desk.sim.switch("duplicate", 1)
    desk.working()
    assert len(told(socket, desk)) == 3
    desk.sim.switch("lose_event", 1)
    desk.working()
    assert len(told(socket, desk)) == 1
    desk.sim.switch("stall_stream", 1)
    desk.working()
    assert told(socket, desk) == []
    desk.sim.switch("stall_stream", 0)
    assert told(socket, desk) == []
    desk.sim.switch("drop_stream", 1)
    assert told(socket, desk) == []
    assert socket.closed == ""
    desk.sim.switch("refuse_stream", 1)
    assert connect(desk, "/ac/ws/v2/BINANCE/order", signed(desk)).status == 503


def test_the_feed_that_is_opened_by_a_signed_message(desk: Desk) -> None:
    desk.now_ms = 1657770300000
    socket = connect(desk, "/ws/stream", "")

    def say(**message: object) -> Any:
        socket.receive(json.dumps(message), desk.now_ms)
        (answer,) = told(socket, desk)
        return answer

    order = {
        "accountId": ACCOUNT,
        "venue": "BINANCE",
        "orderId": desk.new_id(),
        "orderInfo": TAKES_ALL,
    }
    assert code(say(action="newOrder", data=order)) == 65562
    login = {"timestamp": desk.now_ms, "apiKey": KEY_ID, "signature": HMAC_LOGIN}
    assert code(say(action="auth", data=login | {"signature": "0" * 64})) == 2097162
    assert code(say(action="auth", data=login | {"apiKey": "ak-2"})) == 2097163
    assert say(action="auth", data=login)["error"] is None
    assert say(action="heartbeat", data="ping")["data"] == "pong"
    assert say(action="newOrder", data=order)["result"][0]["orderStatus"] == "PENDING_SUBMIT"
    assert code(say(action="newOrder", data=order)) == 327722
    assert code(say(action="replaceOrder", data=order)) == 65562
    assert code(say(action="auth", data="x")) == 65562


# Market data


def rest(desk: Desk, path: str, query: str = "") -> Any:
    """Ask for market data, a second after the last time."""
    desk.pass_ms(1000)
    answer = desk.sim.handle(SimRequest("GET", f"/md/{path}", query, {}, b""), desk.now_ms)
    assert answer.status == 200
    return json.loads(answer.body, parse_float=Decimal)


def test_trades_are_told_newest_first(desk: Desk) -> None:
    rows = rest(desk, "trade/v1/BTCUSDT/BINANCE")
    times = [row["tradeTime"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert {row["side"] for row in rows} == {"BUY", "SELL"}


@pytest.mark.parametrize("path", ["ticker/v1/BTCUSDT/BINANCE/", "ticker/v1/BTCUSDT/BINANCE"])
def test_the_ticker_is_of_a_day(desk: Desk, path: str) -> None:
    row = rest(desk, path)
    assert row["low"] <= row["open"] <= row["high"]
    assert row["count"] == 8640


def test_candles_are_given_by_time_or_the_latest(desk: Desk) -> None:
    path = "kline/v1/BINANCE/BTC/USDT/1m"
    latest = rest(desk, path)
    assert len(latest) == 100
    assert latest[0]["timestamp"] < latest[-1]["timestamp"] <= desk.now_ms
    start, end = latest[0]["timestamp"], latest[9]["timestamp"]
    some = rest(desk, path, f"startTime={start}&endTime={end}")
    assert [row["timestamp"] for row in some] == [row["timestamp"] for row in latest[:10]]
    assert code(rest(desk, path, "startTime=yesterday")) == 65562
    assert code(rest(desk, "kline/v1/BINANCE/BTC/USDT/2m")) == 65562
    assert code(rest(desk, "kline/v1/GBBO/BTC/USDT/1m")) == 327741


def test_market_data_has_a_limit_of_its_own(desk: Desk) -> None:
    rest(desk, "ticker/v1/BTCUSDT/BINANCE")
    again = SimRequest("GET", "/md/ticker/v1/BTCUSDT/BINANCE", "", {}, b"")
    assert code(json.loads(desk.sim.handle(again, desk.now_ms).body)) == 131114
    assert desk.sim.ledger()["throttled"] == 1


@pytest.mark.parametrize("path", ["trade/v2/BTCUSDT/BINANCE", "cob/v1/BTCUSDT", "trade"])
def test_there_is_no_other_market_data(desk: Desk, path: str) -> None:
    assert desk.sim.handle(SimRequest("GET", f"/md/{path}", "", {}, b""), 1).status == 404


def test_the_feed_knows_one_exchange_less() -> None:
    assert {"GATEIO"} == REST_VENUES - FEED_VENUES


@pytest.mark.parametrize("period", PERIODS_MS)
def test_a_candle_agrees_with_its_trades(period: str) -> None:
    at_ms = 1_760_000_000_000
    open_ms = opening(period, at_ms)
    close_ms = closing(period, open_ms)
    assert open_ms <= at_ms < close_ms
    assert opening(period, close_ms) == close_ms
    rows = list(prints(BTC, open_ms - 1, close_ms - 1))
    told = bar(BTC, open_ms, close_ms)
    assert told.count == len(rows)
    assert told.volume == sum(row.qty for row in rows)
    assert told.amount == sum(row.qty * row.px for row in rows)
    assert (told.open, told.close) == (rows[0].px, rows[-1].px)
    assert (told.high, told.low) == (max(r.px for r in rows), min(r.px for r in rows))


def test_an_hmac_opens_rest_too(desk: Desk) -> None:
    desk.now_ms = 1657770300000
    path = "/ac/v2/BINANCE/asset/listBalance"
    query = f"accountId={ACCOUNT}&venue=BINANCE&timestamp={desk.now_ms}&recvWindow=5000"
    made = "eefb5a89277926c4d29934eea4478f933e3839aab92b103cc48bef0c36059203"

    def ask(now_ms: int, **changed: str) -> Any:
        headers = {"apikey": KEY_ID, "signature": made} | changed
        answer = desk.sim.handle(SimRequest("GET", path, query, headers, b""), now_ms)
        return json.loads(answer.body)

    assert ask(desk.now_ms)["error"] is None
    assert ask(desk.now_ms + 5000)["error"] is None
    assert code(ask(desk.now_ms + 5001)) == 196634
    assert code(ask(desk.now_ms - 1001)) == 196634
    assert code(ask(desk.now_ms, apikey="ak-2")) == 2097163
    assert code(ask(desk.now_ms, signature="0")) == 2097162
