"""Figures: one measurement beside another, round by round, and how they are shown."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.machine import Conditions


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: the value in its figure's unit, and what it cost."""

    value: float
    cpu_us: float
    """CPU of what is measured, in microseconds for each event or order."""
    others: Mapping[str, float] = field(default_factory=dict)
    """What else was busy: by its name, the cores it took."""
    note: str = ""
    """What else there is to say, such as a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What is measured, against what. `must` and `aim` are ratios; None: no target."""

    name: str
    against: str
    unit: str
    durable: bool = False
    """Whether it waits for the disk."""
    must: float | None = None
    aim: float | None = None

    @property
    def rate(self) -> bool:
        """Whether more is better: at least `must`; otherwise at most."""
        return self.unit.endswith("/s")

    def reaches(self, ratio: float, target: float | None) -> bool | None:
        """Whether a ratio is as good as the target; None without one."""
        if target is None:
            return None
        return ratio >= target if self.rate else ratio <= target


Side = Callable[[], Sequence[Sample]]
"""Measure once: a sample for each figure of the contest, in their order."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Two sides that do the same work, and the figures that come of it."""

    figures: tuple[Figure, ...]
    ours: Side
    theirs: Side
    rounds_max: int | None = None
    """So many rounds at most, for what takes minutes."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Figures that can not be measured here, and why."""

    figures: tuple[Figure, ...]
    why: str


@dataclass(slots=True)
class Result:
    """A figure and its rounds. Ratios are those of a round: both sides met the same weather."""

    figure: Figure
    ours: list[Sample] = field(default_factory=list)
    theirs: list[Sample] = field(default_factory=list)
    conditions: list[Conditions] = field(default_factory=list)
    why_not: str = ""
    """Why there are no rounds."""

    @property
    def ratio(self) -> float | None:
        """The median of the rounds; None where nothing was measured."""
        return median(self.ratios()) if self.ours else None

    @property
    def verdict(self) -> str:
        """Whether must and aim are reached."""
        ratio, figure = self.ratio, self.figure
        if ratio is None:
            return "not measured"
        if figure.must is None:
            return ""
        if not figure.reaches(ratio, figure.must):
            return "MUST NOT MET"
        return "aim met" if figure.reaches(ratio, figure.aim) else "must met"

    def ratios(self) -> list[float]:
        """Ours through theirs, one a round."""
        return [o.value / t.value for o, t in zip(self.ours, self.theirs, strict=True)]


def run(
    contests: Sequence[Contest | Missing],
    rounds: int,
    conditions: Callable[[], Conditions],
    tell: Callable[[str], None],
) -> list[Result]:
    """Measure every contest in every round; who goes first changes with the round."""
    results = {contest: [Result(figure) for figure in contest.figures] for contest in contests}
    for turn in range(rounds):
        for contest, found in results.items():
            if isinstance(contest, Missing):
                for result in found:
                    result.why_not = contest.why
            elif contest.rounds_max is None or turn < contest.rounds_max:
                tell(f"round {turn + 1} of {rounds}: {contest.figures[0].name}")
                _round(contest, found, turn, conditions())
    return [result for found in results.values() for result in found]


def _round(contest: Contest, found: list[Result], turn: int, weather: Conditions) -> None:
    if turn % 2:
        theirs, ours = contest.theirs(), contest.ours()
    else:
        ours, theirs = contest.ours(), contest.theirs()
    for result, our, their in zip(found, ours, theirs, strict=True):
        result.ours.append(our)
        result.theirs.append(their)
        result.conditions.append(weather)


