"""Apifiny's recorded answers and what each must become; no guess where one is undocumented."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.apifiny import mapping
from adapters.documents import parse
from adapters.port import Balance, VenueOrder, VenueState
from oms.core.errors import MalformedMessage, NotSupported
from oms.core.fields import (
    PARTICIPATE_DONT_INITIATE,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.messages import NewOrderSingle
from oms.core.venue import Instrument

RECORDED = Path(__file__).parents[1] / "recorded"
SYMBOLS = {("VENUE1", "BTCUSD"): "BTC/USD"}
D = Decimal

BOUGHT = VenueOrder(
    venue_cl_ord_id="000000011584603011942221",
    secondary_order_id="",
    symbol="BTC/USD",
    security_exchange="VENUE1",
    side=Side.BUY,
    order_qty=D("1.12"),
    price=D(100),
    cum_qty=D(0),
    avg_px=D(0),
    state=VenueState.PENDING,
    transact_time=datetime(2020, 3, 19, 7, 30, 12, 164000, tzinfo=UTC),
    raw="as it was",
)


def answer(name: str) -> Any:
    """A recorded answer."""
    return parse((RECORDED / f"{name}.json").read_bytes())["answer"]


def row(**changed: object) -> dict[str, Any]:
    """The recorded order, with changes."""
    order: dict[str, Any] = answer("query_order_info")["result"][0]
    return order | changed


def seen(final: bool = True, **changed: Any) -> VenueOrder:
    """What the recorded order, with changes, becomes."""
    part_filled = VenueState.CANCELED if final else VenueState.WORKING
    return mapping.venue_order(row(**changed), "VENUE1", SYMBOLS, "as it was", part_filled)


def test_the_order_of_a_query() -> None:
    assert seen() == BOUGHT


@pytest.mark.parametrize("name", ["list_open_order", "list_completed_order"])
def test_the_orders_of_the_lists(name: str) -> None:
    document = answer(name)
    rows = document if isinstance(document, list) else document["result"]
    found = [
        mapping.venue_order(r, "VENUE1", SYMBOLS, "as it was", VenueState.CANCELED) for r in rows
    ]
    assert found[0] == BOUGHT
    assert (found[1].side, found[1].price) == (Side.SELL, D(110))
    assert found[1].state is VenueState.WORKING


def test_the_fill_of_the_list_of_fills() -> None:
    """Its cumulative quantity is 0 although it is filled: the last fill is what it knows."""
    (fill,) = answer("list_filled_order")["result"]
    order = mapping.venue_order(fill, "VENUE1", SYMBOLS, "", VenueState.CANCELED)
    assert (order.state, order.cum_qty, order.avg_px) == (VenueState.FILLED, D(0), D(0))
    assert (order.last_shares, order.last_px) == (D("0.01"), D(9000))


def test_the_symbols() -> None:
    found = [
        mapping.instrument(symbol, "VENUE1") for symbol in answer("list_symbol_info")["result"]
    ]
    assert found[0] == Instrument(
        symbol="EOS/ETH",
        venue_symbol="EOSETH",
        security_exchange="VENUE1",
        tick=D("0.01"),
        step=D("0.0001"),
        min_qty=D("0.01"),
        max_qty=D(99999),
        min_notional=D(1),
        max_notional=D(1000),
        enabled=True,
    )
    assert found[1].symbol == "BCH/USDT"


def test_a_symbol_without_bounds() -> None:
    symbol = answer("list_symbol_info")["result"][0]
    bare = {key: None if key.startswith(("min", "max")) else symbol[key] for key in symbol}
    found = mapping.instrument(bare | {"status": "disabled"}, "VENUE1")
    assert (found.min_qty, found.min_notional) == (D(0), D(0))
    assert (found.max_qty, found.max_notional) == (None, None)
    assert not found.enabled


@pytest.mark.parametrize("name", ["tickSize", "stepSize"])
def test_a_symbol_without_a_unit_is_malformed(name: str) -> None:
    symbol = answer("list_symbol_info")["result"][0]
    with pytest.raises(MalformedMessage, match=f"{name}: a number above 0"):
        mapping.instrument(symbol | {name: 0}, "VENUE1")


def test_the_balances() -> None:
    found = [mapping.balance(row, "VENUE1") for row in answer("list_balance")["result"]]
    assert found[1] == Balance(
        asset="USDT",
        security_exchange="VENUE1",
        total=D("101.95"),
        available=D("51.95"),
        held=D(50),
    )


def test_the_error() -> None:
    code, message = mapping.error_of(answer("error")["error"])
    assert code == 131115
    assert message == "Account doesn't exist, please verify account ID"


@pytest.mark.parametrize("code", [131115, "131115", "0x2002b", "0x02002B"])
def test_a_code_comes_in_three_shapes(code: object) -> None:
    assert mapping.error_of({"code": code, "message": "m"}) == (131115, "m")


@pytest.mark.parametrize("error", [{"code": "x"}, {"code": None}, {}, "no", []])
def test_an_error_without_a_code_is_malformed(error: object) -> None:
    with pytest.raises(MalformedMessage, match="error"):
        mapping.error_of(error)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PENDING_SUBMIT", VenueState.PENDING),
        ("SUBMITTED", VenueState.WORKING),
        ("PART_FILLED", VenueState.CANCELED),
        ("FILLED", VenueState.FILLED),
        ("CANCELLED", VenueState.CANCELED),
        ("REJECTED", VenueState.REJECTED),
    ],
)
def test_every_documented_state_is_known(word: str, state: VenueState) -> None:
    assert seen(orderStatus=word).state is state


def test_no_other_state_is_documented() -> None:
    assert len(mapping.STATES) == 6


def test_the_other_reading_of_part_filled() -> None:
    assert seen(final=False, orderStatus="PART_FILLED").state is VenueState.WORKING
    assert seen(final=False, orderStatus="CANCELLED").state is VenueState.CANCELED


@pytest.mark.parametrize(
    ("status", "quantity", "open_"),
    [
        ("PART_FILLED", D("0.1"), True),
        ("PART_FILLED", 0, False),
        ("PART_FILLED", None, False),
        ("SUBMITTED", D("0.1"), False),
    ],
)
def test_a_part_filled_order_may_leave_quantity_open(
    status: str, quantity: object, open_: bool
) -> None:
    assert mapping.leaves_open(row(orderStatus=status, openQuantity=quantity)) is open_


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"orderStatus": "PARTIALLY_FILLED"}, "orderStatus 'PARTIALLY_FILLED'"),
        ({"orderStatus": None}, "orderStatus"),
        ({"orderSide": "Buy"}, "orderSide"),
        ({"orderType": "STOP"}, "orderType"),
        ({"symbol": "ETHUSD"}, "symbol 'ETHUSD' at VENUE1"),
        ({"orderId": None}, "orderId"),
        ({"quantity": None}, "quantity"),
        ({"limitPrice": None}, "limitPrice"),
        ({"filledCumulativeQuantity": "some"}, "filledCumulativeQuantity"),
        ({"updatedAt": "now"}, "updatedAt"),
    ],
)
def test_what_is_not_documented_is_malformed(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(MalformedMessage, match=named):
        seen(**changed)


def test_a_market_order_has_no_price_and_an_order_may_be_undated() -> None:
    order = seen(orderType="MARKET", limitPrice=None, updatedAt=None, filledAveragePrice=None)
    assert order.price is None
    assert order.transact_time is None
    assert order.avg_px == 0


def test_the_exchanges_whose_keys_have_spaces() -> None:
    rows = answer("list_venue_info")["result"]
    assert dict(mapping.exchange(row) for row in rows) == {
        "VENUE1": True,
        "VENUE2": True,
        "VENUE24": False,
    }


def fill(**changed: object) -> dict[str, Any]:
    """The recorded fill, with changes."""
    (told,) = answer("list_filled_order")["result"]
    return dict(told) | changed


def test_a_fill_gets_a_name_and_tells_its_fee() -> None:
    told = mapping.trade(fill(), "VENUE1", SYMBOLS, "raw")
    assert told.trade_id == "000000011584603011942221:1584603012164:0.01@9000"
    assert (told.last_shares, told.last_px, told.side) == (D("0.01"), D(9000), Side.BUY)
    assert (told.commission, told.fee_currency) == (D("0.0450"), "USD")
    assert told.transact_time == datetime(2020, 3, 19, 7, 30, 12, 164000, tzinfo=UTC)
    assert mapping.numbered(told, 1) is told
    assert mapping.numbered(told, 2).trade_id.endswith("@9000#2")


def test_a_fill_of_the_feed_has_a_time_of_its_own() -> None:
    told = mapping.trade(answer("feed_order")["payload"], "VENUE1", SYMBOLS, "raw")
    assert told.trade_id == "000000121574697605570321:1552116459467:1.12@100"


def test_a_fill_may_have_no_time_and_no_fee() -> None:
    bare = fill(updatedAt=None, lastCommission=None, lastCommissionCurrency=None)
    told = mapping.trade(bare, "VENUE1", SYMBOLS, "")
    assert (told.transact_time, told.commission, told.fee_currency) == (None, None, "")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"orderSide": "Buy"}, "orderSide"),
        ({"symbol": "ETHUSD"}, "symbol 'ETHUSD' at VENUE1"),
        ({"lastFilledPrice": None}, "lastFilledPrice"),
        ({"lastFilledQuantity": True}, "lastFilledQuantity"),
    ],
)
def test_a_fill_that_is_not_documented_is_malformed(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(MalformedMessage, match=named):
        mapping.trade(fill(**changed), "VENUE1", SYMBOLS, "")


def asked(**changed: Any) -> NewOrderSingle:
    """A new order."""
    order: dict[str, Any] = {
        "cl_ord_id": "000000011584603011942221",
        "symbol": "BTCUSD",
        "security_exchange": "VENUE1",
        "side": Side.BUY,
        "ord_type": OrdType.LIMIT,
        "order_qty": D("1.12"),
        "price": D(100),
    }
    return NewOrderSingle(**(order | changed))


def test_the_documents_own_new_order() -> None:
    assert mapping.order_fields(asked()) == {
        "venue": "VENUE1",
        "orderId": "000000011584603011942221",
        "orderInfo": {
            "symbol": "BTCUSD",
            "orderType": "LIMIT",
            "timeInForce": 1,
            "orderSide": "BUY",
            "limitPrice": "100",
            "quantity": "1.12",
        },
    }


def test_a_market_buy_by_its_total() -> None:
    order = asked(ord_type=OrdType.MARKET, order_qty=None, price=None, cash_order_qty=D("1E+3"))
    info: Any = mapping.order_fields(order)["orderInfo"]
    assert info == {
        "symbol": "BTCUSD",
        "orderType": "MARKET",
        "timeInForce": 1,
        "orderSide": "BUY",
        "total": "1000",
    }


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL}, 3),
        ({"time_in_force": TimeInForce.DAY}, 1),
        ({"exec_inst": PARTICIPATE_DONT_INITIATE, "side": Side.SELL}, 7),
    ],
)
def test_the_times_in_force(changed: dict[str, Any], code: int) -> None:
    info: Any = mapping.order_fields(asked(**changed))["orderInfo"]
    assert info["timeInForce"] == code


@pytest.mark.parametrize(
    "changed",
    [
        {"time_in_force": TimeInForce.FILL_OR_KILL},
        {"exec_inst": "X"},
        {"ord_type": OrdType.STOP},
    ],
)
def test_what_the_venue_has_no_words_for(changed: dict[str, Any]) -> None:
    with pytest.raises(NotSupported):
        mapping.order_fields(asked(**changed))
