"""Numbers that a venue demands to be greater with every request, and accepts once only.

They come in blocks that the engine has journaled before the first of them is used: whatever is
sent with one, no later process of the same store sends it again, or a lower one.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from oms.core.errors import VenueUnavailable
from oms.core.notes import ReserveNonces
from oms.core.ports import Evidence, Inbound, Post

BLOCK: Final = 60
"""How many are reserved at once. What a restart leaves unused is lost, so a counter that began at
the epoch's seconds does not run far ahead of them."""

CEILING: Final = 2**53 - 1
"""The greatest integer that every JSON reader keeps exact."""


class Nonces:
    """The nonces of one route, that is: of one API key. All calls on one asyncio loop.

    A key that anything else uses too has no order of requests, and needs a store of its own.
    """

    def __init__(
        self,
        route: str,
        post: Post,
        *,
        floor: Callable[[], int],
        nonce_floor: int = 0,
        block: int = BLOCK,
        wait_s: float = 5.0,
    ) -> None:
        """`floor` is where they begin by the venue's document, like the epoch's seconds now;
        `nonce_floor` what they begin above all the same, by the configuration. A block that the
        engine does not grant is waited for `wait_s` seconds."""
        self._route = route
        self._post = post
        self._floor = floor
        self._above = max(nonce_floor, 0)
        self._block = block
        self._wait_s = wait_s
        self._blocks: deque[range] = deque()
        self._asked = False
        self._came = asyncio.Event()

    async def next(self) -> int:
        """A number greater than every one before. To be called with the one request in flight.

        Raises VenueUnavailable when the engine grants none in time: nothing was sent.
        """
        if not self._left():
            try:
                async with asyncio.timeout(self._wait_s):
                    await self._wait()
            except TimeoutError:
                self._asked = False  # it may be lost; two blocks are no harm
                raise VenueUnavailable(f"no nonce was reserved in {self._wait_s:g} s") from None
        first = self._blocks[0]
        nonce, self._blocks[0] = first[0], first[1:]
        if self._left() <= self._block // 4:
            self._ask()
        return nonce

    def granted(self, first: int, last: int) -> None:
        """A block that is committed; blocks come in their order."""
        self._asked = False
        self._blocks.append(range(first, last + 1))
        self._came.set()

    def raise_above(self, last: int) -> None:
        """The venue says that it has seen this one: everything after is greater.

        Raises VenueUnavailable for one that leaves no room for others.
        """
        if last >= CEILING:
            raise VenueUnavailable(f"the venue's last nonce is {last}: this key is used up")
        self._above = max(self._above, last)

    def _left(self) -> int:
        """How many can be used; what is not above what the venue has seen is dropped."""
        usable = (range(max(b.start, self._above + 1), b.stop) for b in self._blocks)
        self._blocks = deque(block for block in usable if block)
        return sum(map(len, self._blocks))

    async def _wait(self) -> None:
        while not self._left():
            self._came.clear()
            self._ask()
            await self._came.wait()

    def _ask(self) -> None:
        if self._asked:
            return
        self._asked = True
        floor = max(self._floor(), self._above + 1)
        note = ReserveNonces(route=self._route, count=self._block, floor=floor)
        self._post(Inbound(source=self._route, message=note, evidence=Evidence.POLICY))
