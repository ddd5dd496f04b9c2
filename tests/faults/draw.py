"""A plan for every seed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Final

from tests.adapters.one_route import bench_of
from tests.faults.draw_knots import knotted
from tests.faults.plan import CALM_MS, Ask, Fault, Intent, Kind, Plan

REST: Final = ("andx", "bitexbit", "btcturk", "cryptex")
FIRST_MS: Final = 3_000
"""When the first is asked for: the routes are up by then."""
LAST_MS: Final = 13_000
ORDERS: Final = (3, 3, 3, 3, 4, 4, 5, 6, 8)
"""How many there are: more scenarios find more than longer ones do, and some things need a crowd."""
TWINS: Final = 0.12
"""How often an order is the equal of the one before it."""

_SENDS: Final = ("new", "cancel", "")
_LATE_MS: Final = {
    "andx": 15_000,
    "apifiny": 6_000,
    "bitexbit": 6_000,
    "btcturk": 4_500,
    "cryptex": 6_000,
}
"""How late a request may come at most: where a fence says that none comes later, so late."""


def draw(seed: int, kinds: Sequence[str] = REST) -> Plan:
    """The plan of a seed. `kinds` of venue to choose from."""
    rng = Random(f"{seed} plan")  # noqa: S311  repeatable on purpose
    routes = tuple(
        sorted(rng.sample(list(kinds), k=1 if rng.random() < 0.8 else min(2, len(kinds))))
    )
    intents = _intents(rng, routes)
    faults = tuple(_fault(rng, routes) for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 6))))
    plan = Plan(seed=seed, routes=routes, intents=intents, faults=faults, calm_ms=CALM_MS)
    return knotted(plan)


def _intents(rng: Random, routes: Sequence[str]) -> tuple[Intent, ...]:
    found: list[Intent] = []
    at_ms, before = FIRST_MS, None
    for number in range(rng.choice(ORDERS)):
        at_ms = min(LAST_MS, at_ms + rng.choice((20, 200, 700, 1_500, 2_500)))
        if before is not None and rng.random() < TWINS:
            new = replace(before, at_ms=at_ms, order=number)
        else:
            new = _new(rng, rng.choice(routes), number, at_ms)
        found += [new, *_changes(rng, new)]
        before = new
    return tuple(sorted(found, key=lambda intent: intent.at_ms))


def _new(rng: Random, kind: str, number: int, at_ms: int) -> Intent:
    bench = bench_of(kind)
    side = rng.choice(("BUY", "SELL"))
    return Intent(
        at_ms=at_ms,
        ask=Ask.NEW,
        order=number,
        route=kind,
        symbol=bench.ORDER.symbol,
        exchange=bench.ORDER.security_exchange,
        side=side,
        qty=str(Decimal(rng.randint(5, 90)) / 1000),
        price=str(_price(rng, kind, side)),
    )


def _price(rng: Random, kind: str, side: str) -> Decimal:
    """Across the touch, near it, or far away."""
    bench = bench_of(kind)
    mid, sign = bench.NEAR - bench.TICK, 1 if side == "BUY" else -1
    where = rng.choice(("across", "near", "near", "away", "away"))
    if where == "across":
        return mid + sign * bench.TICK * rng.randint(1, 2)
    if where == "near":
        return mid - sign * bench.TICK * rng.randint(1, 5)
    return mid - sign * bench.TICK * rng.randint(100, 900)


def _changes(rng: Random, new: Intent) -> list[Intent]:
    found = []
    if rng.random() < 0.25:
        at_ms = new.at_ms + rng.choice((30, 400, 1_200, 3_000))
        found.append(
            Intent(
                at_ms=at_ms,
                ask=Ask.REPLACE,
                order=new.order,
                qty=str(Decimal(new.qty) + Decimal(rng.randint(-3, 20)) / 1000),
                price=str(_price(rng, new.route, new.side)),
            )
        )
    if rng.random() < 0.5:
        at_ms = new.at_ms + rng.choice((30, 150, 900, 2_500, 5_000))
        found.append(Intent(at_ms=at_ms, ask=Ask.CANCEL, order=new.order))
    return found


def _fault(rng: Random, routes: Sequence[str]) -> Fault:
    kind, make = rng.choice(_DRAWN)
    return make(rng, kind, rng.choice(routes))


def _request(rng: Random, kind: Kind, route: str) -> Fault:
    operation = rng.choice(_SENDS)
    most = {"new": 4, "cancel": 3, "": 30}[operation]
    return Fault(
        kind=kind,
        route=route,
        operation=operation,
        ordinal=rng.randint(1, most),
        ms=_ms(rng, kind, route),
    )


def _ms(rng: Random, kind: Kind, route: str) -> int:
    match kind:
        case Kind.LATE_REQUEST:
            return rng.randint(100, _LATE_MS[route])
        case Kind.SLOW_ANSWER:
            return rng.randint(300, 5_000)
        case Kind.OUTAGE:
            return rng.randint(500, 6_000)
        case Kind.KILL_ON_REQUEST:
            return rng.choice((100, 500, 2_000))
        case _:
            return 0


def _at_venue(rng: Random, kind: Kind, route: str) -> Fault:
    ms = rng.choice((0, 50, 300, 1_500, 4_000))
    if kind is Kind.HIDDEN_ORDERS:
        ms = rng.randint(100, 1_500)
    part = rng.choice((20, 50, 100, 100))
    return Fault(kind=kind, route=route, ordinal=rng.randint(1, 4), ms=ms, part=part)


def _commit(rng: Random, kind: Kind, _: str) -> Fault:
    return Fault(kind=kind, ordinal=rng.randint(1, 40), ms=rng.choice((100, 500, 2_000)))


def _timed(rng: Random, kind: Kind, _: str) -> Fault:
    at_ms = rng.randint(FIRST_MS, LAST_MS + 4_000)
    if kind is Kind.CLOCK_JUMP:
        ms = rng.choice((-3_600_000, -8_000, -1_000, 1_000, 8_000, 3_600_000))
        return Fault(kind=kind, at_ms=at_ms, ms=ms)
    return Fault(kind=kind, at_ms=at_ms, ms=rng.choice((100, 500, 3_000)))


_Make = Callable[[Random, Kind, str], Fault]
_DRAWN: Final[tuple[tuple[Kind, _Make], ...]] = (
    *((kind, _request) for kind in (Kind.LOSE_ANSWER, Kind.LOSE_REQUEST) for _ in range(3)),
    (Kind.SILENCE, _request),
    (Kind.SILENCE, _request),
    (Kind.LATE_REQUEST, _request),
    (Kind.LATE_REQUEST, _request),
    (Kind.SLOW_ANSWER, _request),
    (Kind.NO_CONNECTION, _request),
    (Kind.OUTAGE, _request),
    (Kind.THROTTLED, _request),
    (Kind.OVERLOAD, _request),
    (Kind.SERVER_ERROR, _request),
    (Kind.REDIRECT, _request),
    (Kind.GARBLED, _request),
    (Kind.PAGE, _request),
    (Kind.EMPTY, _request),
    (Kind.KILL_ON_REQUEST, _request),
    (Kind.KILL_ON_REQUEST, _request),
    (Kind.HIDDEN_ORDERS, _at_venue),
    (Kind.VENUE_CANCEL, _at_venue),
    (Kind.VENUE_FILL, _at_venue),
    (Kind.VENUE_FILL, _at_venue),
    (Kind.FILL_ON_CANCEL, _at_venue),
    (Kind.FILL_ON_CANCEL, _at_venue),
    (Kind.KILL_BEFORE_COMMIT, _commit),
    (Kind.KILL_BEFORE_COMMIT, _commit),
    (Kind.KILL_AFTER_COMMIT, _commit),
    (Kind.KILL_AFTER_COMMIT, _commit),
    (Kind.COMMIT_FAILS, _commit),
    (Kind.COMMIT_UNTOLD, _commit),
    (Kind.KILL, _timed),
    (Kind.CLOCK_JUMP, _timed),
)
