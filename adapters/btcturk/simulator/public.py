"""What anybody may ask: the API host's v2, the charts host, and the feed's mirrors over HTTP.

Source: BtcTurk API document, sections "Public Endpoints" and "Communicating Directly with HTTP
EndPoints"; ohlc, klines and server as the venue's clients use them.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from adapters.btcturk.simulator.channels import DEPTH, book_fields, last_trades, ticker_fields
from adapters.btcturk.simulator.history import whole
from adapters.btcturk.simulator.listing import DAY_MS, Listing, candle, exchange_info
from adapters.btcturk.simulator.route import Visit, route
from adapters.btcturk.simulator.wire import PARAMETERS_ERROR, Refused, answer, envelope, plain
from adapters.simserver import SimResponse

ORDER_BOOK_MAX: Final = 1000
TRADES_MAX: Final = 50
CANDLES_MAX: Final = 1000
DAYS: Final = 7
"""Daily candles where no time is asked for."""

RESOLUTIONS: Final = {
    "1": 60_000,
    "15": 900_000,
    "30": 1_800_000,
    "60": 3_600_000,
    "240": 14_400_000,
    "1 d": DAY_MS,
    "1 w": 7 * DAY_MS,
    "1 y": 365 * DAY_MS,
}
"""What klines calls its candles, in milliseconds; a year has 365 days here."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def ticker(visit: Visit) -> SimResponse:
    """A list, also for one pair."""
    listing = visit.listing()
    rows = [listing] if listing else list(visit.desk.market.listings.values())
    return _tickers(visit, rows)


def ticker_currency(visit: Visit) -> SimResponse:
    """The pairs that are quoted in a currency."""
    quote = visit.one("symbol").upper()
    rows = [row for row in visit.desk.market.listings.values() if row.quote == quote]
    if not rows:
        raise Refused(PARAMETERS_ERROR)
    return _tickers(visit, rows)


def _tickers(visit: Visit, rows: list[Listing]) -> SimResponse:
    engine = visit.desk.market.engine
    return answer(envelope([row.ticker(engine, visit.there_ms) for row in rows], ""))


def order_book(visit: Visit) -> SimResponse:
    """Levels best first."""
    depth = _bounded(visit, "limit", 100, ORDER_BOOK_MAX)
    book = visit.demand_listing().order_book(visit.desk.market.engine, visit.there_ms, depth)
    return answer(envelope(book))


def trades(visit: Visit) -> SimResponse:
    """The newest trades, newest first."""
    listing, count = visit.demand_listing(), _bounded(visit, "last", TRADES_MAX, TRADES_MAX)
    rows = listing.trades(visit.desk.market.engine)[-count:]
    return answer(envelope([listing.trade_row(trade) for trade in reversed(rows)]))


def ohlcs(visit: Visit) -> SimResponse:
    """Daily candles without an envelope, times in seconds."""
    listing = visit.demand_listing("pair")
    from_ms, to_ms = _span(visit)
    return answer(listing.daily(visit.desk.market.engine, from_ms, to_ms))


def ohlc(visit: Visit) -> SimResponse:
    """Daily candles as text in an envelope; what unit the times are in is not certain."""
    listing, count = visit.demand_listing(), _bounded(visit, "last", DAYS, CANDLES_MAX)
    now = visit.there_ms
    rows = listing.daily(visit.desk.market.engine, now - (count - 1) * DAY_MS, now + 1)
    names = ("open", "high", "low", "close", "volume", "total", "average")
    texts = [{name: plain(Decimal(str(row[name]))) for name in names} for row in rows]
    days = [
        {
            "pairSymbol": listing.pair,
            "pairSymbolNormalized": listing.normalized,
            "time": row["time"],
        }
        for row in rows
    ]
    return answer(envelope([{**day, **text} for day, text in zip(days, texts, strict=True)]))


