"""Orders, fills and balances: what the engine's books and the venue's account say."""

from collections import defaultdict
from typing import Any

from oms.ccxt import structures
from oms.ccxt.base import Base
from oms.ccxt.errors import error, translated
from oms.ccxt.listening import Reports
from oms.ccxt.structures import Struct
from oms.ccxt.tidings import latest
from oms.core.errors import UnknownOrder
from oms.door import Row


class Looking(Base):
    """Looks at the strategy's own orders and at the account."""

    def __init__(self, config: Row) -> None:
        """As `oms.ccxt.exchange` says."""
        super().__init__(config)
        self._reports = Reports(self.door)
        self._limbo: dict[str, Row] = {}
        """By ClOrdID: orders that were sent and that the engine has not told of."""

    async def close(self) -> None:
        """Let the connections go. Orders stay as they are."""
        await self._reports.close()
        await super().close()

    async def fetch_order(
        self,
        id: str | None,
        symbol: str | None = None,
        params: Row | None = None,
    ) -> Struct:
        """An order by its id, or by the clientOrderId in `params`. OrderNotFound."""
        return await self._told(await self._row(id, (params or {}).get("clientOrderId")))

    async def fetch_open_order(
        self,
        id: str,
        symbol: str | None = None,
        params: Row | None = None,
    ) -> Struct:
        """An order by its id, if it is open. OrderNotFound."""
        return await self._fetch_if(id, "open")

    async def fetch_closed_order(
        self,
        id: str,
        symbol: str | None = None,
        params: Row | None = None,
    ) -> Struct:
        """An order by its id, if it is filled. OrderNotFound."""
        return await self._fetch_if(id, "closed")

    async def fetch_order_status(
        self,
        id: str,
        symbol: str | None = None,
        params: Row | None = None,
    ) -> str:
        """An order's status. OrderNotFound."""
        return structures.status_of(await self._row(id))

    async def _fetch_if(self, id: str, status: str) -> Struct:
        found = await self.fetch_order(id)
        if found["status"] != status:
            raise error("OrderNotFound", f"{self.id} order {id} is {found['status']}")
        return found

    async def fetch_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """The strategy's orders here, or of one market, oldest first."""
        return await self._listed(symbol, since, limit)

    async def fetch_open_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """Those that are open; those in doubt are among them."""
        return await self._listed(symbol, since, limit, "open")

    async def fetch_closed_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """Those that are filled."""
        return await self._listed(symbol, since, limit, "closed")

    async def fetch_canceled_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """Those that were cancelled."""
        return await self._listed(symbol, since, limit, "canceled")

    async def fetch_canceled_and_closed_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """Those that were filled or cancelled."""
        return await self._listed(symbol, since, limit, "closed", "canceled")

    async def fetch_my_trades(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """The fills of the strategy's orders here, oldest first."""
        if symbol is not None:
            symbol = (await self._market(symbol))["symbol"]
        with translated(self.id):
            rows = await self.door.fills(venue=self.route)
            if self.security_exchange:  # the rows of fills do not say where
                orders = await self.door.orders(venue=self.route)
                here = {row["order_id"] for row in orders if self._is_here(row)}
                rows = [row for row in rows if row["order_id"] in here]
        told = [structures.trade(row, self._figures) for row in rows]
        return latest([row for row in told if symbol in (None, row["symbol"])], since, limit)

    async def fetch_order_trades(
        self,
        id: str,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """The fills of one order."""
        return latest((await self.fetch_order(id))["trades"], since, limit)

    async def fetch_balance(self, params: Row | None = None) -> Struct:
        """What the account has, by the venue's own word."""
        await self.load_markets()
        with translated(self.id):
            rows = await self.door.balances(self.route)
        own = [row for row in rows if row["exchange"] in ("", self.security_exchange)]
        return structures.balance(own, self._figures, self.milliseconds())

    async def fetch_status(self, params: Row | None = None) -> Struct:
        """Whether the route takes orders: ok, or maintenance with the reason in `info`."""
        with translated(self.id):
            rows = (await self.door.status())["venues"]
        row = next((row for row in rows if row["venue"] == self.route), None)
        if row is None:
            raise error("NotSupported", f"{self.id} no such route")
        status = "ok" if row["ready"] else "maintenance"
        return {
            "status": status,
            "updated": self.milliseconds(),
            "eta": None,
            "url": None,
            "info": row,
        }

    # The books

    async def _listed(
        self, symbol: str | None, since: int | None, limit: int | None, *statuses: str
    ) -> list[Struct]:
        if symbol is not None:
            symbol = (await self._market(symbol))["symbol"]
        limbo = await self._still_in_limbo()
        with translated(self.id):
            rows = await self.door.orders(open=statuses == ("open",), venue=self.route)
            fills = await self.door.fills(venue=self.route)
        by_order: dict[str, list[Row]] = defaultdict(list)
        for fill in fills:
            by_order[fill["order_id"]].append(fill)
        told = [
            structures.order(row, by_order[row["order_id"]], self._figures)
            for row in [*rows, *limbo]
            if self._is_here(row) and symbol in (None, row["symbol"])
        ]
        return latest([o for o in told if not statuses or o["status"] in statuses], since, limit)

    async def _still_in_limbo(self) -> list[Row]:
        """Orders that the engine does not know yet; once it does, they are among its own."""
        found = {name: await self._row(name) for name in list(self._limbo)}
        return [row for name, row in found.items() if row is self._limbo.get(name)]

    async def _open_rows(self, symbol: str | None) -> list[Row]:
        with translated(self.id):
            rows = await self.door.orders(open=True, venue=self.route)
        return [row for row in rows if self._is_here(row) and symbol in (None, row["symbol"])]

    async def _row(self, id: str | None, cl_ord_id: Any = None) -> Row:
        """An order row by OrderID or ClOrdID. OrderNotFound."""
        if cl_ord_id is None and id is None:
            raise error("ArgumentsRequired", f"{self.id} an order is named by its id")
        name = str(cl_ord_id or id)
        with translated(self.id):
            try:
                if cl_ord_id is None and name not in self._limbo:
                    return self._here(await self._by_either(name))
                row = self._here(await self.door.own_order_row(name))
            except UnknownOrder:
                if name not in self._limbo:
                    raise
                return self._limbo[name]
        self._limbo.pop(name, None)
        return row

    async def _by_either(self, name: str) -> Row:
        try:
            return await self.door.order_row(name)
        except UnknownOrder:
            return await self.door.own_order_row(name)

    def _here(self, row: Row) -> Row:
        if not self._is_here(row):
            raise UnknownOrder(f"no order {row['order_id']} at {self.route}")
        return row

    def _is_here(self, row: Row) -> bool:
        exchange = row.get("exchange", self.security_exchange)
        return row["venue"] == self.route and self.security_exchange in ("", exchange)

    async def _told(self, row: Row) -> Struct:
        """The structure of an order, with its fills."""
        if row["order_id"] in self._limbo:
            return structures.order(row, [], self._figures)
        with translated(self.id):
            fills = await self.door.fills(venue=self.route, order_id=row["order_id"])
        return structures.order(row, fills, self._figures)
