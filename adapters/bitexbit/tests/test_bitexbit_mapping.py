"""Bitexbit's recorded answers and what each must become; no guess where one is undocumented."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.bitexbit import mapping
from adapters.documents import parse
from adapters.port import Balance, VenueOrder, VenueState, VenueTrade
from oms.core.errors import MalformedMessage
from oms.core.fields import OrdType, Side
from oms.core.funding import Activity, ActivityKind
from oms.core.market import Candle, Currency, Level, OrderBook, PublicTrade
from oms.core.messages import NewOrderSingle
from oms.core.venue import Instrument

RECORDED = Path(__file__).parents[1] / "recorded"
D = Decimal
TAKEN_AT = datetime(2017, 1, 6, 16, 44, 39, 516000, UTC)

REQUEST = NewOrderSingle(
    cl_ord_id="1",
    symbol="BTC_USD",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=D("1.0"),
    price=D("870.69"),
)


def content(name: str) -> Any:
    """The body of a recorded answer."""
    return parse((RECORDED / f"{name}.json").read_bytes())["body"]


def created(**changed: object) -> dict[str, Any]:
    """The recorded answer to a new order, with changes."""
    answer: dict[str, Any] = content("order_created")
    return answer | changed


# Orders


def test_the_order_of_the_list() -> None:
    """Done, and how much was executed is not told."""
    (row,) = content("orders_own")
    assert mapping.venue_order(row, "as it was") == VenueOrder(
        venue_cl_ord_id="",
        secondary_order_id="11249",
        symbol="ETH/USD",
        side=Side.BUY,
        order_qty=D("0.500000000"),
        price=D("0.00113000"),
        cum_qty=None,
        avg_px=None,
        state=VenueState.FILLED,
        names_fills=True,
        raw="as it was",
    )


def test_the_single_order_has_its_status_as_text() -> None:
    seen = mapping.venue_order(content("order"), "")
    assert (seen.secondary_order_id, seen.state) == ("11259", VenueState.WORKING)


def test_an_order_carries_the_fills_that_are_its() -> None:
    (row,) = content("orders_own")
    fill = mapping.placed(created(), REQUEST, "").trades
    seen = mapping.venue_order(row, "", fill)
    assert seen.trades == fill
    assert mapping.with_trades(seen, ()).trades == ()


@pytest.mark.parametrize("told", [1, "1"])
def test_a_status_is_a_number_or_text(told: object) -> None:
    assert mapping.venue_order(content("order") | {"status": told}, "").state is VenueState.WORKING


def test_no_other_state_is_documented() -> None:
    assert {
        "1": VenueState.WORKING,
        "2": VenueState.CANCELED,
        "3": VenueState.FILLED,
    } == mapping.STATES


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"status": 0}, "status 0"),
        ({"status": "4"}, "status '4'"),
        ({"status": True}, "status True"),
        ({"status": None}, "status None"),
        ({"status": D("1.0")}, "status"),
        ({"type": "BUY"}, "type 'BUY'"),
        ({"type": None}, "type"),
        ({"amount": None}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": True}, "amount"),
        ({"price": None}, "price"),
        ({"id": "11259"}, "id"),
        ({"id": None}, "id"),
        ({"pair": "BTCUSD"}, "pair"),
        ({"pair": "BTC_USD_T"}, "pair"),
        ({"pair": "BTC/USD"}, "pair"),
        ({"pair": "_USD"}, "pair"),
        ({"pair": None}, "pair"),
    ],
)
def test_what_is_not_documented_is_malformed(changed: dict[str, object], named: str) -> None:
    with pytest.raises(MalformedMessage, match=named):
        mapping.venue_order(content("order") | changed, "")


def test_an_order_is_an_object() -> None:
    with pytest.raises(MalformedMessage, match="object"):
        mapping.venue_order([], "")


def test_numbers_may_be_text_and_have_exponents() -> None:
    """The document has both forms; an exponent is a number all the same."""
    seen = mapping.venue_order(content("order") | {"amount": "1.25E-1", "price": D("8.7069E2")}, "")
    assert (seen.order_qty, seen.price) == (D("0.125"), D("870.69"))


def test_unknown_fields_are_ignored() -> None:
    assert mapping.venue_order(content("order") | {"filled": 7}, "").cum_qty is None


def test_a_new_order_as_the_venue_wants_it() -> None:
    assert mapping.order_fields(REQUEST) == {
        "type": "buy",
        "pair": "BTC_USD",
        "amount": "1",
        "price": "870.69",
    }


# The answer to a new order


def test_the_fills_of_a_new_order() -> None:
    """Side and id are ours; `type` and `o_id` in them are the other side's."""
    found = mapping.placed(created(), REQUEST, "as it was")
    fill = VenueTrade(
        trade_id="6049",
        symbol="BTC/USD",
        last_shares=D("0.00010000"),
        last_px=D("870.69000000"),
        secondary_order_id="11268",
        side=Side.BUY,
        transact_time=TAKEN_AT,
    )
    assert found.secondary_order_id == "11268"
    assert found.trades == (fill,)
    assert fill.exec_id == "6049-11268"
    assert found.transact_time == TAKEN_AT


