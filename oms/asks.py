"""What can be asked of a venue, and watched there: market data, the account, its money's history.

All of it is read-only and nothing of it is recorded. The results are the values of
`oms.core.market` and `oms.core.funding`, in process and from another one.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Generic, Self, TypeVar

from adapters.port import Balance, VenueTrade
from oms import words
from oms.core.errors import InvalidOrder
from oms.core.funding import AccountState, Activity, DepositAddress, FeeRate
from oms.core.market import PERIODS, Candle, Currency, OrderBook, PublicTrade, Ticker
from oms.core.numbers import number_text
from oms.core.values import frozen
from oms.told import Row

T = TypeVar("T")

Instant = datetime | str
"""An aware time, or its ISO 8601 text with an offset."""

ROWS_MAX: Final = 10_000
"""The most levels, trades or candles that are asked for at once."""


@frozen
class Query:
    """One question: what a row of its answer is, and which arguments it takes.

    `asks` is what the venues' clients call it, where that differs.
    """

    kind: type
    many: bool
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    asks: str = ""


def _query(kind: type, takes: str = "", *, many: bool = False, asks: str = "") -> Query:
    """Arguments in capitals must be given."""
    names = takes.split()
    needs = frozenset(name.lower() for name in names if name.isupper())
    return Query(kind, many, frozenset(name.lower() for name in names), needs, asks)


@frozen(kw_only=True)
class ServerTime:
    """What the venue's clock shows."""

    time: datetime


QUERIES: Final[Mapping[str, Query]] = MappingProxyType(
    {
        "ticker": _query(Ticker, "SYMBOL exchange"),
        "tickers": _query(Ticker, many=True),
        "order_book": _query(OrderBook, "SYMBOL exchange depth"),
        "trades": _query(PublicTrade, "SYMBOL exchange limit", many=True),
        "candles": _query(Candle, "SYMBOL exchange period since until limit", many=True),
        "currencies": _query(Currency, many=True),
        "server_time": _query(ServerTime),
        "account": _query(AccountState),
        "fees": _query(FeeRate, "symbol exchange", many=True),
        "deposits": _query(Activity, "asset since", many=True),
        "withdrawals": _query(Activity, "asset since", many=True),
        "transfers": _query(Activity, "asset since", many=True),
        "activities": _query(Activity, "since until", many=True),
        "deposit_address": _query(DepositAddress, "ASSET exchange"),
        "venue_trades": _query(VenueTrade, "symbol exchange since", many=True, asks="own_trades"),
    }
)
"""By the names of the methods below; what a venue offers of them, its capabilities say."""

PUBLIC: Final = frozenset(
    {"ticker", "tickers", "order_book", "trades", "candles", "currencies", "server_time"}
)
"""What tells nothing of the account, of QUERIES and of WATCHES."""

WATCHES: Final[Mapping[str, Query]] = MappingProxyType(
    {
        "ticker": _query(Ticker, "SYMBOL exchange"),
        "order_book": _query(OrderBook, "SYMBOL exchange"),
        "trades": _query(PublicTrade, "SYMBOL exchange"),
        "candles": _query(Candle, "SYMBOL exchange period"),
        "balances": _query(Balance),
    }
)
"""What can be watched, by the kinds of `oms.core.market.Topic`."""

News = tuple[Any, bool, int]
"""An item, whether it was asked for in turns rather than streamed, and how many were missed."""


class Watch(Generic[T]):
    """News as it comes, by `async for`, until `aclose`; ends by itself only with an error.

    `emulated` says of the item at hand that the venue does not stream it: it is asked for in turns.
    `missed` counts what was dropped or may have been lost just before it: of trades, because the
    caller or the connection was too slow; of all else only the latest counts.
    """

    def __init__(self, news: AsyncGenerator[News, None]) -> None:
        self.emulated = False
        self.missed = 0
        self._news = news

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> T:
        """The next item."""
        item, self.emulated, self.missed = await anext(self._news)
        told: T = item
        return told

    async def aclose(self) -> None:
        """Watch no more."""
        await self._news.aclose()


