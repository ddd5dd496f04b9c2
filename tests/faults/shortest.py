"""The shortest story of a failing seed: what of its plan is needed for it to fail the same way."""

import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Final

from tests.faults.plan import Plan
from tests.faults.story import Moment, shrink
from tests.faults.world import run

TRIES: Final = 200
"""Runs that a story may cost; each takes a fraction of a second."""

Removal = Callable[[], AbstractContextManager[Any]]


def shortest(plan: Plan, *, without: Removal | None = None, tries: int = TRIES) -> Plan:
    """The plainest plan that was found to fail the same way. Raises ValueError if it does not fail.

    `without` makes a context in which the engine lacks a guard.
    """
    wanted = _way(plan, without)
    if not wanted:
        raise ValueError("it does not fail: there is no story to tell")

    def fails(candidate: Plan) -> bool:
        try:
            return _way(candidate, without) == wanted
        except Exception:  # noqa: BLE001  a plan that makes no sense any more is not shorter
            return False

    return shrink(plan, fails, ("faults", "moves", "intents", "routes"), tries=tries)


def _way(plan: Plan, without: Removal | None) -> str:
    """How it fails, whichever orders and quantities it is about; "" if it does not."""
    failures = run(plan, without=without() if without else None).failures
    return re.sub(r"\(.*?\)|\d+", "#", failures[0]) if failures else ""


# The telling

_LINE: Final = re.compile(r"\s*([0-9.]+)\s+(.*)", re.DOTALL)
_SHAPES: Final = (
    ("journal", re.compile(r"record (\d+ \S*): (.*)", re.DOTALL), r"\1 \2"),
    ("engine", re.compile(r"(\w+) <- (.*)", re.DOTALL), r"to \1: \2"),
    ("venue", re.compile(r"(\w+) -> (.*)", re.DOTALL), r"\1 says \2"),
    ("fault", re.compile(r"fault: (.*)"), r"\1"),
)
_PLAIN: Final = (
    (re.compile(r"<\w+\.(\w+): '[^']*'>"), r"\1"),
    (re.compile(r"Decimal\('([^']*)'\)"), r"\1"),
    (re.compile(r", \w+=(?:None|''|False|\(\))"), ""),
    (re.compile(r"\(\w+=(?:None|''|False|\(\)), "), "("),
)
_CHANGES: Final = re.compile(
    r"[0-9]{9,}(?:\.[0-9]+)?|nonce=[0-9]+|[0-9-]{10}T[0-9:.+]+|[0-9:-]{8,}"
)
"""What is another one every time: numbers of requests, times."""

_WIDTH: Final = 200


def readable(lines: Iterable[str]) -> list[Moment]:
    """What a run has told, for people: who did it, without empty fields, and without the looks
    that showed what looks had shown before."""
    moments: list[Moment] = []
    seen: set[tuple[str, str]] = set()
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        who, what = _who(found[2])
        look = who == "venue" or (who == "engine" and ": query " in what)
        shape = (who, _CHANGES.sub("#", what))
        if look and shape in seen:
            continue
        seen.add(shape)
        cut = what if len(what) <= _WIDTH else f"{what[:_WIDTH]}..."
        moments.append(Moment(float(found[1]), who, cut))
    return moments


def _who(text: str) -> tuple[str, str]:
    for who, shape, told in _SHAPES:
        if (found := shape.fullmatch(text)) is not None:
            what = found.expand(told)
            for pattern, plain in _PLAIN:
                what = pattern.sub(plain, what)
            return who, what
    return "world", text
