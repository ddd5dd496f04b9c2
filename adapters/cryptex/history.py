"""The list of trades at Cryptex, read back as far as is needed."""

from datetime import datetime, timedelta
from typing import Final

from adapters.cryptex import mapping
from adapters.cryptex.door import Door
from adapters.documents import Row, list_of, row_of
from adapters.port import Lane
from oms.core.errors import MalformedMessage

COUNT: Final = 1000
"""Records in one answer at most, as the document says."""

PAGES_MAX: Final = 100

_SECOND: Final = timedelta(seconds=1)


async def trades(door: Door, since: datetime, pair: str = "") -> list[Row]:
    """TradeHistory from the newest trade back to `since` (UTC), at least; each trade once.

    `since` is not sent: a time in a form that the venue does not expect could find nothing and
    look like an answer. `end` is, where one answer is not enough, and has to lead further back. It
    is a second later than need be, as nothing says whether what happened at `end` is in the list.
    """
    found: dict[str, Row] = {}
    fields = {"count": str(COUNT), "order": "DESC"} | ({"pair": pair} if pair else {})
    for _ in range(PAGES_MAX):
        data = await door.call(Lane.STATUS, "TradeHistory", **fields)
        try:
            page = [row_of(row, "trade") for row in list_of(data, "data")]
            new = {mapping.number_of(row, "transaction_id"): row for row in page}
        except MalformedMessage as error:
            raise door.senseless("TradeHistory", error, data) from None
        gained = new.keys() - found.keys()
        found.update(new)
        if len(page) < COUNT:
            return list(found.values())
        if not gained:
            raise MalformedMessage("TradeHistory: `end` does not lead to earlier trades")
        times = [mapping.trade_time(row, door.reading) for row in page]
        if times[0] < times[-1]:
            raise MalformedMessage(f"TradeHistory: {COUNT} trades, and the newest are cut off")
        earliest = min(times)
        if earliest < since:
            return list(found.values())
        fields["end"] = mapping.history_time(earliest + _SECOND, door.reading)
    raise MalformedMessage(f"TradeHistory: more than {PAGES_MAX} pages")
