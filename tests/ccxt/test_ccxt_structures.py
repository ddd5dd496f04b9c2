"""Our structures against ccxt's own: the same keys, the same figures as its base class makes."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import ccxt.async_support as theirs
import pytest

from oms.ccxt import structures, tidings
from oms.ccxt.figures import Figures
from oms.core.fields import Side
from oms.core.funding import Activity, ActivityKind, DepositAddress, FeeRate
from oms.core.market import Candle, Currency, Level, OrderBook, PublicTrade, Ticker

NOON: Final = datetime(2026, 1, 2, 12, 0, 0, 123456, tzinfo=UTC)
NOON_MS: Final = 1_767_355_200_123
FLOATS: Final = Figures()
YARDSTICK: Final = theirs.Exchange({"id": "yardstick"})

ORDER: Final[dict[str, Any]] = {
    "order_id": "0000000007",
    "cl_ord_id": "mine-7",
    "venue": "ANDX",
    "exchange": "",
    "symbol": "BTC/TRY",
    "side": "BUY",
    "ord_type": "LIMIT",
    "time_in_force": "GOOD_TILL_CANCEL",
    "exec_inst": "",
    "order_qty": "0.3",
    "cash_order_qty": None,
    "price": "40000.1",
    "stop_px": None,
    "ord_status": "PARTIALLY_FILLED",
    "cum_qty": "0.2",
    "leaves_qty": "0.1",
    "avg_px": "40000.05",
    "in_doubt": False,
    "open": True,
    "text": "",
    "created": "2026-01-02T12:00:00.123456Z",
    "updated": "2026-01-02T12:00:02.000000Z",
}


def _fill(number: int, shares: str, px: str, fee: str | None = "0.8") -> dict[str, Any]:
    return {
        "order_id": ORDER["order_id"],
        "trade_id": f"T{number}",
        "exec_id": f"E{number}",
        "symbol": "BTC/TRY",
        "side": "BUY",
        "last_shares": shares,
        "last_px": px,
        "fee": fee,
        "fee_currency": "TRY" if fee else "",
        "transact_time": f"2026-01-02T12:00:0{number}.000000Z",
    }


FILLS: Final = [_fill(1, "0.1", "40000"), _fill(2, "0.1", "40000.1", "0.1")]


def _theirs_of_order(ours: dict[str, Any]) -> dict[str, Any]:
    """What ccxt's base class makes of the same raw order and trades."""
    trades = [
        YARDSTICK.safe_trade(
            {
                "info": fill,
                "id": fill["trade_id"],
                "order": fill["order_id"],
                "timestamp": YARDSTICK.parse8601(fill["transact_time"]),
                "datetime": YARDSTICK.iso8601(YARDSTICK.parse8601(fill["transact_time"])),
                "symbol": fill["symbol"],
                "type": "limit",
                "side": fill["side"].lower(),
                "takerOrMaker": None,
                "price": fill["last_px"],
                "amount": fill["last_shares"],
                "cost": None,
                "fee": {"currency": "TRY", "cost": fill["fee"]},
            }
        )
        for fill in FILLS
    ]
    made: dict[str, Any] = YARDSTICK.safe_order(
        {
            "info": ORDER,
            "id": ORDER["order_id"],
            "clientOrderId": ORDER["cl_ord_id"],
            "timestamp": NOON_MS,
            "datetime": YARDSTICK.iso8601(NOON_MS),
            "lastUpdateTimestamp": NOON_MS + 1877,
            "symbol": "BTC/TRY",
            "type": "limit",
            "side": "buy",
            "price": ORDER["price"],
            "amount": ORDER["order_qty"],
            "status": ours["status"],
            "timeInForce": "GTC",
            "postOnly": False,
            "trades": trades,
        }
    )
    return made


def test_an_order_is_what_ccxt_makes_of_it() -> None:
    ours = structures.order(ORDER, FILLS, FLOATS)
    theirs_own = _theirs_of_order(ours)
    assert set(ours) == set(theirs_own)
    assert {key: value for key, value in ours.items() if value != theirs_own[key]} == {}


