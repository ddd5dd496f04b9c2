"""What hurts only together: a few plans have two or three things that happen at once.

A knot is tied of the same data as the rest of a plan, intents and faults, so that every thread of
it can be taken out by itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import Final

from tests.faults.plan import Ask, Fault, Intent, Kind, Plan

KNOTS: Final = 0.3
"""How often there is one."""
_KEPT: Final = 1
"""So many of its other faults a plan with a knot keeps."""
_HIDE_MS: Final = {"andx": 8_000, "bitexbit": 1_500, "btcturk": 8_000, "cryptex": 8_000}
"""How late a list may be: within the venue's fence."""
_NUMBERED: Final = ("bitexbit", "cryptex")
"""Who takes a number with every request, and each number once."""
_LOSSES: Final = (Kind.LOSE_ANSWER, Kind.SILENCE, Kind.LOSE_REQUEST)


def knotted(plan: Plan) -> Plan:
    """The plan, or the plan with a knot in it."""
    rng = Random(f"{plan.seed} knots")  # noqa: S311  repeatable on purpose
    if rng.random() >= KNOTS:
        return plan
    told = rng.choice(_DRAWN)(rng, replace(plan, faults=plan.faults[:_KEPT]))
    return replace(told, intents=tuple(sorted(told.intents, key=lambda intent: intent.at_ms)))


def _with(plan: Plan, *faults: Fault) -> Plan:
    return replace(plan, faults=(*plan.faults, *faults))


def _news(plan: Plan, route: str) -> list[Intent]:
    return [i for i in plan.intents if i.ask is Ask.NEW and i.route == route]


def _busiest(plan: Plan) -> str:
    return max(plan.routes, key=lambda route: len(_news(plan, route)))


def _moved(plan: Plan, at_ms: dict[int, int]) -> Plan:
    """By order, when it is asked for; what changes it moves with it."""
    news = {i.order: i.at_ms for i in plan.intents if i.ask is Ask.NEW}

    def moved(intent: Intent) -> Intent:
        since_ms = intent.at_ms - news[intent.order]
        return replace(intent, at_ms=at_ms.get(intent.order, news[intent.order]) + since_ms)

    return replace(plan, intents=tuple(moved(intent) for intent in plan.intents))


def _at_once(rng: Random, plan: Plan, orders: Iterable[Intent]) -> tuple[Plan, int]:
    """These come within a few milliseconds; and when the first does."""
    found = list(orders)
    first_ms = found[0].at_ms
    times = {intent.order: first_ms + n * rng.choice((0, 5, 20)) for n, intent in enumerate(found)}
    return _moved(plan, times), first_ms


def _set_back(rng: Random, plan: Plan) -> Plan:
    at_ms = rng.randint(plan.intents[0].at_ms, plan.intents[-1].at_ms + 500)
    part = rng.choice((1, 5, 9))  # a venue's clock and ours may be ten minutes apart (lost.py)
    return _with(plan, Fault(kind=Kind.KILL_SET_BACK, at_ms=at_ms, ms=100, part=part))


def _again(rng: Random, plan: Plan) -> Plan:
    """Somebody repeats an order, with a restart in between or without."""
    new = rng.choice([i for i in plan.intents if i.ask is Ask.NEW])
    died_ms = new.at_ms + rng.choice((30, 300, 2_000))
    marked = rng.choice(("marked", ""))
    at_ms = died_ms + rng.choice((700, 2_000))
    again = Fault(kind=Kind.ASK_AGAIN, operation=marked, ordinal=new.order + 1, at_ms=at_ms)
    if rng.random() < 0.5:
        return _with(plan, again)
    return _with(plan, Fault(kind=Kind.KILL, at_ms=died_ms, ms=500), again)


def _killed(rng: Random, plan: Plan) -> Plan:
    """The kill switch, while several new orders wait for their turn."""
    route = _busiest(plan)
    plan, first_ms = _at_once(rng, plan, _news(plan, route))
    where = rng.choice((route, ""))
    at_ms = first_ms + rng.choice((10, 40, 90, 200))
    ms = rng.choice((300, 2_000, 6_000))
    return _with(plan, Fault(kind=Kind.KILL_SWITCH, route=where, at_ms=at_ms, ms=ms))


def _throttled(rng: Random, plan: Plan) -> Plan:
    """The venue is too busy for a while, and orders come meanwhile."""
    route = _busiest(plan)
    plan, _ = _at_once(rng, plan, _news(plan, route))
    ms = rng.choice((1_000, 6_000, 9_000))
    return _with(plan, Fault(kind=Kind.THROTTLED, route=route, operation="new", ordinal=1, ms=ms))


