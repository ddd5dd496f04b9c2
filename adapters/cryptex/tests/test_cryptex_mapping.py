"""Cryptex's JSON and our words: each recorded answer, and each thing that must not be believed."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from adapters.cryptex import mapping
from adapters.cryptex.mapping import Reading, Refusal
from adapters.port import VenueOrder, VenueState, VenueTrade
from oms.core.errors import MalformedMessage
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.messages import NewOrderSingle
from oms.core.order import Order

D = Decimal
RECORDED: Final = Path(__file__).parents[1] / "recorded"
USUAL: Final = Reading()
NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
ORDER: Final = Order(
    order_id="1",
    origin="DESK1",
    route="CRYPTEX",
    venue_cl_ord_id="7",
    cl_ord_id="d1",
    symbol="BTC/USD",
    side=Side.SELL,
    ord_type=OrdType.LIMIT,
    time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    order_qty=D(10),
    price=D(2500),
    created=NOW,
    updated=NOW,
    secondary_order_id="1",
)


def told(name: str) -> Any:
    """The data of a recorded answer."""
    text = (RECORDED / f"{name}.json").read_text()
    return mapping.content(json.loads(text, parse_float=Decimal)["body"])


def row(**changed: object) -> dict[str, Any]:
    """The document's order, changed."""
    return {**told("order_info")["1"], **changed}


def trade(**changed: object) -> dict[str, Any]:
    """The document's second trade, changed."""
    return {**told("trade_history")[1], **changed}


# What is sent


def test_an_order_becomes_a_form() -> None:
    request = NewOrderSingle(
        cl_ord_id="7",
        symbol="BTC_USD",
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=D("1E-4"),
        price=D("2500.50"),
    )
    assert mapping.order_fields(request) == {
        "pair": "BTC_USD",
        "type": "buy",
        "price": "2500.5",
        "amount": "0.0001",
    }


def test_a_symbol_becomes_a_pair_and_back() -> None:
    named = Reading(pairs={"XBT_USD": "BTC/USD"})
    assert mapping.pair_of("BTC/USD", USUAL) == "BTC_USD"
    assert mapping.pair_of("BTC/USD", named) == "XBT_USD"
    assert mapping.pair_of("LTC/USD", named) == "LTC_USD"
    assert mapping.symbol({"pair": "XBT_USD"}, named) == "BTC/USD"
    assert mapping.symbol({"pair": "ltc_usd"}, named) == "LTC/USD"


def test_a_flipped_pair_is_another_market_unless_an_alias_says_otherwise() -> None:
    flipped = told("trade_history")[0]
    assert mapping.symbol(flipped, USUAL) == "USD/BTC"
    alias = Reading(pair_alias={"USD_BTC": "BTC_USD"})
    _, sell = mapping.sides_of(flipped, alias)
    assert (sell.symbol, sell.last_px, sell.last_shares) == ("BTC/USD", D(2500), D(10))


@pytest.mark.parametrize("pair", ["BTCUSD", "BTC/USD", "BTC_USD_X", "_USD", "", 5, None])
def test_what_is_no_pair_is_not_read(pair: object) -> None:
    with pytest.raises(MalformedMessage, match="pair"):
        mapping.symbol({"pair": pair}, USUAL)


def test_times_are_sent_in_the_form_that_is_chosen() -> None:
    moment = datetime(2026, 1, 5, 21, 30, 15, tzinfo=UTC)
    assert mapping.history_time(moment, USUAL) == "20260105213015"
    moscow = Reading(zone=ZoneInfo("Europe/Moscow"))
    assert mapping.history_time(moment, moscow) == "20260106003015"
    epoch = Reading(history_time_format="epoch")
    assert mapping.history_time(moment, epoch) == "1767648615"


# Times and texts


@pytest.mark.parametrize(
    ("number", "zone", "moment"),
    [
        (20140812003842, "UTC", datetime(2014, 8, 12, 0, 38, 42, tzinfo=UTC)),
        (20140812003842, "Europe/Moscow", datetime(2014, 8, 11, 20, 38, 42, tzinfo=UTC)),
        (31556926, "Europe/Moscow", datetime(1971, 1, 1, 5, 48, 46, tzinfo=UTC)),
    ],
)
def test_times_are_read_by_their_length(number: int, zone: str, moment: datetime) -> None:
    assert mapping.instant(number, ZoneInfo(zone)) == moment