def test_a_trade_is_what_ccxt_makes_of_it() -> None:
    ours = structures.order(ORDER, FILLS, FLOATS)["trades"]
    assert ours == _theirs_of_order(structures.order(ORDER, FILLS, FLOATS))["trades"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ord_status": "NEW", "cum_qty": "0", "leaves_qty": "0.3"}, "open"),
        ({"ord_status": "PENDING_NEW", "cum_qty": "0", "leaves_qty": "0.3"}, "open"),
        ({"ord_status": "REPLACED"}, "open"),
        ({"ord_status": "STOPPED"}, "open"),
        ({"ord_status": "PENDING_CANCEL"}, "open"),
        ({"ord_status": "PENDING_CANCEL", "cum_qty": "0.3", "leaves_qty": "0"}, "closed"),
        ({"ord_status": "FILLED", "cum_qty": "0.3", "leaves_qty": "0", "open": False}, "closed"),
        ({"ord_status": "CANCELED", "leaves_qty": "0", "open": False}, "canceled"),
        ({"ord_status": "CANCELED", "leaves_qty": "0", "in_doubt": True}, "open"),
        ({"ord_status": "REJECTED", "cum_qty": "0", "leaves_qty": "0"}, "rejected"),
        ({"ord_status": "EXPIRED", "leaves_qty": "0", "open": False}, "expired"),
        ({"ord_status": "DONE_FOR_DAY", "leaves_qty": "0", "open": False}, "expired"),
        ({"ord_status": "DONE_FOR_DAY", "leaves_qty": "0.1"}, "open"),
        ({"ord_status": "FILLED", "order_qty": "0", "cash_order_qty": "9"}, "closed"),
        ({"ord_status": "NEW", "order_qty": "0", "cash_order_qty": "9"}, "open"),
    ],
)
def test_the_status_of_an_order(changes: dict[str, Any], status: str) -> None:
    assert structures.order({**ORDER, **changes}, FILLS, FLOATS)["status"] == status


def test_a_market_order_has_the_price_that_it_got_and_never_rests() -> None:
    market = {**ORDER, "ord_type": "MARKET", "price": None}
    told = structures.order(market, FILLS, FLOATS)
    assert (told["type"], told["price"], told["timeInForce"]) == ("market", 40000.05, "IOC")
    assert structures.order({**market, "cum_qty": "0"}, [], FLOATS)["price"] is None


def test_a_stop_order_says_what_it_waits_for() -> None:
    for kind, named in (("STOP", "market"), ("STOP_LIMIT", "limit")):
        row = {**ORDER, "ord_type": kind, "stop_px": "39000"}
        told = structures.order(row, [], FLOATS)
        assert (told["type"], told["triggerPrice"], told["stopPrice"]) == (named, 39000, 39000)


def test_an_order_sized_by_cash_has_no_amount_before_it_has_ended() -> None:
    row = {**ORDER, "ord_type": "MARKET", "price": None, "order_qty": "0", "cash_order_qty": "9"}
    told = structures.order({**row, "cum_qty": "0"}, [], FLOATS)
    assert (told["amount"], told["remaining"], told["status"]) == (None, None, "open")
    ended = structures.order({**row, "ord_status": "FILLED", "open": False}, FILLS, FLOATS)
    assert (ended["amount"], ended["remaining"]) == (0.2, 0)


def test_fees_are_summed_by_currency_and_one_alone_is_the_fee() -> None:
    told = structures.order(ORDER, FILLS, FLOATS)
    assert told["fee"] == {"currency": "TRY", "cost": 0.9}
    other = {**FILLS[1], "fee_currency": "BTC"}
    told = structures.order(ORDER, [FILLS[0], other], FLOATS)
    assert told["fee"] is None
    assert [fee["currency"] for fee in told["fees"]] == ["TRY", "BTC"]
    silent = structures.order(ORDER, [_fill(1, "0.1", "1", None)], FLOATS)
    assert (silent["fee"], silent["fees"]) == (None, [])


def test_sums_are_exact_before_they_are_floats() -> None:
    fills = [_fill(n, "0.1", "0.1", "0.1") for n in (1, 2, 3)]
    row = {**ORDER, "cum_qty": "0.3", "avg_px": "0.1", "price": "0.1"}
    told = structures.order(row, fills, FLOATS)
    assert (told["cost"], told["fee"]["cost"]) == (0.03, 0.3)
    assert 0.1 * 0.1 + 0.1 * 0.1 + 0.1 * 0.1 != 0.03
    assert structures.order(row, fills, Figures(decimals=True))["cost"] == Decimal("0.03")


def test_a_cost_without_all_the_fills_is_reckoned_from_the_average() -> None:
    assert structures.order(ORDER, [], FLOATS)["cost"] == 8000.01


