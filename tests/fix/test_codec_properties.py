"""What holds for every message: nothing is lost, rounded or smuggled between core and wire."""

import string
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fix import apifiny, codec
from fix.wire import Fields, to_fields, to_text, utc_timestamp
from oms.core.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecTransType,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.messages import ExecutionReport, NewOrderSingle, OrderCancelReject
from oms.core.numbers import number_text
from tests.fix.dictionary import validate

IDS = st.text(string.ascii_letters + string.digits + "-_.:/", min_size=1, max_size=40)
TEXTS = st.text(max_size=60)
NUMBERS = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(1, 10**24),
    st.integers(-6, 18),
)
MAYBE = st.none() | NUMBERS
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000)
)


@st.composite
def orders(draw: st.DrawFn) -> NewOrderSingle:
    """Orders that a desk can express and FIX does not find incomplete."""
    ord_type = draw(st.sampled_from(OrdType))
    dated = draw(st.booleans())
    limited = ord_type in (OrdType.LIMIT, OrdType.STOP_LIMIT)
    stopped = ord_type in (OrdType.STOP, OrdType.STOP_LIMIT)
    tifs = [TimeInForce.GOOD_TILL_DATE] if dated else list(TimeInForce)[:6]
    by_cash = draw(st.booleans())
    return NewOrderSingle(
        cl_ord_id=draw(IDS),
        symbol=draw(IDS),
        side=draw(st.sampled_from(Side)),
        ord_type=ord_type,
        ex_destination=draw(IDS).upper(),
        security_exchange=draw(IDS).upper(),
        account=draw(IDS),
        order_qty=None if by_cash else draw(NUMBERS),
        cash_order_qty=draw(NUMBERS) if by_cash else None,
        price=draw(NUMBERS) if limited else draw(MAYBE),
        stop_px=draw(NUMBERS) if stopped else draw(MAYBE),
        time_in_force=draw(st.sampled_from(tifs)),
        expire_time=draw(TIMES) if dated else None,
        exec_inst=draw(st.sampled_from(["", "6", "G 6"])),
        text=draw(st.text(string.printable.strip(), max_size=60)),
        poss_resend=draw(st.booleans()),
    )


def _as_a_desk_writes(order: NewOrderSingle) -> Fields:
    numbers = {38: order.order_qty, 152: order.cash_order_qty, 44: order.price, 99: order.stop_px}
    words = {1: order.account, 18: order.exec_inst, 58: order.text, 100: order.ex_destination}
    fields: Fields = [(35, "D"), (11, order.cl_ord_id), (21, "1"), (55, order.symbol)]
    fields += [(54, order.side), (40, order.ord_type), (59, order.time_in_force)]
    fields += [(tag, number_text(number)) for tag, number in numbers.items() if number is not None]
    fields += [(tag, word) for tag, word in words.items() if word]
    fields += [(207, order.security_exchange), (97, "Y" if order.poss_resend else "N")]
    if order.expire_time is not None:
        fields.append((126, utc_timestamp(order.expire_time)))
    return fields


@given(orders())
def test_an_order_arrives_as_it_was_meant(order: NewOrderSingle) -> None:
    """Every field, and every digit of every number, over the text of the wire."""
    text = to_text(_as_a_desk_writes(order))
    assert codec.decode(to_fields(text), "DESK1") == order


REPORTS = st.builds(
    ExecutionReport,
    exec_id=IDS,
    exec_type=st.sampled_from(ExecType),
    order_id=IDS,
    cl_ord_id=IDS,
    orig_cl_ord_id=st.just("") | IDS,
    secondary_order_id=st.just("") | IDS,
    exec_trans_type=st.sampled_from(ExecTransType),
    exec_ref_id=st.just("") | IDS,
    ord_status=st.sampled_from(OrdStatus),
    ord_rej_reason=st.none() | st.sampled_from(OrdRejReason),
    exec_broker=TEXTS,
    account=TEXTS,
    symbol=TEXTS,
    security_exchange=st.just("") | st.text(string.ascii_uppercase, max_size=10),
    side=st.sampled_from(Side),
    ord_type=st.sampled_from(OrdType),
    time_in_force=st.sampled_from(TimeInForce),
    exec_inst=st.sampled_from(["", "6"]),
    order_qty=MAYBE,
    cash_order_qty=MAYBE,
    price=MAYBE,
    stop_px=MAYBE,
    last_shares=MAYBE,
    last_px=MAYBE,
    leaves_qty=MAYBE,
    cum_qty=MAYBE,
    avg_px=MAYBE,
    commission=MAYBE | NUMBERS.map(lambda number: -number),
    fee_currency=TEXTS,
    trade_id=TEXTS,
    in_doubt=st.booleans(),
    transact_time=TIMES,
    expire_time=st.none() | TIMES,
    text=TEXTS,
)

