"""The judge of the rounds: each kind of wrong is seen, and what is right is not."""

from typing import Any

import pytest

from adapters import VENUES
from tests.rounds.trading import gaps
from tests.rounds.verdict import Verdict, is_unfenced, judge, longest_way_s, sent_twice

ORDER: dict[str, Any] = {
    "order_id": "0000000001",
    "cl_ord_id": "D00001",
    "origin": "DESK1",
    "venue": "ANDX",
    "exchange": "",
    "symbol": "BTC/TRY",
    "side": "BUY",
    "order_qty": "0.5",
    "price": "1200000",
    "ord_status": "CANCELED",
    "cum_qty": "0.2",
    "in_doubt": False,
    "in_doubt_request": None,
    "in_doubt_text": "",
    "secondary_order_id": "77",
    "venue_cl_ord_id": "1001",
    "created": "2026-01-01T00:00:00.000000Z",
}
FILL: dict[str, Any] = {
    "order_id": "0000000001",
    "venue": "ANDX",
    "last_shares": "0.2",
    "last_px": "1200000",
    "fee": None,
    "stands": True,
    "derived": False,
}
THERE: dict[str, Any] = {
    "order_id": "77",
    "client_id": "1001",
    "symbol": "BTC/TRY",
    "side": "BUY",
    "qty": "0.5",
    "price": "1200000",
    "cum": "0.2",
    "notional": "240000",
    "status": "CANCELED",
    "fees": "0",
}


def _judged(
    order: dict[str, Any] | None = None,
    there: dict[str, Any] | None = None,
    *more: dict[str, Any],
    fills: int = 1,
) -> Verdict:
    ledger = [THERE | (there or {}), *more]
    return judge([ORDER | (order or {})], [FILL] * fills, {"andx": ledger})


def _counts(told: Verdict) -> tuple[int, int, int, int, int]:
    return (
        told.lost_fills,
        told.doubled_fills,
        told.duplicate_orders,
        told.wrong_terminal,
        told.other_mismatches,
    )


def test_books_that_equal_the_ledger() -> None:
    """Nothing is counted against them."""
    told = _judged()
    assert (_counts(told), told.faults) == ((0, 0, 0, 0, 0), [])
    assert (told.orders, told.fills, told.at_venues) == (1, 1, 1)


@pytest.mark.parametrize(
    ("order", "there", "fills", "counts"),
    [
        ({"cum_qty": "0"}, {}, 0, (2, 0, 0, 0, 1)),
        ({"cum_qty": "0.4"}, {}, 2, (0, 2, 0, 0, 1)),
        ({"ord_status": "REJECTED"}, {}, 1, (0, 0, 0, 1, 0)),
        ({"ord_status": "PENDING_NEW"}, {}, 1, (0, 0, 0, 1, 0)),
        ({"price": "1200001"}, {}, 1, (0, 0, 0, 0, 1)),
    ],
)
def test_what_differs_is_counted(
    order: dict[str, Any], there: dict[str, Any], fills: int, counts: tuple[int, ...]
) -> None:
    """A lost fill and one booked twice are told apart; each shows in the quantity and the sum."""
    told = _judged(order, there, fills=fills)
    assert _counts(told) == counts
    assert len(told.faults) == sum(counts)


def test_an_order_that_nobody_stands_for_is_a_duplicate() -> None:
    """Under the same id, or under none that is known."""
    assert _judged(None, None, THERE | {"order_id": "78"}).duplicate_orders == 2
    assert _judged(None, None, THERE | {"order_id": "78", "client_id": "5"}).duplicate_orders == 1


def test_an_order_that_the_venue_has_not_is_a_wrong_end() -> None:
    """Unless it was refused."""
    assert judge([ORDER], [FILL], {"andx": []}).wrong_terminal == 1
    refused = ORDER | {"ord_status": "REJECTED", "cum_qty": "0"}
    assert judge([refused], [], {"andx": []}).faults == []


def test_a_doubt_that_nothing_settles_is_counted_and_no_fault() -> None:
    """ANDX has no fence; elsewhere the doubt's own words are the reason."""
    doubt = {"in_doubt": True, "in_doubt_request": "NEW", "in_doubt_text": "lost after 12 s"}
    told = judge([ORDER | doubt], [], {"andx": []})
    assert told.faults == []
    assert told.unresolved == {"andx NEW: nothing fences a lost request there": 1}
    told = judge([ORDER | doubt | {"venue": "BTCTURK"}], [], {"btcturk": []})
    assert told.unresolved == {"btcturk NEW: lost after N s": 1}


def test_every_venue_says_whether_it_has_a_fence() -> None:
    """Of the five, one has none."""
    assert [name for name in VENUES if is_unfenced(name)] == ["andx"]


def test_a_doubt_about_an_order_that_is_there_by_name_is_a_fault() -> None:
    """The venue's lists show its id: it was to be found."""
    doubt = {"in_doubt": True, "in_doubt_request": "NEW", "secondary_order_id": ""}
    assert _judged(doubt, fills=0).other_mismatches == 1


def test_a_doubt_is_no_excuse_for_what_is_booked_or_listed() -> None:
    """What is booked was executed; what the venue lists under the order's id is there to be found."""
    doubt = {"in_doubt": True, "in_doubt_request": "CANCEL", "ord_status": "PENDING_CANCEL"}
    assert _judged(doubt).faults == []
    assert _counts(_judged(doubt, fills=2)) == (0, 1, 0, 0, 0)
    assert _counts(_judged(doubt, fills=0)) == (1, 0, 0, 0, 0)
    assert _counts(_judged(doubt, {"client_id": ""}, fills=0)) == (0, 0, 0, 0, 0)
    assert judge([ORDER | doubt], [FILL], {"andx": []}).doubled_fills == 1


def test_a_doubt_stands_for_one_order_without_a_name() -> None:
    """Of two like it, one is nobody's."""
    doubt = {"in_doubt": True, "in_doubt_request": "NEW", "secondary_order_id": ""}
    order = ORDER | doubt | {"venue": "CRYPTEX", "symbol": "BTC/USD"}
    row = THERE | {"client_id": "", "symbol": "BTC/USD"}
    assert judge([order], [], {"cryptex": [row]}).faults == []
    twice = [row, row | {"order_id": "78"}]
    assert judge([order], [], {"cryptex": twice}).duplicate_orders == 1
    other = [row | {"side": "SELL"}]
    assert judge([order], [], {"cryptex": other}).duplicate_orders == 1


def test_verdicts_add_up() -> None:
    """Numbers, counters and lists."""
    told = _judged({"price": "1200001"})
    told.add(_judged({"ord_status": "REJECTED"}))
    assert (told.orders, told.ends["CANCELED"], len(told.faults)) == (2, 1, 2)


def test_what_the_proxy_saw() -> None:
    """A request that went by twice, and when the first one left."""
    left = {"andx.rest/1001": [2, 1_767_225_601_500], "andx.rest/1002": [1, 0]}
    assert sent_twice(left) == ["andx.rest/1001 was sent 2 times"]
    assert longest_way_s([ORDER], left) == 1.5


def test_numbers_of_reports() -> None:
    """Missing, twice, or out of order."""
    assert gaps([1, 2, 3], 3) == []
    assert gaps([1, 3], 3) == ["report 2 never came"]
    assert gaps([1, 2, 2], 2) == ["report 2 came 2 times"]
    assert gaps([2, 1], 2) == ["reports came out of order"]