def _twins(rng: Random, plan: Plan) -> Plan:
    """Two equal orders, one of them lost or both."""
    route = _busiest(plan)
    news = _news(plan, route)
    if len(news) < 2:
        return plan
    which = rng.randrange(min(2, len(news) - 1))
    one, other = news[which], news[which + 1]
    twin = replace(one, order=other.order, at_ms=one.at_ms + rng.choice((0, 20, 300, 2_000)))
    intents = tuple(twin if intent is other else intent for intent in plan.intents)
    numbers = rng.choice(((1,), (2,), (1, 2)))
    kind = rng.choice(_LOSSES)
    lost = [
        Fault(kind=kind, route=route, operation="new", ordinal=which + number) for number in numbers
    ]
    if rng.random() < 0.3:
        lost.append(Fault(kind=Kind.KILL, at_ms=twin.at_ms + rng.choice((500, 3_000)), ms=500))
    return _with(replace(plan, intents=intents), *lost)


def _hidden(rng: Random, plan: Plan) -> Plan:
    """An answer is lost, and the lists are late."""
    route = _busiest(plan)
    number = rng.randint(1, 2)
    ms = rng.randint(min(1_000, _HIDE_MS.get(route, 0)), _HIDE_MS.get(route, 1_000))
    kind = rng.choice(_LOSSES[:2])
    return _with(
        plan,
        Fault(kind=Kind.HIDDEN_ORDERS, route=route, ordinal=number, ms=ms),
        Fault(kind=kind, route=route, operation="new", ordinal=number + 1),
    )


def _strange(rng: Random, plan: Plan) -> Plan:
    """Somebody else's equal order, before ours or after, and ours is lost."""
    route = next((one for one in plan.routes if one in _NUMBERED), plan.routes[0])
    number = rng.randint(1, 2)
    lost = Fault(kind=rng.choice(_LOSSES), route=route, operation="new", ordinal=number)
    if rng.random() < 0.6:
        there = Fault(kind=Kind.STRANGER_BEFORE, route=route, ordinal=number)
    else:
        lost = replace(lost, kind=rng.choice(_LOSSES[:2]))
        ms = rng.choice((0, 50, 1_000, 4_000))
        there = Fault(kind=Kind.STRANGER, route=route, ordinal=number, ms=ms)
    return _with(plan, there, lost)


def _slow(rng: Random, plan: Plan) -> Plan:
    """The disk is slow, and fills are told twice."""
    slow = Fault(kind=Kind.SLOW_COMMITS, at_ms=2_000, ms=rng.choice((20, 200, 500)))
    fills = [
        Fault(kind=Kind.VENUE_FILL, route=route, ordinal=n, ms=rng.choice((50, 1_500)), part=50)
        for route in plan.routes
        for n in (1, 2)
    ]
    twice = [
        Fault(kind=Kind.STREAM_DUPLICATE, route=route, ordinal=rng.randint(1, 12))
        for route in plan.routes
        if route in ("bitexbit", "btcturk")
        for _ in range(3)
    ]
    if "apifiny" in plan.routes:
        twice.append(Fault(kind=Kind.TOLD_TWICE, route="apifiny", part=rng.randint(1, 5)))
    return _with(plan, slow, *fills, *twice)


def _taken_over(rng: Random, plan: Plan) -> Plan:
    at_ms = rng.randint(plan.intents[0].at_ms, plan.intents[-1].at_ms + 500)
    return _with(plan, Fault(kind=Kind.TAKEN_OVER, at_ms=at_ms))


def _repeated(rng: Random, plan: Plan) -> Plan:
    """A request arrives twice, where its number says so."""
    route = next((one for one in plan.routes if one in _NUMBERED), "")
    if not route:
        return plan
    operation, ordinal = rng.choice(("new", "cancel", "")), rng.randint(1, 3)
    return _with(
        plan, Fault(kind=Kind.ARRIVES_TWICE, route=route, operation=operation, ordinal=ordinal)
    )


_DRAWN: Final[tuple[Callable[[Random, Plan], Plan], ...]] = (
    _set_back,
    _again,
    _killed,
    _throttled,
    _twins,
    _twins,
    _hidden,
    _strange,
    _strange,
    _slow,
    _taken_over,
    _repeated,
)
