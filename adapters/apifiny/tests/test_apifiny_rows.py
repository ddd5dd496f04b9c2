"""Apifiny's recorded answers about money and markets, and what each must become."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.apifiny import funding_rows, market_rows
from adapters.documents import parse
from oms.core.errors import MalformedMessage
from oms.core.fields import Side
from oms.core.funding import (
    AccountState,
    Activity,
    ActivityKind,
    DepositAddress,
    FeeRate,
    Moved,
)
from oms.core.market import Candle, Currency, Level, OrderBook, PublicTrade, Ticker

RECORDED = Path(__file__).parents[1] / "recorded"
D = Decimal


def answer(name: str) -> Any:
    """A recorded answer."""
    return parse((RECORDED / f"{name}.json").read_bytes())["answer"]


def first(name: str) -> dict[str, Any]:
    """The first row of one."""
    found: dict[str, Any] = answer(name)["result"][0]
    return found


def at(year: int, *rest: int) -> datetime:
    """A moment, UTC."""
    return datetime(year, *rest, tzinfo=UTC)  # type: ignore[arg-type,misc]  # at most seven, and no tzinfo


# The account


def test_the_account() -> None:
    told = funding_rows.account_state(first("query_account_info"))
    part = AccountState(
        account_id="STA-VENUE1_00000001", status="OPENED", can_trade=True, can_cancel=True
    )
    assert told == replace(part, account_id="STA-00000001", parts=(part,))


@pytest.mark.parametrize(
    ("word", "able", "text"),
    [
        ("RESTRICTED", False, "it can be queried only"),
        ("SUSPENDED", False, ""),
        ("FROZEN", None, ""),
    ],
)
def test_the_other_states_of_an_account(word: str, able: bool | None, text: str) -> None:
    row = first("query_account_info") | {"accountStatus": word, "subAccountInfo": None}
    told = funding_rows.account_state(row)
    assert (told.status, told.can_trade, told.can_cancel, told.text) == (word, able, able, text)
    assert told.parts == ()


def test_the_currencies() -> None:
    assert funding_rows.currency(first("list_currency")) == (
        "BTC",
        Currency(
            asset="BTC",
            name="BTC",
            precision=9,
            can_deposit=False,
            can_withdraw=True,
            min_withdrawal=D("0.004"),
            max_withdrawal=D(1_000_000),
            withdrawal_fee=D("0.0005"),
        ),
    )


@pytest.mark.parametrize(
    ("word", "able"),
    [
        ("DEPOSIT_WITHDRAW", (True, True)),
        ("NOT_DEPOSIT_WITHDRAW", (False, True)),
        ("DEPOSIT_NOT_WITHDRAW", (True, False)),
        ("NOT_DEPOSIT_NOT_WITHDRAW", (False, False)),
        ("MAYBE", (None, None)),
    ],
)
def test_the_states_of_a_currency(word: str, able: tuple[bool | None, bool | None]) -> None:
    row = first("list_currency") | {"status": word, "currencyPrecision": None, "coin": None}
    coin, told = funding_rows.currency(row)
    assert (told.can_deposit, told.can_withdraw) == able
    assert (coin, told.precision) == ("BTC", None)


def test_the_fee_rate() -> None:
    told = funding_rows.fee_rate(first("get_commission_rate"), "BTC/USDT", "VENUE1")
    wanted = FeeRate(symbol="BTC/USDT", maker=D(0), taker=D("0.003"), security_exchange="VENUE1")
    assert told == wanted


# Money


def test_the_addresses() -> None:
    told = funding_rows.deposit_address(first("query_address"), "VENUE1")
    assert told == DepositAddress(
        asset="USDT",
        address="3Nxwena****************fp8v",
        network="USDT.ETH",
        expires=at(2020, 3, 19, 8, 26, 49, 507000),
        security_exchange="VENUE1",
    )
    other = funding_rows.deposit_address(first("query_address_memo") | {"expiredAt": None}, "V")
    assert (other.memo, other.network, other.expires) == ("10230001", "EOS", None)


def test_a_withdrawal_and_a_transfer_that_were_taken() -> None:
    reference = "STA-VENUE1_00000001.a93cdec7f3544ad89e2dd2a1515a7cba"
    out = Moved(
        status="SUBMITTED",
        done=False,
        reference=reference,
        amount=D("10.0021"),
        fee=D("0.0005"),
        raw="raw",
    )
    assert funding_rows.moved(first("withdraw"), "raw") == out
    told = funding_rows.moved(first("transfer_to_venue"), "raw")
    assert told == replace(out, amount=D("10.0"))


@pytest.mark.parametrize(
    ("word", "done", "refused"), [("COMPLETED", True, False), ("CANCELLED", False, True)]
)
def test_what_became_of_a_withdrawal(word: str, done: bool, refused: bool) -> None:
    told = funding_rows.moved(first("withdraw") | {"status": word}, "")
    assert (told.done, told.refused) == (done, refused)


def record(**changed: object) -> dict[str, Any]:
    """The recorded activity, with changes."""
    page = first("query_asset_activity_list")
    return dict(page["records"][0]) | changed


def test_an_activity() -> None:
    assert funding_rows.activity(record(), "VENUE9", "raw") == Activity(
        kind=ActivityKind.TRANSFER,
        activity_id="STA-VENUE1_00000001.8de7fc99b5064f288f8fb9608951fb69",
        asset="BTC",
        amount=D("0.01"),
        status="SUBMITTED",
        fee=D("0.003"),
        done=False,
        network="BTC",
        time=at(2020, 3, 16, 10, 38, 10, 628000),
        security_exchange="VENUE1",
        to_exchange="VENUE2",
        raw="raw",
    )


@pytest.mark.parametrize(
    ("word", "action", "kind"),
    [
        ("OUTGOING", "ACCOUNT_CLIENT_WITHDRAW", ActivityKind.WITHDRAWAL),
        ("IMCOMING", "ACCOUNT_CLIENT_DEPOSIT", ActivityKind.DEPOSIT),
        ("INCOMING", "", ActivityKind.DEPOSIT),
        ("INCOMING", "ACCOUNT_CLIENT_TRANSFER_INCOMING", ActivityKind.TRANSFER),
        ("INCOMING", "ACCOUNT_CLIENT_WITHDRAW", ActivityKind.OTHER),
        ("OUTGOING", "ACCOUNT_CONVERSION", ActivityKind.OTHER),
        ("OUTGOING", "", ActivityKind.OTHER),
    ],
)
def test_the_kinds_of_activity(word: str, action: str, kind: ActivityKind) -> None:
    told = funding_rows.activity(record(type=word, actionType=action), "V", "")
    assert told.kind is kind


def test_an_activity_may_be_undated_and_of_an_account_with_another_name() -> None:
    told = funding_rows.activity(
        record(logCreatedAt=None, fromAccountId="someone", toAccountId=None, status="NEW"), "V", ""
    )
    assert (told.time, told.security_exchange, told.to_exchange) == (None, "V", "")
    assert told.done is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"type": "SIDEWAYS"}, "SIDEWAYS"),
        ({"amount": "much"}, "amount"),
        ({"logId": 7}, "logId"),
        ({"logCreatedAt": "yesterday"}, "milliseconds"),
        ({"logCreatedAt": True}, "milliseconds"),
    ],
)
def test_an_activity_that_is_not_documented(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(MalformedMessage, match=named):
        funding_rows.activity(record(**changed), "V", "")


def test_an_unknown_word_about_a_withdrawal_is_malformed() -> None:
    with pytest.raises(MalformedMessage, match="PERHAPS"):
        funding_rows.moved(first("withdraw") | {"status": "PERHAPS"}, "")


# Markets


def test_the_order_book() -> None:
    told = market_rows.order_book(answer("md_orderbook"), "BTC/USD", "VENUE1")
    assert told == OrderBook(
        symbol="BTC/USD",
        bids=(Level(D("36538.57"), D("0.000009")), Level(D("36521.79"), D("0.274964"))),
        asks=(Level(D("36540.07"), D("0.004669")),),
        time=at(2021, 5, 24, 7, 7, 25, 855000),
        security_exchange="VENUE1",
    )
    cut = market_rows.order_book(answer("md_orderbook"), "BTC/USD", "VENUE1", 1)
    assert cut.bids == told.bids[:1]


def test_levels_come_in_any_order_and_empty_ones_are_none() -> None:
    book = answer("md_orderbook") | {"asks": [[3, 1], [1, 0], [2, 1]], "bids": []}
    told = market_rows.order_book(book, "BTC/USD", "VENUE1")
    assert [level.price for level in told.asks] == [2, 3]
    assert told.bids == ()


@pytest.mark.parametrize("asks", [None, [[1]], [["x", 1]], [[-1, 1]], [[1, -1]], [7]])
def test_a_book_that_is_none(asks: object) -> None:
    with pytest.raises(MalformedMessage, match="asks"):
        market_rows.order_book(answer("md_orderbook") | {"asks": asks}, "BTC/USD", "V")


def test_the_aggressor_is_the_makers_opposite() -> None:
    (row,) = answer("md_trade")
    assert market_rows.public_trade(row, "BTC/USD", "VENUE1") == PublicTrade(
        symbol="BTC/USD",
        price=D("36523.46"),
        qty=D("0.05913"),
        trade_id="14150317",
        side=Side.SELL,
        time=at(2021, 5, 24, 7, 7, 23, 786000),
        security_exchange="VENUE1",
    )
    assert market_rows.public_trade(row | {"side": "SELL"}, "BTC/USD", "V").side is Side.BUY
    with pytest.raises(MalformedMessage, match="side"):
        market_rows.public_trade(row | {"side": "MAKER"}, "BTC/USD", "V")


def test_the_candles() -> None:
    found = [market_rows.candle(row, "BTC/USDT", "1m", "V") for row in answer("md_kline")]
    assert found[1] == Candle(
        symbol="BTC/USDT",
        period="1m",
        time=at(2021, 3, 19, 8, 1),
        open=D("57865.28"),
        high=D("57885.08"),
        low=D("57865.28"),
        close=D("57885.08"),
        volume=D("0.068214"),
        security_exchange="V",
    )
    with pytest.raises(MalformedMessage, match="5m is wanted"):
        market_rows.candle(answer("md_kline")[0], "BTC/USDT", "5m", "V")


def test_the_ticker() -> None:
    assert market_rows.ticker(answer("md_ticker"), "BTC/USD", "VENUE1") == Ticker(
        symbol="BTC/USD",
        last=D("36501.12"),
        open=D("36720.93"),
        high=D("36815.03"),
        low=D(31120),
        volume=D("5296.132162"),
        quote_volume=D("180425575.4029"),
        time=at(2021, 5, 24, 7, 7, 22, 96000),
        security_exchange="VENUE1",
    )
