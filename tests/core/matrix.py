"""Order-state scenarios as typed steps: the notation of tests/matrices/README.md, read strictly.

Pure, and a stranger to the engine. Every complaint names file and line.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from tests.core.matrix_steps import (
    ABILITIES,
    CXL_REJ_REASONS,
    EXEC_TYPES,
    ORD_REJ_REASONS,
    ORD_STATUSES,
    RESTATEMENT_REASONS,
    TIMES_IN_FORCE,
    Again,
    Bust,
    Cancel,
    CancelReject,
    Correct,
    Event,
    Fill,
    Matrix,
    NextDay,
    Order,
    Replace,
    Report,
    Source,
    State,
    Status,
    Step,
    Word,
)
from tests.core.matrix_words import MatrixError, Words, one_of, words_of

__all__ = ["Matrix", "MatrixError", "Step", "load", "load_all", "parse"]

_ANSWERS: Final[dict[str, tuple[type[Cancel] | type[Replace], ...]]] = {
    "PENDING_CANCEL": (Cancel,),
    "CANCELED": (Cancel,),
    "PENDING_REPLACE": (Replace,),
    "REPLACED": (Replace,),
}


class _Reader:
    """Reads the lines of one file; remembers which order an id belongs to, and the executions."""

    def __init__(self) -> None:
        self.root_of: dict[str, str] = {}  # every id of a chain -> the id of its first order
        self.orders: list[str] = []
        self.request_kind: dict[str, type[Cancel] | type[Replace]] = {}
        self.executions: set[str] = set()

    def step(self, where: str, number: int, text: str) -> Step:
        given, arrow, expected = text.partition("->")
        left, bar, right = expected.partition("|")
        if not (arrow and bar):
            raise MatrixError(f"{where}: a step is 'source> event -> state | report'")
        name, mark, what = given.partition(">")
        if not mark:
            raise MatrixError(f"{where}: a step begins with desk>, venue>, phone> or clock>")
        source = Source(one_of(where, "the source", name.strip(), {s.value for s in Source}))
        words = words_of(where, what)
        named = words.keys.pop("order", None)
        event = _READERS[source](self, words)
        words.end()
        state = _state(words_of(where, left))
        report = _report(words_of(where, right), event, state)
        reports = () if report is None else (report,)
        order = self._order(where, event, named, state)
        return Step(number, " ".join(given.split()), source, event, order, state, reports)

    def desk(self, words: Words) -> Event:
        verb = words.take("what the desk sends")
        if verb == "order":
            return self._entered(words, words.identifier("ClOrdID"))
        if verb in ("cancel", "replace"):
            return self._request(words, verb)
        if verb == "status":
            return Status(words.identifier("ClOrdID"))
        raise MatrixError(
            f"{words.where}: the desk sends order, cancel, replace or status: {verb!r}"
        )

    def phone(self, words: Words) -> Event:
        words.expect("order")
        return self._entered(words, None)

    def clock(self, words: Words) -> Event:
        words.expect("next_day")
        return NextDay()

    def venue(self, words: Words) -> Event:
        verb = words.take("what the venue says")
        if verb in ("PARTIAL_FILL", "FILL", "STOPPED"):
            shares, price = self._at(words)
            return Fill(verb, shares, price, self._exec_id(words))
        if verb in ("bust", "correct"):
            return self._revision(words, verb)
        if verb == "again":
            return Again(self._known_exec(words))
        if verb == "cancel_reject":
            request = self._known_request(words, (Cancel, Replace))
            reason = words.key_word("reason", CXL_REJ_REASONS)
            return CancelReject(request, reason or "BROKER_CREDIT")
        return self._word(words, one_of(words.where, "the venue's event", verb, EXEC_TYPES))

    def _entered(self, words: Words, cl_ord_id: str | None) -> Order:
        quantity = words.number("OrderQty")
        price = words.key_number("px") or Decimal(1000)
        side = words.key_word("side", ("BUY", "SELL")) or "BUY"
        time_in_force = words.key_word("tif", TIMES_IN_FORCE) or "DAY"
        poss_resend = words.take_if("poss_resend")
        root = cl_ord_id or "-"
        if root not in self.root_of:
            self.root_of[root] = root
            self.orders.append(root)
        return Order(cl_ord_id, quantity, price, side, time_in_force, poss_resend)

    def _request(self, words: Words, verb: str) -> Cancel | Replace:
        cl_ord_id, orig = words.identifier("ClOrdID"), words.identifier("OrigClOrdID")
        if orig in self.root_of:
            self.root_of.setdefault(cl_ord_id, self.root_of[orig])
        if verb == "cancel":
            self.request_kind[cl_ord_id] = Cancel
            return Cancel(cl_ord_id, orig)
        self.request_kind[cl_ord_id] = Replace
        return Replace(cl_ord_id, orig, words.key_number("qty"), words.key_number("px"))

    def _word(self, words: Words, exec_type: str) -> Word:
        request: str | None = None
        answers = _ANSWERS.get(exec_type, ())
        if answers and (exec_type != "CANCELED" or words.plain):
            request = self._known_request(words, answers)
        quantity, cum = words.key_number("qty"), words.key_number("cum")
        reasons = {"RESTATED": RESTATEMENT_REASONS, "REJECTED": ORD_REJ_REASONS}.get(exec_type, ())
        reason = words.key_word("reason", reasons)
        if reasons and reason is None:
            raise MatrixError(f"{words.where}: {exec_type} needs reason=")
        return Word(exec_type, request, quantity, cum, reason)

    def _revision(self, words: Words, verb: str) -> Bust | Correct:
        reference = self._known_exec(words)
        if verb == "bust":
            return Bust(reference, self._exec_id(words))
        words.expect("to")
        shares, price = self._at(words)
        return Correct(reference, self._exec_id(words), shares, price)

    def _at(self, words: Words) -> tuple[Decimal, Decimal]:
        shares = words.number("the quantity")
        words.expect("@")
        return shares, words.number("the price")

    def _exec_id(self, words: Words) -> str:
        named = words.take_if("as")
        exec_id = words.identifier("ExecID") if named else f"E{len(self.executions) + 1}"
        if exec_id in self.executions:
            raise MatrixError(f"{words.where}: the execution {exec_id} is told already")
        self.executions.add(exec_id)
        return exec_id

    def _known_exec(self, words: Words) -> str:
        exec_id = words.identifier("the execution")
        if exec_id not in self.executions:
            raise MatrixError(f"{words.where}: no execution {exec_id} above")
        return exec_id

    def _known_request(self, words: Words, kinds: tuple[type[Cancel] | type[Replace], ...]) -> str:
        request = words.identifier("the request it answers")
        if self.request_kind.get(request) not in kinds:
            wanted = " or ".join(kind.__name__.lower() for kind in kinds)
            raise MatrixError(f"{words.where}: no {wanted} {request} above")
        return request

    def _order(
        self, where: str, event: Event, named: str | None, state: State | None
    ) -> str | None:
        if state is None:
            return None
        match event:
            case Order(cl_ord_id=key):
                return key or "-"
            case Cancel(orig_cl_ord_id=key) | Replace(orig_cl_ord_id=key) | Status(cl_ord_id=key):
                return self._root(where, key)
            case Word(request=str(key)) | CancelReject(request=key):
                return self._root(where, key)
            case _:
                return self._addressed(where, named)

    def _addressed(self, where: str, named: str | None) -> str:
        if named is not None:
            return self._root(where, named)
        if len(self.orders) != 1:
            raise MatrixError(f"{where}: say order=, there are {len(self.orders)} orders")
        return self.orders[0]

    def _root(self, where: str, cl_ord_id: str) -> str:
        if cl_ord_id not in self.root_of:
            raise MatrixError(f"{where}: no order {cl_ord_id} above")
        return self.root_of[cl_ord_id]


_READERS: Final[dict[Source, Callable[[_Reader, Words], Event]]] = {
    Source.DESK: _Reader.desk,
    Source.VENUE: _Reader.venue,
    Source.PHONE: _Reader.phone,
    Source.CLOCK: _Reader.clock,
}


def _state(words: Words) -> State | None:
    if words.take_if("-"):
        words.end()
        return None
    ord_status = one_of(words.where, "OrdStatus", words.take("OrdStatus"), ORD_STATUSES)
    numbers = [words.number(what) for what in ("OrderQty", "CumQty", "LeavesQty", "AvgPx")]
    words.end()
    return State(ord_status, *numbers)


def _report(words: Words, event: Event, state: State | None) -> Report | None:
    if words.take_if("-"):
        words.end()
        return None
    told = words.take("ExecType or CANCEL_REJECT")
    rejecting = told == "CANCEL_REJECT"
    exec_type = None if rejecting else one_of(words.where, "ExecType", told, EXEC_TYPES)
    last_shares = None if words.take_if("-") else words.number("LastShares")
    cl_ord_id = None if words.take_if("-") else words.identifier("ClOrdID")
    orig = None if words.take_if("-") else words.identifier("OrigClOrdID")
    ord_status = words.key_word("ord_status", ORD_STATUSES) or (state and state.ord_status)
    if not ord_status:
        raise MatrixError(f"{words.where}: without an order the report needs ord_status=")
    order_qty, cum_qty, leaves_qty, avg_px = _figures(words, None if rejecting else state)
    report = Report(
        exec_type,
        words.key_word("trans", ("NEW", "CANCEL", "CORRECT", "STATUS")) or "NEW",
        ord_status,
        order_qty,
        cum_qty,
        leaves_qty,
        avg_px,
        last_shares,
        _last_px(event, last_shares),
        cl_ord_id,
        orig,
        exec_ref_id=words.keys.pop("ref", None),
        ord_rej_reason=words.key_word("ord_rej", ORD_REJ_REASONS),
        cxl_rej_reason=words.key_word("cxl_rej", CXL_REJ_REASONS),
        exec_restatement_reason=words.key_word("restate", RESTATEMENT_REASONS),
        day_order_qty=words.key_number("day_qty"),
        day_cum_qty=words.key_number("day_cum"),
        price=words.key_number("price"),
    )
    words.end()
    return report


def _figures(words: Words, state: State | None) -> list[Decimal | None]:
    held: list[Decimal | None] = [None] * 4
    if state is not None:
        held = [state.order_qty, state.cum_qty, state.leaves_qty, state.avg_px]
    return [
        words.key_number(key) if key in words.keys else figure
        for key, figure in zip(("qty", "cum", "lvs", "avg"), held, strict=True)
    ]


def _last_px(event: Event, last_shares: Decimal | None) -> Decimal | None:
    if last_shares is None:
        return None
    return event.last_px if isinstance(event, Fill | Correct) else Decimal(0)


def _also(where: str, line: str, step: Step) -> Step:
    report = _report(words_of(where, line[1:]), step.event, step.state)
    if report is None or not step.reports:
        raise MatrixError(f"{where}: a further report follows a first one")
    return replace(step, reports=(*step.reports, report))


def parse(name: str, text: str, where: str | None = None) -> Matrix:
    """The scenario ``name`` written in ``text``; ``where`` stands for the file in complaints.

    Raises MatrixError, which names file and line.
    """
    where = where or name
    reader, needs = _Reader(), set[str]()
    steps: list[Step] = []
    first, _, _ = text.partition("\n")
    title = first.removeprefix(f"# {name}: ")
    if title == first:
        raise MatrixError(f"{where}:1: the first line is '# {name}: title'")
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.partition("#")[0].strip()
        at = f"{where}:{number}"
        if line.startswith("needs "):
            needs |= {one_of(at, "an ability", word, ABILITIES) for word in line.split()[1:]}
        elif line.startswith("|") and steps:
            steps.append(_also(at, line, steps.pop()))
        elif line:
            steps.append(reader.step(at, number, line))
    if not steps:
        raise MatrixError(f"{where}: a scenario without a step")
    return Matrix(name, title.strip(), frozenset(needs), tuple(steps))


def load(path: Path) -> Matrix:
    """The scenario in the file ``path``; raises MatrixError."""
    return parse(path.stem, path.read_text(encoding="utf-8"), str(path))


def load_all(folder: Path) -> tuple[Matrix, ...]:
    """Every scenario of ``folder`` by name; raises MatrixError, also when there is none."""
    matrices = tuple(load(path) for path in sorted(folder.glob("*.txt")))
    if not matrices:
        raise MatrixError(f"{folder}: no scenario there")
    return matrices
