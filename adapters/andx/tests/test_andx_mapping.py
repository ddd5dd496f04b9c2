"""ANDX's recorded answers and what each must become; no guess where one is undocumented."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.andx import mapping
from adapters.documents import parse
from adapters.port import Balance, VenueOrder, VenueState
from oms.core.errors import MalformedMessage
from oms.core.fields import OrdType, Side
from oms.core.messages import NewOrderSingle
from oms.core.venue import Instrument

RECORDED = Path(__file__).parents[1] / "recorded"
D = Decimal

SOLD = VenueOrder(
    venue_cl_ord_id="0",
    secondary_order_id="54259",
    symbol="BTC/TRY",
    side=Side.SELL,
    order_qty=D("0.01000000"),
    price=D("40683.54"),
    cum_qty=D("0.01000000"),
    avg_px=D("40683.54"),
    state=VenueState.FILLED,
    raw="as it was",
)
BTC = Instrument(
    symbol="BTC/TRY",
    venue_symbol="BTCTRY",
    tick=D("0.01"),
    step=D("0.00000001"),
    min_qty=D("0.00010000"),
)
XRP = Instrument(
    symbol="XRP/TRY",
    venue_symbol="XRPTRY",
    tick=D("0.0001"),
    step=D("0.00000001"),
    min_qty=D("0.50000000"),
)


def content(name: str) -> Any:
    """What the recorded answer's envelope holds."""
    recorded = parse((RECORDED / f"{name}.json").read_bytes())
    assert recorded["body"]["status"] == "success"
    return recorded["body"]["data"]


def row(**changed: object) -> dict[str, Any]:
    """The recorded order, with changes."""
    order: dict[str, Any] = content("order_status")["order"]
    return order | changed


def test_the_order_of_order_status() -> None:
    assert mapping.venue_order(row(), "as it was") == SOLD


def test_the_order_of_the_lists() -> None:
    (listed,) = content("orders")["orders"]
    assert mapping.venue_order(listed, "as it was") == SOLD


def test_the_number_of_a_new_order() -> None:
    assert mapping.order_number(content("order_created")) == "54264"


def test_all_markets() -> None:
    rows = mapping.markets(content("market_info_list"))
    assert [mapping.instrument(market) for market in rows] == [BTC, XRP]


def test_one_market_stands_where_the_list_stood() -> None:
    rows = mapping.markets(content("market_info_one"))
    assert [mapping.instrument(market) for market in rows] == [BTC]


def test_balances() -> None:
    found = mapping.balances(content("balance"))
    assert {balance.asset for balance in found} == {"ETH", "LTC", "USD", "TRY", "BTC", "XRP"}
    assert set(found) >= {Balance(asset="BTC", total=D(0), available=D(0), held=D(0))}


def test_what_is_held_is_what_is_not_available() -> None:
    one = {"currency_code": "TRY", "balance": "10.5", "available_balance": "0.25"}
    (balance,) = mapping.balances({"balances": {"TRY": one}})
    assert (balance.total, balance.available, balance.held) == (D("10.5"), D("0.25"), D("10.25"))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("N", VenueState.WORKING),
        ("P", VenueState.WORKING),
        ("F", VenueState.FILLED),
        ("C", VenueState.CANCELED),
        ("R", VenueState.REJECTED),
    ],
)
def test_every_documented_state_is_known(word: str, state: VenueState) -> None:
    assert mapping.venue_order(row(status=word), "").state is state


def test_no_other_state_is_documented() -> None:
    assert set(mapping.STATES) == set("NPFCR")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"status": "O"}, "status 'O'"),
        ({"status": "n"}, "status 'n'"),
        ({"status": None}, "status"),
        ({"buy_sell": "X"}, "buy_sell"),
        ({"order_type": "stop"}, "order_type"),
        ({"volume_executed": None}, "volume_executed"),
        ({"volume": "much"}, "volume"),
        ({"price": None}, "price"),
        ({"order_number": "54259"}, "order_number"),
        ({"client_id": None}, "client_id"),
        ({"base_currency": None}, "base_currency"),
    ],
)
def test_what_is_not_documented_is_malformed(changed: dict[str, object], named: str) -> None:
    with pytest.raises(MalformedMessage, match=named):
        mapping.venue_order(row(**changed), "")


def test_an_order_that_was_given_an_id_shows_it() -> None:
    assert mapping.venue_order(row(client_id=7001), "").venue_cl_ord_id == "7001"


def test_a_market_order_has_no_price() -> None:
    seen = mapping.venue_order(row(order_type="market", price="0", avg_price=None), "")
    assert seen.price is None
    assert seen.avg_px == 0


@pytest.mark.parametrize("places", [-1, 19])
def test_a_market_of_impossible_precision_is_malformed(places: int) -> None:
    (market, _) = mapping.markets(content("market_info_list"))
    with pytest.raises(MalformedMessage, match="18 decimals"):
        mapping.instrument(market | {"base_currency_decimal": places})


def test_a_limit_order_as_the_venue_wants_it() -> None:
    """The document's own example, down to kinds: text for amounts, a number for the id."""
    request = NewOrderSingle(
        cl_ord_id="7001",
        symbol="BTCTRY",
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=D("0.01000000"),
        price=D("40683.54"),
    )
    assert mapping.order_request(request, "Main") == (
        b'{"order_type": "limit", "market_code": "BTCTRY", "volume": "0.01", "buy_sell": "B", '
        b'"price": "40683.54", "client_id": 7001, "post_only": false, "account_name": "Main"}'
    )


def test_a_market_order_as_the_venue_wants_it() -> None:
    request = NewOrderSingle(
        cl_ord_id="7002",
        symbol="XRPTRY",
        side=Side.SELL,
        ord_type=OrdType.MARKET,
        order_qty=D("1E+2"),
    )
    body = json.loads(mapping.order_request(request, "Main"))
    assert (body["order_type"], body["price"], body["volume"]) == ("market", "0", "100")
    assert body["buy_sell"] == "S"


def test_a_post_only_order_says_so() -> None:
    request = NewOrderSingle(
        cl_ord_id="7003",
        symbol="BTCTRY",
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=D("0.00000001"),
        price=D(1),
        exec_inst="6",
    )
    body = json.loads(mapping.order_request(request, "Main"))
    assert (body["post_only"], body["volume"]) == (True, "0.00000001")
