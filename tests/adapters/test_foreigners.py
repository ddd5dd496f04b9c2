"""Orders that are not ours: called so when nothing of ours could be it, and ended when they are gone."""

from dataclasses import replace
from decimal import Decimal

import pytest

from adapters import foreigners
from adapters.foreigners import Foreigners
from adapters.lost import TAKEN_UNNAMED
from adapters.options import Options
from adapters.port import Sight, Unreadable, VenueOrder, VenueState
from adapters.teller import Teller
from oms.clock import ManualClock
from oms.core.break_notes import ForeignOrder
from oms.core.fields import ExecType, Side
from oms.core.messages import ExecutionReport
from oms.core.notes import Doubt, Quarantined, Request
from oms.core.ports import Evidence, Inbound, Post
from tests.core.desk_of_one import ROUTE, SYMBOL, DeskOfOne
from tests.core.test_checks import GOOD

D = Decimal
OTHER = VenueOrder(
    venue_cl_ord_id="",
    secondary_order_id="77",
    symbol=SYMBOL,
    side=Side.BUY,
    order_qty=D(5),
    price=D(39_000),
    cum_qty=D(0),
    avg_px=D(0),
    state=VenueState.WORKING,
)
UNREADABLE = Unreadable(venue_cl_ord_id="", secondary_order_id="78", reason="status", raw="{}")


class Listing:
    """A book, and what its venue lists."""

    def __init__(self, *, repeats: bool = False) -> None:
        self.desk = DeskOfOne()
        self.posted: list[Inbound] = []
        post: Post = lambda inbound: self.posted.append(inbound)  # noqa: E731  a Post, not a list's
        teller = Teller(ROUTE, post, self.desk.book, ManualClock(), speed=1, lags=False)
        self.foreigners = Foreigners(teller, Options(repeats_client_id=repeats))

    def order(self) -> str:
        """An order of ours that the venue has not answered; its name there."""
        self.desk.desk(replace(GOOD, order_qty=D(5), price=D(39_000)))
        return self.desk.asked[0].message.cl_ord_id

    def sees(self, *listed: Sight) -> list[ForeignOrder]:
        """What is told of one whole list, and decided."""
        self.posted.clear()
        self.foreigners.weigh(listed)
        return self._told()

    def saw(self, *closed: Sight) -> list[ForeignOrder]:
        """The same for a list of closed orders."""
        self.posted.clear()
        self.foreigners.weigh_past(closed)
        return self._told()

    def _told(self) -> list[ForeignOrder]:
        for inbound in self.posted:
            self.desk.venue(inbound.message, Evidence.VENUE_QUERY)
        notes = (inbound.message for inbound in self.posted)
        return [note for note in notes if isinstance(note, ForeignOrder)]


def test_one_is_told_once_and_again_when_it_moves() -> None:
    venue = Listing()
    assert [(note.name, note.works) for note in venue.sees(OTHER)] == [("77", True)]
    assert venue.sees(OTHER) == []
    assert [note.cum_qty for note in venue.sees(replace(OTHER, cum_qty=D(1)))] == [D(1)]


def test_it_has_ended_when_two_lists_in_a_row_do_not_show_it() -> None:
    venue = Listing()
    venue.sees(OTHER)
    assert venue.sees() == []
    assert venue.sees(OTHER) == [], "a list may lack a row once"
    assert venue.sees() == []
    assert [note.works for note in venue.sees()] == [False]
    assert venue.sees() == []
    assert [note.works for note in venue.sees(OTHER)] == [True]


def test_what_may_be_an_order_that_waits_for_its_answer_is_not_called_foreign() -> None:
    """Where the venue takes no ids of ours; whether its answer is lost or only late."""
    venue = Listing()
    name = venue.order()
    assert venue.sees(OTHER) == []
    venue.desk.venue(Doubt(cl_ord_id=name, request=Request.NEW, text="no answer"))
    assert venue.sees(OTHER) == []
    assert venue.sees(replace(OTHER, side=Side.SELL)) != [], "it could not be that one"
    venue.desk.venue(
        ExecutionReport(
            exec_id="n", exec_type=ExecType.NEW, cl_ord_id=name, secondary_order_id="76"
        )
    )
    assert [note.side for note in venue.sees(OTHER)] == [Side.BUY]


def test_an_order_of_ours_is_not_foreign_by_any_of_its_names() -> None:
    venue = Listing()
    name = venue.order()
    told = {"exec_id": "n", "exec_type": ExecType.NEW, "cl_ord_id": name}
    venue.desk.venue(ExecutionReport(**told, secondary_order_id="77"))  # type: ignore[arg-type]  # fields of several types
    assert venue.sees(OTHER, replace(OTHER, secondary_order_id="", venue_cl_ord_id=name)) == []


def test_where_our_ids_are_repeated_only_one_that_lost_its_own_may_be_it() -> None:
    venue = Listing(repeats=True)
    name = venue.order()
    assert venue.sees(OTHER) != []
    doubt = Doubt(cl_ord_id=name, request=Request.NEW, text=f"POST: {TAKEN_UNNAMED}: echo")
    venue.desk.venue(doubt)
    assert venue.sees(OTHER, replace(OTHER, secondary_order_id="79")) == []


def test_a_row_that_can_not_be_read_is_shown_once() -> None:
    venue = Listing()
    venue.sees(UNREADABLE)
    assert [type(inbound.message) for inbound in venue.posted] == [Quarantined]
    venue.sees(replace(UNREADABLE, reason="another"))
    assert venue.posted == []


def test_of_closed_orders_only_those_are_news_that_ended_since_the_list_was_read_first() -> None:
    venue = Listing()
    over = replace(OTHER, state=VenueState.CANCELED, cum_qty=D(2), avg_px=D(39_000))
    assert venue.saw(over, UNREADABLE) == []
    later = replace(over, secondary_order_id="80")
    assert [(note.name, note.works) for note in venue.saw(over, later)] == [("80", False)]
    assert venue.saw(over, later) == []
    venue.sees(replace(OTHER, secondary_order_id="81"))
    ended = replace(over, secondary_order_id="81")
    assert [(note.name, note.cum_qty) for note in venue.saw(ended)] == [("81", D(2))]


def test_names_of_the_list_just_read_are_never_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What had ended before the list was read first stays nobody's business, however long it is
    listed; the oldest of those that are listed no more are forgotten."""
    monkeypatch.setattr(foreigners, "KNOWN_MAX", 2)
    venue = Listing()
    over = replace(OTHER, state=VenueState.CANCELED, cum_qty=D(2), avg_px=D(39_000))
    gone, later = (replace(over, secondary_order_id=number) for number in ("76", "80"))
    assert venue.saw(over, gone) == []
    assert [note.name for note in venue.saw(over, later)] == ["80"]
    assert venue.saw(over, later) == []
    assert [note.name for note in venue.saw(over, gone)] == ["76"]
    assert len(venue.foreigners._past or {}) == 2


def test_of_rows_that_can_not_be_read_the_oldest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(foreigners, "KNOWN_MAX", 2)
    venue = Listing()
    first, second, third = (replace(UNREADABLE, secondary_order_id=str(n)) for n in (1, 2, 3))
    shown: list[int] = []
    for number, listed in enumerate(((first, second), (first, third), (first,), (second,))):
        venue.sees(*(replace(row, reason=f"reading {number}") for row in listed))
        shown.append(len(venue.posted))
    assert shown == [2, 1, 0, 1], "the second was listed longest ago when the third came"
