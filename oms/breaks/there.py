"""Breaks from another process."""

from abc import abstractmethod
from typing import Any

from oms.breaks.door import BreaksDoor, Row
from oms.core.errors import OutcomeUnknown
from oms.treasury.there import Lost


class BreaksThere(BreaksDoor):
    """The operator's, over HTTP."""

    async def breaks(self, *, venue: str | None = None, closed: bool = False) -> list[Row]:
        """Orders and balances that are not what the books say."""
        return await self._rows("/api/breaks", venue=venue or "", closed="true" if closed else "")

    async def foreign_orders(self, *, venue: str | None = None, ended: bool = False) -> list[Row]:
        """Orders that work at a venue and are not ours."""
        path = "/api/foreign_orders"
        return await self._rows(path, venue=venue or "", ended="true" if ended else "")

    async def close_break(self, break_id: str, *, by: str, because: str) -> None:
        """Say what a break was. Raises UnknownOrder, OutcomeUnknown."""
        asked = {"break_id": break_id, "by": by, "because": because}
        try:
            await self._send("POST", "/api/close_break", json=asked)
        except Lost as lost:
            raise OutcomeUnknown(f"{lost}; look at the breaks") from None

    async def reconcile(self, venue: str | None = None) -> list[Row]:
        """Compare the books with a venue now, or with all."""
        asked = {} if venue is None else {"venue": venue}
        rows: list[Row] = await self._send("POST", "/api/reconcile", json=asked)
        return rows

    @abstractmethod
    async def _rows(self, path: str, **params: str) -> list[Row]: ...

    @abstractmethod
    async def _send(self, method: str, path: str, **content: Any) -> Any: ...
