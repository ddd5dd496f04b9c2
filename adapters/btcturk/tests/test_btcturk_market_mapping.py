"""BtcTurk's markets in our words, by REST and by the feed."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.btcturk import feed_mapping, market_mapping
from oms.core.errors import MalformedMessage
from oms.core.fields import Side
from oms.core.market import PERIODS, Level
from oms.core.venue import Instrument

RECORDED = Path(__file__).parents[1] / "recorded"
D = Decimal
PAIR: Final = Instrument(symbol="BTC/TRY", venue_symbol="BTCTRY", tick=D(1), step=D("0.1"))


def recorded(name: str) -> Any:
    body = json.loads((RECORDED / f"{name}.json").read_text(), parse_float=Decimal)["body"]
    return body if isinstance(body, list) else body["data"]


# Pairs


def pair(**changed: object) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": "BTCTRY",
        "status": "TRADING",
        "numerator": "BTC",
        "denominator": "TRY",
        "numeratorScale": "8",
        "denominatorScale": 2,
        "hasFraction": False,
        "filters": [
            {"filterType": "OTHER"},
            {
                "filterType": "PRICE_FILTER",
                "tickSize": "10",
                "minExchangeValue": "99.91",
                "minAmount": None,
                "maxAmount": "5",
            },
        ],
    }
    return {**told, **changed}


def price_filter(**changed: object) -> dict[str, Any]:
    return pair(filters=[{"filterType": "PRICE_FILTER", "tickSize": "10", **changed}])


def test_a_pair() -> None:
    found = market_mapping.instrument(pair())
    assert (found.symbol, found.venue_symbol) == ("BTC/TRY", "BTCTRY")
    assert (found.tick, found.step) == (D(10), D("0.00000001"))
    assert (found.min_qty, found.max_qty, found.min_notional) == (D(0), D(5), D("99.91"))
    assert found.enabled
    assert not market_mapping.instrument(pair(status="BREAK")).enabled


@pytest.mark.parametrize(
    ("tick", "scale", "fraction", "found"),
    [
        ("0.01", 2, True, "0.01"),
        ("0.05", 2, True, "0.05"),
        ("0.001", 2, True, "0.01"),  # the scale is coarser
        ("0.01", 2, False, "1"),  # no fractions, whatever the scale says
        ("0.01", 2, None, "0.01"),
    ],
)
def test_prices_keep_tick_and_scale(
    tick: str, scale: int, fraction: bool | None, found: str
) -> None:
    told = {**price_filter(tickSize=tick), "denominatorScale": scale, "hasFraction": fraction}
    assert market_mapping.instrument(told).tick == D(found)


@pytest.mark.parametrize(
    "told",
    [
        pair(filters=[]),
        pair(numeratorScale="19"),
        pair(numeratorScale="1.5"),
        price_filter(tickSize="0"),
        price_filter(tickSize="0.3"),
        price_filter(tickSize=None),
        [],
    ],
)
def test_a_pair_that_makes_no_sense(told: object) -> None:
    with pytest.raises(MalformedMessage):
        market_mapping.instrument(told)


def test_the_table_that_the_document_prints() -> None:
    assert len(market_mapping.PRINTED) == 22
    found = {one.venue_symbol: one for one in market_mapping.PRINTED}
    assert (found["BTCTRY"].tick, found["BTCTRY"].step) == (D(1), D("0.00000001"))
    assert (found["XLMBTC"].tick, found["XLMBTC"].step) == (D("0.00000001"), D("0.0001"))
    assert market_mapping.PRINTED_NAMES["EOSUSDT"] == "EOS/USDT"


def test_currencies() -> None:
    told = {
        "currencies": [
            {"symbol": "TRY", "name": "Lira", "precision": 2, "minWithdrawal": 50},
            {"symbol": "BTC"},
        ],
        "currencyOperationBlocks": [
            {"currencySymbol": "TRY", "withdrawalDisabled": True, "depositDisabled": False}
        ],
    }
    lira, coin = market_mapping.currencies(told)
    assert (lira.can_withdraw, lira.can_deposit, lira.min_withdrawal) == (False, True, D(50))
    assert (lira.precision, lira.name) == (2, "Lira")
    assert (coin.can_withdraw, coin.precision, coin.name) == (None, None, "")
    assert market_mapping.currencies({"currencies": []}) == []


# Prices


def test_tickers() -> None:
    first, _ = (market_mapping.ticker(one) for one in recorded("ticker"))
    assert (first.symbol, first.bid, first.ask, first.last) == (
        "BTC/TRY",
        D(47472),
        D(47670),
        D(47500),
    )
    assert first.volume == D("304.41")
    quiet = market_mapping.ticker({**recorded("ticker")[0], "bid": 0})
    assert quiet.bid is None


def test_a_book_is_sorted() -> None:
    told = recorded("orderbook")
    told["bids"].reverse()
    book = market_mapping.order_book(told, PAIR, None)
    assert book.bids == (Level(D("33245.00"), D("2.10695265")), Level(D("33209.00"), D("0.001")))
    assert book.asks[0].price < book.asks[1].price
    assert book.time == datetime(2018, 12, 3, 11, 27, 28, 605000, tzinfo=UTC)
    assert len(market_mapping.order_book(told, PAIR, 1).bids) == 1
    with pytest.raises(MalformedMessage):
        market_mapping.order_book({**told, "bids": [["1"]]}, PAIR, None)


def test_public_trades() -> None:
    first, _ = (market_mapping.public_trade(one) for one in recorded("trades"))
    assert (first.trade_id, first.price, first.side) == ("636692470417865271", D(33490), None)
    sold = market_mapping.public_trade({**recorded("trades")[0], "side": "SELL"})
    assert sold.side is Side.SELL


def test_daily_candles() -> None:
    first, *_ = (market_mapping.daily(one, "BTC/TRY") for one in recorded("ohlcs"))
    assert first.time == datetime(2020, 2, 19, tzinfo=UTC)
    assert first.volume == D("549.1858885452384")
    later = market_mapping.daily({**recorded("ohlcs")[0], "time": "1582070400000"}, "BTC/TRY")
    assert later.time == first.time


KLINES: Final = {
    "s": "ok",
    "t": [60],
    "o": [D("1.5")],
    "h": [2],
    "l": [1],
    "c": [D("1.7")],
    "v": [None],
}


def test_candles_by_column() -> None:
    (found,) = market_mapping.klines(KLINES, "BTC/TRY", "1m")
    assert found.time == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    assert (found.open, found.volume) == (D("1.5"), None)
    assert market_mapping.klines({"s": "no_data"}, "BTC/TRY", "1m") == []
    for wrong in ({"s": "error"}, {"t": [60, 120]}, {"o": None}):
        with pytest.raises(MalformedMessage):
            market_mapping.klines({**KLINES, **wrong}, "BTC/TRY", "1m")


def test_periods_are_ours() -> None:
    assert set(market_mapping.RESOLUTIONS) == set(market_mapping.SECONDS) <= set(PERIODS)
    assert set(feed_mapping.RESOLUTIONS) <= set(PERIODS)


# The feed


@pytest.mark.parametrize("told", [{}, [1], ["1", {}], [1, []], [True, {}], None])
def test_a_frame_is_a_number_and_a_model(told: object) -> None:
    with pytest.raises(MalformedMessage):
        feed_mapping.frame(told)


def test_a_frame() -> None:
    assert feed_mapping.frame([402, {"type": 402}]) == (402, {"type": 402})


def test_a_ticker_of_the_feed() -> None:
    told = {"PS": "BTCTRY", "NS": "BTC", "DS": "TRY", "B": "1", "A": "0", "LA": "1.5"}
    found = feed_mapping.ticker(told)
    assert (found.symbol, found.bid, found.ask, found.last) == ("BTC/TRY", D(1), None, D("1.5"))


def test_trades_and_candles_of_the_feed() -> None:
    trade = feed_mapping.public_trade({"A": "2", "D": 1000, "P": "3", "I": "9"}, PAIR)
    assert (trade.qty, trade.price, trade.trade_id) == (D(2), D(3), "9")
    told = {"D": 60, "O": "1", "H": "2", "L": "1", "C": "2", "V": "5", "R": "1"}
    candle = feed_mapping.candle(told, PAIR, "1m")
    assert (candle.period, candle.volume, candle.close) == ("1m", D(5), D(2))


FULL: Final = {
    "CS": 7,
    "BO": [{"P": "10", "A": "1"}, {"P": "9", "A": "2"}],
    "AO": [{"P": "11", "A": "3"}],
}


def change(number: int, **sides: object) -> dict[str, Any]:
    return {"CS": number, "BO": [], "AO": [], **sides}


def test_a_book_is_kept_by_its_changes() -> None:
    book = feed_mapping.Book.of(FULL, PAIR)
    told = change(
        8,
        BO=[{"CP": 3, "P": "10", "A": "1"}, {"CP": 0, "P": "9", "A": "5"}],
        AO=[{"CP": 1, "P": "10.5", "A": "4"}, {"CP": 0, "P": "11", "A": "0"}],
    )
    now = book.changed(told)
    assert now is not None
    shown = now.sorted()
    assert shown.bids == (Level(D(9), D(5)),)
    assert shown.asks == (Level(D("10.5"), D(4)),)
    assert now.changed(told) is now  # it is old by now
    assert book.sorted(1).bids == (Level(D(10), D(1)),)
    assert feed_mapping.order_book(FULL, PAIR).asks == (Level(D(11), D(3)),)


def test_a_change_that_is_missing_is_noticed() -> None:
    book = feed_mapping.Book.of(FULL, PAIR)
    assert book.changed(change(9)) is None
    with pytest.raises(MalformedMessage):
        book.changed(change(8, BO=[{"CP": 2, "P": "1", "A": "1"}]))


@pytest.mark.parametrize(
    ("told", "ids"),
    [
        ({"id": 7, "newOrderClientId": "abc"}, ("abc", "7")),
        ({"id": "7", "clientId": "abc"}, ("abc", "7")),
        ({"id": 7, "clientId": ""}, ("", "7")),
        ({"orderClientId": "abc"}, ("abc", "")),
    ],
)
def test_whose_order_a_model_names(told: dict[str, object], ids: tuple[str, str]) -> None:
    assert feed_mapping.order_ids(told) == ids


def test_whether_it_was_granted() -> None:
    assert feed_mapping.is_ok({"ok": True})
    assert not feed_mapping.is_ok({"ok": 1})
