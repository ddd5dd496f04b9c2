"""What the engine does in a venue's stead: immediate or cancel, good till date, market."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from oms.core.emulation import expiring
from oms.core.facts import Kill
from oms.core.fields import (
    ExecType,
    OrdRejReason,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.legs import at_venue
from oms.core.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderCancelRequest,
    Quote,
)
from oms.core.notes import Doubt, Expired, NotSent, Request, RouteStatus, Started
from oms.core.ports import Evidence
from oms.core.transitions import Life
from oms.core.venue import Emulation
from tests.core.desk_of_one import ROUTE, START, SYMBOL
from tests.core.emulating_desk import AMEND, CANCEL, EMULATING, Desk
from tests.core.test_checks import GOOD


@pytest.fixture
def desk() -> Desk:
    """A desk with a working order of 0.02 at 40000."""
    desk = Desk()
    desk.desk(replace(GOOD, order_qty=Decimal("0.02"), price=Decimal(40000)))
    desk.tells(ExecType.NEW)
    return desk


# Immediate or cancel, fill or kill


def _order(desk: Desk, **terms: object) -> None:
    desk.desk(replace(GOOD, **terms))  # type: ignore[arg-type]  # fields of several types


def test_an_ioc_rests_until_it_is_acknowledged_and_is_then_canceled() -> None:
    """D33: Canceled, not Expired; no OrigClOrdID, because nobody asked."""
    desk = Desk()
    _order(desk, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
    assert desk.new().time_in_force is TimeInForce.GOOD_TILL_CANCEL
    desk.tells(ExecType.NEW)
    assert desk.heard() == [("NEW", "NEW", "A1", "")]
    assert desk.told[0].message.text.startswith("EMULATED IOC")
    (asked,) = desk.asked
    assert isinstance(asked.message, OrderCancelRequest)
    desk.fills("0.001")
    desk.tells(ExecType.CANCELED)
    assert desk.heard() == [("CANCELED", "CANCELED", "A1", "")]
    assert desk.order().time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL


def test_a_refused_cancel_of_an_ioc_is_tried_again_at_the_next_event() -> None:
    """Not at once and for ever."""
    desk = Desk()
    _order(desk, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
    desk.tells(ExecType.NEW)
    request = desk.order().requests[0]
    name = desk.order().venue_cl_ord_id
    desk.venue(OrderCancelReject(cl_ord_id=request.cl_ord_id, orig_cl_ord_id=name))
    assert desk.asked == []
    desk.fills("0.001")
    (asked,) = desk.asked
    assert isinstance(asked.message, OrderCancelRequest)


def test_an_ioc_in_doubt_is_canceled_when_it_appears() -> None:
    """Its time is over long ago."""
    desk = Desk()
    _order(desk, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.NEW, text="lost"))
    desk.tells(ExecType.NEW)
    (asked,) = desk.asked
    assert isinstance(asked.message, OrderCancelRequest)


def test_fill_or_kill_only_for_what_has_no_parts() -> None:
    """One step is filled whole or not at all; for more it would be a guess."""
    desk = Desk()
    _order(desk, time_in_force=TimeInForce.FILL_OR_KILL, order_qty=Decimal("0.01"))
    assert desk.heard()[0][0] == "REJECTED"
    assert "one step of 0.0001" in desk.told[0].message.text
    assert desk.asked == []


def test_fill_or_kill_of_one_step_goes_out_as_immediate_or_cancel() -> None:
    """Natively, where the venue has that."""
    desk = Desk()
    instrument = desk.book.routes[ROUTE].instrument(SYMBOL, "")
    assert instrument is not None
    desk.book.routes[ROUTE].learn([replace(instrument, step=Decimal("0.001"))])
    _order(desk, time_in_force=TimeInForce.FILL_OR_KILL, order_qty=Decimal("0.001"))
    assert desk.new().time_in_force is TimeInForce.GOOD_TILL_CANCEL
    both = {TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL}
    route = desk.book.routes[ROUTE]
    route.capabilities = replace(EMULATING, time_in_force=frozenset(both))
    _order(desk, cl_ord_id="A2", time_in_force=TimeInForce.FILL_OR_KILL, order_qty=Decimal("0.001"))
    assert desk.new().time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL
    route.capabilities = replace(EMULATING, emulates=frozenset({Emulation.FOK}))
    _order(desk, cl_ord_id="A3", time_in_force=TimeInForce.FILL_OR_KILL, order_qty=Decimal("0.001"))
    assert desk.heard()[0][0] == "REJECTED"


# Good till date


def _dated(desk: Desk) -> None:
    expiry = desk.now + timedelta(minutes=1)
    _order(desk, time_in_force=TimeInForce.GOOD_TILL_DATE, expire_time=expiry)
    desk.tells(ExecType.NEW)


def _clock(desk: Desk) -> None:
    note = Expired(order_id=desk.order().order_id)
    desk.venue(note, Evidence.POLICY)


def test_a_dated_order_is_canceled_at_its_time_and_ends_expired() -> None:
    """150=C, 39=C, with the time in Text."""
    desk = Desk()
    _dated(desk)
    assert desk.told[0].message.text.startswith("EMULATED GTD")
    _clock(desk)
    assert desk.asked == []
    desk.now += timedelta(minutes=1)
    _clock(desk)
    (asked,) = desk.asked
    assert isinstance(asked.message, OrderCancelRequest)
    desk.tells(ExecType.CANCELED)
    assert desk.heard() == [("EXPIRED", "EXPIRED", "A1", "")]
    assert "expired at" in desk.told[0].message.text
    assert desk.order().closed


def test_at_the_venue_it_is_good_till_cancel() -> None:
    """ExpireTime stays in the house."""
    desk = Desk()
    expiry = desk.now + timedelta(minutes=1)
    _order(desk, time_in_force=TimeInForce.GOOD_TILL_DATE, expire_time=expiry)
    assert desk.new().time_in_force is TimeInForce.GOOD_TILL_CANCEL
    assert desk.new().expire_time is None


def test_a_replace_moves_the_expiry() -> None:
    """The old time means nothing any more."""
    desk = Desk()
    _dated(desk)
    later = desk.now + timedelta(hours=1)
    amend = replace(AMEND, time_in_force=TimeInForce.GOOD_TILL_DATE, expire_time=later)
    desk.desk(amend)
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.NEW)
    desk.now += timedelta(minutes=2)
    _clock(desk)
    assert desk.order().expire_time == later
    assert desk.asked == []


def test_what_does_not_expire_is_left_alone(desk: Desk) -> None:
    """An order without a date, and one that is not there."""
    _clock(desk)
    desk.venue(Expired(order_id="77"), Evidence.POLICY)
    assert desk.records[-1].message.__class__ is ExecutionReport


@pytest.mark.parametrize("expiry", [None, START])
def test_an_expiry_must_be_there_and_ahead(expiry: object) -> None:
    """Refused before anything is sent."""
    desk = Desk()
    _order(desk, time_in_force=TimeInForce.GOOD_TILL_DATE, expire_time=expiry)
    assert desk.heard()[0][0] == "REJECTED"
    assert "ExpireTime" in desk.told[0].message.text


# Market as limit


def _market(desk: Desk, side: Side = Side.BUY) -> None:
    _order(desk, ord_type=OrdType.MARKET, price=None, side=side, order_qty=Decimal("0.02"))


def _quote(desk: Desk, bid: str = "39999.99", offer: str = "40000.01") -> None:
    name = desk.order().venue_cl_ord_id
    desk.venue(Quote(quote_req_id=name, bid_px=Decimal(bid), offer_px=Decimal(offer)))


@pytest.mark.parametrize(
    ("side", "price"), [(Side.BUY, Decimal("40200.02")), (Side.SELL, Decimal("39799.99"))]
)
def test_a_market_order_goes_out_at_the_best_price_and_a_margin(side: Side, price: Decimal) -> None:
    """Immediate or cancel, on the tick beyond; the desk sees a market order without a Price."""
    desk = Desk()
    _market(desk, side)
    (question,) = desk.priced
    assert question.message.quote_req_id == desk.order().venue_cl_ord_id
    assert desk.asked == []
    _quote(desk)
    new = desk.new()
    assert (new.ord_type, new.price, new.order_qty) == (OrdType.LIMIT, price, Decimal("0.02"))
    desk.tells(ExecType.NEW)
    (told,) = desk.told
    report = told.message
    assert isinstance(report, ExecutionReport)
    assert (report.ord_type, report.price) == (OrdType.MARKET, None)
    assert report.text.startswith("EMULATED IOC")
    assert at_venue(desk.order()).price == price
    (cancel,) = desk.asked
    assert isinstance(cancel.message, OrderCancelRequest)
    _quote(desk)
    assert desk.asked == []


def test_without_a_price_nothing_is_sent() -> None:
    """An empty side of the book, or a quote that did not come."""
    desk = Desk()
    _market(desk)
    desk.venue(Quote(quote_req_id=desk.order().venue_cl_ord_id, bid_px=Decimal(1)))
    assert desk.heard() == [("REJECTED", "REJECTED", "A1", "")]
    assert desk.asked == []
    other = Desk()
    _market(other)
    name = other.order().venue_cl_ord_id
    other.venue(NotSent(cl_ord_id=name, request=Request.NEW, text="no price"))
    assert other.heard() == [("REJECTED", "REJECTED", "A1", "")]


def test_a_price_that_the_market_does_not_take_is_refused() -> None:
    """A market that has vanished meanwhile."""
    desk = Desk()
    _market(desk)
    desk.book.routes[ROUTE].learn(())
    _quote(desk)
    assert "unknown symbol" in desk.told[0].message.text


def test_a_cancel_before_the_price_ends_it() -> None:
    """Nothing was sent, so it is canceled at once."""
    desk = Desk()
    _market(desk)
    desk.desk(CANCEL)
    desk.venue(RouteStatus(route=ROUTE, up=True, ready=True, text="again"))
    _quote(desk)
    assert desk.order().life is Life.CANCELED
    assert desk.asked == []


def test_no_leg_leaves_under_the_kill_switch() -> None:
    """Even if nobody has asked for a cancel yet when the price comes."""
    desk = Desk()
    _market(desk)
    desk.book.kills[ROUTE] = Kill(on=True, since=desk.now, seq=1, origin="operator")
    _quote(desk)
    assert desk.heard() == [("REJECTED", "REJECTED", "A1", "")]
    assert "KILL SWITCH" in desk.told[0].message.text
    assert desk.asked == []


def test_a_lost_connection_says_nothing_of_an_order_that_was_not_sent() -> None:
    """Only the end of the engine ends it: refused, for certain."""
    desk = Desk()
    _market(desk)
    desk.venue(RouteStatus(route=ROUTE, up=False, ready=False, text="cut", lost_answers=True))
    assert desk.order().in_doubt is None
    desk.venue(Started(epoch=2, version="1"), Evidence.POLICY)
    assert desk.order().life is Life.REJECTED
    assert desk.order().in_doubt is None


def test_market_as_limit_needs_immediate_or_cancel() -> None:
    """It must not rest."""
    desk = Desk()
    desk.book.routes[ROUTE].capabilities = replace(
        EMULATING, emulates=frozenset({Emulation.MARKET})
    )
    _market(desk)
    assert desk.heard() == [("REJECTED", "REJECTED", "A1", "")]
    assert desk.told[0].message.text.endswith("need IOC")


def test_what_the_route_does_not_emulate_is_refused() -> None:
    """Nothing is emulated that the configuration does not name."""
    desk = Desk()
    desk.book.routes[ROUTE].capabilities = replace(EMULATING, emulates=frozenset())
    _market(desk)
    assert desk.heard()[0][0] == "REJECTED"
    _order(desk, cl_ord_id="A2", time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
    assert desk.heard()[0][0] == "REJECTED"
    reasons = {told.message.ord_rej_reason for told in desk.told}  # type: ignore[union-attr]  # an answer, which has it
    assert reasons == {OrdRejReason.BROKER_CREDIT}


def test_what_the_engine_has_to_watch_the_clock_for() -> None:
    """A dated order that works; not one that is over, nor one without a date."""
    desk = Desk()
    _dated(desk)
    assert expiring(desk.order())
    desk.tells(ExecType.CANCELED)
    assert not expiring(desk.order())
