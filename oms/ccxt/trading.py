"""Orders: placed, changed, cancelled.

Nothing is raised for an order that may have been sent: it is given back as open, `in_doubt` in its
`info`. A strategy for ccxt sends again after a NetworkError, and would have the order twice.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final

from oms.ccxt import structures
from oms.ccxt.errors import CLASSES, error, name_of_text, translated
from oms.ccxt.looking import Looking
from oms.ccxt.structures import Struct
from oms.ccxt.terms import terms
from oms.clock import draw_id
from oms.core.errors import OmsError, OrderRejected, OutcomeUnknown, UnknownOrder
from oms.door import Row

LOOK_EVERY_S: Final = 1.0
"""Reports wake who waits; this is for one that was not told."""


class Trading(Looking):
    """Orders, for `oms.ccxt.exchange`."""

    async def create_order(
        self,
        symbol: str,
        type: str,
        side: str,
        amount: Any,
        price: Any = None,
        params: Row | None = None,
    ) -> Struct:
        """Place an order; the order as it stands once the venue has answered, or after `timeout`.

        `params`: clientOrderId, timeInForce (GTC, IOC, FOK, PO), postOnly, triggerPrice, cost.
        Floats are cut to the market's precision as ccxt's clients do it; what is given as text,
        int or Decimal is taken as it is. Raises InvalidOrder, InsufficientFunds and their kin for
        a refusal; a NetworkError only where nothing was sent.
        """
        market = await self._market(symbol)
        given = dict(params or {})
        asked = terms(market, type, side, amount, price, given, self._capabilities)
        name = str(given.get("clientOrderId") or draw_id())
        with translated(self.id):
            await self._reports.start()
            try:
                handle = await self.door.submit(
                    venue=self.route, exchange=self.security_exchange, cl_ord_id=name, **asked
                )
            except OutcomeUnknown as lost:
                return self._in_limbo(name, asked, str(lost))
        row = await self._settled(handle.order_id, lambda row: row["ord_status"] != "PENDING_NEW")
        if row is None:
            return self._in_limbo(name, asked, "the engine took it and gives no answer now")
        if row["ord_status"] == "REJECTED" and not row["in_doubt"]:
            raise error(name_of_text(row["text"]) or "InvalidOrder", f"{self.id} {row['text']}")
        return await self._stands(row)

    async def create_limit_order(
        self, symbol: str, side: str, amount: Any, price: Any, params: Row | None = None
    ) -> Struct:
        """A limit order."""
        return await self.create_order(symbol, "limit", side, amount, price, params)

    async def create_limit_buy_order(
        self, symbol: str, amount: Any, price: Any, params: Row | None = None
    ) -> Struct:
        """A limit order to buy."""
        return await self.create_order(symbol, "limit", "buy", amount, price, params)

    async def create_limit_sell_order(
        self, symbol: str, amount: Any, price: Any, params: Row | None = None
    ) -> Struct:
        """A limit order to sell."""
        return await self.create_order(symbol, "limit", "sell", amount, price, params)

    async def create_market_order(
        self, symbol: str, side: str, amount: Any, price: Any = None, params: Row | None = None
    ) -> Struct:
        """A market order."""
        return await self.create_order(symbol, "market", side, amount, price, params)

    async def create_market_buy_order(
        self, symbol: str, amount: Any, params: Row | None = None
    ) -> Struct:
        """A market order to buy."""
        return await self.create_order(symbol, "market", "buy", amount, None, params)

    async def create_market_sell_order(
        self, symbol: str, amount: Any, params: Row | None = None
    ) -> Struct:
        """A market order to sell."""
        return await self.create_order(symbol, "market", "sell", amount, None, params)

    async def create_market_buy_order_with_cost(
        self, symbol: str, cost: Any, params: Row | None = None
    ) -> Struct:
        """A market order to buy for that much, where the venue sizes it so."""
        with_cost = {**(params or {}), "cost": cost}
        return await self.create_order(symbol, "market", "buy", None, None, with_cost)

    async def create_post_only_order(
        self,
        symbol: str,
        type: str,
        side: str,
        amount: Any,
        price: Any = None,
        params: Row | None = None,
    ) -> Struct:
        """An order that never takes."""
        only = {**(params or {}), "postOnly": True}
        return await self.create_order(symbol, type, side, amount, price, only)

    async def create_trigger_order(
        self,
        symbol: str,
        type: str,
        side: str,
        amount: Any,
        price: Any = None,
        triggerPrice: Any = None,  # noqa: N803  ccxt's name for it
        params: Row | None = None,
    ) -> Struct:
        """An order that waits for a price."""
        if triggerPrice is None:
            raise error("ArgumentsRequired", f"{self.id} a trigger order requires a triggerPrice")
        stop = {**(params or {}), "triggerPrice": triggerPrice}
        return await self.create_order(symbol, type, side, amount, price, stop)

    create_stop_order = create_trigger_order

    async def create_stop_limit_order(
        self,
        symbol: str,
        side: str,
        amount: Any,
        price: Any,
        triggerPrice: Any,  # noqa: N803  ccxt's name for it
        params: Row | None = None,
    ) -> Struct:
        """A limit order that waits for a price."""
        stop = {**(params or {}), "triggerPrice": triggerPrice}
        return await self.create_order(symbol, "limit", side, amount, price, stop)

    async def create_stop_market_order(
        self,
        symbol: str,
        side: str,
        amount: Any,
        triggerPrice: Any,  # noqa: N803  ccxt's name for it
        params: Row | None = None,
    ) -> Struct:
        """A market order that waits for a price."""
        stop = {**(params or {}), "triggerPrice": triggerPrice}
        return await self.create_order(symbol, "market", side, amount, None, stop)

    async def edit_order(
        self,
        id: str,
        symbol: str,
        type: str,
        side: str,
        amount: Any = None,
        price: Any = None,
        params: Row | None = None,
    ) -> Struct:
        """New terms; `amount` is all that is to be executed, what is filled included.

        The order keeps its id. NotSupported where neither the venue nor the engine replaces.
        """
        market = await self._market(symbol)
        row = await self._row(id)
        if not self.has["editOrder"]:
            raise error("NotSupported", f"{self.id} editOrder() is not supported yet")
        wanted = (
            row["order_qty"] if amount is None else amount,
            row["price"] if price is None else price,
        )
        asked = terms(market, type, side, *wanted, params or {}, self._capabilities)
        if (asked["side"], asked["ord_type"]) != (row["side"], row["ord_type"]):
            raise error("NotSupported", f"{self.id} an order keeps its type and its side")
        if asked.get("order_qty") is None:
            raise error("NotSupported", f"{self.id} an order sized by its cost is not replaced")
        name = draw_id()
        new = {"order_qty": asked["order_qty"], "price": asked.get("price"), "cl_ord_id": name}
        request = self.door.replace(row["order_id"], **new)
        return await self._request(row, name, request, lambda row: row["cl_ord_id"] == name)

    async def cancel_order(
        self,
        id: str,
        symbol: str | None = None,
        params: Row | None = None,
    ) -> Struct:
        """Have it cancelled; the order as it stands once that is answered, or after `timeout`.

        Raises OrderNotFound for one that has ended, as ccxt does.
        """
        row = await self._row(id)
        if id in self._limbo and row is self._limbo[id]:
            raise error("OperationRejected", f"{self.id} the engine does not know {id} yet")
        if not row["open"]:
            status = structures.status_of(row)
            raise error("OrderNotFound", f"{self.id} order {id} is {status}: nothing to cancel")
        name = draw_id()
        request = self.door.cancel(row["order_id"], cl_ord_id=name)
        return await self._request(row, name, request, _is_canceled)

    async def cancel_orders(
        self, ids: Iterable[str], symbol: str | None = None, params: Row | None = None
    ) -> list[Struct]:
        """Have each cancelled, one by one."""
        return [await self.cancel_order(id, symbol) for id in ids]

    async def cancel_all_orders(
        self, symbol: str | None = None, params: Row | None = None
    ) -> list[Struct]:
        """Have all that the strategy has open here cancelled, or of one market; as they stand then.

        An order that ended meanwhile is no error.
        """
        if symbol is not None:
            symbol = (await self._market(symbol))["symbol"]
        with translated(self.id):
            await self._reports.start()
            rows = await self._cancel_own(symbol)
        ends = [self._settled(row["order_id"], lambda row: False) for row in rows]
        ended = await asyncio.gather(*ends)
        return [await self._stands(now or row) for row, now in zip(rows, ended, strict=True)]

    async def _cancel_own(self, symbol: str | None) -> list[Row]:
        """Ask for the cancellation of the caller's own orders here; their rows."""
        if symbol is None and not self.security_exchange:
            with suppress(OutcomeUnknown):  # then one by one: a second cancel does no harm
                return await self.door.cancel_all(self.route)
        rows = [row for row in await self._open_rows(symbol) if await self._is_own(row)]
        for row in rows:
            # It has ended, is being cancelled, or nobody knows: how it stands is told.
            with suppress(OrderRejected, OutcomeUnknown):
                await self.door.cancel(row["order_id"], cl_ord_id=draw_id())
        return rows

    async def _is_own(self, row: Row) -> bool:
        """Whether the order is the caller's: the operator sees everybody's."""
        try:
            own = await self.door.own_order_row(row["cl_ord_id"])
        except UnknownOrder:
            return False
        return bool(own["order_id"] == row["order_id"])

    async def _request(
        self, row: Row, name: str, request: Coroutine[Any, Any, None], done: Callable[[Row], bool]
    ) -> Struct:
        """Make a request about an order, under that ClOrdID; the order after it.

        Whether it was made may be unknown: then the order tells. Raises the refusal.
        """
        refused: OrderRejected | None = None
        try:
            with translated(self.id):
                await self._reports.start()
                try:
                    await request
                except OutcomeUnknown:
                    pass
                except OrderRejected as fault:
                    refused = fault
        finally:
            request.close()
        if refused is None:
            now = await self._settled(row["order_id"], done, name) or row
            refused = self._reports.forget_refusal(name)
        else:
            now = await self._settled(row["order_id"], lambda row: True) or row
        status = structures.status_of(now)
        if status != "open" and not done(now):
            raise error("OrderNotFound", f"{self.id} order {now['order_id']} is {status} already")
        if refused is not None and not done(now) and now["ord_status"] != "PENDING_CANCEL":
            raise error(name_of_text(str(refused)) or "InvalidOrder", f"{self.id} {refused}")
        return await self._stands(now)

    async def _settled(
        self, order_id: str, done: Callable[[Row], bool], request: str = ""
    ) -> Row | None:
        """The order row once it has ended, is in doubt, or is as it should be; or after `timeout`.

        None when the engine can not be asked. Raises nothing: the order is out.
        """
        row: Row | None = None
        deadline = self._clock.monotonic() + self.timeout / 1000
        while True:
            stirred = self._reports.next()
            try:
                row = await self.door.order_row(order_id)
            except OmsError:
                pass
            else:
                if not row["open"] or row["in_doubt"] or done(row):
                    return row
            left_s = deadline - self._clock.monotonic()
            if left_s <= 0 or (request and self._reports.is_refused(request)):
                return row
            await asyncio.wait({stirred}, timeout=min(left_s, LOOK_EVERY_S))

    async def _stands(self, row: Row) -> Struct:
        """The structure of an order that a request was made about; raises nothing for that."""
        try:
            return await self._told(row)
        except CLASSES["NetworkError"]:
            return structures.order(row, [], self._figures)

    def _in_limbo(self, name: str, asked: Row, text: str) -> Struct:
        """An order that was sent and that the engine does not tell of: open, and in doubt."""
        row = structures.limbo_row(self.route, name, asked, text, self._clock.now())
        self._limbo[name] = row
        return structures.order(row, [], self._figures)


def _is_canceled(row: Row) -> bool:
    return structures.status_of(row) == "canceled"