@pytest.mark.parametrize("number", [20141312003842, 201408120038420, 9_999_999_999_999, 10**30])
def test_what_is_no_time_is_not_read(number: int) -> None:
    with pytest.raises(MalformedMessage, match="no time"):
        mapping.instant(number, UTC)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"status": "ok", "data": 1}, None),
        ({"status": "OK", "data": 1}, None),
        ({"status": "error", "error": "no funds"}, "error: no funds"),
        ({"status": "fail", "code": 5, "message": "a", "reason": "b"}, "fail: a: b"),
        ({"status": "error"}, "error"),
        ({"status": 1}, None),
        ({"error": "no funds"}, None),
        ([], None),
        (None, None),
    ],
)
def test_a_refusal_is_told_in_the_venues_words(document: object, text: str | None) -> None:
    assert mapping.refusal_text(document) == text


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("error: not enough funds", Refusal.REFUSED),
        ("error: order not found", Refusal.REFUSED),
        ("error: Nonce must be greater than 5", Refusal.NONCE),
        ("bad NONCE", Refusal.NONCE),
        ("", Refusal.REFUSED),
    ],
)
def test_only_the_word_nonce_means_anything(text: str, meaning: Refusal) -> None:
    assert mapping.refusal(text) is meaning
    assert set(mapping.REFUSALS) == {"nonce"}


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("nonce must be greater than 1500", 1500),
        ("nonce 7 is too low, the last was 2147483647", 2**31 - 1),
        ("nonce too low", 1000),
        ("nonce must be greater than 12", 1000),
        ("nonce at 20260105213015 was 2147483648", 1000),
    ],
)
def test_a_last_nonce_is_believed_within_bounds(text: str, last: int) -> None:
    """A date or a number that no nonce can be is no reason to leap."""
    assert mapping.last_nonce(text, 1000) == last


@pytest.mark.parametrize(
    "document", [None, [], "ok", {"status": "error"}, {"status": 1}, {"data": {}}]
)
def test_an_answer_that_is_not_ok_has_no_content(document: object) -> None:
    with pytest.raises(MalformedMessage):
        mapping.content(document)


# Orders


def test_the_documents_order() -> None:
    """Half filled and working; `amount` is what was ordered."""
    order = mapping.listed_order(row(), USUAL, "raw")
    assert order == VenueOrder(
        venue_cl_ord_id="",
        secondary_order_id="1",
        symbol="BTC/USD",
        side=Side.SELL,
        order_qty=D(10),
        price=D(2500),
        cum_qty=D(3),
        avg_px=None,
        state=VenueState.WORKING,
        names_fills=True,
        raw="raw",
    )


def test_the_amount_can_be_what_is_left() -> None:
    order = mapping.listed_order(row(), Reading(amount_is="remaining"), "")
    assert (order.order_qty, order.cum_qty) == (D(13), D(3))


def test_a_list_can_be_a_map() -> None:
    assert mapping.order_rows(told("active_orders")) == [row()]
    assert mapping.order_rows(told("order_info")) == [row()]
    assert mapping.order_rows([]) == mapping.order_rows({}) == []
    for wrong in (None, "x", [1], {"1": 1}):
        with pytest.raises(MalformedMessage):
            mapping.order_rows(wrong)


def test_only_the_order_that_was_asked_for_is_taken() -> None:
    assert mapping.only_order(told("order_info"), "1") == row()
    more = {"1": row(), "2": row(order_id=2)}
    for wrong in ({"1": row(order_id=2)}, {"2": row()}, more, {}, {"1": 5}, [row()], "x"):
        with pytest.raises(MalformedMessage):
            mapping.only_order(wrong, "1")


@pytest.mark.parametrize("status", [0, 2, -1, "1", "active", None, True, D("1.0")])
def test_no_other_status_is_guessed_at(status: object) -> None:
    """The document shows 1 and no other; nor is a text a number."""
    with pytest.raises(MalformedMessage, match="unknown status"):
        mapping.listed_order(row(status=status), USUAL, "")


def test_more_statuses_can_be_named() -> None:
    both = Reading(active=frozenset({"0", "1"}))
    assert mapping.listed_order(row(status=0), both, "").state is VenueState.WORKING
    assert mapping.STATES == {"1": VenueState.WORKING}


@pytest.mark.parametrize(
    "changed",
    [
        {"order_id": "1"},
        {"order_id": 0},
        {"order_id": None},
        {"timestamp": "20140812003842"},
        {"timestamp": 20141312003842},
        {"pair": None},
        {"type": "SELL"},
        {"type": 1},
        {"price": "x"},
        {"price": None},
        {"amount": True},
        {"amount": "NaN"},
        {"filled": None},
        {"filled": -1},
        {"filled": D("1E+50")},
    ],
)
def test_a_row_of_wrong_types_is_not_believed(changed: dict[str, object]) -> None:
    with pytest.raises(MalformedMessage):
        mapping.listed_order(row(**changed), USUAL, "")


def test_numbers_may_have_exponents_and_rows_more_fields() -> None:
    """A number with an exponent is exact; what nobody knows is left alone."""
    order = mapping.listed_order(row(filled=D("1E-8"), more={"a": 1}), USUAL, "")
    assert order.cum_qty == D("0.00000001")


# The end of an order


def fill(qty: str, number: str = "1") -> VenueTrade:
    return VenueTrade(
        trade_id=number, symbol="BTC/USD", last_shares=D(qty), last_px=D(1), secondary_order_id="1"
    )


