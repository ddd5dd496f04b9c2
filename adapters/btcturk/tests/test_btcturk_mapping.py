"""BtcTurk's words and ours: orders, fills, errors, balances, deposits."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.btcturk import mapping
from adapters.port import VenueState, VenueTrade
from oms.core.errors import MalformedMessage
from oms.core.fields import CxlRejReason, OrdRejReason, OrdType, Side
from oms.core.funding import ActivityKind
from oms.core.messages import NewOrderSingle

RECORDED = Path(__file__).parents[1] / "recorded"
SYMBOLS: Final = {"BTCTRY": "BTC/TRY"}
D = Decimal


def recorded(name: str) -> Any:
    text = (RECORDED / f"{name}.json").read_text()
    return json.loads(text, parse_float=Decimal)["body"]["data"]


def row(**changed: object) -> dict[str, Any]:
    """An order as later versions show it, with fields changed; None leaves one out."""
    told: dict[str, Any] = {
        "id": 7,
        "price": "20000.00",
        "amount": "0.001",
        "quantity": "0.0007",
        "stopPrice": "0",
        "pairSymbol": "BTCTRY",
        "pairSymbolNormalized": "BTC_TRY",
        "type": "buy",
        "method": "limit",
        "orderClientId": "abc",
        "time": 0,
        "updateTime": 1543996112263,
        "status": "Partial",
        "leftAmount": "0.0006",
        **changed,
    }
    return {name: value for name, value in told.items() if value is not None}


# New orders

RESTING: Final = NewOrderSingle(
    cl_ord_id="abc",
    symbol="BTCTRY",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=D("0.00000001"),
    price=D("1E+6"),
)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, {"quantity": "0.00000001", "price": "1000000", "orderMethod": "limit"}),
        (
            {"ord_type": OrdType.MARKET, "price": None, "order_qty": None, "cash_order_qty": D(50)},
            {"quantity": "50", "orderMethod": "market"},
        ),
        (
            {"ord_type": OrdType.STOP_LIMIT, "stop_px": D(999)},
            {
                "quantity": "0.00000001",
                "price": "1000000",
                "orderMethod": "stopLimit",
                "stopPrice": "999",
            },
        ),
    ],
)
def test_a_new_order_has_the_fields_it_needs_and_no_others(
    changed: dict[str, Any], told: dict[str, str]
) -> None:
    body = json.loads(mapping.order_request(replace(RESTING, **changed)))
    same = {"newOrderClientId": "abc", "orderType": "buy", "pairSymbol": "BTCTRY"}
    assert body == {**same, **told}


def echo(**changed: object) -> dict[str, Any]:
    told = dict(recorded("order_created"))
    return {**told, "newOrderClientId": "abc", **changed}


def test_the_id_of_a_new_order() -> None:
    assert mapping.placed(RESTING, echo()) == "9932534"
    assert mapping.placed(RESTING, echo(id="638000000000000001")) == "638000000000000001"


@pytest.mark.parametrize(
    "changed",
    [
        {"newOrderClientId": "another"},
        {"newOrderClientId": None},
        {"pairSymbol": "ETHTRY"},
        {"type": "Sell"},
        {"type": "short"},
        {"id": None},
        {"id": "9a"},
        {"id": "9" * 5_000},
        {"id": -1},
        {"id": 1.5},
    ],
)
def test_an_echo_of_another_order_is_no_answer(changed: dict[str, object]) -> None:
    with pytest.raises(MalformedMessage):
        mapping.placed(RESTING, echo(**changed))


# Orders


def test_the_documents_orders() -> None:
    told = recorded("open_orders")
    asks = [mapping.venue_order(one, SYMBOLS, "raw") for one in told["asks"]]
    assert [(one.side, one.order_qty, one.price) for one in asks] == [
        (Side.SELL, D("0.001"), D("21000.00"))
    ]
    sights = [mapping.venue_order(one, {}, "raw") for one in recorded("all_orders")]
    assert [one.state for one in sights] == [
        VenueState.WORKING,
        VenueState.WORKING,
        VenueState.CANCELED,
    ]
    assert {one.symbol for one in sights} == {"BTC/TRY"}
    assert all(one.cum_qty is None and one.names_fills for one in sights)


def test_an_order_of_later_versions() -> None:
    seen = mapping.venue_order(row(), {}, "raw")
    assert (seen.secondary_order_id, seen.venue_cl_ord_id) == ("7", "abc")
    assert (seen.order_qty, seen.cum_qty) == (D("0.001"), D("0.0004"))
    assert (seen.state, seen.price) == (VenueState.WORKING, D("20000.00"))
    assert seen.raw == "raw"


@pytest.mark.parametrize(
    ("status", "left", "cum"),
    [
        ("Untouched", "0.001", "0"),
        ("Closed", "0", "0.001"),
        ("Closed", None, "0.001"),
        ("Canceled", "0.0006", "0.0004"),
        ("Canceled", None, None),
        ("Untouched", None, None),
    ],
)
def test_what_was_executed(status: str, left: str | None, cum: str | None) -> None:
    seen = mapping.venue_order(row(status=status, leftAmount=left), {}, "raw")
    assert seen.cum_qty == (None if cum is None else D(cum))
    assert seen.state is mapping.STATES[status]


def test_words_and_names_in_any_case() -> None:
    told = {name.upper(): value for name, value in row(status="CLOSED", type="SELL").items()}
    seen = mapping.venue_order({**told, "METHOD": "Market"}, {}, "raw")
    assert (seen.side, seen.state, seen.price) == (Side.SELL, VenueState.FILLED, None)


def test_a_market_buy_is_told_in_quote_units() -> None:
    told = row(method="market", amount="100", leftAmount="40.5", status="Canceled")
    seen = mapping.venue_order(told, {}, "raw")
    assert (seen.order_qty, seen.cum_qty, seen.price) == (D(0), None, None)
    assert mapping.spent(told) == D("59.5")


def test_stop_orders_wait() -> None:
    assert mapping.waits(row(method="stoplimit"))
    assert mapping.waits(row(method="StopMarket"))
    assert not mapping.waits(row())


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "UNHEARD_OF"},
        {"status": 1},
        {"method": "iceberg"},
        {"type": "short"},
        {"amount": True},
        {"amount": "abc"},
        {"amount": None},
        {"leftAmount": "0.002"},
        {"price": None},
        {"id": -1.5},
        {"pairSymbolNormalized": None, "pairSymbol": "DOGETRY"},
        {"pairSymbolNormalized": 7, "pairSymbol": None},
    ],
)
def test_an_order_that_makes_no_sense(changed: dict[str, object]) -> None:
    with pytest.raises(MalformedMessage):
        mapping.venue_order(row(**changed), SYMBOLS, "raw")


@pytest.mark.parametrize("amount", ["1E-3", D("1E-3"), "0.001", D("0.0010")])
def test_amounts_in_every_notation(amount: object) -> None:
    assert mapping.venue_order(row(amount=amount), {}, "raw").order_qty == D("0.001")


def test_an_order_without_a_client_id() -> None:
    assert mapping.venue_order(row(orderClientId=None), {}, "raw").venue_cl_ord_id == ""


# Fills

FILL: Final = {
    "price": "17.5",
    "numeratorSymbol": "XRP",
    "denominatorSymbol": "TRY",
    "orderType": "sell",
    "id": 638000000000000001,
    "timestamp": 1533314288287,
    "amount": "-10.1235",
    "fee": "-0.25",
    "tax": "-0.05",
    "orderId": 7,
    "orderClientId": "abc",
    "preciseAmount": "-10.12345678",
}


def test_the_documents_fills() -> None:
    first, _, third = (mapping.venue_trade(one, "") for one in recorded("transactions_trade"))
    assert (first.side, first.last_shares, first.last_px) == (Side.SELL, D("0.003"), D(33700))
    assert first.commission == D("0.0685423626") + D("0.012337625268")
    assert (first.trade_id, first.secondary_order_id) == ("5553445", "")
    assert first.transact_time == datetime(2018, 8, 3, 16, 38, 8, 287000, tzinfo=UTC)
    assert (third.side, third.symbol) == (Side.BUY, "USDT/TRY")


def test_a_fill_of_later_versions_is_exact() -> None:
    trade = mapping.venue_trade(FILL, "raw")
    assert trade.last_shares == D("10.12345678")
    assert trade.commission == D("0.30")
    assert trade.exec_id == "638000000000000001-7"
    assert (trade.venue_cl_ord_id, trade.fee_currency, trade.raw) == ("abc", "", "raw")
    assert not mapping.is_rounded(FILL)
    assert mapping.is_rounded({**FILL, "preciseAmount": None})


@pytest.mark.parametrize(
    "changed",
    [{"orderType": "?"}, {"id": "x"}, {"orderId": "x"}, {"fee": None}, {"timestamp": "soon"}],
)
def test_a_fill_that_makes_no_sense(changed: dict[str, object]) -> None:
    with pytest.raises(MalformedMessage):
        mapping.venue_trade({**FILL, **changed}, "")


def fills(*shares: str) -> list[VenueTrade]:
    return [
        VenueTrade(trade_id=str(n), symbol="XRP/TRY", last_shares=D(qty), last_px=D(18))
        for n, qty in enumerate(shares)
    ]


@pytest.mark.parametrize(
    ("shares", "rounded", "missing", "last"),
    [
        (["1", "2.0001"], True, "3", "2"),  # rounding explains it
        (["1", "1.9999"], True, "3", "2"),
        (["1", "1.9998"], True, "3", "1.9998"),  # more than a step: it is not whole
        (["1", "2"], True, "3", "2"),
        (["1", "1.9999"], False, "3", "1.9999"),  # exact fills are not touched
        (["0.0001"], True, "0", "0.0001"),  # nothing would be left of it
    ],
)
def test_rounding_is_taken_out_of_the_last_fill(
    shares: list[str], rounded: bool, missing: str, last: str
) -> None:
    found = mapping.fitted(fills(*shares), rounded, D(missing), D("0.0001"))
    assert found[-1].last_shares == D(last)
    assert [one.last_shares for one in found[:-1]] == [D(qty) for qty in shares[:-1]]


def test_no_fills_are_no_fills() -> None:
    assert mapping.fitted([], True, D("0.0001"), D("0.0001")) == ()


# Market buys


def bought(status: str) -> Any:
    return mapping.venue_order(row(method="market", status=status), {}, "raw")


@pytest.mark.parametrize("told", ["53.99", "54", "53.9983", "3"])
def test_a_market_buy_is_whole_when_its_fills_cost_what_was_spent(told: str) -> None:
    """Or when they are what was bought; what buys no further step may be left."""
    seen = mapping.whole_of_cash(bought("Closed"), fills("1", "2"), D(told), D("0.001"))
    assert (seen.order_qty, seen.cum_qty, len(seen.trades)) == (D(3), D(3), 2)
    assert not seen.lacks_fills


@pytest.mark.parametrize("told", [None, "53.9", "100"])
def test_a_market_buy_that_lacks_fills(told: str | None) -> None:
    spent = None if told is None else D(told)
    for status in ("Closed", "Canceled"):
        seen = mapping.whole_of_cash(bought(status), fills("1", "2"), spent, D("0.001"))
        assert seen.lacks_fills
        assert seen.trades == ()


def test_a_market_buy_that_ended_early_or_works() -> None:
    seen = mapping.whole_of_cash(bought("Canceled"), [], D(0), D("0.001"))
    assert (seen.order_qty, seen.cum_qty, seen.lacks_fills) == (D(0), D(0), False)
    seen = mapping.whole_of_cash(bought("Partial"), fills("1"), D(18), D("0.001"))
    assert (seen.trades, seen.cum_qty, seen.lacks_fills) == ((), None, False)


# Errors


@pytest.mark.parametrize("message", mapping.REFUSALS)
def test_every_refusal_has_a_reason(message: str) -> None:
    assert mapping.reasons(message.lower()) == mapping.REFUSALS[message]
    assert message not in mapping.UNAVAILABLE


def test_a_refusal_that_nobody_has_seen() -> None:
    assert mapping.reasons("SOMETHING_NEW") == (
        OrdRejReason.BROKER_CREDIT,
        CxlRejReason.BROKER_CREDIT,
    )


# Balances, deposits


def test_balances() -> None:
    money, coins = (mapping.balance(one) for one in recorded("balances"))
    assert (money.asset, money.total) == ("TRY", D("103158.9412490031968651"))
    assert money.held == D("1023.5699999896000000")
    assert coins.total == coins.available + coins.held
    with pytest.raises(MalformedMessage):
        mapping.balance([])


def test_deposits_and_withdrawals() -> None:
    came, went = (mapping.activity(one, "raw") for one in recorded("transactions_crypto"))
    assert (came.kind, went.kind) == (ActivityKind.DEPOSIT, ActivityKind.WITHDRAWAL)
    assert (came.amount, went.amount, went.fee) == (D("0.9"), D(1), D(0))
    assert (came.activity_id, came.asset, came.status, came.done) == (
        "676961",
        "XRP",
        "Deposit",
        True,
    )
    (first, _) = recorded("transactions_fiat")
    with pytest.raises(MalformedMessage):
        mapping.activity({**first, "balanceType": "Gift"}, "")
