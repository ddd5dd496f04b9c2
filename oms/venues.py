"""The routes as the API asks them: by name, with markets by symbol."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from adapters.port import Listening, VenueRunner
from oms.core.book import Book, Route
from oms.core.errors import InvalidOrder, NotSupported, VenueUnavailable
from oms.core.market import Topic
from oms.core.numbers import number_text
from oms.core.order import Order
from oms.core.venue import Instrument
from oms.told import Row, row_of


class Venues:
    """The read-only doors to all venues. From any thread."""

    def __init__(self, book: Book, runners: Mapping[str, VenueRunner]) -> None:
        """`runners` by the routes' names; they may be added later."""
        self._book = book
        self._runners = runners

    def names(self) -> list[str]:
        """All routes."""
        return list(self._book.routes)

    def ask(self, route: str, query: str, **parameters: Any) -> Future[Any]:
        """A question to a venue. NotSupported for an unknown route; the future fails for the rest."""
        return self._runner(route).ask(query, **parameters)

    def listen(self, route: str, topic: Topic, wake: Callable[[], None]) -> Listening:
        """Begin to watch. Raises NotSupported."""
        return self._runner(route).listen(topic, wake)

    def instrument(self, route: str, symbol: str, exchange: str) -> Instrument:
        """A market by BASE/QUOTE or the venue's own code. Raises NotSupported, InvalidOrder."""
        markets = self._book.routes.get(route)
        if markets is None:
            raise self._unknown(route)
        found = markets.instrument(symbol, exchange) or markets.instrument(symbol.upper(), exchange)
        if found is None:
            if not markets.instruments:
                raise VenueUnavailable(f"{route}: its markets are not known yet")
            where = f"{route}, exchange {exchange}" if exchange else route
            raise InvalidOrder(
                f"symbol: {where} has no market {symbol!r}{_hint(markets, exchange)}"
            )
        return found

    def instruments(self, route: str) -> list[Row]:
        """What trades there. Raises NotSupported for an unknown route."""
        markets = self._book.routes.get(route)
        if markets is None:
            raise self._unknown(route)
        known = {id(i): i for i in markets.instruments.values()}
        return [instrument_row(route, instrument) for instrument in known.values()]

    def order(self, order_id: str) -> Order | None:
        """An order as of the last commit, if it is in memory: whatever is not closed is."""
        return self._book.order(order_id)

    def capabilities(self, route: str) -> Row:
        """What a route can do. Raises NotSupported for an unknown route."""
        known = self._book.routes.get(route)
        if known is None:
            raise self._unknown(route)
        return {"venue": route, **row_of(known.capabilities)}

    def serves(self, origin: str, route: str) -> bool:
        """Whether the route is one of those that the origin may use."""
        return self._book.entitled(origin, route)

    def _runner(self, route: str) -> VenueRunner:
        runner = self._runners.get(route)
        if runner is None:
            raise self._unknown(route)
        return runner

    def _unknown(self, route: str) -> NotSupported:
        return NotSupported(f"no route {route!r}: {', '.join(self._book.routes) or 'none'}")


def stream_rows(runners: Mapping[str, VenueRunner]) -> list[Row]:
    """Which streams stand, and since when they do or do not."""
    told = [(route, runner.stream_status()) for route, runner in runners.items()]
    return [{"venue": route, **row_of(status)} for route, status in told if status is not None]


def _hint(markets: Route, exchange: str) -> str:
    exchanges = sorted({where for where, _ in markets.instruments} - {""})
    return (
        f"; name one of the exchanges {', '.join(exchanges)}" if exchanges and not exchange else ""
    )


def instrument_row(route: str, instrument: Instrument) -> Row:
    """The row of a market."""

    def text(number: Any) -> str | None:
        return None if number is None else number_text(number)

    return {
        "venue": route,
        "exchange": instrument.security_exchange,
        "symbol": instrument.symbol,
        "venue_symbol": instrument.venue_symbol,
        "tick": text(instrument.tick),
        "step": text(instrument.step),
        "min_qty": text(instrument.min_qty),
        "max_qty": text(instrument.max_qty),
        "min_notional": text(instrument.min_notional),
        "max_notional": text(instrument.max_notional),
        "enabled": instrument.enabled,
    }
