"""What one scenario is made of: who asks for what, and what goes wrong when.

A plan is data. `draw(seed)` gives one for every seed; a person may write one by hand, and a fault
that is taken out of one leaves a plan as good as before. The same plan gives the same run.

Times are milliseconds since the scenario began, on its own clock. A fault strikes at the
`ordinal`-th event of its kind (counted from 1), or at `at_ms`; what has not struck by `calm_ms`
never does. Then the world settles and is judged.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self

CALM_MS: Final = 20_000
STRATEGY: Final = "grid"
DESK: Final = "DESK1"


class Ask(StrEnum):
    """What a desk or a strategy asks for."""

    NEW = "new"
    CANCEL = "cancel"
    REPLACE = "replace"


class Kind(StrEnum):
    """What goes wrong. `ms` and `part` mean what is said here; where nothing is said, nothing."""

    # A request to a venue. `operation`: new, cancel, move (of money), query; "" for any.
    LOSE_REQUEST = "lose request"
    """It leaves and never arrives; the connection breaks."""
    LOSE_ANSWER = "lose answer"
    """It is done, then the connection breaks."""
    SILENCE = "silence"
    """It is done, and no answer ever comes."""
    LATE_REQUEST = "late request"
    """It arrives `ms` later, which may be after it was given up."""
    SLOW_ANSWER = "slow answer"
    """It is done; the answer comes `ms` later."""
    NO_CONNECTION = "no connection"
    """Nothing is sent."""
    OUTAGE = "outage"
    """From this request on nothing connects for `ms`."""
    THROTTLED = "429"
    """Nothing is done; again in `ms`, or in a second."""
    OVERLOAD = "5xx before"
    """HTTP 502 and nothing is done."""
    SERVER_ERROR = "5xx after"
    """HTTP 500 although it is done."""
    REDIRECT = "redirect"
    """HTTP 302 and nothing is done."""
    GARBLED = "garbled"
    """It is done; half of the answer comes."""
    PAGE = "page"
    """It is done; a page of HTML comes with status 200."""
    EMPTY = "empty"
    """It is done; an answer without a body comes."""
    ARRIVES_TWICE = "arrives twice"
    """Something on the way sends it again; only where a venue takes a number once."""

    # What the venue does. `operation` is empty.
    HIDDEN_ORDERS = "hidden orders"
    """Orders that come after the `ordinal`-th are listed `ms` late."""
    LATE_FILLS = "late fills"
    """From the `ordinal`-th order on, executions are listed and streamed `ms` late; bitexbit alone."""
    VENUE_CANCEL = "venue cancel"
    """`ms` after it came, the venue ends the `ordinal`-th order by itself."""
    VENUE_FILL = "venue fill"
    """`ms` after it came, `part` percent of what is left of the `ordinal`-th order trade."""
    FILL_ON_CANCEL = "fill on cancel"
    """Just before the `ordinal`-th cancel is looked at, `part` percent of what is left trade."""

    MOVE_UNDONE = "move undone"
    """The venue takes the `ordinal`-th move of money and ends it without effect; Apifiny."""

    # Somebody else on the same account.
    STRANGER = "stranger"
    """`ms` after our `ordinal`-th order came, somebody enters its equal; not where we ask for more
    than one at that price, of which another may never come, or where the venue may end ours without
    a trace: what is left would be the equal, and nothing at such a venue would tell."""
    STRANGER_BEFORE = "stranger before"
    """Before the engine began, somebody entered the equal of our `ordinal`-th order."""

    # A stream of a venue.
    STREAM_CUT = "stream cut"
    STREAM_STALL = "stream stall"
    """Nothing is said for `ms`, and the connection stands."""
    STREAM_LOSE = "stream lose"
    STREAM_DUPLICATE = "stream duplicate"

    # Messages of a FIX session; `route` is "apifiny" or "desk", `operation` is "out" or "in", seen
    # from the engine.
    FIX_CUT = "fix cut"
    """The session falls after the message; `ms` until it may come back."""
    FIX_LOSE = "fix lose"
    """The message is lost, and the session with it; `ms` until it may come back."""
    FIX_LATE = "fix late"
    """The message and all behind it come `ms` later."""
    FIX_DUPLICATE = "fix duplicate"
    """The message comes again, marked as a possible duplicate."""
    FIX_SILENT = "fix silent"
    """The message is lost, and the session with it; neither side is told for `ms`."""

    FILES_LOST = "files lost"
    """At `at_ms` the desk hangs up, and comes back without its files: from number 1, with a reset."""
    LOGON_REFUSED = "logon refused"
    """From `at_ms` on Apifiny's session is cut, and each logon refused for `ms`."""

    TOLD_TWICE = "told twice"
    """After our `ordinal`-th order came to Apifiny, so many reports as `part` are told twice."""

    # Who asks. At `at_ms`.
    ASK_AGAIN = "ask again"
    """The `ordinal`-th order is asked for once more under its own name, `operation`: "marked" as a
    possible resend, or not."""
    KILL_SWITCH = "kill switch"
    """The operator turns it on, for `route` or for all; and off again `ms` later."""

    LISTENER_CUT = "listener cut"
    """At `at_ms` the strategy's connection for reports breaks; it is back `ms` later. A strategy
    that has no such fault does not listen."""

    # The process and its disk; `route` is empty. The process is back after `ms`.
    KILL = "kill"
    """At `at_ms`."""
    KILL_BEFORE_COMMIT = "kill before commit"
    """With the `ordinal`-th batch decided and not written."""
    KILL_AFTER_COMMIT = "kill after commit"
    """With the `ordinal`-th batch written and nothing sent."""
    KILL_ON_REQUEST = "kill on request"
    """With the `ordinal`-th request to a venue on its way; `route` and `operation` as above."""
    COMMIT_FAILS = "commit fails"
    """The `ordinal`-th batch is not written, and the engine is told so."""
    COMMIT_UNTOLD = "commit untold"
    """The `ordinal`-th batch is written, and the engine is told that it is not."""

    KILL_SET_BACK = "kill, clock set back"
    """At `at_ms`; the machine's clock is `part` minutes behind when the process is back."""
    STOP = "stop"
    """At `at_ms` the engine is told to end, and does."""
    TAKEN_OVER = "taken over"
    """At `at_ms` another engine begins on the same store, as where its lock is not kept, and ends."""
    SLOW_COMMITS = "slow commits"
    """From `at_ms` on what is posted is decided and written `ms` later."""

    CLOCK_JUMP = "clock jump"
    """At `at_ms` the machine's clock jumps by `ms`, which may be negative; it is right again when
    the faults have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What somebody asks for. `order` is the number of the order among the plan's new ones, from 0."""

    at_ms: int
    ask: Ask
    order: int
    origin: str = STRATEGY
    route: str = ""
    symbol: str = ""
    exchange: str = ""
    side: str = ""
    """BUY or SELL."""
    qty: str = ""
    price: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Money that the strategy asks to be moved; where to, `money.TERMS` says."""

    at_ms: int
    route: str
    kind: str
    """Of TransferKind."""
    amount: str
    again_ms: int = 0
    """So much later it asks once more under the same name; 0: it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong."""

    kind: Kind
    route: str = ""
    operation: str = ""
    ordinal: int = 1
    at_ms: int = 0
    ms: int = 0
    part: int = 100

    def __str__(self) -> str:
        """In words."""
        where = " ".join(word for word in (self.route, self.operation) if word)
        when = f"at {self.at_ms} ms" if self.at_ms else f"#{self.ordinal}"
        more = f", {self.ms} ms" if self.ms else ""
        more += f", {self.part} %" if self.part != 100 else ""
        return f"{self.kind}: {f'{where} ' if where else ''}{when}{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One scenario."""

    seed: int
    routes: tuple[str, ...]
    """Kinds of venue; the routes have their names in capitals."""
    intents: tuple[Intent, ...]
    faults: tuple[Fault, ...]
    calm_ms: int = CALM_MS
    moves: tuple[Move, ...] = ()

    @property
    def on_fix(self) -> bool:
        """Whether there is a desk on FIX."""
        return any(intent.origin == DESK for intent in self.intents)

    def terms_of(self, route: str, number: int) -> Intent | None:
        """The `number`-th new order, from 1, that is asked for there."""
        asked = [i for i in self.intents if i.ask is Ask.NEW and i.route == route]
        return asked[number - 1] if 0 < number <= len(asked) else None

    def asks_once(self, route: str, side: str, price: Decimal) -> bool:
        """Whether only one order, and no change of one, is asked for at that price there."""
        news = {i.order: i for i in self.intents if i.ask is Ask.NEW}
        first = [news.get(i.order) for i in self.intents if i.price and Decimal(i.price) == price]
        return [(i.route, i.side) for i in first if i is not None].count((route, side)) == 1

    def without(self, fault: Fault) -> Self:
        """The same with one fault less."""
        return replace(self, faults=tuple(one for one in self.faults if one is not fault))

    def as_json(self) -> str:
        """One line, from which `plan_of` makes the plan again."""
        return json.dumps({**asdict(self)}, default=str)

    def __str__(self) -> str:
        """As a person reads it."""
        lines = [f"seed {self.seed}: {', '.join(self.routes)}"]
        lines += [f"  {intent.at_ms:>6} ms  {_asked(intent)}" for intent in self.intents]
        lines += [f"  {move.at_ms:>6} ms  {_moved(move)}" for move in self.moves]
        lines += [f"  fault      {fault}" for fault in self.faults]
        return "\n".join(lines)