def klines(visit: Visit) -> SimResponse:
    """Candles as one list a column, without an envelope, times in seconds."""
    listing = visit.demand_listing("symbol")
    span = RESOLUTIONS.get(visit.one("resolution"))
    if span is None:
        raise Refused(PARAMETERS_ERROR)
    from_ms, to_ms = _span(visit)
    known = listing.trades(visit.desk.market.engine)
    starts = range(-(-from_ms // span) * span, to_ms + 1, span)[:CANDLES_MAX]
    rows = [candle(listing.market, known, start, start + span) for start in starts]
    return answer(
        {
            "s": "ok" if rows else "no_data",
            "t": [row.from_ms // 1000 for row in rows],
            "o": [row.open for row in rows],
            "h": [row.high for row in rows],
            "l": [row.low for row in rows],
            "c": [row.close for row in rows],
            "v": [row.volume for row in rows],
        }
    )


def server_time(visit: Visit) -> SimResponse:
    """The clock, without an envelope."""
    moment = _EPOCH + timedelta(milliseconds=visit.there_ms)
    return answer({"serverTime": visit.there_ms, "serverTime2": moment.isoformat()})


def server_ping(visit: Visit) -> SimResponse:
    """Nothing, to see that somebody is there."""
    return answer({})


def exchangeinfo(visit: Visit) -> SimResponse:
    """Pairs and currencies."""
    return answer(envelope(exchange_info(visit.desk.market.listings.values(), visit.there_ms)))


# The feed's mirrors


def mirror_book(visit: Visit) -> SimResponse:
    """Model 431."""
    listing = visit.pair(visit.parts[0])
    levels = visit.desk.market.engine.book(listing.market.symbol, DEPTH)
    return answer(book_fields(listing, *levels, visit.there_ms))


def mirror_tickers(visit: Visit) -> SimResponse:
    """The items of model 401."""
    market = visit.desk.market
    rows = market.listings.values()
    return answer([ticker_fields(row, market.engine, visit.there_ms) for row in rows])


def mirror_ticker(visit: Visit) -> SimResponse:
    """Model 402 of a pair."""
    listing = visit.pair(visit.parts[0])
    fields = ticker_fields(listing, visit.desk.market.engine, visit.there_ms)
    return answer({"type": 402, **fields})


def mirror_page(visit: Visit) -> SimResponse:
    """The ticker for people."""
    rows = visit.desk.market.listings.values()
    cells = "".join(f"<tr><td>{row.pair}</td><td>{row.market.mid}</td></tr>" for row in rows)
    page = f"<html><body><table>{cells}</table></body></html>".encode()
    return SimResponse(200, page, {"Content-Type": "text/html"})


def mirror_trades(visit: Visit) -> SimResponse:
    """The newest trades of a pair; more than 50 are not told."""
    listing = visit.pair(visit.parts[0])
    asked = int(visit.parts[1]) if len(visit.parts) > 1 else TRADES_MAX
    count = min(asked, TRADES_MAX)
    if not count:
        raise Refused(PARAMETERS_ERROR)
    return answer(last_trades(listing, visit.desk.market.engine, count))


def _bounded(visit: Visit, name: str, default: int, most: int) -> int:
    count = whole(visit.asked, name)
    if count is None:
        return default
    if not count:
        raise Refused(PARAMETERS_ERROR)
    return min(count, most)


def _span(visit: Visit) -> tuple[int, int]:
    """Of the charts: `from` and `to` in seconds, the last days where they are missing."""
    first, last = whole(visit.asked, "from"), whole(visit.asked, "to")
    to_ms = visit.there_ms if last is None else min(last * 1000, visit.there_ms)
    from_ms = to_ms - DAYS * DAY_MS if first is None else first * 1000
    return max(from_ms, to_ms - CANDLES_MAX * 365 * DAY_MS), to_ms


PUBLIC: Final = (
    route("GET", "/api/v2/ticker", ticker, "ticker"),
    route("GET", "/api/v2/ticker/currency", ticker_currency, "ticker"),
    route("GET", "/api/v2/orderbook", order_book, "orderbook"),
    route("GET", "/api/v2/trades", trades),
    route("GET", "/api/v2/ohlc", ohlc),
    route("GET", "/api/v2/server/time", server_time),
    route("GET", "/api/v2/server/ping", server_ping),
    route("GET", "/api/v2/server/exchangeinfo", exchangeinfo),
    route("GET", "/v1/ohlcs", ohlcs, "charts"),
    route("GET", "/v1/klines/history", klines, "charts"),
    route("GET", "/orderbook/([A-Za-z_]{1,20})", mirror_book),
    route("GET", "/ticker/all", mirror_tickers),
    route("GET", "/ticker/html", mirror_page),
    route("GET", "/ticker/pair/([A-Za-z_]{1,20})", mirror_ticker),
    route("GET", "/trade/last/([A-Za-z_]{1,20})(?:/([0-9]{1,6}))?", mirror_trades),
)
