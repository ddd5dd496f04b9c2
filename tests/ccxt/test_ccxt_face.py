"""The exchange object itself: how it is made, what it is called, its numbers and its exceptions."""

from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import ccxt
import ccxt.async_support as theirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oms.ccxt
from oms.ccxt import figures
from oms.ccxt.errors import CLASSES, make_classes, name_of, translated
from oms.core import errors
from tests.ccxt.bench import SYMBOL, Bench, call

SECRET = "a-venues-secret-key"  # noqa: S105  it opens nothing
URL = {"url": "http://127.0.0.1:1", "token": "t-hush"}
YARDSTICK: Any = theirs.Exchange({"id": "yardstick"})


@pytest.mark.parametrize(
    ("config", "kind", "words"),
    [
        ({}, theirs.ArgumentsRequired, "'url'"),
        ({"url": "x", "venue": "ANDX"}, theirs.ArgumentsRequired, "'token'"),
        (URL, theirs.ArgumentsRequired, "'venue'"),
        ({**URL, "venue": "ANDX", "secret": SECRET}, theirs.BadRequest, "oms.toml"),
        ({**URL, "venue": "ANDX", "exchagne": "BINANCE"}, theirs.BadRequest, "exchagne"),
        ({"venue": "ANDX", "door": "ajar"}, theirs.BadRequest, "oms.Client"),
    ],
)
def test_a_configuration_that_is_none(
    config: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        oms.ccxt.exchange(config)
    assert SECRET not in str(caught.value)
    assert "t-hush" not in str(caught.value)


def test_what_ccxts_clients_are_often_given_does_no_harm(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange(enableRateLimit=True, options={"defaultType": "spot"})
        assert exchange.options["defaultType"] == "spot"
        assert repr(exchange) == "oms.ccxt PLAIN"

    call(tmp_path, test)


def test_methods_go_by_both_of_ccxts_names(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        order = await exchange.createOrder(SYMBOL, "limit", "buy", 1, 1)
        assert (await exchange.fetchOpenOrders())[0]["id"] == order["id"]
        assert exchange.fetchOHLCV == exchange.fetch_ohlcv
        assert exchange.fetchL2OrderBook == exchange.fetch_l2_order_book
        assert exchange.parse8601("2026-01-02T12:00:00Z") == 1_767_355_200_000
        for missing in ("fetchPositions", "no_such_thing", "_privateThing"):
            assert not hasattr(exchange, missing)

    call(tmp_path, test)


def test_time_is_ccxts(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        now = exchange.milliseconds()
        assert now // 1000 <= exchange.seconds() <= exchange.microseconds() // 1_000_000
        for text in ("2026-01-02T12:00:00.123Z", "2026-01-02 12:00:00", "nonsense", None):
            assert exchange.parse8601(text) == YARDSTICK.parse8601(text), text
        for when in (now, 0, None):
            assert exchange.iso8601(when) == YARDSTICK.iso8601(when)
        for frame in ("1m", "5m", "1h", "1d", "1w", "1M", "1y"):
            assert exchange.parse_timeframe(frame) == YARDSTICK.parse_timeframe(frame)
        with pytest.raises(theirs.NotSupported):
            exchange.parse_timeframe("1x")

    call(tmp_path, test)


UNITS = [Decimal(text) for text in ("0.01", "0.00000001", "0.5", "0.025", "1", "10")]


@given(
    number=st.decimals("0.000000001", "1000000", places=9),
    unit=st.sampled_from(UNITS),
)
def test_precision_is_what_ccxt_makes_of_it(number: Decimal, unit: Decimal) -> None:
    for nearest, mode in ((False, ccxt.TRUNCATE), (True, ccxt.ROUND)):
        expected = YARDSTICK.decimal_to_precision(
            format(number, "f"), mode, format(unit, "f"), ccxt.TICK_SIZE
        )
        if Decimal(expected) == 0:
            with pytest.raises(theirs.InvalidOrder):
                figures.to_precision("it", SYMBOL, str(number), unit, nearest=nearest)
        else:
            ours = figures.to_precision("it", SYMBOL, str(number), unit, nearest=nearest)
            assert Decimal(ours) == Decimal(expected), (number, unit, nearest)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e40, max_value=1e40))
def test_a_float_is_read_as_it_is_written(number: float) -> None:
    try:
        read = figures.exact("it", number)
    except theirs.InvalidOrder:
        assert 0 < abs(number) < 1e-40
        return
    assert float(read) == number


def test_numbers_of_other_kinds() -> None:
    class Wordy(float):
        """As numpy's floats are."""

        def __repr__(self) -> str:
            return f"np.float64({float(self)})"

    assert figures.exact("it", Wordy(0.1)) == Decimal("0.1")
    assert figures.exact("it", " 1e-8 ") == Decimal("0.00000001")
    assert str(figures.exact("it", Decimal("1E+2"))) == "100"
    assert figures.Figures().out(Decimal("0.1")) == 0.1
    assert figures.Figures(decimals=True).known("0.10") == Decimal("0.1")
    assert figures.Figures().known("1E-8") == 1e-8
    assert figures.milliseconds(datetime(1970, 1, 1, 0, 0, 1, 999, tzinfo=UTC)) == 1000
    assert figures.rounded(Decimal("-0.015"), Decimal("0.01")) == Decimal("-0.02")
    assert figures.truncated(Decimal("-0.019"), Decimal("0.01")) == Decimal("-0.01")


def _names(tree: dict[str, Any]) -> set[str]:
    return set(tree).union(*(_names(branch) for branch in tree.values()))


def test_the_exceptions_are_ccxts_own() -> None:
    for name, own in CLASSES.items():
        assert own is getattr(ccxt, name)
    assert oms.ccxt.NetworkError is theirs.NetworkError
    with pytest.raises(AttributeError):
        _ = oms.ccxt.NoSuchError
    assert _names(import_module("ccxt.base.errors").error_hierarchy) == set(CLASSES)


def test_without_ccxt_they_are_of_the_same_names_and_descent() -> None:
    own = make_classes()
    for name, made in own.items():
        theirs_own = getattr(ccxt, name)
        assert made is not theirs_own
        assert [cls.__name__ for cls in made.__mro__] == [c.__name__ for c in theirs_own.__mro__]


def test_every_error_of_the_engine_has_a_place() -> None:
    places = {
        cls.code: name_of(cls("of no particular words"))
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, errors.OmsError)
    }
    assert {
        code for code, name in places.items() if issubclass(CLASSES[name], theirs.NetworkError)
    } == {
        "venue_unavailable",
        "engine_unavailable",
        "store_unavailable",
        "outcome_unknown",
    }
    assert places["unknown_order"] == "OrderNotFound"
    assert places["not_authorised"] == "AuthenticationError"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ROUTE DOWN: ANDX: no answer", "ExchangeNotAvailable"),
        ("the engine is stopping", "ExchangeNotAvailable"),
        ("the rate limit would delay the order by 3.1 s", "RateLimitExceeded"),
        ("KILL SWITCH: ANDX takes no new orders", "ManualInteractionNeeded"),
        ("duplicate ClOrdID A1: the order stated is the first one", "DuplicateOrderId"),
        ("Insufficient funds", "InsufficientFunds"),
        ("unknown symbol 'X/Y' on ANDX", "BadSymbol"),
        ("ANDX does not offer STOP orders", "NotSupported"),
        ("we said: ROUTE DOWN: the rate limit delayed the order", "InvalidOrder"),
        ("anything else", "InvalidOrder"),
    ],
)
def test_a_refusal_in_words(text: str, name: str) -> None:
    with pytest.raises(CLASSES[name], match="andx"), translated("andx"):
        raise errors.OrderRejected(text)
    assert name_of(errors.OrderRejected(text)) == name
