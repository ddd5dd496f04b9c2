"""The venue: what each path answers, and what becomes of orders.

Source: BtcTurk API document, sections "Public Endpoints", "Private Endpoints" and "Communicating
Directly with HTTP EndPoints"; what it does not have is from the venue's later pages, and is marked
in the venue's README.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from adapters.btcturk.simulator.account import Account
from adapters.btcturk.simulator.channels import Market
from adapters.btcturk.simulator.desk import Desk
from adapters.btcturk.simulator.door import Door, Pace, too_many
from adapters.btcturk.simulator.feed import FeedKeys, FeedSocket, UserEvents
from adapters.btcturk.simulator.listing import listings
from adapters.btcturk.simulator.private import PRIVATE
from adapters.btcturk.simulator.public import PUBLIC
from adapters.btcturk.simulator.route import Route, Routes, Visit
from adapters.btcturk.simulator.troubles import Troubles, gateway_timeout
from adapters.btcturk.simulator.wire import (
    INVALID_NONCE,
    NOT_CANCELABLE,
    NOT_ENOUGH,
    Barred,
    Lost,
    Refused,
    failure,
    plain,
    refusal,
)
from adapters.matching import MatchingEngine, Outside, credited
from adapters.simserver import SimRequest, SimResponse

CANCEL_DELAY_MS: Final = 300
"""How long a cancel takes; the document does not say."""

TRADES_DELAY_MS: Final = 2_000
"""How far the list of fills is behind; users have seen seconds, and up to a minute and a half."""

FEED_SPAN_MS: Final = 1_000

_REFUSALS: Final = {"order": NOT_ENOUGH, "cancel": NOT_CANCELABLE}
_ROUTES: Final = Routes(*PUBLIC, *PRIVATE)


class BtcturkSimulator:
    """BtcTurk with one account."""

    name = "btcturk"

    def __init__(self, seed: int, speed: Decimal, credentials: Mapping[str, str]) -> None:
        if speed <= 0:
            raise ValueError("speed must be positive")
        self._door = Door(credentials)
        self._keys = FeedKeys(credentials)
        self._pace = Pace(speed)
        self._span_ms = int(FEED_SPAN_MS / speed)
        self._counts = {"requests": 0, "throttled": 0}
        self._troubles = Troubles(
            cancel_delay_ms=int(CANCEL_DELAY_MS / speed),
            delay_trades=int(TRADES_DELAY_MS / speed),
        )
        rows = listings()
        engine = MatchingEngine((row.market for row in rows.values()), seed)
        self._users = UserEvents()
        self._now_ms = 0
        self._market = Market(rows, engine)
        self._desk = Desk(self._market, Account(), self._users, self._troubles, self._keys.user_id)

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer one request; never raises, whatever the request."""
        self.advance(now_ms)
        self._counts["requests"] += 1
        try:
            told = self._answer(request, now_ms)
        except Refused as refused:
            told = refusal(refused)
        except Barred as barred:
            self._counts["throttled"] += barred.status == 429
            told = failure(barred)
        except Lost:
            told = SimResponse(200, b"", drop=True)
        return self._troubles.distort(told)

    def connect(self, request: SimRequest, now_ms: int) -> FeedSocket | SimResponse:
        """Open the feed."""
        self.advance(now_ms)
        if request.path != "/":
            return failure(Barred(404, ("Not Found", 404)))
        return FeedSocket(self._market, self._users, self._keys, self._troubles, self._span_ms)

    def advance(self, now_ms: int) -> None:
        """Let the market move, stop orders trigger and cancels happen, in order of time."""
        self._desk.advance(now_ms)
        self._now_ms = now_ms

    def ledger(self) -> dict[str, object]:
        """Return the venue's own books; `price` is None for a market order."""
        return {
            "orders": self._desk.ledger_rows(),
            "balances": {asset: plain(qty) for asset, qty in self._desk.account.balances.items()},
            "transfers": [],
            **self._counts,
        }

    def switch(self, name: str, value: object) -> None:
        """Set a trouble of `troubles.py`, or do what is done at once; raises KeyError, ValueError."""
        if name in ("credit", "deposit"):
            asset, amount = credited(value, self._desk.account.balances)
            self._desk.receive(asset, amount, self._now_ms, listed=name == "deposit")
        elif name == "stranger":
            self._desk.enter_outside(Outside.of(value), self._now_ms)
        else:
            self._troubles.set(name, value)

    def _answer(self, request: SimRequest, now_ms: int) -> SimResponse:
        if self._troubles.take("throttle"):
            raise too_many(1, 1, 1)
        route, parts = _ROUTES.find(request)
        self._pace.count(route.limits, now_ms)
        there_ms = now_ms + self._troubles.span_ms("skew_clock")
        if route.private:
            if self._troubles.take("bar"):
                raise Barred(401, INVALID_NONCE)
            self._door.admit(request, there_ms)
        visit = Visit.of(self._desk, request, parts, now_ms, there_ms)
        return self._act(route, visit) if route.changes else route.answer(visit)

    def _act(self, route: Route, visit: Visit) -> SimResponse:
        take, on = self._troubles.take, route.changes
        if take("lose_request", on):
            raise Lost
        if take("refuse", on):
            raise Refused(_REFUSALS[on])
        told = route.answer(visit)
        if take("lose_reply", on):
            raise Lost
        if take("server_error", on):
            raise Barred(500, ("INTERNAL_SERVER_ERROR", 500))
        return gateway_timeout() if take("gateway_timeout", on) else told
