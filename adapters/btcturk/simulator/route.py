"""Paths: who may use them, how often, and what they are given."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs

from adapters.btcturk.simulator.desk import Desk
from adapters.btcturk.simulator.listing import Listing
from adapters.btcturk.simulator.orders import parse_object
from adapters.btcturk.simulator.wire import PARAMETERS_ERROR, Barred, Refused
from adapters.simserver import SimRequest, SimResponse
from oms.core.values import frozen

_PATHS_KEPT: Final = 256  # the same few are asked for all the time


@frozen
class Visit:
    """What a path is given: the query, and of a POST with one object its fields."""

    desk: Desk
    parts: tuple[str, ...]
    asked: Mapping[str, list[str]]
    body: bytes
    now_ms: int
    there_ms: int
    """The venue's own clock."""

    @classmethod
    def of(
        cls, desk: Desk, request: SimRequest, parts: tuple[str, ...], now_ms: int, there_ms: int
    ) -> "Visit":
        """Read the query."""
        asked = parse_qs(request.query, keep_blank_values=True)
        return cls(desk, parts, asked, request.body, now_ms, there_ms)

    def one(self, name: str) -> str:
        """The value of a parameter, "" if it is not there."""
        return self.asked.get(name, [""])[-1]

    def listing(self, name: str = "pairSymbol") -> Listing | None:
        """The pair that is asked for, as BTCTRY or BTC_TRY; None if none is. Raises Refused."""
        word = self.one(name)
        return self.pair(word) if word else None

    def demand_listing(self, name: str = "pairSymbol") -> Listing:
        """The pair that has to be asked for; raises Refused."""
        return self.pair(self.one(name))

    def pair(self, word: str) -> Listing:
        """A pair in any of its spellings; raises Refused."""
        listing = self.desk.market.listings.get(word.upper().replace("_", ""))
        if listing is None:
            raise Refused(PARAMETERS_ERROR)
        return listing

    def fields(self) -> Mapping[str, list[str]]:
        """The body's fields as a query would have them: each a text or a list of texts."""
        found: dict[str, list[str]] = {}
        for name, value in parse_object(self.body or b"{}").items():
            values = value if isinstance(value, list) else [value]
            found[name] = [str(one) for one in values]
        return found


@frozen
class Route:
    """One path and method. `changes` names what troubles with orders hit it, "" for none."""

    path: re.Pattern[str]
    method: str
    limits: tuple[str, ...]
    answer: Callable[[Visit], SimResponse]
    private: bool = False
    changes: str = ""


def route(
    method: str, path: str, answer: Callable[[Visit], SimResponse], *limits: str, changes: str = ""
) -> Route:
    """Make a route; those under api/v1 are private, and count against a limit of their own."""
    private = path.startswith("/api/v1/")
    kinds = ("private", *limits) if private else limits
    return Route(re.compile(path), method, kinds, answer, private, changes)


class Routes:
    """All that there are, the first of a path and a method first."""

    def __init__(self, *routes: Route) -> None:
        self._routes = routes
        self._met = lru_cache(_PATHS_KEPT)(self._meet)

    def find(self, request: SimRequest) -> tuple[Route, tuple[str, ...]]:
        """Return what answers, and the parts of its path; raises Barred(404), (405) or (415)."""
        met = self._met(request.path)
        for one, parts in met:
            if request.method == one.method:
                _demand_json(request)
                return one, parts
        if met:
            allowed = ", ".join(one.method for one, _ in met)
            raise Barred(405, ("Method Not Allowed", 405), {"Allow": allowed})
        raise Barred(404, ("Not Found", 404))

    def _meet(self, path: str) -> tuple[tuple[Route, tuple[str, ...]], ...]:
        return tuple(
            (one, tuple(text for text in found.groups() if text is not None))
            for one in self._routes
            if (found := one.path.fullmatch(path)) is not None
        )


def _demand_json(request: SimRequest) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind != "application/json":
        raise Barred(415, ("Unsupported Media Type", 415))