def test_the_documents_own_sample_does_not_add_up_and_that_is_said() -> None:
    found = mapping.placed(created(), REQUEST, "")
    text = mapping.discord(created(), REQUEST, found)
    assert text == "order 11268: 1 asked for, 0.0001 traded, 0 left"


def test_what_adds_up_is_not_mentioned() -> None:
    answer = created(amount=D("0.9999"))
    assert mapping.discord(answer, REQUEST, mapping.placed(answer, REQUEST, "")) == ""


def test_the_orders_that_were_hit() -> None:
    """The other side of each trade: ours too, if the account traded with itself."""
    found = mapping.placed(created(), REQUEST, "")
    (hit,) = mapping.hit_trades(created(), found.trades)
    assert (hit.trade_id, hit.secondary_order_id, hit.side) == ("6049", "11266", Side.SELL)


TRADE = {"type": "sell", "price": 1, "o_id": 1, "amount": 1, "tid": 1}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"success": None}, "neither"),
        ({"success": "true"}, "neither"),
        ({"oid": "11268"}, "oid"),
        ({"type": "sell"}, "another order"),
        ({"price": D("870.7")}, "another order"),
        ({"amount": D("1.1")}, "more than the order"),
        ({"amount": D("-0.1")}, "more than the order"),
        ({"date": None}, "date"),
        ({"trades": None}, "trades"),
        ({"trades": [TRADE | {"amount": 2}]}, "more than the order"),
        ({"trades": [TRADE | {"amount": 0}]}, "above 0"),
        ({"trades": [TRADE | {"price": -1}]}, "above 0"),
        ({"trades": [TRADE | {"tid": None}]}, "tid"),
        ({"trades": ["6049"]}, "object"),
    ],
)
def test_an_answer_that_can_not_be_about_the_order_is_malformed(
    changed: dict[str, object], named: str
) -> None:
    with pytest.raises(MalformedMessage, match=named):
        mapping.placed(created(**changed), REQUEST, "")


def test_the_answer_to_a_cancel_names_the_order() -> None:
    mapping.cancelled(content("order_cancelled"), "63568")
    mapping.cancelled({"order": "63568"}, "63568")
    for told in ({"order": 63569}, {"order": True}, {}, [63568]):
        with pytest.raises(MalformedMessage):
            mapping.cancelled(told, "63568")


# Exchanges


def test_an_own_exchange_is_nobodys() -> None:
    (row,) = content("exchanges")
    assert mapping.own_trade(row, "as it was") == VenueTrade(
        trade_id="6030",
        symbol="BTC/USD",
        last_shares=D("0.00281167"),
        last_px=D("839.36000000"),
        transact_time=datetime(2017, 1, 6, 12, 30, 17, 735000, UTC),
        raw="as it was",
    )


def test_a_public_exchange_has_no_side() -> None:
    (row,) = content("exchanges")
    assert mapping.public_trade(row) == PublicTrade(
        symbol="BTC/USD",
        price=D("839.36000000"),
        qty=D("0.00281167"),
        trade_id="6030",
        time=datetime(2017, 1, 6, 12, 30, 17, 735000, UTC),
    )


@pytest.mark.parametrize("time", [D("1e30"), D("-1e30"), "soon", None])
def test_a_time_outside_all_calendars_is_malformed(time: object) -> None:
    (row,) = content("exchanges")
    with pytest.raises(MalformedMessage):
        mapping.own_trade(row | {"timestamp": time}, "")


# Markets


