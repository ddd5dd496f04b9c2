"""What a break is put down to, and orders that are not ours, on the pure core."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from oms.core.break_notes import BreakClosed, Cause, ForeignOrder
from oms.core.causes import shown_by
from oms.core.fields import ExecType, OrdType, Side
from oms.core.funding import Activity, ActivityKind, TransferKind
from oms.core.holdings import Break, break_id_of, number_of
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import Doubt, Request
from oms.core.ports import Evidence
from tests.core.desk_of_one import ROUTE, START, DeskOfOne
from tests.core.test_breaks import (
    core_with,
    fill,
    looks,
    moved,
    only_break,
    opened,
    order,
    withdraw,
)
from tests.core.test_checks import GOOD

D = Decimal

# Orders that are not ours

STRANGER = ForeignOrder(
    secondary_order_id="77",
    symbol="BTC/USDT",
    side=Side.SELL,
    order_qty=D(2),
    price=D(41_000),
    cum_qty=D(1),
    avg_px=D(41_000),
    works=True,
)


def test_a_foreign_order_is_on_record_when_it_is_news() -> None:
    core = core_with()
    mark = core.book.agreement.mark(ROUTE)
    (record,) = core.venue(STRANGER, Evidence.VENUE_QUERY)
    assert (record.message, record.order_id, record.order) == (STRANGER, "", None)
    assert core.book.agreement.mark(ROUTE) > mark
    assert core.venue(STRANGER, Evidence.VENUE_QUERY) == ()
    assert [one.told for one in core.book.agreement.foreign_orders(ROUTE)] == [STRANGER]
    assert core.book.agreement.foreign_orders("OTHER") == []
    first = core.book.agreement.foreign_orders(ROUTE)[0]
    core.venue(replace(STRANGER, cum_qty=D("1.5")), Evidence.VENUE_QUERY)
    again = core.book.agreement.foreign_orders(ROUTE)[0]
    assert (again.first_seen, again.told.cum_qty) == (first.first_seen, D("1.5"))
    core.venue(replace(STRANGER, works=False), Evidence.VENUE_QUERY)
    assert core.book.agreement.foreign_orders(ROUTE) == []
    assert [one.told.name for one in core.book.agreement.traded_by_others(ROUTE)] == ["77"]


def test_an_order_of_ours_is_never_foreign() -> None:
    core = core_with()
    name = order(core)
    for named in ({"secondary_order_id": f"v{name}"}, {"venue_cl_ord_id": name}):
        told = replace(STRANGER, **{"secondary_order_id": "", **named})  # type: ignore[arg-type]  # fields of several types
        assert core.venue(told, Evidence.VENUE_QUERY) == ()


def test_one_that_turns_out_to_be_ours_is_foreign_no_more() -> None:
    core = core_with()
    core.venue(replace(STRANGER, side=Side.BUY), Evidence.VENUE_QUERY)
    order(core)  # another one: it is nobody's business
    core.desk(replace(GOOD, cl_ord_id="lost", order_qty=D(2), price=D(41_000)))
    request = core.asked[0].message
    assert isinstance(request, NewOrderSingle)
    told = ExecutionReport(
        exec_id="77:NEW",
        exec_type=ExecType.NEW,
        cl_ord_id=request.cl_ord_id,
        secondary_order_id="77",
    )
    core.venue(told, Evidence.VENUE_QUERY)
    assert core.book.agreement.foreign_orders(ROUTE) == []
    assert core.book.agreement.traded_by_others(ROUTE) == []
    assert core.changes.foreign[ROUTE, "77"].order_id == "0000000002"


def test_only_so_many_are_remembered_after_their_end() -> None:
    core = core_with()
    for number in range(201):
        told = replace(STRANGER, secondary_order_id=str(number), works=False)
        core.venue(told, Evidence.VENUE_QUERY)
    known = [one.told.name for one in core.book.agreement.traded_by_others(ROUTE)]
    assert known[0] == "200"
    assert len(known) == 200


# What it may have been


def test_an_execution_that_the_books_lack_is_told_with_its_order() -> None:
    core = core_with()
    order(core, side=Side.SELL, price=D(50_000))
    name = order(core)
    core.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="lost"))
    found = opened(looks(core, BTC="10.5", USDT="980000"))
    assert found == [("BTC", D("0.5"), Cause.FILL), ("USDT", D(-20_000), Cause.FILL)]
    assert "0000000002, which is in doubt," in core.book.agreement.open_breaks()[0].text
    assert [number_of(one.break_id) for one in core.book.agreement.open_breaks()] == [1, 2]
    fill(core, name, "0.5")
    assert [type(r.message) for r in looks(core, BTC="10.5", USDT="980000")] == [BreakClosed] * 2
    assert core.book.agreement.open_breaks() == []


@pytest.mark.parametrize(
    ("side", "price", "base", "quote", "fits"),
    [
        (Side.BUY, D(40_000), "10.5", "980000", True),
        (Side.BUY, D(40_000), "10.5", "979800", True),  # and the fee
        (Side.BUY, D(40_000), "10.5", "979799", False),
        (Side.BUY, D(40_000), "11.5", "940000", False),  # more than it asks for
        (Side.BUY, D(40_000), "10.5", "1000000", False),
        (Side.BUY, D(40_000), "9.5", "1020000", False),
        (Side.SELL, D(40_000), "9.5", "1020000", True),
        (Side.SELL, D(40_000), "9.5", "1019799", False),
        (Side.SELL, D(40_000), "10.5", "980000", False),
        (Side.BUY, None, "10.5", "900000", True),
    ],
)
def test_an_order_fits_within_its_terms(
    side: Side, price: Decimal | None, base: str, quote: str, fits: bool
) -> None:
    core = core_with()
    order(core, side=side, price=price, ord_type=OrdType.LIMIT if price else OrdType.MARKET)
    found = opened(looks(core, BTC=base, USDT=quote))
    assert ((found[0][2] is Cause.FILL) if found else False) is fits


def test_what_others_traded_is_told_with_their_order() -> None:
    core = core_with()
    core.venue(STRANGER, Evidence.VENUE_QUERY)
    found = opened(looks(core, BTC="9", USDT="1041000"))
    assert found == [("BTC", D(-1), Cause.FOREIGN_TRADE), ("USDT", D(41_000), Cause.FOREIGN_TRADE)]
    assert "77" in only_of(core, "BTC").text


def only_of(core: DeskOfOne, asset: str) -> Break:
    """The open break of that asset."""
    found = core.book.agreement.open_break((ROUTE, "", asset))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "changed",
    [
        {"cum_qty": D(0)},
        {"cum_qty": None},
        {"cum_qty": D("0.5")},
        {"side": Side.BUY},
        {"security_exchange": "ELSEWHERE"},
        {"symbol": "ETH/TRY"},
    ],
)
def test_not_any_order_of_others_explains_it(changed: dict[str, Any]) -> None:
    core = core_with()
    core.venue(replace(STRANGER, **changed), Evidence.VENUE_QUERY)
    assert opened(looks(core, BTC="9")) == [("BTC", D(-1), Cause.UNKNOWN)]


@pytest.mark.parametrize("tells", [True, False])
def test_a_small_part_of_what_was_traded_is_a_fee(tells: bool) -> None:
    core = core_with(tells_fees=tells)
    fill(core, order(core))
    assert opened(looks(core, BTC="11", USDT="959960")) == [("USDT", D(-40), Cause.FEE)]
    assert ("beyond" in only_break(core).text) is tells
    assert opened(looks(core, BTC="11", USDT="959599.99"))[0][2] is Cause.UNKNOWN


def test_what_a_break_is_called() -> None:
    assert break_id_of(17) == "B17"
    assert [number_of(name) for name in ("B17", "T17", "B", "Bx", "B٣")] == [17, 0, 0, 0, 0]


# What the venue's lists say of it

ROW = Activity(
    kind=ActivityKind.DEPOSIT,
    activity_id="9",
    asset="BTC",
    amount=D(2),
    status="",
    fee=D("0.1"),
    done=True,
    time=START,
)
OUT = replace(ROW, kind=ActivityKind.WITHDRAWAL)
MOVE = replace(ROW, kind=ActivityKind.TRANSFER, security_exchange="ONE", to_exchange="TWO")


@pytest.mark.parametrize(
    ("row", "amount", "exchange", "cause"),
    [
        (ROW, "2", "", Cause.DEPOSIT),
        (ROW, "1.9", "", Cause.DEPOSIT),
        (ROW, "2.1", "", None),
        (ROW, "-2", "", None),
        (ROW, "2", "ONE", None),
        (replace(ROW, asset="ETH"), "2", "", None),
        (replace(ROW, done=False), "2", "", None),
        (replace(ROW, done=None), "2", "", None),
        (replace(ROW, time=None), "2", "", None),
        (replace(ROW, fee=None), "2", "", Cause.DEPOSIT),
        (OUT, "-2", "", Cause.WITHDRAWAL),
        (OUT, "-2.1", "", Cause.WITHDRAWAL),
        (replace(OUT, done=None, time=None), "-2", "", Cause.WITHDRAWAL),
        (OUT, "2", "", None),
        (MOVE, "-2.1", "ONE", Cause.TRANSFER),
        (MOVE, "2", "TWO", Cause.TRANSFER),
        (MOVE, "2", "ONE", None),
        (MOVE, "-2", "TWO", None),
        (replace(MOVE, to_exchange=""), "-2", "", None),
    ],
)
def test_a_row_is_of_a_break_where_asset_place_and_amount_are(
    row: Activity, amount: str, exchange: str, cause: Cause | None
) -> None:
    found = Break(
        break_id="B1",
        key=(ROUTE, exchange, "BTC"),
        amount=D(amount),
        cause=Cause.UNKNOWN,
        text="",
        opened=START,
        updated=START,
    )
    assert shown_by(row, found) is cause


def test_a_coupon_that_is_redeemed_names_no_asset() -> None:
    core = core_with()
    coupon = {"kind": TransferKind.COUPON_REDEEM, "code": "C-9", "asset": "", "address": ""}
    withdraw(core, **coupon, amount=None)
    moved(core, amount=D(5))
    assert opened(looks(core, USDT="1000005")) == [("USDT", D(5), Cause.UNKNOWN)]
