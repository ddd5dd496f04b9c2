"""The pre-trade checks: what each refuses, with which reason, and which comes first."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.fields import ExecType, OrdRejReason, OrdStatus, OrdType, Side, TimeInForce
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import Instruments, RouteStatus
from oms.core.venue import Capabilities, Instrument
from tests.core.desk_of_one import DESK, NATIVE, PLAIN, ROUTE, SYMBOL, DeskOfOne

GOOD = NewOrderSingle(
    cl_ord_id="A1",
    ex_destination=ROUTE,
    symbol=SYMBOL,
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal("40000.00"),
    time_in_force=TimeInForce.DAY,
)


def _refusal(core: DeskOfOne, order: NewOrderSingle) -> tuple[OrdRejReason | None, str]:
    core.desk(order)
    (told,) = core.told
    assert core.asked == [], "nothing may be sent for a refused order"
    report = told.message
    assert isinstance(report, ExecutionReport)
    assert report.exec_type is ExecType.REJECTED
    assert report.ord_status is OrdStatus.REJECTED
    assert report.cum_qty == report.leaves_qty == 0
    assert core.order().closed
    return report.ord_rej_reason, report.text


def test_a_good_order_goes_out_once_as_the_venue_spells_it() -> None:
    """Day becomes good till cancel; the venue sees its own symbol and our drawn id."""
    core = DeskOfOne()
    core.desk(GOOD)
    (asked,) = core.asked
    assert core.told == [], "a desk hears the venue's word first"
    assert asked.message.symbol == "BTCUSDT"
    assert asked.message.cl_ord_id == core.order().venue_cl_ord_id != "A1"
    assert core.order().time_in_force is TimeInForce.GOOD_TILL_CANCEL
    assert core.order().symbol == SYMBOL


@pytest.mark.parametrize("tif", [TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCEL])
def test_the_venues_own_code_is_accepted_and_answered_in_ours(tif: TimeInForce) -> None:
    """Symbol (55) may be the venue's spelling, whatever else the order has to be changed in."""
    core = DeskOfOne()
    core.desk(replace(GOOD, symbol="BTCUSDT", time_in_force=tif))
    assert core.order().symbol == SYMBOL


