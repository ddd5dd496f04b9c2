"""A scenario's FIX: the desk and Apifiny's gateway at their ends, and what goes wrong between."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any, Final

from fix.wire import Fields
from oms.clock import utc_of_us
from oms.core.book import Book
from oms.store.queries import Reader
from tests.faults.far import Far
from tests.faults.faults import FIX, Faults
from tests.faults.fix_apifiny import ApifinyDoor
from tests.faults.fix_desk import FixDesk
from tests.faults.fix_model import Wires
from tests.faults.fix_net import Fate, Net
from tests.faults.instant import WorldLoop
from tests.faults.plan import DESK, Ask, Fault, Intent, Kind, Plan
from tests.faults.settings import DESK_SECRET

TRIPS_S: Final = tuple(ms / 1000 for ms in range(1, 31))
"""How long a message is under way."""

_DESK_SESSION: Final = f"FIX.4.2:OMS->{DESK}"
_APIFINY_SESSION: Final = "FIX.4.2:STA-00000001->APIFINY"
_ROUTES: Final = {_DESK_SESSION: "desk", _APIFINY_SESSION: "apifiny"}
"""What faults call the doors."""
_SIDES: Final = {"BUY": "1", "SELL": "2"}


class FixSide:
    """What of a scenario goes over FIX. It lives as long as the scenario."""

    def __init__(
        self,
        plan: Plan,
        loop: WorldLoop,
        faults: Faults,
        far: Mapping[str, Far],
        tell: Callable[[str], None],
        watch: Callable[[Far, str, str], None],
    ) -> None:
        """`tell` takes a line of the story; `watch(far, kind, order_id)` is told of every D that
        came to a venue, and of every F that is about to."""
        self._loop = loop
        self._faults = faults
        self._tell = tell
        self._rng = Random(f"{plan.seed} fix")  # noqa: S311  repeatable on purpose
        net = Net(loop, lambda: self._rng.choice(TRIPS_S), self._fate)
        self.wires = Wires(net)
        self.desk: FixDesk | None = None
        self._apifiny: ApifinyDoor | None = None
        self._asked: dict[int, list[str]] = {}
        self._terms: dict[int, Intent] = {}
        self._count = 0
        if "apifiny" in far:
            apifiny = far["apifiny"]
            inside: Any = apifiny.simulator
            self._apifiny = ApifinyDoor(
                net, _APIFINY_SESSION, inside, loop.now_ms, lambda *what: watch(apifiny, *what)
            )
        if plan.on_fix:
            self.desk = FixDesk(net, _DESK_SESSION, DESK, DESK_SECRET, self._now)
            self.desk.start()

    def _now(self) -> datetime:
        return utc_of_us(self._loop.now_us())

    def _fate(self, door: str, way: str, number: int, fields: Fields) -> Fate | None:
        route = _ROUTES[door]
        self._tell(f"{route} fix {way}: {'|'.join(f'{tag}={value}' for tag, value in fields[1:])}")
        struck = self._faults.strike(FIX, route, way)
        if not struck:
            return None
        fault = struck[0]
        self._faults.note(fault)
        self._tell(f"fault: {fault}")
        return _fate_of(fault)

    # The desk

    def ask(self, intent: Intent) -> None:
        """Have the desk ask for it; what changes an order names the last request that it made."""
        assert self.desk is not None, "the plan has a desk"
        if intent.ask is Ask.NEW:
            self._terms[intent.order] = intent
            name = f"o{intent.order}"
            self._asked[intent.order] = [name]
            self.desk.ask("D", (11, name), *self._order(intent), *_extra(intent))
            return
        before = self._asked.get(intent.order)
        if before is None:
            return
        first = self._terms[intent.order]
        name = self._name("c" if intent.ask is Ask.CANCEL else "r")
        ids = ((41, self._last_accepted(before)), (11, name))
        if intent.ask is Ask.CANCEL:
            where = ((55, first.symbol), (54, _SIDES[first.side]), (60, self._stamp()))
            self.desk.ask("F", *ids, *where)
        else:
            before.append(name)
            changed = Intent(**{**_fields(first), "qty": intent.qty, "price": intent.price})
            self.desk.ask("G", *ids, *self._order(changed))

    def ask_again(self, order: int, *, marked: bool) -> None:
        """Have the desk ask for an order that it asked for before, as if nobody had heard of it."""
        intent = self._terms.get(order)
        if self.desk is not None and intent is not None:
            resend = ((97, "Y"),) if marked else ()
            fields = ((11, f"o{order}"), *self._order(intent), *_extra(intent), *resend)
            self.desk.ask("D", *fields)

    def cancel_all(self) -> None:
        """Have the desk cancel what it thinks works."""
        if self.desk is None or not self.desk.logged_on:
            return
        # A replace may open again what was filled: the last word on each order counts.
        status = {told.message.get(37): told.message.get(39) for told in self.desk.log}
        for number, intent in self._terms.items():
            told = [m.message for m in self.desk.log if m.message.get(11) in self._asked[number]]
            if told and status[told[-1].get(37)] not in ("2", "4", "8"):
                self.ask(Intent(at_ms=0, ask=Ask.CANCEL, order=intent.order))

    def _last_accepted(self, names: Iterable[str]) -> str:
        """The last of these ids that a report called replaced, else the first."""
        assert self.desk is not None, "it asked"
        *_, first = [next(iter(names))]
        replaced = {m.message.get(11) for m in self.desk.log if m.message.get(150) == "5"}
        return next((name for name in reversed(list(names)) if name in replaced), first)

    def _order(self, intent: Intent) -> tuple[tuple[int, str], ...]:
        return (
            (21, "1"),
            (55, intent.symbol),
            (54, _SIDES[intent.side]),
            (60, self._stamp()),
            (40, "2"),
            (38, format(Decimal(intent.qty), "f")),
            (44, format(Decimal(intent.price), "f")),
            (59, "1"),
        )

    def _stamp(self) -> str:
        return f"{self._now():%Y%m%d-%H:%M:%S.%f}"[:-3]

    def _name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def strike(self, fault: Fault) -> None:
        """Something happens to a whole session, and to no one message."""
        if fault.kind is Kind.FILES_LOST and self.desk is not None:
            self.desk.restart(lost_files=True)
        if fault.kind is Kind.LOGON_REFUSED and self._apifiny is not None:
            self._apifiny.refuse(fault.ms / 1000)

    # The end

    def is_quiet(self, book: Book) -> bool:
        """Whether the desk has been told all there is."""
        return self.desk is None or len(self.desk.log) >= book.numbers.get(DESK, 0)

    def wrongs(self, reader: Reader) -> list[str]:
        """What the desk was told twice, or never."""
        if self.desk is None:
            return []
        reports = [report for _, report in reader.reports(DESK, 0, 10_000)]
        return self.desk.wrongs([getattr(report, "exec_id", "") for report in reports])


def _extra(intent: Intent) -> tuple[tuple[int, str], ...]:
    exchange = ((207, intent.exchange),) if intent.exchange else ()
    return ((100, intent.route.upper()), *exchange)


def _fields(intent: Intent) -> dict[str, Any]:
    return {name: getattr(intent, name) for name in Intent.__dataclass_fields__}


def _fate_of(fault: Fault) -> Fate:
    seconds = fault.ms / 1000
    match fault.kind:
        case Kind.FIX_CUT:
            return Fate(cut=True, away_s=seconds)
        case Kind.FIX_LOSE:
            return Fate(cut=True, arrives=False, away_s=seconds)
        case Kind.FIX_LATE:
            return Fate(delay_s=seconds)
        case Kind.FIX_DUPLICATE:
            return Fate(twice=True)
        case Kind.FIX_SILENT:
            return Fate(cut=True, arrives=False, silent_s=seconds)
        case other:
            raise AssertionError(other)