_NUMBERS = {14: "cum_qty", 151: "leaves_qty", 6: "avg_px", 44: "price", 99: "stop_px"}


@given(REPORTS, st.booleans())
def test_a_report_reaches_a_stock_client_whole(report: ExecutionReport, extended: bool) -> None:
    """No text smuggles a field in, no number is rounded, and every tag that 4.2 requires is there."""
    said = codec.encode(report, extended=extended)
    fields = to_fields(to_text(said))[2:-1]
    assert fields == said
    by_tag = dict(fields)
    assert len(by_tag) == len(fields)
    assert {37, 17, 20, 150, 39, 55, 54, 151, 14, 6} <= set(by_tag)
    for tag, name in _NUMBERS.items():
        number: Decimal | None = getattr(report, name)
        if number is not None:
            assert Decimal(by_tag[tag]) == number
            assert set(by_tag[tag]) <= set("0123456789.")
    if not extended:
        validate(said)


@given(
    st.builds(
        OrderCancelReject,
        cl_ord_id=IDS,
        orig_cl_ord_id=st.just("") | IDS,
        order_id=st.just("") | IDS,
        ord_status=st.none() | st.sampled_from(OrdStatus),
        cxl_rej_response_to=st.sampled_from(CxlRejResponseTo),
        cxl_rej_reason=st.none() | st.sampled_from(CxlRejReason),
        account=TEXTS,
        transact_time=st.none() | TIMES,
        text=TEXTS,
    )
)
def test_a_refused_cancel_reaches_a_stock_client_whole(reject: OrderCancelReject) -> None:
    validate(codec.encode(reject))


@given(orders(), IDS)
def test_what_apifiny_is_sent_says_what_the_order_says(order: NewOrderSingle, account: str) -> None:
    """Read back by the meaning that the document gives each tag."""
    offered = order.time_in_force in (
        TimeInForce.DAY,
        TimeInForce.GOOD_TILL_CANCEL,
        TimeInForce.IMMEDIATE_OR_CANCEL,
    )
    plain = order.exec_inst == "6" or (offered and not order.exec_inst)
    if not plain or order.order_qty is None:
        return
    said: dict[int, Any] = dict(
        apifiny.encode_order(order, account, datetime(2026, 1, 1, tzinfo=UTC))
    )
    assert (said[11], said[1], said[55]) == (order.cl_ord_id, account, order.symbol)
    assert (said[54], said[40]) == (order.side, order.ord_type)
    assert Decimal(said[38]) == order.order_qty
    assert (Decimal(said[44]) if 44 in said else None) == order.price
    assert (said[59] == "7") == (order.exec_inst == "6")
    assert 58 not in said


@given(IDS, IDS, NUMBERS, NUMBERS, st.sampled_from([ExecType.PARTIAL_FILL, ExecType.FILL]))
def test_a_fill_of_apifinys_keeps_every_digit(
    exec_id: str, order_id: str, shares: Decimal, price: Decimal, exec_type: ExecType
) -> None:
    text = to_text(
        [
            (35, "8"),
            (37, order_id),
            (17, exec_id),
            (32, number_text(shares)),
            (44, number_text(price)),
            (150, exec_type),
        ]
    )
    report = apifiny.decode(to_fields(text))
    assert isinstance(report, ExecutionReport)
    assert (report.last_shares, report.last_px) == (shares, price)
    assert report.secondary_order_id == ("" if order_id == "NONE" else order_id)
