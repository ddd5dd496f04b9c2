"""BtcTurk's lists of deposits and withdrawals; it has no documented call that moves money.

Source: BtcTurk API document, section "User Transactions".
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from adapters.btcturk import mapping
from adapters.btcturk.door import Door
from adapters.documents import list_of, row_of
from adapters.port import Lane
from oms.core.funding import Activity, ActivityKind

_PATHS = ("users/transactions/crypto", "users/transactions/fiat")


class FundingCalls:
    """What moved money. `history_method` and `history_names` say how it is asked for."""

    _door: Door

    async def deposits(
        self, asset: str | None = None, since: datetime | None = None
    ) -> Sequence[Activity]:
        """Deposits of coins and money, newest first; the last 30 days unless dated."""
        return await self._activities("deposit", asset, since)

    async def withdrawals(
        self, asset: str | None = None, since: datetime | None = None
    ) -> Sequence[Activity]:
        """Withdrawals of coins and money, newest first; the last 30 days unless dated."""
        return await self._activities("withdrawal", asset, since)

    async def activities(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Activity]:
        """Both, newest first; the last 30 days unless dated."""
        return await self._activities("", None, since, until)

    async def _activities(
        self,
        kind: str,
        asset: str | None,
        since: datetime | None,
        until: datetime | None = None,
    ) -> list[Activity]:
        types, symbols = self._door.account.history_names
        query: dict[str, Any] = {types: [kind] if kind else ["deposit", "withdrawal"]}
        if asset is not None:
            query[symbols] = [asset.lower()]
        for name, moment in (("startDate", since), ("endDate", until)):
            if moment is not None:
                query[name] = int(moment.timestamp() * 1000)
        found: list[Activity] = []
        for path in _PATHS:
            rows = list_of(await self._history(path, query), path)
            found += [mapping.activity(row_of(row, path), self._door.text(row)) for row in rows]
        wanted = ActivityKind(kind.upper()) if kind else None
        found = [row for row in found if wanted in (None, row.kind) and asset in (None, row.asset)]
        return sorted(found, key=lambda row: (row.time, row.activity_id), reverse=True)

    async def _history(self, path: str, query: dict[str, Any]) -> Any:
        if self._door.account.history_method == "POST":
            body = json.dumps(query).encode()
            return await self._door.private(
                Lane.STATUS, "POST", path, body=body, kind="transactions"
            )
        return await self._door.private(Lane.STATUS, "GET", path, query, kind="transactions")
