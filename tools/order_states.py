"""Renders the state table as spec/order-states.md; `--check` proves that the page is fresh."""

import sys
from pathlib import Path

from oms.core.transitions import CLEARS_PENDING, LIFE, PRECEDENCE, REACHED_BY, Event, Life

PAGE = Path(__file__).parent.parent / "spec" / "order-states.md"

_HEAD = """\
# Order states

Rendered from `oms/core/transitions.py` by `tools/order_states.py`; a test compares. An order is kept
as separate facts: its life, the requests that are unanswered, its executions. OrdStatus (39) is
the highest of them by FIX 4.2's precedence. Filled is arithmetic (CumQty = OrderQty), not a life.

## Lives and events

A row is an event, a column a life; the cell is the life after it. An empty cell is impossible: the
report goes to the quarantine with its raw text, the order stays as it was, and a human is told.
"""


def render() -> str:
    """The page."""
    lines = [_HEAD, "| event | " + " | ".join(life.name for life in Life) + " |"]
    lines.append("| --- " * (len(Life) + 1) + "|")
    for event in Event:
        cells = [LIFE[life].get(event) for life in Life]
        names = " | ".join(cell.name if cell else "" for cell in cells)
        lines.append(f"| {event.name} | {names} |")
    lines += ["", "## Told again", ""]
    lines.append("These events lead to one life only; told again in that life, they are no news:")
    lines += [f"- {event.name}: {life.name}" for event, life in REACHED_BY.items()]
    lines += ["", "## Requests", ""]
    answers = ", ".join(event.name for event in Event if event in CLEARS_PENDING)
    lines.append(f"Answered or overtaken by: {answers}; an OrderCancelReject answers its own.")
    lines += ["", "## Precedence of OrdStatus, lowest first", ""]
    lines += [
        f"{rank}. {status.name} ({status.value})" for rank, status in enumerate(PRECEDENCE, 1)
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or with --check say whether it is fresh (exit 1 if not)."""
    page = render()
    if "--check" in sys.argv[1:]:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page
        print(f"{PAGE.name}: {'fresh' if fresh else 'stale, run python -m tools.order_states'}")
        return 0 if fresh else 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
