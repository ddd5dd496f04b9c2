"""What the simulator's REST side answers, and what it does to orders and balances."""

import json
from decimal import Decimal

import jwt
import pytest

from adapters.apifiny.simulator.refusals import NO_EXCHANGE, SYMBOL
from adapters.apifiny.simulator.tokens import digest
from adapters.apifiny.tests.apifiny_desk import (
    ACCOUNT,
    KEY_ID,
    LIMIT,
    SECRET,
    START_MS,
    TAKES_ALL,
    Desk,
    code,
    parsed,
)
from adapters.simserver import SimRequest, SimResponse, Simulator


@pytest.fixture
def desk() -> Desk:
    """Return a client of a fresh simulator."""
    return Desk()


def test_it_is_a_simulator(desk: Desk) -> None:
    simulator: Simulator = desk.sim
    assert simulator.name == "apifiny"


def test_the_time_is_told_without_a_token(desk: Desk) -> None:
    request = SimRequest("GET", "/ac/v2/BINANCE/utils/currentTimeMillis", "", {}, b"")
    assert desk.sim.handle(request, 1552112542263).body == b'{"result":1552112542263,"error":null}'


def test_venues_have_the_samples_stray_spaces(desk: Desk) -> None:
    rows = desk.get("utils/listVenueInfo")["result"]
    assert rows[0] == {"exchange ": "BINANCE", "status": "enabled"}
    assert rows[-1] == {"exchange ": "FTX", "status ": "disabled"}


def test_symbols_and_currencies_have_the_recorded_keys(desk: Desk) -> None:
    symbols = desk.get("BINANCE/utils/listSymbolInfo")["result"]
    assert [row["symbol"] for row in symbols] == ["BTCUSDT", "ETHUSDT"]
    assert symbols[0]["stepSize"] == Decimal("0.0001")
    currencies = desk.get("BINANCE/utils/listCurrency")["result"]
    assert [row["currency"] for row in currencies] == ["BTC", "USDT", "ETH"]


def test_the_account_shows_its_sub_accounts(desk: Desk) -> None:
    answer = desk.get("BINANCE/account/queryAccountInfo", venue="BINANCE")["result"][0]
    assert (answer["accountId"], answer["accountStatus"]) == (ACCOUNT, "OPENED")
    assert [sub["accountId"] for sub in answer["subAccountInfo"]] == ["STA-BINANCE_00000001"]


@pytest.mark.parametrize("group", ["order", "asset"])
def test_the_fee_rate_is_found_under_both_paths(desk: Desk, group: str) -> None:
    path = f"BINANCE/{group}/getCommissionRate"
    row = desk.get(path, venue="BINANCE", symbol="BTCUSDT")["result"][0]
    assert (row["takeFee"], row["makeFee"]) == (Decimal("0.003"), 0)


def test_a_request_without_a_token_or_with_another_ones_digest_is_refused(desk: Desk) -> None:
    query = f"accountId={ACCOUNT}&venue=BINANCE"
    path = "/ac/v2/BINANCE/asset/listBalance"
    bare = SimRequest("GET", path, query, {}, b"")
    assert code(parsed(desk.sim.handle(bare, desk.now_ms))) == 196634
    claims = {
        "accountId": ACCOUNT,
        "secretKeyId": KEY_ID,
        "digest": digest(query.encode()),
        "exp": desk.now_ms // 1000 + 10,
    }
    headers = {"signature": jwt.encode(claims, SECRET)}
    escaped = SimRequest("GET", path, query.replace("-", "%2D"), headers, b"")
    assert code(parsed(desk.sim.handle(escaped, desk.now_ms))) == 2097162
    asked = SimRequest("GET", path, query, headers, b"")
    assert parsed(desk.sim.handle(asked, desk.now_ms))["error"] is None
    assert code(parsed(desk.sim.handle(asked, desk.now_ms + 10_000))) == 196634