def write_json(results: Sequence[Result], path: Path) -> None:
    """The ratios as a list of objects; low and high are those of the rounds, null where nothing
    was measured, and `note` says why not."""
    rows = [_document(result) for result in results]
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _document(result: Result) -> dict[str, object]:
    figure, ratios = result.figure, result.ratios()
    numbers = {"ratio": result.ratio, "low": min(ratios, default=None)}
    numbers |= {"high": max(ratios, default=None), "must": figure.must, "aim": figure.aim}
    rounded = {n: value if value is None else round(value, 4) for n, value in numbers.items()}
    return {
        "figure": figure.name,
        "against": figure.against,
        **rounded,
        "better": "more" if figure.rate else "less",
        "verdict": result.verdict,
        "unit": figure.unit,
        "ours": [round(sample.value, 4) for sample in result.ours],
        "theirs": [round(sample.value, 4) for sample in result.theirs],
        "cpu_us": [round(sample.cpu_us, 1) for sample in result.ours],
        "cpu_us_theirs": [round(sample.cpu_us, 1) for sample in result.theirs],
        "load": [round(weather.load, 2) for weather in result.conditions],
        "sync_ms": [round(weather.sync_s * 1e3, 3) for weather in result.conditions],
        "note": result.why_not,
    }


_HEADINGS: Final = (
    "figure", "unit", "ours", "theirs", "ratio", "low", "high", "must", "aim", "CPU us", "theirs",
    "load", "sync ms", "verdict",
)  # fmt: skip


def table(results: Sequence[Result]) -> str:
    """Medians over the rounds as lines of text; a line below says against what."""
    rows = [_HEADINGS, *(_row(result) for result in results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS))]
    lines = [_line(_HEADINGS, widths), "  ".join("-" * width for width in widths)]
    for result, row in zip(results, rows[1:], strict=True):
        lines += [_line(row, widths), f"    against {result.figure.against}"]
        lines += [f"    {text}" for text in _company(result)]
    return "\n".join([*lines, "", *_summary(results)])


def _summary(results: Sequence[Result]) -> Iterator[str]:
    """What is not reached, and what is not known."""
    wanted = [result for result in results if result.figure.must is not None]
    failed = [result for result in wanted if result.verdict == "MUST NOT MET"]
    unknown = [result for result in wanted if result.ratio is None]
    met = len(wanted) - len(failed) - len(unknown)
    yield f"{met} of {len(wanted)} musts met"
    for result in failed:
        figure = result.figure
        sense = "at least" if figure.rate else "at most"
        yield (
            f"NOT MET: {figure.name}, against {figure.against}: {result.ratio:.2f}, "
            f"must be {sense} {figure.must}"
        )
    for result in unknown:
        yield f"not measured: {result.figure.name}, against {result.figure.against}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    texts = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
    texts += [text.rjust(width) for text, width in zip(row[2:-1], widths[2:-1], strict=True)]
    return "  ".join([*texts, row[-1]]).rstrip()


def _row(result: Result) -> tuple[str, ...]:
    figure, ratios = result.figure, result.ratios()
    ours, theirs, durable = result.ours, result.theirs, figure.durable
    weather = result.conditions if durable else []
    return (
        figure.name,
        figure.unit,
        _median(sample.value for sample in ours),
        _median(sample.value for sample in theirs),
        f"{median(ratios):.2f}" if ratios else "",
        f"{min(ratios):.2f}" if ratios else "",
        f"{max(ratios):.2f}" if ratios else "",
        _target(figure, figure.must),
        _target(figure, figure.aim),
        _median(sample.cpu_us for sample in ours),
        _median(sample.cpu_us for sample in theirs),
        f"{median(now.load for now in weather):.1f}" if weather else "",
        f"{median(now.sync_s for now in weather) * 1e3:.2f}" if weather else "",
        result.verdict,
    )


def _target(figure: Figure, target: float | None) -> str:
    return "" if target is None else f"{'>=' if figure.rate else '<='} {target:g}"


def _median(values: Iterable[float]) -> str:
    """Of numbers that are above 0; nothing where there are none."""
    known = [value for value in values if value > 0]
    return _number(median(known)) if known else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _company(result: Result) -> Iterator[str]:
    """The cores that load and counterparty took: neither may be what limits a figure; and notes."""
    if result.why_not:
        yield f"not measured: {result.why_not}"
        return
    for side, samples in (("ours", result.ours), ("theirs", result.theirs)):
        names = samples[0].others
        if names:
            cores = (
                f"{name} {median(sample.others[name] for sample in samples):.2f}" for name in names
            )
            yield f"cores taken, {side}: {', '.join(cores)}"
        if samples[0].note:
            yield f"{side}: {samples[0].note}"
