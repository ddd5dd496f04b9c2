"""What ccxt's watch methods give: each call waits for what is new since the one before.

The first call begins to listen; what comes between two calls is kept. A watch that breaks raises,
once, and the next call begins anew.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from oms.ccxt import structures, tidings
from oms.ccxt.errors import translated
from oms.ccxt.listening import Mailbox, Tap, is_fill, is_of_order
from oms.ccxt.looking import Looking
from oms.ccxt.market_data import MarketData
from oms.ccxt.structures import Struct
from oms.core.fields import OrdType
from oms.core.messages import ExecutionReport
from oms.core.ports import DeskReport
from oms.door import Row


class Watching(Looking, MarketData):
    """Waits for news of orders and markets."""

    def __init__(self, config: Row) -> None:
        """As `oms.ccxt.exchange` says."""
        super().__init__(config)
        self._taps: dict[tuple[str, ...], Tap[Any]] = {}

    async def close(self) -> None:
        """Let the connections go. Orders stay as they are."""
        for topic in [*self._taps]:  # who waits for one takes it away himself
            await self._drop(topic)
        await super().close()

    async def watch_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """The strategy's orders that have changed, as they stand now."""
        while True:
            async with self._heard("orders", symbol, is_of_order) as changed:
                names = dict.fromkeys(getattr(report, "order_id", "") for report in changed)
                told = [await self.fetch_order(name) for name in names if name]
            if rows := tidings.latest(told, since, limit):
                return rows

    async def watch_my_trades(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """The fills that have come. One that was undone meanwhile is not among them."""
        while True:
            async with self._heard("fills", symbol, is_fill) as executions:
                told = [fill for report in executions for fill in await self._fills_of(report)]
            if rows := tidings.latest(told, since, limit):
                return rows

    async def _fills_of(self, report: DeskReport) -> list[Struct]:
        """The fill that a report tells, if it stands."""
        assert isinstance(report, ExecutionReport)
        with translated(self.id):
            rows = await self.door.fills(venue=self.route, order_id=report.order_id)
        kind = "market" if report.ord_type is OrdType.MARKET else "limit"
        return [
            structures.trade(row, self._figures, kind)
            for row in rows
            if report.exec_id == f"{row['order_id']}:{row['exec_id']}"
        ]

    async def watch_balance(self, params: Row | None = None) -> Struct:
        """The whole balance, whenever some of it changes."""
        await self._news(("balances",), lambda: self.door.watch_balances(self.route))
        return await self.fetch_balance()

    async def watch_ticker(self, symbol: str, params: Row | None = None) -> Struct:
        """A market's ticker, once it has changed."""
        name = (await self._market(symbol))["symbol"]
        news = await self._news(
            ("ticker", name),
            lambda: self.door.watch_ticker(self.route, name, exchange=self.security_exchange),
        )
        return tidings.ticker(news[-1], self._figures)

    async def watch_order_book(
        self, symbol: str, limit: int | None = None, params: Row | None = None
    ) -> Struct:
        """A market's book, once it has changed."""
        name = (await self._market(symbol))["symbol"]
        news = await self._news(
            ("order_book", name),
            lambda: self.door.watch_order_book(self.route, name, exchange=self.security_exchange),
        )
        return tidings.order_book(news[-1], self._figures, limit)

    async def watch_trades(
        self,
        symbol: str,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """A market's trades since the last call."""
        name = (await self._market(symbol))["symbol"]
        while True:
            news = await self._news(
                ("trades", name),
                lambda: self.door.watch_trades(self.route, name, exchange=self.security_exchange),
            )
            told = [tidings.public_trade(trade, self._figures) for trade in news]
            if rows := tidings.latest(told, since, limit):
                return rows

    async def watch_ohlcv(
        self,
        symbol: str,
        timeframe: str = "1m",
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[list[Any]]:
        """A market's growing candle, and those that followed it since the last call."""
        name = (await self._market(symbol))["symbol"]
        self._demand_timeframe(timeframe)
        while True:
            news = await self._news(
                ("candles", name, timeframe),
                lambda: self.door.watch_candles(
                    self.route, name, timeframe, exchange=self.security_exchange
                ),
            )
            newest = {row[0]: row for row in (tidings.ohlcv(c, self._figures) for c in news)}
            rows = [newest[t] for t in sorted(newest) if since is None or t >= int(since)]
            if rows:
                return rows if limit is None else rows[-limit:]

    async def un_watch_ticker(self, symbol: str, params: Row | None = None) -> None:
        """Listen no more."""
        await self._drop(("ticker", (await self._market(symbol))["symbol"]))

    async def un_watch_order_book(self, symbol: str, params: Row | None = None) -> None:
        """Listen no more."""
        await self._drop(("order_book", (await self._market(symbol))["symbol"]))

    async def un_watch_trades(self, symbol: str, params: Row | None = None) -> None:
        """Listen no more."""
        await self._drop(("trades", (await self._market(symbol))["symbol"]))

    @asynccontextmanager
    async def _heard(
        self, what: str, symbol: str | None, wanted: Callable[[DeskReport], bool]
    ) -> AsyncIterator[list[DeskReport]]:
        """The next reports; where the block fails, the next call is told of them."""
        if symbol is not None:
            symbol = (await self._market(symbol))["symbol"]

        def here(report: DeskReport) -> bool:
            return wanted(report) and self._concerns(report, symbol)

        name = f"{what} {symbol or ''}"
        box: Mailbox[DeskReport] = self._reports.box(name, here)
        with translated(self.id):
            await self._reports.start()
            try:
                heard = await box.take()
            except Exception:
                self._reports.drop(name)
                raise
        try:
            yield heard
        except BaseException:  # a time limit of the strategy's too
            self._reports.box(name, here).give_back(heard)
            raise

    def _concerns(self, report: DeskReport, symbol: str | None) -> bool:
        """Whether the report is about an order here. A refusal does not say: its order does."""
        if not isinstance(report, ExecutionReport):
            return symbol is None
        exchange = report.security_exchange if self.security_exchange else ""
        return (
            report.exec_broker in ("", self.route)
            and exchange == self.security_exchange
            and symbol in (None, report.symbol)
        )

    async def _news(self, topic: tuple[str, ...], watch: Callable[[], Any]) -> list[Any]:
        tap = self._taps.get(topic)
        if tap is None:
            with translated(self.id):
                tap = self._taps[topic] = Tap(watch())
        with translated(self.id):
            try:
                return await tap.box.take()
            except Exception:
                await self._drop(topic)
                raise

    async def _drop(self, topic: tuple[str, ...]) -> None:
        tap = self._taps.pop(topic, None)
        if tap is not None:
            await tap.close()
