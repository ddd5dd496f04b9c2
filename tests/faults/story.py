"""The shortest story of a failing plan, and how it is told to a person.

`shrink` takes parts out of a plan for as long as what is left still fails, then makes what is left
plainer. A plan is any frozen dataclass with tuples of frozen dataclasses in it; the same plan runs
the same way, so that one run an attempt is enough.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar

P = TypeVar("P")

TRIES_MAX: Final = 2_000
"""Runs that one story may cost."""

_WIDTH: Final = 8  # of the column that says who


class Moment(NamedTuple):
    """One line of a story: seconds since it began, who (`desk`, `engine`, `journal`, `venue`,
    `ledger`, `fault`), and what they did."""

    at_s: float
    who: str
    what: str


class _Search:
    def __init__(self, fails: Callable[[Any], bool], tries: int) -> None:
        self._fails, self._left = fails, tries
        self._known: dict[Any, bool] = {}

    @property
    def tired(self) -> bool:
        return self._left <= 0

    def fails(self, plan: Any) -> bool:
        key = repr(plan)
        if key not in self._known:
            if self.tired:
                return False
            self._left -= 1
            self._known[key] = self._fails(plan)
        return self._known[key]


def shrink(
    plan: P,
    fails: Callable[[P], bool],
    parts: Sequence[str] = ("faults", "intents"),
    *,
    plain: Sequence[str] = ("faults",),
    tries: int = TRIES_MAX,
) -> P:
    """The plainest plan that was found to fail still.

    `parts` are the plan's tuples, in the order in which they are thinned out, `plain` those whose
    items are made plainer. `fails` runs a plan and says whether it failed the same way; it is asked at most `tries` times, and never twice about the same plan. Raises ValueError for a
    plan that does not fail.
    """
    search = _Search(fails, tries)
    if not search.fails(plan):
        raise ValueError("it does not fail: there is no story to tell")
    before: P | None = None
    while before != plan and not search.tired:
        before = plan
        for part in parts:
            plan = _thin_out(plan, part, search)
        for part in plain:
            plan = _plainer(plan, part, search)
    return plan


def _with(plan: P, part: str, items: Sequence[Any]) -> P:
    return dataclasses.replace(plan, **{part: tuple(items)})  # type: ignore[type-var]  # a plan is a dataclass


def _thin_out(plan: P, part: str, search: _Search) -> P:
    """Delta debugging: without halves, quarters and so on, down to single items."""
    items = list(getattr(plan, part))
    size = len(items)
    while size:
        start = 0
        while start < len(items):
            rest = items[:start] + items[start + size :]
            if search.fails(_with(plan, part, rest)):
                items = rest
            else:
                start += size
        size = size // 2 if size > 1 else 0
    return _with(plan, part, items)


def _plainer(plan: P, part: str, search: _Search) -> P:
    """Each item with the plainest fields that still fail."""
    for index in range(len(getattr(plan, part))):
        moved = True
        while moved:
            moved = False
            items = list(getattr(plan, part))
            for plain in plainer(items[index]):
                candidate = _with(plan, part, [*items[:index], plain, *items[index + 1 :]])
                if search.fails(candidate):
                    plan, moved = candidate, True
                    break
    return plan


def plainer(item: Any) -> Iterator[Any]:
    """The item with one field nearer to its default, to nothing, or to a round number.

    Each is plainer than the item by the same measure, so that taking them on and on ends.
    """
    for field in dataclasses.fields(item):
        value = getattr(item, field.name)
        for candidate in _values(value, field.default):
            yield dataclasses.replace(item, **{field.name: candidate})


def _values(value: Any, default: Any) -> Iterable[Any]:
    known = default is not dataclasses.MISSING
    if known and value == default:
        return ()
    found: list[Any] = [default] if known else []
    if isinstance(value, bool | str):
        return found
    if isinstance(value, int) and value > 0:
        return [*found, 0, value // 2, value - 1]
    if isinstance(value, float | Decimal) and value > 0:
        rounder = dict.fromkeys((0, int(value) // 2, int(value)))
        return [*found, *(type(value)(one) for one in rounder if one < value)]
    if isinstance(value, tuple) and value:
        return [*found, (), value[: len(value) // 2], value[:-1]]
    return found


def timeline(moments: Iterable[tuple[float, str, str]], *, title: str = "") -> str:
    """A story as text, a line a moment; what happens at one instant shows its time once."""
    lines = [title] if title else []
    shown: str | None = None
    for at_s, who, what in moments:
        time = f"{at_s:10.3f} s"
        first, *more = what.splitlines() or [""]
        lines.append(f"{time if time != shown else '':12}  {who:<{_WIDTH}}  {first}".rstrip())
        lines += [f"{'':12}  {'':{_WIDTH}}  {line}".rstrip() for line in more]
        shown = time
    return "\n".join(lines)
