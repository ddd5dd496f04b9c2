"""The exchange object's own affairs: configuration, markets, precision, time, names."""

import re
from typing import Any, Final, Self

from oms.ccxt import figures, structures
from oms.ccxt.abilities import abilities, unknown
from oms.ccxt.errors import error, translated
from oms.ccxt.figures import Figures
from oms.ccxt.structures import Struct
from oms.client import Client
from oms.clock import SystemClock
from oms.core.market import PERIODS
from oms.door import Door, Row

TICK_SIZE: Final = 4
"""ccxt's precisionMode in which a precision is the smallest step, not a count of decimals."""

TIMEOUT_MS: Final = 10_000
"""ccxt's own default: how long a call waits for the venue's word on an order."""

_OURS: Final = ("url", "token", "venue", "exchange", "door", "decimals", "timeout", "options")
_NO_MATTER: Final = frozenset(
    {"enableRateLimit", "rateLimit", "verbose", "newUpdates", "asyncio_loop", "aiohttp_trust_env",
     "headers", "userAgent", "session", "id", "name"}
)  # fmt: skip
"""What configurations of ccxt's clients often have and the engine sees to by itself."""
_SECRETS: Final = frozenset(
    {"apiKey", "secret", "password", "uid", "login", "privateKey", "walletAddress", "twofa"}
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SECONDS: Final = {
    "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000, "y": 31_536_000
}  # fmt: skip


class Base:
    """What every part of the exchange object needs. Made in `oms.ccxt.exchange`."""

    def __init__(self, config: Row) -> None:
        """`config` as `oms.ccxt.exchange` says. Raises ArgumentsRequired, BadRequest."""
        _check(config)
        self.door: Door = _door(config)
        self._owns_door = "door" not in config
        self.route = str(config["venue"]).upper()
        self.security_exchange = str(config.get("exchange") or "").upper()
        self.id = self.route.lower()
        self.name = self.route
        self.timeout = int(config.get("timeout", TIMEOUT_MS))
        self.options: Struct = dict(config.get("options") or {})
        self.rateLimit = 50
        self.enableRateLimit = True  # the engine keeps the venue's limits, whoever asks
        self.precisionMode = TICK_SIZE
        self.timeframes = {period: period for period in PERIODS}
        self.has = unknown()
        self.markets: dict[str, Struct] | None = None
        self.markets_by_id: dict[str, list[Struct]] | None = None
        self.symbols: list[str] | None = None
        self.currencies: dict[str, Struct] = {}
        self._figures = Figures(bool(config.get("decimals", False)))
        self._clock = SystemClock()
        self._capabilities: Row = {}

    def __getattr__(self, name: str) -> Any:
        """ccxt's methods go by two names: createOrder is create_order."""
        snake = _CAMEL.sub("_", name).lower()
        if name.startswith("_") or snake == name:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self, snake)

    def __repr__(self) -> str:
        """Without the token."""
        return f"oms.ccxt {self.name}"

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Let the connections go. Orders stay as they are."""
        if self._owns_door and isinstance(self.door, Client):
            await self.door.close()

    # Markets

    async def load_markets(self, reload: bool = False, params: Row | None = None) -> Struct:
        """The markets by symbol; asked for once. ExchangeNotAvailable while the engine has none."""
        if self.markets is None or reload:
            with translated(self.id):
                rows = await self.door.instruments(self.route)
            await self._load_abilities()
            self._set_markets(rows)
        assert self.markets is not None
        return self.markets

    async def _load_abilities(self) -> Row:
        """What the route can do; asked for with the markets."""
        with translated(self.id):
            self._capabilities = await self.door.capabilities(self.route)
        self.has = abilities(self._capabilities)
        self.rateLimit = _rate_limit_ms(self._capabilities)
        return self._capabilities

    async def fetch_markets(self, params: Row | None = None) -> list[Struct]:
        """The markets, asked for anew."""
        return list((await self.load_markets(reload=True)).values())

    def _set_markets(self, rows: list[Row]) -> None:
        exchanges = sorted({row["exchange"] for row in rows})
        wanted = self.security_exchange
        if not wanted and len(exchanges) > 1:
            raise error("ArgumentsRequired", f"{self.id} needs 'exchange': {', '.join(exchanges)}")
        self.security_exchange = wanted or next(iter(exchanges), "")
        rows = [row for row in rows if row["exchange"] == self.security_exchange]
        if not rows:
            raise error("ExchangeNotAvailable", f"{self.id} its markets are not known yet")
        made = [structures.market(row, self._figures) for row in rows]
        self.markets = {market["symbol"]: market for market in made}
        self.markets_by_id = {market["id"]: [market] for market in made}
        self.symbols = sorted(self.markets)
        for code in sorted({market[side] for market in made for side in ("base", "quote")}):
            self.currencies.setdefault(code, {"id": code, "code": code, "precision": None})

    def market(self, symbol: str) -> Struct:
        """A market by its symbol or the venue's own code. BadSymbol for none."""
        if self.markets is None or self.markets_by_id is None:
            raise error("ExchangeError", f"{self.id} markets not loaded")
        found = self.markets.get(symbol) or next(iter(self.markets_by_id.get(symbol, ())), None)
        if found is None:
            raise error("BadSymbol", f"{self.id} does not have market symbol {symbol}")
        return found

    async def _market(self, symbol: str) -> Struct:
        await self.load_markets()
        return self.market(symbol)

    def currency(self, code: str) -> Struct:
        """An asset by its code. ExchangeError for none."""
        if code not in self.currencies:
            raise error("ExchangeError", f"{self.id} does not have currency code {code}")
        return self.currencies[code]

    # Precision

    def amount_to_precision(self, symbol: str, amount: Any) -> str | None:
        """An amount cut to the market's step, as text. InvalidOrder where nothing is left."""
        return self._to_precision("amount", symbol, amount, "step", nearest=False)

    def price_to_precision(self, symbol: str, price: Any) -> str | None:
        """A price rounded to the market's tick, as text. InvalidOrder where nothing is left."""
        return self._to_precision("price", symbol, price, "tick", nearest=True)

    def cost_to_precision(self, symbol: str, cost: Any) -> str | None:
        """A value in quote units cut to the market's tick, as text."""
        return self._to_precision("cost", symbol, cost, "tick", nearest=False)

    def _to_precision(
        self, name: str, symbol: str, value: Any, unit: str, *, nearest: bool
    ) -> str | None:
        if value is None:
            return None
        least = figures.exact(unit, self.market(symbol)["info"][unit])
        return figures.to_precision(name, symbol, value, least, nearest=nearest)

    # Time

    def milliseconds(self) -> int:
        """The time here, in milliseconds since 1970."""
        return self._clock.now_ms()

    def microseconds(self) -> int:
        """The time here, in microseconds since 1970."""
        return self._clock.now_us()

    def seconds(self) -> int:
        """The time here, in seconds since 1970."""
        return self._clock.now_ms() // 1000

    iso8601 = staticmethod(figures.iso8601)

    @staticmethod
    def parse8601(text: Any) -> int | None:
        """Milliseconds since 1970 of an ISO 8601 text; UTC where it says nothing else."""
        return figures.parse8601(text)

    @staticmethod
    def parse_timeframe(timeframe: str) -> int:
        """The seconds of a timeframe, by its count and unit. NotSupported for another unit."""
        count, unit = timeframe[:-1], timeframe[-1:]
        if unit not in _SECONDS or not count.isdigit():
            raise error("NotSupported", f"timeframe unit {unit} is not supported")
        return int(count) * _SECONDS[unit]


def _check(config: Row) -> None:
    given = sorted(_SECRETS & config.keys())
    if given:
        raise error(
            "BadRequest",
            f"{', '.join(given)}: a venue's keys are the engine's alone (oms.toml); "
            "a strategy needs the engine's url and its own token",
        )
    other = sorted(config.keys() - set(_OURS) - _NO_MATTER)
    if other:
        raise error("BadRequest", f"{', '.join(other)}: is none of {', '.join(_OURS)}")
    for name in ("venue",) if "door" in config else ("url", "token", "venue"):
        if not config.get(name):
            raise error("ArgumentsRequired", f"oms.ccxt requires '{name}'")


def _door(config: Row) -> Door:
    given = config.get("door")
    if isinstance(given, Door):
        return given
    if given is not None:
        raise error("BadRequest", "door: pass an oms.Client or what oms.Engine gives")
    return Client(str(config["url"]), str(config["token"]))


def _rate_limit_ms(capabilities: Row) -> int:
    """ccxt's pause between two requests, of the strictest limit."""
    pauses = [
        1000 * figures.exact("per_seconds", limit["per_seconds"]) / limit["requests"]
        for limit in capabilities["limits"]
    ]
    return int(max(pauses, default=50))