def test_a_balance_is_what_ccxt_makes_of_it() -> None:
    rows = [
        {"asset": "BTC", "total": "0.3", "available": "0.2", "held": "0.1"},
        {"asset": "TRY", "total": "1E-8", "available": "0.00000001", "held": "0"},
    ]
    raw: dict[str, Any] = {
        "info": rows,
        "timestamp": NOON_MS,
        "datetime": YARDSTICK.iso8601(NOON_MS),
        "BTC": {"free": "0.2", "used": "0.1"},
        "TRY": {"total": "1e-8", "used": "0"},
    }
    assert structures.balance(rows, FLOATS, NOON_MS) == YARDSTICK.safe_balance(raw)


def test_parts_of_one_asset_are_added() -> None:
    part = {"asset": "BTC", "total": "0.1", "available": "0.1", "held": "0"}
    assert structures.balance([part, part, part], FLOATS, None)["total"] == {"BTC": 0.3}


def test_a_market_has_what_ccxts_have() -> None:
    row = {
        "venue": "ANDX", "exchange": "", "symbol": "BTC/TRY", "venue_symbol": "BTCTRY",
        "tick": "0.01", "step": "0.00000001", "min_qty": "0", "max_qty": None,
        "min_notional": "10", "max_notional": None, "enabled": True,
    }  # fmt: skip
    told = structures.market(row, FLOATS)
    raw = {
        "info": row, "id": "BTCTRY", "lowercaseId": "btctry", "symbol": "BTC/TRY", "base": "BTC",
        "quote": "TRY", "baseId": "BTC", "quoteId": "TRY", "type": "spot", "spot": True,
        "margin": False, "active": True,
    }  # fmt: skip
    clean = YARDSTICK.safe_market_structure(raw)
    assert set(told) == set(clean)
    clean["precision"] |= {"amount": 1e-8, "price": 0.01}
    clean["limits"]["cost"]["min"] = 10.0
    assert told == clean


def test_a_ticker_is_what_ccxt_makes_of_it() -> None:
    told = Ticker(
        symbol="BTC/TRY",
        bid=Decimal("40000.5"),
        ask=Decimal(40001),
        last=Decimal("40000.7"),
        open=Decimal("39000.1"),
        high=Decimal(41000),
        low=Decimal(38000),
        volume=Decimal("12.5"),
        quote_volume=Decimal(500000),
        time=NOON,
    )
    ours = tidings.ticker(told, FLOATS)
    raw = {
        "symbol": "BTC/TRY", "timestamp": NOON_MS, "datetime": YARDSTICK.iso8601(NOON_MS),
        "bid": "40000.5", "bidVolume": None, "ask": "40001", "askVolume": None,
        "last": "40000.7", "open": "39000.1", "high": "41000", "low": "38000",
        "baseVolume": "12.5", "quoteVolume": "500000", "info": ours["info"],
    }  # fmt: skip
    theirs_own = YARDSTICK.safe_ticker(raw)
    assert set(ours) == set(theirs_own)
    assert {k: v for k, v in ours.items() if v != pytest.approx(theirs_own[k])} == {}
    assert (ours["info"]["bid"], ours["info"]["time"]) == ("40000.5", "2026-01-02T12:00:00.123456Z")


def test_a_ticker_of_which_little_is_told() -> None:
    told = tidings.ticker(Ticker(symbol="BTC/TRY", last=Decimal(1), volume=Decimal(0)), FLOATS)
    assert (told["last"], told["close"], told["bid"], told["change"]) == (1, 1, None, None)
    assert (told["vwap"], told["percentage"], told["timestamp"]) == (None, None, None)


def test_a_book_is_what_ccxt_makes_of_it() -> None:
    levels = tuple(Level(Decimal(price), Decimal("0.1")) for price in (40000, 39999, 39998))
    told = OrderBook(symbol="BTC/TRY", bids=levels, asks=levels[::-1], time=NOON)
    ours = tidings.order_book(told, FLOATS, 2)
    raw = {
        "bids": [["39999", "0.1"], ["40000", "0.1"]],
        "asks": [["39999", "0.1"], ["39998", "0.1"]],
    }
    theirs_own = YARDSTICK.parse_order_book(raw, "BTC/TRY", NOON_MS)
    assert {key: ours[key] for key in theirs_own} == theirs_own


