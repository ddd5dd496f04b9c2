"""What Cryptex says of the account itself."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from adapters.cryptex import history, mapping
from adapters.cryptex.door import Door
from adapters.port import Balance, Lane, VenueTrade
from oms.core.errors import MalformedMessage
from oms.core.numbers import subtract
from oms.core.venue import Instrument

BALANCES_TRIES: Final = 3
"""Readings of both sides of the balances, between which an order may fill."""

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Account:
    """Balances and own trades."""

    def __init__(
        self, door: Door, *, with_reserves: str, owned: Callable[[], Collection[str]]
    ) -> None:
        """`with_reserves`: the word of the flag with which balances count what orders hold.
        `owned()`: the venue's ids of our orders."""
        self._door = door
        self._whole = with_reserves
        self._free = _OTHER_WORD[with_reserves]
        self._owned = owned

    async def balances(self) -> list[Balance]:
        """Info, with and without what open orders hold: two calls, as one tells one side."""
        for _ in range(BALANCES_TRIES):
            whole = await self._amounts(self._whole)
            free = await self._amounts(self._free)
            if whole.keys() == free.keys() and all(free[one] <= whole[one] for one in whole):
                return [
                    Balance(
                        asset=asset,
                        total=total,
                        available=free[asset],
                        held=subtract(total, free[asset]),
                    )
                    for asset, total in sorted(whole.items())
                ]
        raise MalformedMessage(
            "Info: more is free than there is; with_reserves may be the wrong word"
        )

    async def holds(self, lane: Lane) -> dict[str, Decimal]:
        """Info, with what open orders hold. Of a new order it waits no longer than that may."""
        return mapping.amounts(await self._door.call(lane, "Info", with_reserves=self._whole))

    async def open_count(self) -> int:
        """Info: how many orders are open."""
        data = await self._door.call(Lane.STATUS, "Info", with_reserves=self._whole)
        return mapping.open_count(data)

    async def own_trades(
        self, since: datetime | None = None, instrument: Instrument | None = None
    ) -> list[VenueTrade]:
        """TradeHistory, as either side of it that is an order of ours; oldest first.

        Nothing says that the list has our trades only, so orders that the engine does not have in
        memory any more are left out.
        """
        start, reading = since or _BEGINNING, self._door.reading
        pair = instrument.venue_symbol if instrument is not None else ""
        rows = await history.trades(self._door, start, pair)
        owned = set(self._owned())
        found = [
            side
            for row in sorted(rows, key=lambda row: int(mapping.number_of(row, "transaction_id")))
            if mapping.trade_time(row, reading) >= start
            for side in mapping.sides_of(row, reading)
        ]
        return [side for side in found if side.secondary_order_id in owned]

    async def _amounts(self, word: str) -> dict[str, Decimal]:
        return mapping.amounts(await self._door.call(Lane.STATUS, "Info", with_reserves=word))


_OTHER_WORD: Final = {
    "1": "0",
    "0": "1",
    "TRUE": "FALSE",
    "FALSE": "TRUE",
    "YES": "NO",
    "NO": "YES",
}