class Asks(ABC):
    """The questions, each a coroutine, and the watches.

    Each raises NotSupported for a route that is none and for what the venue does not offer,
    InvalidOrder for arguments that make no sense, VenueError for a venue's no or its silence, and
    what tells of the account NotAuthorised for a route that is none of the caller's.
    """

    async def ticker(self, venue: str, symbol: str, *, exchange: str = "") -> Ticker:
        """A market at this moment. `symbol` is BASE/QUOTE or the venue's own code."""
        told: Ticker = await self.ask("ticker", venue, symbol=symbol, exchange=exchange)
        return told

    async def tickers(self, venue: str) -> list[Ticker]:
        """All markets at this moment."""
        return await self._all("tickers", venue)

    async def order_book(
        self, venue: str, symbol: str, depth: int | None = None, *, exchange: str = ""
    ) -> OrderBook:
        """Both sides of a market, at most `depth` prices each."""
        told: OrderBook = await self.ask(
            "order_book", venue, symbol=symbol, exchange=exchange, depth=depth
        )
        return told

    async def trades(
        self, venue: str, symbol: str, limit: int | None = None, *, exchange: str = ""
    ) -> list[PublicTrade]:
        """The latest trades of a market, anybody's."""
        return await self._all("trades", venue, symbol=symbol, exchange=exchange, limit=limit)

    async def candles(
        self,
        venue: str,
        symbol: str,
        period: str = "1h",
        *,
        since: Instant | None = None,
        until: Instant | None = None,
        limit: int | None = None,
        exchange: str = "",
    ) -> list[Candle]:
        """What was traded in each period, one of PERIODS, that began between the two times."""
        times = {"since": since, "until": until, "limit": limit}
        return await self._all(
            "candles", venue, symbol=symbol, exchange=exchange, period=period, **times
        )

    async def currencies(self, venue: str) -> list[Currency]:
        """The assets there, and what it takes to move them."""
        return await self._all("currencies", venue)

    async def server_time(self, venue: str) -> datetime:
        """What the venue's clock shows, UTC."""
        told: ServerTime = await self.ask("server_time", venue)
        return told.time

    async def account(self, venue: str) -> AccountState:
        """The account itself: whether it can trade."""
        told: AccountState = await self.ask("account", venue)
        return told

    async def fees(
        self, venue: str, symbol: str | None = None, *, exchange: str = ""
    ) -> list[FeeRate]:
        """What a trade costs, as a part of its value; of one market or of all."""
        return await self._all("fees", venue, symbol=symbol, exchange=exchange)

    async def deposits(
        self, venue: str, asset: str | None = None, *, since: Instant | None = None
    ) -> list[Activity]:
        """Deposits as the venue lists them."""
        return await self._all("deposits", venue, asset=asset, since=since)

    async def withdrawals(
        self, venue: str, asset: str | None = None, *, since: Instant | None = None
    ) -> list[Activity]:
        """Withdrawals as the venue lists them."""
        return await self._all("withdrawals", venue, asset=asset, since=since)

    async def transfers(
        self, venue: str, asset: str | None = None, *, since: Instant | None = None
    ) -> list[Activity]:
        """Transfers inside the account as the venue lists them."""
        return await self._all("transfers", venue, asset=asset, since=since)

    async def activities(
        self, venue: str, *, since: Instant | None = None, until: Instant | None = None
    ) -> list[Activity]:
        """Everything that moved money, where the venue has one list of it."""
        return await self._all("activities", venue, since=since, until=until)

    async def deposit_address(
        self, venue: str, asset: str, *, exchange: str = ""
    ) -> DepositAddress:
        """Where to send an asset to; some venues make a new address each time."""
        told: DepositAddress = await self.ask(
            "deposit_address", venue, asset=asset, exchange=exchange
        )
        return told

    async def venue_trades(
        self,
        venue: str,
        symbol: str | None = None,
        *,
        since: Instant | None = None,
        exchange: str = "",
    ) -> list[VenueTrade]:
        """The account's fills as the venue lists them, whoever caused them; ours are `fills`."""
        return await self._all("venue_trades", venue, symbol=symbol, exchange=exchange, since=since)

    def watch_ticker(self, venue: str, symbol: str, *, exchange: str = "") -> Watch[Ticker]:
        """A market's ticker, whenever it changes."""
        return Watch(self.watch("ticker", venue, symbol=symbol, exchange=exchange))

    def watch_order_book(self, venue: str, symbol: str, *, exchange: str = "") -> Watch[OrderBook]:
        """A market's whole book, whenever it changes."""
        return Watch(self.watch("order_book", venue, symbol=symbol, exchange=exchange))

    def watch_trades(self, venue: str, symbol: str, *, exchange: str = "") -> Watch[PublicTrade]:
        """A market's trades from now on."""
        return Watch(self.watch("trades", venue, symbol=symbol, exchange=exchange))

    def watch_candles(
        self, venue: str, symbol: str, period: str = "1m", *, exchange: str = ""
    ) -> Watch[Candle]:
        """A market's growing candle, and each that follows it."""
        asked = {"symbol": symbol, "exchange": exchange, "period": period}
        return Watch(self.watch("candles", venue, **asked))

    def watch_balances(self, venue: str) -> Watch[Row]:
        """Balance rows, one asset at a time, whenever they change."""
        return Watch(self._balance_rows(venue))

    async def _balance_rows(self, venue: str) -> AsyncGenerator[News, None]:
        async for balance, emulated, missed in self.watch("balances", venue):
            yield balance_row(venue.upper(), balance), emulated, missed

    async def _all(self, query: str, venue: str, **asked: Any) -> list[Any]:
        told: list[Any] = await self.ask(query, venue, **asked)
        return told

    async def ask(self, query: str, venue: str, **asked: Any) -> Any:
        """One of QUERIES by its name, with the arguments of its method."""
        route = words.text("venue", venue).upper()
        return await self._answer_to(query, route, checked(QUERIES[query], asked))

    def watch(self, kind: str, venue: str, **asked: Any) -> AsyncGenerator[News, None]:
        """One of WATCHES by its kind."""
        route = words.text("venue", venue).upper()
        return self._news_of(kind, route, checked(WATCHES[kind], asked))

    @abstractmethod
    async def _answer_to(self, query: str, route: str, asked: Row) -> Any:
        """The venue's answer as a value, or as a list of them."""

    @abstractmethod
    def _news_of(self, kind: str, route: str, asked: Row) -> AsyncGenerator[News, None]:
        """What is told of a topic."""