WRONG: dict[str, tuple[NewOrderSingle, OrdRejReason, str]] = {
    "route": (replace(GOOD, ex_destination="NOWHERE"), OrdRejReason.BROKER_CREDIT, "unknown route"),
    "exchange": (
        replace(GOOD, security_exchange="BINANCE"),
        OrdRejReason.UNKNOWN_SYMBOL,
        "SecurityExchange (207) does not apply",
    ),
    "symbol": (replace(GOOD, symbol="DOGE/EUR"), OrdRejReason.UNKNOWN_SYMBOL, "unknown symbol"),
    "side": (replace(GOOD, side=Side.CROSS), OrdRejReason.BROKER_CREDIT, "Side (54)"),
    "type": (
        replace(GOOD, ord_type=OrdType.STOP, price=None, stop_px=Decimal(1)),
        OrdRejReason.BROKER_CREDIT,
        "does not offer STOP",
    ),
    "tif": (
        replace(GOOD, time_in_force=TimeInForce.FILL_OR_KILL),
        OrdRejReason.BROKER_CREDIT,
        "does not offer FILL_OR_KILL",
    ),
    "exec_inst": (replace(GOOD, exec_inst="G"), OrdRejReason.BROKER_CREDIT, "ExecInst (18)"),
    "post_only_market": (
        replace(GOOD, exec_inst="6", ord_type=OrdType.MARKET, price=None),
        OrdRejReason.BROKER_CREDIT,
        "post-only",
    ),
    "no_qty": (replace(GOOD, order_qty=None), OrdRejReason.BROKER_CREDIT, "OrderQty (38) alone"),
    "cash": (
        replace(GOOD, cash_order_qty=Decimal(100)),
        OrdRejReason.BROKER_CREDIT,
        "OrderQty (38) alone",
    ),
    "zero": (replace(GOOD, order_qty=Decimal(0)), OrdRejReason.BROKER_CREDIT, "above 0"),
    "negative": (replace(GOOD, order_qty=Decimal(-1)), OrdRejReason.BROKER_CREDIT, "above 0"),
    "negative_price": (replace(GOOD, price=Decimal(-1)), OrdRejReason.BROKER_CREDIT, "above 0"),
    "decimals": (
        replace(GOOD, order_qty=Decimal("1." + "1" * 40)),
        OrdRejReason.ORDER_EXCEEDS_LIMIT,
        "18 decimals",
    ),
    "digits": (
        replace(GOOD, order_qty=Decimal("1" + "0" * 40)),
        OrdRejReason.ORDER_EXCEEDS_LIMIT,
        "20 digits",
    ),
    "no_price": (replace(GOOD, price=None), OrdRejReason.BROKER_CREDIT, "needs Price (44)"),
    "market_price": (
        replace(GOOD, ord_type=OrdType.MARKET),
        OrdRejReason.BROKER_CREDIT,
        "takes no Price (44)",
    ),
    "stop_px": (replace(GOOD, stop_px=Decimal(1)), OrdRejReason.BROKER_CREDIT, "takes no StopPx"),
    "tick": (
        replace(GOOD, price=Decimal("40000.007")),
        OrdRejReason.BROKER_CREDIT,
        "tick 0.01; nearest 40000.01",
    ),
    "step": (
        replace(GOOD, order_qty=Decimal("0.01005")),
        OrdRejReason.BROKER_CREDIT,
        "step 0.0001; nearest 0.01",
    ),
    "step_up": (
        replace(GOOD, order_qty=Decimal("0.00001")),
        OrdRejReason.BROKER_CREDIT,
        "nearest 0.0001",
    ),
    "minimum": (
        replace(GOOD, order_qty=Decimal("0.0005")),
        OrdRejReason.BROKER_CREDIT,
        "minimum 0.001",
    ),
    "maximum": (
        replace(GOOD, order_qty=Decimal(11)),
        OrdRejReason.ORDER_EXCEEDS_LIMIT,
        "maximum 10",
    ),
    "min_notional": (
        replace(GOOD, price=Decimal(1)),
        OrdRejReason.BROKER_CREDIT,
        "below the minimum 10",
    ),
    "max_notional": (
        replace(GOOD, order_qty=Decimal(10), price=Decimal(100000)),
        OrdRejReason.ORDER_EXCEEDS_LIMIT,
        "above the maximum 500000",
    ),
}


