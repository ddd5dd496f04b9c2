"""Small plots as SVG: panels below one another that share their time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 760
PANEL: Final = 120
_LEFT: Final = 70
_RIGHT: Final = 20
_TOP: Final = 26
_BETWEEN: Final = 34
_FOOT: Final = 40


@dataclass(frozen=True, slots=True)
class Series:
    """One panel: its name, and a value for each moment."""

    name: str
    values: Sequence[float]


def plot(at: Sequence[float], panels: Sequence[Series], marks: Sequence[float], foot: str) -> str:
    """The document. `at` are the moments, in growing order; a dashed line stands at each mark."""
    height = _TOP + len(panels) * (PANEL + _BETWEEN) + _FOOT - _BETWEEN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    last = max(at, default=0.0) or 1.0
    for number, panel in enumerate(panels):
        parts += _panel(at, panel, marks, last, _TOP + number * (PANEL + _BETWEEN))
    parts.append(f'<text x="{_LEFT}" y="{height - 8}">0</text>')
    end = WIDTH - _RIGHT
    parts.append(f'<text x="{end}" y="{height - 8}" text-anchor="end">{last:.0f} {foot}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(
    at: Sequence[float], panel: Series, marks: Sequence[float], last: float, top: int
) -> Iterator[str]:
    # From 0, so that what is nearly flat looks nearly flat.
    most = max(panel.values, default=0.0) or 1.0
    bottom, end = top + PANEL, WIDTH - _RIGHT

    def x(moment: float) -> float:
        return _LEFT + (end - _LEFT) * moment / last

    yield f'<text x="{_LEFT}" y="{top - 8}" font-weight="bold">{panel.name}</text>'
    yield f'<text x="{_LEFT - 6}" y="{top + 4}" text-anchor="end">{most:,.4g}</text>'
    yield f'<text x="{_LEFT - 6}" y="{bottom}" text-anchor="end">0</text>'
    yield f'<path d="M{_LEFT} {top}V{bottom}H{end}" fill="none" stroke="#999"/>'
    for mark in marks:
        line = f'd="M{x(mark):.1f} {top}V{bottom}" stroke="#bbb" stroke-dasharray="3 3"'
        yield f'<path {line} fill="none"/>'
    points = " ".join(
        f"{x(moment):.1f},{bottom - PANEL * value / most:.1f}"
        for moment, value in zip(at, panel.values, strict=True)
    )
    yield f'<polyline points="{points}" fill="none" stroke="#1f6fb2" stroke-width="1.5"/>'
