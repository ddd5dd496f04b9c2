"""Apifiny's recorded answers and what each must become; no guess where one is undocumented."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.apifiny import mapping
from adapters.documents import parse
from adapters.port import Balance, VenueOrder, VenueState
from oms.core.errors import (
    MalformedMessage,
    OutcomeUnknown,
    VenueError,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.fields import OrdRejReason, Side
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
    ("code", "kind"),
    [
        (65562, VenueRefused),
        (65579, OutcomeUnknown),
        (65595, VenueUnavailable),
        (131114, VenueUnavailable),
        (2097162, VenueRefused),
        (999999, VenueRefused),
    ],
)
def test_what_a_code_says_about_a_query(code: int, kind: type[VenueError]) -> None:
    assert type(mapping.refusal(code, "text")) is kind


@pytest.mark.parametrize("code", [327706, 327738, 5243242])
def test_the_codes_of_an_order_that_is_not_there(code: int) -> None:
    error = mapping.refusal(code, "text")
    assert isinstance(error, VenueRefused)
    assert error.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER


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