def plan_of(text: str) -> Plan:
    """The plan of `as_json`. Raises ValueError, KeyError, TypeError."""
    told: Mapping[str, Any] = json.loads(text)
    return Plan(
        seed=told["seed"],
        routes=tuple(told["routes"]),
        intents=tuple(_made(Intent, row, ask=Ask(row["ask"])) for row in told["intents"]),
        faults=tuple(_made(Fault, row, kind=Kind(row["kind"])) for row in told["faults"]),
        calm_ms=told["calm_ms"],
        moves=tuple(_made(Move, row) for row in told.get("moves", ())),
    )


def _made(what: Any, row: Mapping[str, Any], **more: Any) -> Any:
    return what(**{one.name: row[one.name] for one in fields(what)} | more)


def _asked(intent: Intent) -> str:
    if intent.ask is Ask.CANCEL:
        return f"{intent.origin} cancels order {intent.order}"
    terms = f"{intent.qty} at {intent.price}"
    if intent.ask is Ask.REPLACE:
        return f"{intent.origin} replaces order {intent.order}: {terms}"
    where = f"{intent.route} {intent.exchange}".rstrip()
    return f"{intent.origin} order {intent.order}: {intent.side} {terms} {intent.symbol} on {where}"


def _moved(move: Move) -> str:
    again = f", and again {move.again_ms} ms later" if move.again_ms else ""
    return f"{STRATEGY} moves money on {move.route}: {move.kind} of {move.amount}{again}"
