"""Fills that the venue names: told under its names, once, and the end held until they are whole."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.port import VenueOrder, VenueState, VenueTrade
from adapters.reconcile import agrees, done, reports, settles_fills
from adapters.teller import END_PATIENCE_S, FILLS_PATIENCE_S
from oms.core.errors import MalformedMessage
from oms.core.fields import ExecTransType, ExecType, OrdStatus, Side
from oms.core.messages import ExecutionReport
from oms.core.notes import Doubt, DoubtSettled, Quarantined
from tests.adapters.test_teller import SPEED, Office
from tests.core.desk_of_one import SYMBOL

D = Decimal


def trade(number: int, qty: str, px: str = "100", **more: Any) -> VenueTrade:
    """A fill of the office's order."""
    told = VenueTrade(
        trade_id=f"T{number}",
        secondary_order_id="V1",
        symbol=SYMBOL,
        side=Side.BUY,
        last_shares=D(qty),
        last_px=D(px),
        commission=D("0.1"),
        fee_currency="USDT",
        raw=f"trade {number}",
    )
    return replace(told, **more)


def seen(
    office: Office,
    state: VenueState,
    *trades: VenueTrade,
    cum: str | None = None,
) -> VenueOrder:
    """The order as a venue that names fills shows it."""
    sight = office.sight("0", state)
    cum_qty = None if cum is None else D(cum)
    return replace(sight, cum_qty=cum_qty, avg_px=None, trades=trades, names_fills=True)


def told(office: Office, sight: VenueOrder) -> list[object]:
    office.teller.tell(office.order, sight)
    return office.commit()


def types(messages: list[object]) -> list[ExecType]:
    return [m.exec_type for m in messages if isinstance(m, ExecutionReport)]


def test_each_fill_is_told_once_with_its_name_price_and_fee() -> None:
    office = Office()
    first, second = trade(1, "0.4", "99"), trade(2, "0.6", "98")
    messages = told(office, seen(office, VenueState.WORKING, first, cum="0.4"))
    assert types(messages) == [ExecType.NEW, ExecType.PARTIAL_FILL]
    messages = told(office, seen(office, VenueState.FILLED, first, second, cum="1"))
    assert types(messages) == [ExecType.FILL]
    assert told(office, seen(office, VenueState.FILLED, first, second, cum="1")) == []
    order = office.order
    assert set(order.executions) == {"T1-V1", "T2-V1"}
    assert [e.last_px for e in order.executions.values()] == [D(99), D(98)]
    assert all(e.commission == D("0.1") for e in order.executions.values())
    assert not any(e.derived for e in order.executions.values())
    assert order.ord_status is OrdStatus.FILLED


def test_the_same_fill_by_stream_and_by_poll_is_one() -> None:
    office = Office()
    told(office, seen(office, VenueState.WORKING, cum="0"))
    office.teller.traded(office.order, trade(1, "0.4"))
    office.teller.tell(office.order, seen(office, VenueState.WORKING, trade(1, "0.4"), cum="0.4"))
    office.commit()
    office.teller.traded(office.order, trade(1, "0.4"))
    assert office.posted == []
    assert office.order.cum_qty == D("0.4")


def test_a_stream_ahead_of_the_lists_is_no_contradiction() -> None:
    office = Office()
    told(office, seen(office, VenueState.WORKING, cum="0"))
    office.teller.traded(office.order, trade(1, "0.4"))
    office.commit()
    assert told(office, seen(office, VenueState.WORKING, cum="0")) == []


def test_the_end_waits_for_the_fills_that_the_venue_counts() -> None:
    """A cancel is seen before its last fill, on every venue: the fill comes first here."""
    office = Office()
    first, second = trade(1, "0.4"), trade(2, "0.1")
    assert types(told(office, seen(office, VenueState.CANCELED, first, cum="0.5"))) == [
        ExecType.NEW,
        ExecType.PARTIAL_FILL,
    ]
    assert not office.order.ended
    messages = told(office, seen(office, VenueState.CANCELED, first, second, cum="0.5"))
    assert types(messages) == [ExecType.PARTIAL_FILL, ExecType.CANCELED]
    assert office.order.cum_qty == D("0.5")


@pytest.mark.parametrize("state", [VenueState.WORKING, VenueState.CANCELED, VenueState.FILLED])
def test_fills_that_stay_away_are_a_doubt_and_settled_by_themselves(state: VenueState) -> None:
    office = Office()
    cum = "1" if state is VenueState.FILLED else "0.5"
    short = seen(office, state, trade(1, "0.4"), cum=cum)
    for _ in range(2):
        told(office, short)
    office.clock.advance(FILLS_PATIENCE_S / SPEED)
    (doubt,) = told(office, short)
    assert isinstance(doubt, Doubt)
    assert "names 0.4" in doubt.text
    rest = trade(2, "0.6" if state is VenueState.FILLED else "0.1")
    whole = replace(short, trades=(*short.trades, rest))
    told(office, whole)
    messages = told(office, whole)
    if state is VenueState.WORKING:
        assert settles_fills(office.order, whole) is False
    else:
        assert [type(m) for m in messages] in ([], [DoubtSettled])
        assert office.order.in_doubt is None
        assert office.order.closed


