"""Blocks of nonces: above everything before, wherever the venue says that they begin."""

from oms.core.notes import NoncesReserved, ReserveNonces
from tests.core.desk_of_one import ROUTE, DeskOfOne


def reserved(desk: DeskOfOne, count: int, floor: int, route: str = ROUTE) -> tuple[int, int]:
    """The block that is reserved."""
    (record,) = desk.venue(ReserveNonces(route=route, count=count, floor=floor))
    assert isinstance(record.message, NoncesReserved)
    assert (record.message.route, record.route) == (route, route)
    return record.message.first, record.message.last


def test_the_first_block_begins_at_the_floor() -> None:
    assert reserved(DeskOfOne(), 3, 1_700_000_000) == (1_700_000_000, 1_700_000_002)


def test_a_block_begins_above_the_one_before() -> None:
    desk = DeskOfOne()
    assert reserved(desk, 60, 100) == (100, 159)
    assert reserved(desk, 60, 101) == (160, 219)
    assert reserved(desk, 60, 500) == (500, 559)


def test_every_route_has_its_own() -> None:
    desk = DeskOfOne()
    assert reserved(desk, 10, 100) == (100, 109)
    assert reserved(desk, 10, 7, "OTHER") == (7, 16)
    assert desk.book.nonces == {ROUTE: 109, "OTHER": 16}