def test_an_unknown_path_is_404_and_a_wrong_method_405(desk: Desk) -> None:
    assert desk.send("GET", "BINANCE/order/amendOrder", "").status == 404
    assert desk.send("GET", "order", "").status == 404
    assert desk.send("GET", "BINANCE/order/newOrder", "").status == 405
    assert desk.send("POST", "BINANCE/order/queryOrderInfo", "{}").status == 405


def test_an_order_waits_and_is_then_submitted(desk: Desk) -> None:
    shown = desk.order()["result"][0]
    assert shown == {
        "accountId": "STA-BINANCE_00000001",
        "venue": "BINANCE",
        "orderId": shown["orderId"],
        "symbol": "BTCUSDT",
        "orderType": "LIMIT",
        "orderSide": "BUY",
        "limitPrice": Decimal("39000.00"),
        "quantity": Decimal("0.0100"),
        "filledAveragePrice": 0,
        "filledCumulativeQuantity": 0,
        "timeInForce": 1,
        "openQuantity": Decimal("0.0100"),
        "orderStatus": "PENDING_SUBMIT",
        "createdAt": START_MS,
        "updatedAt": START_MS,
    }
    order = {"venue": "BINANCE", "orderId": shown["orderId"]}
    assert code(desk.post("BINANCE/order/cancelOrder", **order)) == 328026
    desk.now_ms += 20
    assert desk.query(shown["orderId"])["orderStatus"] == "SUBMITTED"


def test_a_marketable_order_fills_in_parts_and_the_numbers_agree(desk: Desk) -> None:
    order_id = desk.working(TAKES_ALL)
    shown = desk.query(order_id)
    assert (shown["orderStatus"], shown["filledCumulativeQuantity"]) == (
        "FILLED",
        Decimal("0.0800"),
    )
    fills = desk.get("BINANCE/order/listFilledOrder", venue="BINANCE")["result"]
    assert [(row["lastFilledQuantity"], row["lastFilledPrice"]) for row in fills] == [
        (Decimal("0.05"), Decimal("40000.01")),
        (Decimal("0.03"), Decimal("40000.02")),
    ]
    notional = Decimal("0.05") * Decimal("40000.01") + Decimal("0.03") * Decimal("40000.02")
    commission = sum(row["lastCommission"] for row in fills)
    assert commission == notional * Decimal("0.003")
    assert shown["filledAveragePrice"] == (notional / Decimal("0.08")).quantize(Decimal("1E-8"))
    assert fills[0]["filledCumulativeQuantity"] == fills[0]["filledAveragePrice"] == 0
    balances = desk.get("BINANCE/asset/listBalance", venue="BINANCE")["result"]
    owned = {row["currency"]: row for row in balances}
    assert owned["BTC"]["amount"] == Decimal("1000.08")
    assert owned["USDT"]["amount"] == 100_000_000 - notional - commission
    assert owned["USDT"]["frozen"] == 0


def test_a_working_order_holds_what_it_may_cost_until_it_is_cancelled(desk: Desk) -> None:
    order_id = desk.working()
    held = Decimal(390) * Decimal("1.003")
    usdt = desk.get("BINANCE/asset/listBalance", venue="BINANCE")["result"][2]
    assert (usdt["frozen"], usdt["available"]) == (held, 100_000_000 - held)
    cancelled = desk.post("BINANCE/order/cancelOrder", orderId=order_id)["result"][0]
    assert (cancelled["orderStatus"], cancelled["openQuantity"]) == ("CANCELLED", 0)
    assert cancelled["cancelledUpdatedAt"] == desk.now_ms
    usdt = desk.get("BINANCE/asset/listBalance", venue="BINANCE")["result"][2]
    assert usdt["frozen"] == 0
    assert code(desk.post("BINANCE/order/cancelOrder", orderId=order_id)) == 327802