def test_a_public_trade_is_what_ccxt_makes_of_it() -> None:
    told = PublicTrade(
        symbol="BTC/TRY", price=Decimal("0.1"), qty=Decimal("0.2"), trade_id="T1", side=Side.SELL,
        time=NOON,
    )  # fmt: skip
    ours = tidings.public_trade(told, FLOATS)
    raw = {
        "info": ours["info"], "id": "T1", "order": None, "timestamp": NOON_MS,
        "datetime": YARDSTICK.iso8601(NOON_MS), "symbol": "BTC/TRY", "type": None, "side": "sell",
        "takerOrMaker": None, "price": "0.1", "amount": "0.2", "cost": None, "fee": None,
    }  # fmt: skip
    assert ours == YARDSTICK.safe_trade(raw)
    anonymous = tidings.public_trade(
        PublicTrade(symbol="BTC/TRY", price=Decimal(1), qty=Decimal(1)), FLOATS
    )
    assert (anonymous["side"], anonymous["id"], anonymous["timestamp"]) == (None, None, None)


def test_a_candle_is_ccxts_row() -> None:
    told = Candle(
        symbol="BTC/TRY", period="1h", time=NOON, open=Decimal(1), high=Decimal(3),
        low=Decimal("0.5"), close=Decimal("1E-8"),
    )  # fmt: skip
    assert tidings.ohlcv(told, FLOATS) == [NOON_MS, 1, 3, 0.5, 1e-8, None]


def test_a_currency_has_what_ccxts_have() -> None:
    told = Currency(
        asset="BTC", precision=8, can_deposit=True, can_withdraw=False,
        min_withdrawal=Decimal("0.001"), withdrawal_fee=Decimal("0.0005"),
    )  # fmt: skip
    ours = tidings.currency(told, FLOATS)
    assert set(YARDSTICK.safe_currency_structure({})) <= set(ours)
    assert (ours["precision"], ours["active"], ours["withdraw"]) == (1e-8, False, False)
    assert ours["limits"]["withdraw"] == {"min": 0.001, "max": None}
    assert tidings.currency(Currency(asset="X"), FLOATS)["active"] is None


@pytest.mark.parametrize(
    ("word", "done", "status"),
    [
        ("Completed", True, "ok"),
        ("Waiting", False, "pending"),
        ("Rejected by the bank", False, "failed"),
        ("Cancelled", False, "canceled"),
        ("whatever", None, None),
        ("Failed", None, "failed"),
    ],
)
def test_a_deposit_or_withdrawal_has_ccxts_status(
    word: str, done: bool | None, status: str | None
) -> None:
    told = Activity(
        kind=ActivityKind.WITHDRAWAL, activity_id="W1", asset="BTC", amount=Decimal("0.1"),
        status=word, done=done, fee=Decimal("0.0005"), address="bc1", tx_id="0x1", time=NOON,
    )  # fmt: skip
    ours = tidings.transaction(told, FLOATS)
    assert (ours["status"], ours["type"], ours["addressTo"]) == (status, "withdrawal", "bc1")
    assert (ours["fee"]["cost"], ours["timestamp"]) == (0.0005, NOON_MS)
    assert set(ours) == {
        "info", "id", "txid", "timestamp", "datetime", "network", "address", "addressTo",
        "addressFrom", "tag", "tagTo", "tagFrom", "type", "amount", "currency", "status",
        "updated", "internal", "comment", "fee",
    }  # fmt: skip


def test_an_address_and_a_fee() -> None:
    address = tidings.deposit_address(DepositAddress(asset="XRP", address="r1", memo="7"))
    assert (address["currency"], address["address"], address["tag"]) == ("XRP", "r1", "7")
    fee = tidings.trading_fee(FeeRate(maker=Decimal("0.001")), "BTC/TRY", FLOATS)
    assert (fee["symbol"], fee["maker"], fee["taker"], fee["percentage"]) == (
        "BTC/TRY", 0.001, None, True,
    )  # fmt: skip


def test_lists_are_cut_as_ccxt_cuts_them() -> None:
    rows = [{"timestamp": time} for time in (3, 1, 2, 4)]
    for since, limit in ((None, None), (None, 2), (2, None), (2, 2), (9, 2)):
        expected = YARDSTICK.filter_by_since_limit(
            sorted(rows, key=lambda row: row["timestamp"]), since, limit, "timestamp", since is None
        )
        assert tidings.latest(rows, since, limit) == expected, (since, limit)
