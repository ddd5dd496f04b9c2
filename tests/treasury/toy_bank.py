"""A venue that moves money and nothing else: its simulator, and a client of it over HTTP."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.budget import Budget
from adapters.documents import parse
from adapters.http import Http
from adapters.port import Balance, Lane, Sight
from adapters.simserver import SimRequest, SimResponse
from oms.clock import utc_of_us
from oms.core.errors import VenueRefused
from oms.core.fields import OrdType, TimeInForce
from oms.core.funding import Moved, Transfer
from oms.core.market import Currency
from oms.core.order import Order
from oms.core.venue import Capabilities, ClientId, Instrument

CAPABILITIES = Capabilities(
    ord_types=frozenset({OrdType.LIMIT}),
    time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL}),
    post_only=False,
    market_buy_by_cash=False,
    client_id=ClientId.COUNTER,
    offers=frozenset({"withdraw", "coupon", "currencies"}),
)


class ToyBank:
    """Keeps a list of what was moved. Switches: how many requests get which trouble."""

    name = "toybank"

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.troubles: Counter[str] = Counter()
        self.finishes = True
        """Whether what is taken is finished when it is listed."""
        self.asked = 0
        self.listed = 0

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Take a request, list them, or answer what is always there."""
        if request.path == "/currencies":
            return self._currencies()
        if request.path == "/moves":
            return self._list()
        if request.method == "POST":
            return self._move(request, now_ms)
        return _answer(200, [])

    def _currencies(self) -> SimResponse:
        if self._has("no currencies"):
            return _answer(500, {})
        return _answer(200, ["BTC"])

    def _list(self) -> SimResponse:
        if self._has("no list"):
            return _answer(500, {})
        self.listed += 1
        if self.finishes:
            for row in self.rows:
                row["status"] = "COMPLETED"
        return _answer(200, self.rows)

    def _move(self, request: SimRequest, now_ms: int) -> SimResponse:
        self.asked += 1
        if self._has("lose_request"):
            return SimResponse(200, b"", drop=True)
        if self._has("throttle"):
            return _answer(429, {})
        asked = json.loads(request.body)
        if self._has("refuse"):
            return _answer(400, {"reason": f"not enough for {asked.get('code', 'that')}"})
        row = {**asked, "id": str(len(self.rows) + 1), "time": now_ms, "status": "SUBMITTED"}
        if asked["kind"] == "COUPON_CREATE":
            row |= {"code": f"SECRET-{row['id']}", "status": "COMPLETED"}
        self.rows.append(row)
        if self._has("html"):
            return SimResponse(200, b"<html>fine</html>")
        return SimResponse(200, json.dumps(row).encode(), drop=self._has("lose_reply"))

    def _has(self, trouble: str) -> bool:
        if not self.troubles[trouble]:
            return False
        self.troubles[trouble] -= 1
        return True

    def advance(self, now_ms: int) -> None:
        """Nothing happens by itself."""

    def ledger(self) -> dict[str, object]:
        """What was moved."""
        return {"transfers": self.rows}

    def switch(self, name: str, value: object) -> None:
        """So many requests get that trouble."""
        self.troubles[name] = int(str(value))


def _answer(status: int, told: Any) -> SimResponse:
    return SimResponse(status, json.dumps(told).encode())


class ToyClient:
    """Its client. The venue tells no more of a coupon's code than it must."""

    def __init__(self, url: str, budget: Budget) -> None:
        self._url = url
        self._budget = budget
        self._http = Http(0.5)

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.close()

    async def instruments(self) -> tuple[Instrument, ...]:
        """None."""
        await self._get("/instruments")
        return ()

    async def order(self, order: Order) -> Sight | None:
        """None."""
        return None

    async def open_orders(self) -> Sequence[Sight]:
        """None."""
        await self._get("/orders")
        return []

    async def closed_orders(self, since: datetime) -> Sequence[Sight]:
        """None."""
        return []

    async def balances(self) -> list[Balance]:
        """None."""
        return []

    async def currencies(self) -> list[Currency]:
        """One, to eight decimals."""
        names = await self._get("/currencies")
        least = Decimal("0.001")
        return [Currency(asset=name, precision=8, min_withdrawal=least) for name in names]

    async def move(self, transfer: Transfer) -> Moved:
        """One POST."""
        body = {
            "kind": transfer.kind.value,
            "asset": transfer.asset,
            "amount": str(transfer.amount),
            "address": transfer.address,
            "code": transfer.code,
        }
        async with self._budget.turn(Lane.NEW):
            reply = await self._http.post(f"{self._url}/move", {}, json.dumps(body).encode())
        if reply.status >= 400:
            raise VenueRefused(reply.document["reason"])
        return self._moved(reply.document)

    async def moved(self, transfer: Transfer, since: datetime, reference: str = "") -> Moved | None:
        """The only row that fits."""
        found = [
            row
            for row in await self._get("/moves")
            if row["id"] == reference
            or (
                not reference
                and (row["asset"], row["amount"], row["address"])
                == (transfer.asset, str(transfer.amount), transfer.address)
                and utc_of_us(int(row["time"]) * 1000) >= since
            )
        ]
        return self._moved(found[0]) if len(found) == 1 else None

    def _moved(self, row: dict[str, Any]) -> Moved:
        return Moved(
            status=row["status"],
            done=row["status"] == "COMPLETED",
            reference=row["id"],
            code=row.get("code", "") if row["kind"] == "COUPON_CREATE" else "",
            raw=json.dumps(row, default=str),
        )

    async def _get(self, path: str) -> Any:
        async with self._budget.turn(Lane.STATUS):
            reply = await self._http.get(f"{self._url}{path}", {})
        return parse(reply.text.encode())