def test_partly_filled_and_then_gone_is_the_final_status_part_filled(desk: Desk) -> None:
    order_id = desk.working(TAKES_ALL | {"limitPrice": "40000.01"})
    shown = desk.query(order_id)
    assert (shown["orderStatus"], shown["openQuantity"]) == ("SUBMITTED", Decimal("0.0300"))
    gone = desk.post("BINANCE/order/cancelOrder", orderId=order_id)["result"][0]
    assert (gone["orderStatus"], gone["openQuantity"]) == ("PART_FILLED", 0)
    assert gone["filledCumulativeQuantity"] == Decimal("0.05")


def test_a_resting_order_is_filled_by_the_flow_without_a_taker_fee(desk: Desk) -> None:
    desk.pass_ms(0)
    order_id = desk.working(LIMIT | {"limitPrice": "39999.99", "quantity": "0.0500"})
    desk.pass_ms(20_000)
    assert desk.query(order_id)["orderStatus"] == "FILLED"
    fills = desk.get("BINANCE/order/listFilledOrder", venue="BINANCE", orderId=order_id)["result"]
    assert len(fills) > 1
    assert {row["isTaker"] for row in fills} == {False}
    assert {row["lastCommission"] for row in fills} == {0}


def test_the_same_seed_and_calls_give_the_same_ledger() -> None:
    def live() -> dict[str, object]:
        desk = Desk()
        desk.pass_ms(0)
        desk.order(LIMIT | {"limitPrice": "39999.99", "quantity": "0.0500"}, order_id="")
        desk.pass_ms(1_000)
        return desk.sim.ledger()

    assert live() == live()


@pytest.mark.parametrize(
    ("tif", "price", "status", "cum"),
    [
        (3, "40000.01", "PART_FILLED", "0.05"),
        (3, "39000.00", "CANCELLED", "0"),
        (3, "40001.00", "FILLED", "0.08"),
        (7, "40000.01", "REJECTED", "0"),
        (7, "39000.00", "SUBMITTED", "0"),
    ],
)
def test_times_in_force_end_as_they_should(
    desk: Desk, tif: int, price: str, status: str, cum: str
) -> None:
    order_id = desk.working(TAKES_ALL | {"timeInForce": tif, "limitPrice": price})
    shown = desk.query(order_id)
    assert (shown["orderStatus"], shown["filledCumulativeQuantity"]) == (status, Decimal(cum))


def test_a_market_buy_spends_a_total_and_a_market_sale_a_quantity(desk: Desk) -> None:
    market: dict[str, object] = {"symbol": "BTCUSDT", "orderType": "MARKET", "timeInForce": 1}
    bought = desk.query(desk.working(market | {"orderSide": "BUY", "total": "1000"}))
    assert (bought["orderStatus"], bought["limitPrice"]) == ("FILLED", None)
    assert bought["quantity"] == bought["filledCumulativeQuantity"] == Decimal("0.0249")
    sold = desk.query(desk.working(market | {"orderSide": "SELL", "quantity": "0.01"}))
    assert (sold["orderStatus"], sold["filledAveragePrice"]) == ("FILLED", Decimal("39999.99"))


def test_the_order_book_needs_no_token_and_has_no_envelope(desk: Desk) -> None:
    """Market data is public; only a refusal is wrapped."""

    def asked(path: str, method: str = "GET") -> SimResponse:
        desk.now_ms += 1000
        return desk.sim.handle(SimRequest(method, f"/md/{path}", "", {}, b""), desk.now_ms)

    book = json.loads(asked("orderbook/v1/BTCUSDT/BINANCE").body, parse_float=Decimal)
    assert sorted(book) == ["asks", "bids", "symbol", "updatedAt"]
    assert book["bids"][0][0] < book["asks"][0][0]
    assert code(json.loads(asked("orderbook/v1/NOSUCH/BINANCE").body)) == SYMBOL
    assert code(json.loads(asked("orderbook/v1/BTCUSDT/NOWHERE").body)) == NO_EXCHANGE
    assert asked("orderbook/v1/BTCUSDT/BINANCE", "POST").status == 405
    assert asked("orderbook/v2/BTCUSDT/BINANCE").status == 404