def _core(capabilities: Capabilities = PLAIN) -> DeskOfOne:
    core = DeskOfOne(capabilities)
    instrument = Instrument(
        symbol=SYMBOL,
        venue_symbol="BTCUSDT",
        tick=Decimal("0.01"),
        step=Decimal("0.0001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(10),
        min_notional=Decimal(10),
        max_notional=Decimal(500000),
    )
    core.venue(Instruments(route=ROUTE, instruments=(instrument,)))
    return core


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_thing_has_its_reason(name: str) -> None:
    """The reason and a text that says what would be right."""
    order, reason, text = WRONG[name]
    told_reason, told_text = _refusal(_core(), order)
    assert told_reason is reason
    assert text in told_text


def test_when_everything_is_wrong_the_first_check_answers() -> None:
    """The order of precedence is defined: route, then exchange, symbol, side, and so on."""
    order = replace(
        GOOD,
        ex_destination="NOWHERE",
        security_exchange="X",
        symbol="DOGE/EUR",
        side=Side.CROSS,
        order_qty=Decimal(0),
    )
    texts = []
    for mended in (
        {},
        {"ex_destination": ROUTE},
        {"security_exchange": ""},
        {"order_qty": Decimal("0.01")},
        {"symbol": SYMBOL},
    ):
        order = replace(order, **mended)
        texts.append(_refusal(_core(), order)[1].split(" ")[0:2])
    assert texts == [
        ["unknown", "route"],
        ["SecurityExchange", "(207)"],
        ["OrderQty", "(38)"],
        ["unknown", "symbol"],
        ["Side", "(54)"],
    ]


def test_an_unknown_exchange_names_the_known_ones() -> None:
    """A route with exchanges wants one of them."""
    core = DeskOfOne(replace(PLAIN, exchanges=frozenset({"BINANCE", "GBBO"})))
    reason, text = _refusal(core, GOOD)
    assert reason is OrdRejReason.UNKNOWN_SYMBOL
    assert text.endswith("BINANCE, GBBO")


def test_an_exchange_without_the_symbol_is_named() -> None:
    """The same symbol may trade at one exchange and not at another."""
    core = DeskOfOne(replace(PLAIN, exchanges=frozenset({"BINANCE"})))
    _, text = _refusal(core, replace(GOOD, security_exchange="BINANCE"))
    assert text.endswith("at BINANCE")


def test_a_route_that_is_not_ready_refuses() -> None:
    """Never queued: 103=2 and why."""
    core = DeskOfOne(ready=False)
    core.venue(RouteStatus(route=ROUTE, up=True, ready=False, text="reconciling"))
    reason, text = _refusal(core, GOOD)
    assert reason is OrdRejReason.EXCHANGE_CLOSED
    assert text == f"ROUTE DOWN: {ROUTE}: reconciling"


def test_a_stopping_engine_refuses() -> None:
    """Orders that would outlive the process are not taken."""
    core = DeskOfOne()
    core.book.stopping = True
    assert _refusal(core, GOOD)[0] is OrdRejReason.EXCHANGE_CLOSED


def test_a_route_of_others_is_unknown() -> None:
    """Entitlements: another desk's route looks like none at all."""
    core = DeskOfOne()
    core.book.entitlements[DESK] = frozenset({"ELSEWHERE"})
    reason, text = _refusal(core, GOOD)
    assert reason is OrdRejReason.BROKER_CREDIT
    assert text.endswith("(100): none")


def test_a_market_buy_by_cash_is_sized_by_cash_alone() -> None:
    """Where the venue sizes market buys in quote units, OrderQty is refused and the reverse."""
    core = _core(replace(NATIVE, market_buy_by_cash=True))
    market = replace(GOOD, ord_type=OrdType.MARKET, price=None)
    assert "CashOrderQty (152) alone" in _refusal(core, market)[1]
    by_cash = replace(market, cl_ord_id="A2", order_qty=None, cash_order_qty=Decimal(100))
    core.desk(by_cash)
    assert len(core.asked) == 1
    core.desk(replace(by_cash, cl_ord_id="A3", cash_order_qty=Decimal(1)))
    assert "below the minimum" in core.order(3).text
    core.desk(replace(market, cl_ord_id="A4", side=Side.SELL))
    assert len(core.asked) == 1, "a market sell is sized in base units"


def test_post_only_goes_out_where_the_venue_has_it() -> None:
    """18=6 on a resting limit order."""
    core = DeskOfOne()
    core.desk(replace(GOOD, exec_inst="6"))
    assert core.asked[0].message.exec_inst == "6"  # type: ignore[union-attr]  # a new order
    core = DeskOfOne(replace(PLAIN, post_only=False))
    assert "post-only" in _refusal(core, replace(GOOD, exec_inst="6"))[1]


def test_a_day_order_stays_one_where_the_venue_has_days() -> None:
    """TIF passes unchanged when the route offers it."""
    core = DeskOfOne(NATIVE)
    core.desk(GOOD)
    assert core.order().time_in_force is TimeInForce.DAY


def test_a_disabled_instrument_is_unknown() -> None:
    """What does not trade now is refused like what does not exist."""
    core = DeskOfOne()
    known = core.book.routes[ROUTE].instrument(SYMBOL, "")
    assert known is not None
    core.venue(Instruments(route=ROUTE, instruments=(replace(known, enabled=False),)))
    assert _refusal(core, GOOD)[0] is OrdRejReason.UNKNOWN_SYMBOL
