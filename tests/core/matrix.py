"""Order-state scenarios as typed steps: the notation of tests/matrices/README.md, read strictly.

Pure, and a stranger to the engine. Every complaint names file and line.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
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

_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_IDENTIFIER: Final = re.compile(r"[A-Z][A-Z0-9]*")
_ANSWERS: Final[dict[str, tuple[type[Cancel] | type[Replace], ...]]] = {
    "PENDING_CANCEL": (Cancel,),
    "CANCELED": (Cancel,),
    "PENDING_REPLACE": (Replace,),
    "REPLACED": (Replace,),
}


class MatrixError(Exception):
    """A line that the notation does not allow; the text says which file and line, and why."""


@dataclass
class _Words:
    """The words of one half of a line, taken from the left; flags and key=value apart."""

    where: str
    plain: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    def take(self, what: str) -> str:
        if not self.plain:
            raise MatrixError(f"{self.where}: {what} is missing")
        return self.plain.pop(0)

    def take_if(self, word: str) -> bool:
        found = bool(self.plain) and self.plain[0] == word
        if found:
            self.plain.pop(0)
        return found

    def expect(self, word: str) -> None:
        if not self.take_if(word):
            raise MatrixError(f"{self.where}: expected {word!r} before {' '.join(self.plain)!r}")

    def number(self, what: str) -> Decimal:
        return _number(self.where, what, self.take(what))

    def identifier(self, what: str) -> str:
        return _identifier(self.where, what, self.take(what))

    def key_number(self, key: str) -> Decimal | None:
        word = self.keys.pop(key, None)
        return None if word is None else _number(self.where, key, word)

    def key_word(self, key: str, allowed: Iterable[str]) -> str | None:
        word = self.keys.pop(key, None)
        return None if word is None else _one_of(self.where, key, word, allowed)

    def end(self) -> None:
        rest = [*self.plain, *(f"{key}={word}" for key, word in self.keys.items())]
        if rest:
            raise MatrixError(f"{self.where}: not understood: {' '.join(rest)!r}")


def _number(where: str, what: str, word: str) -> Decimal:
    if not _NUMBER.fullmatch(word):
        raise MatrixError(f"{where}: {what} is not a number: {word!r}")
    return Decimal(word)


def _identifier(where: str, what: str, word: str) -> str:
    if not _IDENTIFIER.fullmatch(word):
        raise MatrixError(f"{where}: {what} is not an identifier (capitals, digits): {word!r}")
    return word


def _one_of(where: str, what: str, word: str, allowed: Iterable[str]) -> str:
    if word not in allowed:
        raise MatrixError(f"{where}: {what} is not one of {', '.join(sorted(allowed))}: {word!r}")
    return word


def _words(where: str, text: str) -> _Words:
    words = _Words(where)
    for word in text.split():
        key, equals, rest = word.partition("=")
        if not equals:
            words.plain.append(word)
        elif key in words.keys:
            raise MatrixError(f"{where}: {key} is given twice")
        else:
            words.keys[key] = rest
    return words


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
        source = Source(_one_of(where, "the source", name.strip(), {s.value for s in Source}))
        words = _words(where, what)
        named = words.keys.pop("order", None)
        event = _READERS[source](self, words)
        words.end()
        state = _state(_words(where, left))
        report = _report(_words(where, right), event, state)
        order = self._order(where, event, named, state)
        return Step(number, " ".join(given.split()), source, event, order, state, report)

    def desk(self, words: _Words) -> Event:
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

    def phone(self, words: _Words) -> Event:
        words.expect("order")
        return self._entered(words, None)

    def clock(self, words: _Words) -> Event:
        words.expect("next_day")
        return NextDay()

    def venue(self, words: _Words) -> Event:
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
        return self._word(words, _one_of(words.where, "the venue's event", verb, EXEC_TYPES))

    def _entered(self, words: _Words, cl_ord_id: str | None) -> Order:
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

    def _request(self, words: _Words, verb: str) -> Cancel | Replace:
        cl_ord_id, orig = words.identifier("ClOrdID"), words.identifier("OrigClOrdID")
        if orig in self.root_of:
            self.root_of.setdefault(cl_ord_id, self.root_of[orig])
        if verb == "cancel":
            self.request_kind[cl_ord_id] = Cancel
            return Cancel(cl_ord_id, orig)
        self.request_kind[cl_ord_id] = Replace
        return Replace(cl_ord_id, orig, words.key_number("qty"), words.key_number("px"))

    def _word(self, words: _Words, exec_type: str) -> Word:
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

    def _revision(self, words: _Words, verb: str) -> Bust | Correct:
        reference = self._known_exec(words)
        if verb == "bust":
            return Bust(reference, self._exec_id(words))
        words.expect("to")
        shares, price = self._at(words)
        return Correct(reference, self._exec_id(words), shares, price)

    def _at(self, words: _Words) -> tuple[Decimal, Decimal]:
        shares = words.number("the quantity")
        words.expect("@")
        return shares, words.number("the price")

    def _exec_id(self, words: _Words) -> str:
        named = words.take_if("as")
        exec_id = words.identifier("ExecID") if named else f"E{len(self.executions) + 1}"
        if exec_id in self.executions:
            raise MatrixError(f"{words.where}: the execution {exec_id} is told already")
        self.executions.add(exec_id)
        return exec_id

    def _known_exec(self, words: _Words) -> str:
        exec_id = words.identifier("the execution")
        if exec_id not in self.executions:
            raise MatrixError(f"{words.where}: no execution {exec_id} above")
        return exec_id

    def _known_request(self, words: _Words, kinds: tuple[type[Cancel] | type[Replace], ...]) -> str:
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


_READERS: Final[dict[Source, Callable[[_Reader, _Words], Event]]] = {
    Source.DESK: _Reader.desk,
    Source.VENUE: _Reader.venue,
    Source.PHONE: _Reader.phone,
    Source.CLOCK: _Reader.clock,
}


def _state(words: _Words) -> State | None:
    if words.take_if("-"):
        words.end()
        return None
    ord_status = _one_of(words.where, "OrdStatus", words.take("OrdStatus"), ORD_STATUSES)
    numbers = [words.number(what) for what in ("OrderQty", "CumQty", "LeavesQty", "AvgPx")]
    words.end()
    return State(ord_status, *numbers)


def _report(words: _Words, event: Event, state: State | None) -> Report | None:
    if words.take_if("-"):
        words.end()
        return None
    told = words.take("ExecType or CANCEL_REJECT")
    rejecting = told == "CANCEL_REJECT"
    exec_type = None if rejecting else _one_of(words.where, "ExecType", told, EXEC_TYPES)
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


def _figures(words: _Words, state: State | None) -> list[Decimal | None]:
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


def parse(name: str, text: str, where: str | None = None) -> Matrix:
    """The scenario ``name`` written in ``text``; ``where`` stands for the file in complaints.

    Raises MatrixError, which names file and line.
    """
    where = where or name
    reader, steps, needs = _Reader(), [], set[str]()
    first, _, _ = text.partition("\n")
    title = first.removeprefix(f"# {name}: ")
    if title == first:
        raise MatrixError(f"{where}:1: the first line is '# {name}: title'")
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.partition("#")[0].strip()
        at = f"{where}:{number}"
        if line.startswith("needs "):
            needs |= {_one_of(at, "an ability", word, ABILITIES) for word in line.split()[1:]}
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