def checked(query: Query, asked: Mapping[str, Any]) -> Row:
    """What was asked, without what was left out. Raises InvalidOrder.

    Texts of queries do as well as values: digits for a number, ISO 8601 for a time.
    """
    sane = {
        name: _SANE[name](name, value)
        for name, value in asked.items()
        if value is not None and value != ""
    }
    for name in sorted(query.needs - sane.keys()):
        raise InvalidOrder(f"{name}: is missing")
    since, until = sane.get("since"), sane.get("until")
    if since is not None and until is not None and since > until:
        raise InvalidOrder("until: is before since")
    return sane


def _count(name: str, value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9:
        value = int(value)
    if type(value) is not int or not 1 <= value <= ROWS_MAX:
        raise InvalidOrder(f"{name}: must be a whole number from 1 to {ROWS_MAX}")
    return value


def _period(name: str, value: str) -> str:
    if value not in PERIODS:
        raise InvalidOrder(f"{name}: {value!r} is none of {', '.join(PERIODS)}")
    return value


def _time(name: str, value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise InvalidOrder(f"{name}: {value[:40]!r} is no ISO 8601 time") from None
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise InvalidOrder(f"{name}: must be a time with its offset from UTC")
    return time


def _upper(name: str, value: str) -> str:
    return words.text(name, value).upper()


_SANE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "symbol": words.text,
        "exchange": _upper,
        "asset": _upper,
        "depth": _count,
        "limit": _count,
        "period": _period,
        "since": _time,
        "until": _time,
    }
)


def balance_row(route: str, balance: Balance) -> Row:
    """The row of a balance."""
    return {
        "venue": route,
        "exchange": balance.security_exchange,
        "asset": balance.asset,
        "total": number_text(balance.total),
        "available": number_text(balance.available),
        "held": number_text(balance.held),
    }
