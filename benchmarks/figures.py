"""Figures: one measurement beside another, round by round, and how they are shown."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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


Side = Callable[[], Sequence[Sample]]
"""Measure once: a sample for each figure of the contest, in their order."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Two sides that do the same work, and the figures that come of it."""

    figures: tuple[Figure, ...]
    ours: Side
    theirs: Side


@dataclass(slots=True)
class Result:
    """A figure and its rounds. Ratios are those of a round: both sides met the same weather."""

    figure: Figure
    ours: list[Sample] = field(default_factory=list)
    theirs: list[Sample] = field(default_factory=list)
    conditions: list[Conditions] = field(default_factory=list)

    def ratios(self) -> list[float]:
        """Ours through theirs, one a round."""
        return [o.value / t.value for o, t in zip(self.ours, self.theirs, strict=True)]


def run(
    contests: Sequence[Contest],
    rounds: int,
    conditions: Callable[[], Conditions],
    tell: Callable[[str], None],
) -> list[Result]:
    """Measure every contest in every round; who goes first changes with the round."""
    results = {contest: [Result(figure) for figure in contest.figures] for contest in contests}
    for turn in range(rounds):
        for contest, found in results.items():
            tell(f"round {turn + 1} of {rounds}: {contest.figures[0].name}")
            weather = conditions()
            if turn % 2:
                theirs, ours = contest.theirs(), contest.ours()
            else:
                ours, theirs = contest.ours(), contest.theirs()
            for result, our, their in zip(found, ours, theirs, strict=True):
                result.ours.append(our)
                result.theirs.append(their)
                result.conditions.append(weather)
    return [result for found in results.values() for result in found]


def write_json(results: Sequence[Result], path: Path) -> None:
    """The ratios as a list of objects; low and high are those of the rounds."""
    rows = [
        {
            "figure": result.figure.name,
            "against": result.figure.against,
            "ratio": round(median(result.ratios()), 4),
            "low": round(min(result.ratios()), 4),
            "high": round(max(result.ratios()), 4),
            "must": result.figure.must,
            "aim": result.figure.aim,
        }
        for result in results
    ]
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


_HEADINGS: Final = (
    "figure", "unit", "ours", "theirs", "ratio", "low", "high", "CPU us", "theirs", "load",
    "sync ms",
)  # fmt: skip


def table(results: Sequence[Result]) -> str:
    """Medians over the rounds as lines of text; a line below says against what."""
    rows = [_HEADINGS, *(_row(result) for result in results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS))]
    lines = [_line(_HEADINGS, widths), "  ".join("-" * width for width in widths)]
    for result, row in zip(results, rows[1:], strict=True):
        lines += [_line(row, widths), f"    against {result.figure.against}"]
        lines += [f"    {text}" for text in _company(result)]
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    texts = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
    texts += [text.rjust(width) for text, width in zip(row[2:], widths[2:], strict=True)]
    return "  ".join(texts).rstrip()


def _row(result: Result) -> tuple[str, ...]:
    ratios = result.ratios()
    durable = result.figure.durable
    return (
        result.figure.name,
        result.figure.unit,
        _number(median(sample.value for sample in result.ours)),
        _number(median(sample.value for sample in result.theirs)),
        f"{median(ratios):.2f}",
        f"{min(ratios):.2f}",
        f"{max(ratios):.2f}",
        _number(median(sample.cpu_us for sample in result.ours)),
        _number(median(sample.cpu_us for sample in result.theirs)),
        f"{median(weather.load for weather in result.conditions):.1f}" if durable else "",
        f"{median(w.sync_s for w in result.conditions) * 1e3:.2f}" if durable else "",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _company(result: Result) -> Iterator[str]:
    """The cores that load and counterparty took: neither may be what limits a figure."""
    for side, samples in (("ours", result.ours), ("theirs", result.theirs)):
        names = samples[0].others
        if names:
            cores = (
                f"{name} {median(sample.others[name] for sample in samples):.2f}" for name in names
            )
            yield f"cores taken, {side}: {', '.join(cores)}"