@pytest.mark.parametrize(
    ("filled", "fills", "cancelled", "state", "cum_qty"),
    [
        # all that was ordered, by its fills or by its own figure
        ("10", ["4", "6"], False, VenueState.FILLED, "10"),
        ("10", ["4"], False, VenueState.FILLED, "10"),
        ("3", ["4", "6"], True, VenueState.FILLED, "10"),
        # our cancel was taken: what it counts is all there, or is waited for
        ("4", ["4"], True, VenueState.CANCELED, "4"),
        ("4", [], True, VenueState.CANCELED, "4"),
        ("0", [], True, VenueState.CANCELED, "0"),
        # nobody said that it is over: a while must show it
        ("4", ["4"], False, VenueState.CANCELED, None),
        ("0", [], False, VenueState.CANCELED, None),
        ("4", ["3"], False, VenueState.CANCELED, "4"),
    ],
)
def test_how_an_order_ended(
    filled: str, fills: list[str], cancelled: bool, state: VenueState, cum_qty: str | None
) -> None:
    seen = mapping.venue_order(row(filled=D(filled)), USUAL, "", VenueState.CANCELED)
    trades = tuple(fill(qty, str(number)) for number, qty in enumerate(fills))
    over = mapping.ended(seen, trades, cancelled=cancelled)
    assert (over.state, over.trades) == (state, trades)
    assert over.cum_qty == (None if cum_qty is None else D(cum_qty))


def test_an_order_that_the_venue_has_forgotten_is_as_we_know_it() -> None:
    """And nothing says that the fills it names are all there were."""
    seen = mapping.as_booked(ORDER, "")
    over = mapping.ended(seen, (fill("4"),), cancelled=True)
    assert (over.secondary_order_id, over.order_qty, over.price) == ("1", D(10), D(2500))
    assert (over.state, over.cum_qty) == (VenueState.CANCELED, None)
    whole = mapping.ended(seen, (fill("10"),), cancelled=False)
    assert (whole.state, whole.cum_qty) == (VenueState.FILLED, D(10))


# Trades


def test_a_trade_has_two_sides() -> None:
    """The type is not looked at: it does not say whose it is."""
    buy, sell = mapping.sides_of(trade(type="sell"), USUAL)
    assert (buy.side, buy.exec_id) == (Side.BUY, "2-3")
    assert (sell.side, sell.exec_id) == (Side.SELL, "2-4")
    for side in (buy, sell):
        assert (side.symbol, side.last_px, side.last_shares) == ("BTC/USD", D(2500), D(10))
        assert side.transact_time == datetime(2014, 8, 12, 0, 38, 42, tzinfo=UTC)
        assert side.commission is None
        assert '"transaction_id": 2' in side.raw


def test_an_order_has_its_own_trades_once() -> None:
    rows = [
        trade(transaction_id=15, sell_order_id=9),
        trade(),
        trade(),
        told("trade_history")[0],
    ]
    found = mapping.order_trades(rows, "3", USUAL)
    assert [one.exec_id for one in found] == ["2-3", "15-3"]
    assert [one.exec_id for one in mapping.order_trades(rows, "9", USUAL)] == ["15-9"]
    assert mapping.order_trades(rows, "77", USUAL) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"transaction_id": "2"},
        {"buy_order_id": None},
        {"sell_order_id": 0},
        {"sell_order_id": 3},
        {"price": None},
        {"amount": "much"},
        {"timestamp": None},
        {"pair": 1},
    ],
)
def test_a_trade_of_wrong_types_is_not_believed(changed: dict[str, object]) -> None:
    with pytest.raises(MalformedMessage):
        mapping.sides_of(trade(**changed), USUAL)


# Answers to changes, and balances


def test_a_new_order_is_answered_with_its_number() -> None:
    assert mapping.order_number(told("trade")) == "1"
    assert mapping.cancelled_number(told("cancel_order")) == "1"


@pytest.mark.parametrize("data", [{"order": 0}, {"order": None}, {"balances": {}}])
def test_a_new_order_can_be_answered_without(data: dict[str, object]) -> None:
    assert mapping.order_number(data) == ""


@pytest.mark.parametrize("data", [None, "x", [], {"order": "1"}, {"order": -1}, {"order": True}])
def test_an_answer_of_another_kind_is_not_believed(data: object) -> None:
    with pytest.raises(MalformedMessage):
        mapping.order_number(data)
    with pytest.raises(MalformedMessage):
        mapping.cancelled_number(data)


def test_the_documents_balances() -> None:
    assert mapping.amounts(told("info")) == {"BTC": 1000}
    assert mapping.amounts(told("info_python"))["BTC"] == D("5.4004")
    wrongs: list[object] = [{}, {"balances": []}, {"balances": {"BTC": None}}, "x"]
    for wrong in wrongs:
        with pytest.raises(MalformedMessage):
            mapping.amounts(wrong)
