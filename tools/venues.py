"""Renders what each venue can do as docs/venues.md; `--check` proves that the page is fresh."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from oms.asks import QUERIES
from oms.core.market import TopicKind
from oms.venue_table import FACTS, LISTS, MOVES, limit_text, mark, table

PAGE = Path(__file__).parent.parent / "docs" / "venues.md"

_HEAD = """\
# The venues

Rendered by `python -m tools.venues` from the capabilities that the engine decides by; a test compares. `oms venues`
prints the same of the installed version. The defaults of each venue's settings are assumed: some settings add to what
is offered (each venue's `README.md` names them).
"""

_Cell = Callable[[dict[str, Any]], str]


def render() -> str:
    """The page."""
    rows = table()
    kinds = get_args(TopicKind)
    parts = [
        _HEAD,
        "## Trading\n",
        _grid(rows, list(FACTS.items())),
        "History:\n",
        "\n".join(f"- {row['venue']}: {row['history'] or 'not said'}" for row in rows) + "\n",
        "## Rate limits\n",
        "\n".join(_limit_lines(rows)) + "\n",
        "## Questions\n\nBy the names of the API's methods ([the API](api.md)).\n",
        _grid(rows, [(name, _has("lists", name)) for name in LISTS]
              + [(name, _has("queries", name)) for name in QUERIES]),
        "## Watches\n\n`in turns`: not streamed, asked for again and again while somebody listens.\n",
        _grid(rows, [(kind, _watched(kind)) for kind in kinds]),
        "## Moving money\n",
        _grid(rows, [(name, _has("moves", name)) for name in MOVES]),
    ]  # fmt: skip
    return "\n".join(parts)


def _grid(rows: Sequence[dict[str, Any]], lines: Sequence[tuple[str, _Cell]]) -> str:
    """Venues across, facts down."""
    told = ["| | " + " | ".join(row["venue"] for row in rows) + " |"]
    told.append("| --- " * (len(rows) + 1) + "|")
    told += [f"| {name} | {' | '.join(cell(row) for row in rows)} |" for name, cell in lines]
    return "\n".join(told) + "\n"


def _limit_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [f"- {row['venue']}, {limit_text(limit)}" for row in rows for limit in row["limits"]]


def _has(part: str, name: str) -> _Cell:
    return lambda row: mark(name in row[part])


def _watched(kind: str) -> _Cell:
    return lambda row: str(row["watches"][kind])


def main() -> int:
    """Write the page, or with --check say whether it is fresh (exit 1 if not)."""
    page = render()
    if "--check" in sys.argv[1:]:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page
        print(f"{PAGE.name}: {'fresh' if fresh else 'stale, run python -m tools.venues'}")
        return 0 if fresh else 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
