"""What a person sees while the demo runs: a live table, or plain lines where there is no terminal."""

from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from oms.demo.ledger import Row
from oms.demo.outcome import Outcome, count_by_venue

_ORDERS_SHOWN: Final = 12
_LINES_BESIDE: Final = 19
"""Lines of the live picture that are not orders."""
_WIDTH_WITH_PRICES: Final = 100
_EVENTS_SHOWN: Final = 6
_COUNTS: Final = ("orders", "working", "filled", "canceled", "rejected", "in_doubt")
_STYLES: Final = {"FILLED": "green", "REJECTED": "red", "CANCELED": "dim"}


class Screen:
    """Progress, orders and executions as they happen, and the summary."""

    def __init__(self, console: Console, routes: Sequence[str], planned: int) -> None:
        """`planned`: how many orders there will be."""
        self._console = console
        self._routes = routes
        self._planned = planned
        self._seen: dict[str, tuple[str, str]] = {}
        self._events: deque[str] = deque(maxlen=_EVENTS_SHOWN)
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Begin the live table, where there is a terminal."""
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it; the terminal is as before."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """One line of progress."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, rows: Sequence[Row], elapsed_s: float) -> None:
        """The books as they are now."""
        changed = self._changes(rows)
        self._events.extend(changed)
        if self._live is not None:
            self._live.update(self._picture(rows, elapsed_s), refresh=True)
            return
        counts = count_by_venue(self._routes, rows)
        shown = "  ".join(f"{route} {_in_words(counts[route])}" for route in self._routes)
        self.say(f"{elapsed_s:5.1f} s  {len(rows)}/{self._planned}  {shown}")
        for event in changed[-_EVENTS_SHOWN:]:
            self.say(f"         {event}")

    def summarise(self, outcome: Outcome, directory: str) -> None:
        """The end of the story."""
        self._console.print(_venues(outcome.by_venue))
        self.say(
            f"{outcome.orders} orders, {outcome.fills} fills, {outcome.requests} requests in "
            f"{outcome.elapsed_s:.1f} s"
        )
        for compared in outcome.compared:
            self.say(compared.line(sum(m.venue == compared.venue for m in outcome.mismatches)))
        found = len(outcome.mismatches) or "none"
        self.say(f"mismatches between the books and the venues' ledgers: {found}")
        for origin, seen in outcome.told.items():
            verdict = "each once and in order" if not seen["faults"] else "WRONG"
            self.say(f"{origin} was told {seen['reports']} reports, {verdict}")
        self.say(f"secrets found in files: {', '.join(outcome.secrets_found) or 'none'}")
        self.say(f"store, logs and configuration: {directory}")
        self.say(f"look around: oms orders -c {directory}/oms.toml, oms order ID -c the same")
        for problem in outcome.problems:
            self.say(f"NOT AS IT SHOULD BE: {problem}")

    def _changes(self, rows: Sequence[Row]) -> list[str]:
        changed = []
        for row in rows:
            state = (row["ord_status"], row["cum_qty"])
            if self._seen.get(row["order_id"]) != state:
                self._seen[row["order_id"]] = state
                changed.append(
                    f"{row['venue']} {row['cl_ord_id']} {row['side']} {row['symbol']} "
                    f"{row['ord_status']} {row['cum_qty']}/{row['order_qty']} {row['text']}".rstrip()
                )
        return changed

    def _picture(self, rows: Sequence[Row], elapsed_s: float) -> Group:
        orders = Table(
            title=f"{len(rows)} of {self._planned} orders, {elapsed_s:.1f} s",
            box=SIMPLE_HEAD,
            pad_edge=False,
        )
        wide = self._console.width >= _WIDTH_WITH_PRICES
        names = ("order", "venue", "symbol", "side", *(("price",) if wide else ()), "status")
        for name in (*names, "cum/leaves"):
            orders.add_column(name, no_wrap=True)
        shown = max(1, min(_ORDERS_SHOWN, self._console.height - _LINES_BESIDE))
        for row in sorted(rows, key=lambda row: str(row["updated"]))[-shown:]:
            orders.add_row(*_cells(row, names))
        events = Text("\n".join(self._events), no_wrap=True, overflow="ellipsis", style="dim")
        return Group(_venues(count_by_venue(self._routes, rows)), orders, events)


def _cells(row: Row, names: Sequence[str]) -> list[str | Text]:
    status = "IN DOUBT" if row["in_doubt"] else row["ord_status"]
    cells = {
        "order": row["cl_ord_id"],
        "venue": row["venue"],
        "symbol": row["symbol"],
        "side": row["side"],
        "price": row["price"] or "market",
        "status": Text(status, style=_STYLES.get(status, "yellow")),
    }
    return [*(cells[name] for name in names), f"{row['cum_qty']}/{row['leaves_qty']}"]


def _venues(by_venue: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table()
    table.add_column("venue")
    for name in _COUNTS:
        table.add_column(name.replace("_", " "), justify="right")
    for route, counts in by_venue.items():
        table.add_row(route, *(str(counts[name]) for name in _COUNTS))
    return table


def _in_words(counts: Mapping[str, int]) -> str:
    return " ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in _COUNTS[1:])
