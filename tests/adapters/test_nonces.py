"""Nonces of one route: strictly increasing, and none that was not reserved before."""

import asyncio
from collections.abc import Coroutine
from importlib import import_module
from itertools import pairwise
from typing import Annotated, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from adapters import VENUES, venue
from adapters.nonces import CEILING, Nonces
from oms.core.errors import VenueUnavailable
from oms.core.notes import NoncesReserved, ReserveNonces
from oms.core.ports import Inbound
from oms.core.venue import Fence
from tests.adapters.one_route import bench_of
from tests.adapters.virtual_hour import VirtualLoop
from tests.core.desk_of_one import ROUTE, DeskOfOne

SECONDS = 1_700_000_000


def run(story: Coroutine[Any, Any, None]) -> None:
    """Let it happen on a clock that nobody waits for."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story)


class Route:
    """A route's nonces, an engine that grants them, and a clock that can be set."""

    def __init__(self, desk: DeskOfOne | None = None, **settings: int) -> None:
        self.desk = desk or DeskOfOne()
        self.now = SECONDS
        self.asked: list[Inbound] = []
        self.grants = True
        self.nonces = Nonces(
            ROUTE, self._post, floor=lambda: self.now, wait_s=5, block=8, **settings
        )

    def _post(self, inbound: Inbound) -> None:
        self.asked.append(inbound)
        if self.grants:
            self.grant(inbound)

    def grant(self, inbound: Inbound) -> None:
        """Decide, and hand the block over as the runner does: later, on the loop."""
        assert isinstance(inbound.message, ReserveNonces)
        (record,) = self.desk.venue(inbound.message)
        block = record.message
        assert isinstance(block, NoncesReserved)
        asyncio.get_running_loop().call_soon(self.nonces.granted, block.first, block.last)

    async def take(self, count: int) -> list[int]:
        """So many, one after the other."""
        return [await self.nonces.next() for _ in range(count)]


def test_they_begin_at_the_floor_and_go_up_by_one() -> None:
    async def story() -> None:
        assert await Route().take(30) == list(range(SECONDS, SECONDS + 30))

    run(story())


def test_the_next_block_is_there_before_the_last_is_used_up() -> None:
    async def story() -> None:
        route = Route()
        await route.take(6)
        await asyncio.sleep(0)
        route.grants = False
        assert len(await route.take(10)) == 10

    run(story())


def test_a_restart_goes_on_above_the_last_block() -> None:
    async def story() -> None:
        desk = DeskOfOne()
        assert await Route(desk).take(1) == [SECONDS]
        assert await Route(desk).take(1) == [SECONDS + 8]

    run(story())


def test_a_configured_floor_is_what_they_begin_above() -> None:
    async def story() -> None:
        assert await Route(nonce_floor=2 * SECONDS).take(2) == [2 * SECONDS + 1, 2 * SECONDS + 2]

    run(story())


def test_what_the_venue_has_seen_is_passed_over() -> None:
    """Within a block, beyond it, and behind it."""

    async def story() -> None:
        route = Route()
        await route.take(1)
        route.nonces.raise_above(SECONDS + 3)
        assert await route.take(1) == [SECONDS + 4]
        route.nonces.raise_above(SECONDS + 500)
        assert await route.take(1) == [SECONDS + 501]
        route.nonces.raise_above(3)
        assert await route.take(1) == [SECONDS + 502]

    run(story())


def test_a_block_that_was_asked_for_before_the_venue_told_more_is_not_used() -> None:
    async def story() -> None:
        route = Route()
        await route.take(5)
        route.grants = False
        await route.take(1)
        route.nonces.raise_above(SECONDS + 5000)
        route.grants = True
        route.grant(route.asked[-1])
        assert await route.take(2) == [SECONDS + 5001, SECONDS + 5002]

    run(story())


def test_a_last_nonce_that_leaves_no_room_is_refused() -> None:
    async def story() -> None:
        route = Route()
        with pytest.raises(VenueUnavailable, match="this key is used up"):
            route.nonces.raise_above(CEILING)
        assert await route.take(1) == [SECONDS]

    run(story())


def test_nothing_is_sent_while_the_engine_grants_nothing() -> None:
    """Nor is a block that was granted late lost, or asked for twice at once."""

    async def story() -> None:
        route = Route()
        route.grants = False
        for _ in range(2):
            with pytest.raises(VenueUnavailable, match=r"no nonce was reserved in 5 s"):
                await route.nonces.next()
        assert len(route.asked) == 2
        for inbound in route.asked:
            route.grant(inbound)
        route.grants = True
        assert await route.take(18) == list(range(SECONDS, SECONDS + 18))

    run(story())


def test_all_that_wait_are_served_by_one_reservation() -> None:
    async def story() -> None:
        route = Route()
        assert sorted(await asyncio.gather(*(route.nonces.next() for _ in range(5)))) == [
            *range(SECONDS, SECONDS + 5)
        ]
        assert len(route.asked) == 1

    run(story())


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.lists(st.tuples(st.sampled_from(("take", "restart", "raise", "clock")), st.integers(0, 40)))
)
def test_they_only_ever_increase(deeds: list[tuple[str, int]]) -> None:
    async def story() -> None:
        route = Route()
        used: list[int] = []
        seen = 0
        for deed, number in deeds:
            if deed == "take":
                used += await route.take(number)
            elif deed == "restart":
                route, seen = Route(route.desk, nonce_floor=number), 0
            elif deed == "raise":
                seen = max([seen, *used]) + number
                route.nonces.raise_above(seen)
            else:
                route.now += number - 20
            assert deed != "take" or number == 0 or used[-1] > seen
        assert all(low < high for low, high in pairwise(used)), used

    run(story())


NONCED: Final = [
    kind
    for kind in VENUES
    if venue(kind).capabilities(bench_of(kind).config("http://127.0.0.1")).fence is Fence.NONCE
]


@pytest.mark.parametrize("kind", NONCED)
def test_a_floor_that_no_journal_can_hold_is_refused_in_the_configuration(kind: str) -> None:
    field = import_module(f"adapters.{kind}.settings").SETTINGS.model_fields["nonce_floor"]
    adapter = TypeAdapter(Annotated[int, *field.metadata])
    assert adapter.validate_python(CEILING) == CEILING
    for refused in (CEILING + 1, -1):
        with pytest.raises(ValidationError):
            adapter.validate_python(refused)