def test_where_nothing_counts_fills_an_end_must_last() -> None:
    """A fill may have raced the cancel, and no figure would tell."""
    office = Office()
    ended = seen(office, VenueState.CANCELED, trade(1, "0.4"))
    assert types(told(office, ended)) == [ExecType.NEW, ExecType.PARTIAL_FILL]
    assert told(office, ended) == []
    office.clock.advance(END_PATIENCE_S / SPEED)
    later = replace(ended, trades=(*ended.trades, trade(2, "0.1")))
    assert types(told(office, later)) == [ExecType.PARTIAL_FILL]
    office.clock.advance(END_PATIENCE_S / SPEED)
    assert types(told(office, later)) == [ExecType.CANCELED]
    assert office.order.cum_qty == D("0.5")


def test_an_order_that_works_again_begins_the_wait_anew() -> None:
    office = Office()
    ended, works = seen(office, VenueState.CANCELED), seen(office, VenueState.WORKING)
    for sight in (ended, works):
        told(office, sight)
    office.clock.advance(END_PATIENCE_S / SPEED)
    assert types(told(office, ended)) == []


def test_finished_without_its_fills_is_booked_at_the_limit_and_corrected_later() -> None:
    office = Office()
    finished = seen(office, VenueState.FILLED, trade(1, "0.4", "99"))
    for _ in range(2):
        told(office, finished)
    office.clock.advance(FILLS_PATIENCE_S / SPEED)
    (report,) = told(office, finished)
    assert isinstance(report, ExecutionReport)
    assert (report.exec_id, report.last_shares, report.last_px) == ("V1:done", D("0.6"), D(100))
    assert report.derived
    assert office.order.ord_status is OrdStatus.FILLED
    found = replace(finished, trades=(*finished.trades, trade(2, "0.6", "98")))
    (correction,) = told(office, found)
    assert isinstance(correction, ExecutionReport)
    assert office.order.avg_px == D("98.4")
    assert office.order.cum_qty == 1
    corrected = [r.message for r in office.desk.records if r.order_id][-1]
    assert isinstance(corrected, ExecutionReport)
    assert corrected.exec_trans_type is ExecTransType.CORRECT
    assert corrected.exec_ref_id == "V1:done"


def test_only_a_finished_limit_order_can_be_booked_without_its_fills() -> None:
    office = Office()
    sight = seen(office, VenueState.FILLED)
    now = office.clock.now()
    assert done(office.order, seen(office, VenueState.WORKING), now) is None
    assert done(office.order, replace(sight, cum_qty=D(1)), now) is None
    assert done(office.order.evolve(price=None), sight, now) is None
    assert done(office.order.evolve(cum_qty=D(1)), sight, now) is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"secondary_order_id": "V2"}, "another order id"),
        ({"symbol": "ETH/USDT"}, "another symbol"),
        ({"side": Side.SELL}, "another side"),
        ({"last_shares": D(0)}, "of nothing"),
        ({"last_px": D(-1)}, "of nothing"),
    ],
)
def test_a_fill_that_can_not_be_the_orders_is_quarantined(wrong: dict[str, Any], why: str) -> None:
    office = Office()
    told(office, seen(office, VenueState.WORKING, cum="0"))
    strange = trade(1, "0.4", **wrong)
    for _ in range(2):
        office.teller.traded(office.order, strange)
    (note,) = office.commit()
    assert isinstance(note, Quarantined)
    assert why in note.text
    (note,) = told(office, seen(office, VenueState.WORKING, strange, cum="0.4"))
    assert isinstance(note, Quarantined)
    assert office.order.cum_qty == 0


def test_a_fill_of_nobody_is_nothing() -> None:
    office = Office()
    office.teller.traded(office.order, trade(1, "0.4", secondary_order_id=""))
    (note,) = office.commit()
    assert isinstance(note, Quarantined)


def test_a_fill_of_what_the_order_was_before_is_dropped() -> None:
    office = Office()
    before = office.order.evolve(venue_cl_ord_id="another")
    office.teller.traded(before, trade(1, "0.4"))
    assert office.posted == []


def test_a_sight_that_neither_names_nor_counts_is_none() -> None:
    office = Office()
    sight = replace(seen(office, VenueState.WORKING), names_fills=False)
    with pytest.raises(MalformedMessage, match="neither names"):
        reports(office.order, sight, office.clock.now())


def test_a_venue_that_counts_nothing_agrees_as_far_as_it_tells() -> None:
    office = Office()
    assert agrees(office.order, seen(office, VenueState.WORKING))
    assert not agrees(office.order, seen(office, VenueState.FILLED))
