"""`python -m tests.store.million`: a journal of a million records, made by the engine's own path, and what
it takes to verify it, to rebuild its tables, to see its past, and to look at its present.

Every record was decided, applied and committed, in groups, as the writer does it under load. Each look is
a process of its own, `oms ...` as a person runs it; its peak memory is what the system says of it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

from oms.clock import SystemClock
from oms.core.book import Changes
from oms.core.fields import ExecType
from oms.core.notes import Delivered, Doubt, DoubtSettled, Request, ReserveNonces
from oms.core.order import Order
from oms.core.ports import Evidence, Message
from oms.store.queries import Reader
from tests.store.money_day import move_money
from tests.store.trading_day import DESK, FIX, REST, Firm

RECORDS: Final = 1_000_000
GROUP: Final = 100
WAVE: Final = 50
"""Orders that live side by side."""
SEED: Final = 7

VERBS: Final = (
    ("replay", "--verify"),
    ("replay", "--rebuild"),
    ("replay", "--at", "2025-03-01T09:30:02Z", "--json"),
    ("status", "--json"),
    ("orders", "--open"),
    ("order", "1000"),
    ("positions",),
)

_RAW: Final = (
    "8=FIX.4.2|9=190|35=8|34=17|49={}|52=20260105-09:30:00.000|56=STA-00000001|11=0000000112345678|"
    "17=X-{}|32=0.5000|37=V000000000012|38=1.0000|39=1|44=40000.10|54=1|55=BTCUSDT|"
    "60=20260105-09:30:00.000|150=1|10=000|"
)

_CONFIG: Final = """
[store]
url = "sqlite:///{path}"
[api]
token = "token-of-the-tests-token-of-the-tests"
[venues.andx]
username = "u"
passphrase = "p"
api_key = "k"
api_secret = "s"
"""


class Crowd(Firm):
    """A firm that commits in groups, and whose messages are as long as real ones."""

    def __init__(self, path: Path, group: int = GROUP) -> None:
        """`group`: records in one commit."""
        self._waiting = Changes()
        self._group = group
        self._random = Random(SEED)  # noqa: S311  a day, not a secret
        super().__init__(path)

    @property
    def records(self) -> int:
        """How many records there are."""
        return self.book.seq

    def post(self, source: str, message: Message, evidence: Evidence, seq: int = 0) -> Changes:
        """Decide and apply; commit when enough waits."""
        changes = self._waiting
        for record in self.decided(source, message, evidence, seq):
            self.book.apply(replace(record, raw=_RAW.format(source, self.book.seq)), changes)
        if len(changes.records) >= self._group:
            self.commit()
        return changes

    def commit(self) -> None:
        """Commit what waits."""
        changes, self._waiting = self._waiting, Changes()
        self.store.commit(changes)

    def enter(self, route: str = REST, qty: str = "1.0000", **terms: Any) -> Order:
        """A new order that is not refused."""
        super().enter(route, qty, **terms)
        return self.order(f"{self.book.last_order_number:010d}")

    def wave(self) -> None:
        """Orders that are acknowledged, filled in two parts, cancelled, or in doubt in between."""
        orders = [self.enter(FIX if number % 2 else REST) for number in range(WAVE)]
        for order in orders:
            self.report(order, ExecType.NEW)
        for order in orders:
            self.fill(order, "0.5")
        for number, order in enumerate(orders):
            self._end(order, number)
        self.desk(Delivered(origin=DESK, number=self.book.numbers[DESK], msg_seq_num=self.records))
        move_money(self, self._random)
        self.venue(REST, ReserveNonces(route=REST, count=60, floor=0))

    def _end(self, order: Order, number: int) -> None:
        if number % 10 == 0:
            self.cancel(order, f"C-{order.order_id}")
            self.report(order, ExecType.CANCELED)
            return
        about = order.venue_cl_ord_id
        if number % 10 == 1:
            doubt = Doubt(cl_ord_id=about, request=Request.FILLS, text="the venue was silent")
            self.venue(order.route, doubt)
        self.report(order, ExecType.FILL, last_shares=Decimal("0.5"), last_px=Decimal("40000.10"))
        if number % 10 == 1:
            self.venue(order.route, DoubtSettled(cl_ord_id=about, text="the sums agree"))


def write(path: Path, records: int, tell: Callable[[str], None]) -> None:
    """A store with at least so many records."""
    crowd = Crowd(path)
    while crowd.records < records:
        before = crowd.records
        crowd.wave()
        if crowd.records * 10 // records > before * 10 // records:
            tell(f"{crowd.records:,} records")
    crowd.commit()
    crowd.store.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one verb took."""

    verb: str
    records: int
    seconds: float
    peak_mb: float
    said: str


def look(folder: Path, records: int, *words: str) -> Look:
    """Run the verb as a process of its own. RuntimeError when it ends with anything but 0."""
    clock = SystemClock()
    begun = clock.monotonic()
    child = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "oms", *words, "-c", str(folder / "oms.toml")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    said = deque(child.stdout, maxlen=1)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stdout.close()
    if child.returncode:
        raise RuntimeError(f"oms {' '.join(words)}: exit {child.returncode}")
    return Look(
        verb=" ".join(words),
        records=records,
        seconds=clock.monotonic() - begun,
        peak_mb=usage.ru_maxrss / 1024,
        said=said[0].strip()[:60] if said else "",
    )


def looks(folder: Path) -> Iterator[Look]:
    """What a person asks of a store, one after the other."""
    (folder / "oms.toml").write_text(_CONFIG.format(path=folder / "oms.db"), encoding="utf-8")
    with Reader.open(f"sqlite:///{folder / 'oms.db'}") as reader:
        records = int(reader.head()["record"])
    for words in VERBS:
        yield look(folder, records, *words)


def table(rows: Sequence[Look]) -> str:
    """A line a look."""
    heading = f"{'oms ...':44} {'records':>10} {'seconds':>8} {'records/s':>10} {'peak MB':>8}"
    lines = (
        f"{row.verb:44} {row.records:10,} {row.seconds:8.1f} "
        f"{row.records / row.seconds:10,.0f} {row.peak_mb:8.0f}"
        for row in rows
    )
    return "\n".join((heading, *lines))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.store.million", description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS, help="at least so many")
    parser.add_argument(
        "--dir", type=Path, help="where to keep the store; written if it is not there"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="oms-million-") as temporary:
        folder = chosen.dir or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "oms.db").exists():
            write(folder / "oms.db", chosen.records, _tell)
        found = []
        for row in looks(folder):
            found.append(row)
            _tell(f"{row.verb}: {row.seconds:.1f} s, {row.peak_mb:.0f} MB: {row.said}")
    told = json.dumps([asdict(row) for row in found], indent=2) if chosen.json else table(found)
    sys.stdout.write(f"{told}\n")


def _tell(text: str) -> None:
    sys.stderr.write(f"million: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