def test_a_pair() -> None:
    (row,) = content("pairs")
    assert mapping.instrument(row, 8) == Instrument(
        symbol="BTC/USD",
        venue_symbol="BTC_USD",
        tick=D("0.001"),
        step=D("0.00000001"),
        min_qty=D("0.00000001"),
        max_qty=D("100000000.00000000"),
    )


@pytest.mark.parametrize(
    "changed", [{"price_precision": -1}, {"price_precision": 19}, {"name": "BTC_EUR"}]
)
def test_an_impossible_pair_is_malformed(changed: dict[str, object]) -> None:
    (row,) = content("pairs")
    with pytest.raises(MalformedMessage):
        mapping.instrument(row | changed, 8)


def test_currencies() -> None:
    found = [mapping.currency(row) for row in content("currencies")]
    assert found == [Currency(asset="BTC", name="Ƀ"), Currency(asset="ETH", name="Ξ")]


@pytest.mark.parametrize("name", ["orderbook", "orderbook_grouped"])
def test_a_book_with_and_without_ids(name: str) -> None:
    assert mapping.order_book(content(name), "BTC/USD") == OrderBook(
        symbol="BTC/USD",
        bids=(Level(D("911.122"), D("0.001233")),),
        asks=(Level(D("911.519"), D("0.000446")),),
    )


def test_a_book_is_sorted_and_summed() -> None:
    rows = [{"price": px, "amount": D(qty)} for px, qty in ((1, "2"), (3, "1"), (1, "0.5"))]
    book = mapping.order_book({"buy": rows, "sell": rows}, "BTC/USD")
    assert book.bids == (Level(D(3), D(1)), Level(D(1), D("2.5")))
    assert book.asks == (Level(D(1), D("2.5")), Level(D(3), D(1)))


def test_a_candle() -> None:
    (row,) = content("chart")
    assert mapping.candle(row, "BTC/USD", "1h") == Candle(
        symbol="BTC/USD",
        period="1h",
        time=datetime(2017, 1, 30, 12, tzinfo=UTC),
        open=D("910.424"),
        high=D("912.236"),
        low=D("910.086"),
        close=D("911.915"),
        volume=D("0.262929"),
    )


# The account


def test_a_wallet() -> None:
    (row,) = content("wallets")
    nothing = Balance(asset="BTC", total=D(0), available=D(0), held=D(0))
    assert mapping.balance(row, includes_reserve=False) == nothing


@pytest.mark.parametrize(("includes", "total"), [(False, "12"), (True, "10")])
def test_what_a_balance_includes(includes: bool, total: str) -> None:
    row = {"currency": "USD", "balance": D(10), "reserve": D(2)}
    found = mapping.balance(row, includes_reserve=includes)
    assert (found.total, found.held) == (D(total), D(2))
    assert found.total == found.available + found.held


def test_a_deposit() -> None:
    (row,) = content("deposits")
    assert mapping.deposit(row, "as it was") == Activity(
        kind=ActivityKind.DEPOSIT,
        activity_id="317",
        asset="BTC",
        amount=D("530.00000000"),
        status="",
        done=True,
        time=datetime(2017, 1, 25, 16, 50, 39, 183000, UTC),
        raw="as it was",
    )


@pytest.mark.parametrize(
    ("status", "word", "done"),
    [
        (10, "New", None),
        (20, "Verified", None),
        (30, "Approved", True),
        (40, "Refused", False),
        (50, "Canceled", False),
    ],
)
def test_every_documented_status_of_a_withdrawal(status: int, word: str, done: bool | None) -> None:
    (row,) = content("withdraws")
    found = mapping.withdrawal(row | {"status": status}, "")
    assert (found.status, found.done, found.kind) == (word, done, ActivityKind.WITHDRAWAL)
    assert len(mapping.WITHDRAWALS) == 5


@pytest.mark.parametrize("status", [0, 25, "20", None])
def test_no_other_status_of_a_withdrawal_is_documented(status: object) -> None:
    (row,) = content("withdraws")
    with pytest.raises(MalformedMessage):
        mapping.withdrawal(row | {"status": status}, "")


# Errors


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"detail": "no such pair"}, "no such pair"),
        ({"amount": ["too small"]}, "as it was"),
        ({"detail": ["no"]}, "as it was"),
        (None, "as it was"),
    ],
)
def test_the_reason_of_an_error(document: object, told: str) -> None:
    assert mapping.reason(document, "as it was") == told
    assert len(mapping.reason(None, "x" * 999)) == 200
