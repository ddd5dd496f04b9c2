"""The way between an engine and its venue: what is lost on it, what is late, and what is watched.

Whatever happens to a request, it may leave only after its commit, in time, under a number that was
never used, and not under the kill switch.
"""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import httpx

from adapters.simserver import SimRequest, SimResponse

if TYPE_CHECKING:
    from tests.faults.scene import Scene

TRIP_S: Final = 0.02
"""How long a request is on its way there, and as long back."""
TIMEOUT_S: Final = 2.0
"""How long an answer is waited for."""
LATE_S: Final = 5.0
"""An order that leaves so long after its commit is late: its price may be of another time."""

OPS: Final[Mapping[str, Mapping[str, tuple[str, str, bytes]]]] = {
    "andx": {"new": ("POST", "/orders/", b""), "cancel": ("POST", "/cancel_order/", b"")},
    "bitexbit": {"new": ("POST", "/order/", b""), "cancel": ("POST", "/order-cancel/", b"")},
    "btcturk": {"new": ("POST", "/order", b""), "cancel": ("DELETE", "/order", b"")},
    "cryptex": {
        "new": ("POST", "", b"method=Trade&"),
        "cancel": ("POST", "", b"method=CancelOrder&"),
    },
}
"""By venue and request: method, a part of the path, a part of the body."""

placing: ContextVar[str] = ContextVar("placing", default="")
"""The venue_cl_ord_id of the order that is being placed."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to the next request of one kind: `new`, `cancel`, or `query` for all others.

    `arrives`: whether the venue gets it, `late_s` seconds late. `answered`: whether its answer
    comes; `breaks`: the connection breaks instead, and nobody has to wait. `spoilt`: what comes in place of the answer, from the venue's door where it did not arrive. `dies`: the process ends when the venue has
    it. `skip`: so many such requests are left alone before.
    """

    op: str
    arrives: bool = True
    late_s: float = 0.0
    answered: bool = True
    breaks: bool = False
    spoilt: SimResponse | None = None
    dies: bool = False
    skip: int = 0


class Road:
    """The way of one scene. It outlives the engine's processes."""

    def __init__(self, scene: "Scene") -> None:
        self.faults: list[Fault] = []
        self.sent: list[str] = []
        """The venue_cl_ord_id of every new order that left the house, as often as it did."""
        self.broken: list[str] = []
        self.committed: dict[str, float] = {}
        """When each new order was written down."""
        self._scene = scene
        self._last_nonce = 0

    def op_of(self, asked: SimRequest) -> str:
        """Which kind of request it is."""
        for op, (method, path, body) in OPS[self._scene.kind].items():
            if asked.method == method and path in asked.path and body in asked.body:
                return op
        return "query"

    def _fate(self, op: str) -> Fault:
        for index, fault in enumerate(self.faults):
            if fault.op != op:
                continue
            if fault.skip:
                self.faults[index] = replace(fault, skip=fault.skip - 1)
                break
            return self.faults.pop(index)
        return Fault(op=op)

    async def exchange(self, asked: SimRequest) -> SimResponse:
        """There and back, or not."""
        op = self.op_of(asked)
        fault = self._fate(op)
        self._watch(op, asked)
        answered: asyncio.Future[SimResponse] = self._scene.loop.create_future()
        if op != "query":
            self._scene.tell("way", f"{op} leaves{'' if fault.arrives else ', and is lost'}")
        if fault.arrives:
            self._scene.loop.call_later(TRIP_S + fault.late_s, self._arrive, asked, fault, answered)
        elif fault.spoilt is not None:
            self._scene.loop.call_later(TRIP_S, _answer, answered, fault.spoilt)
        try:
            async with asyncio.timeout(2 * TRIP_S if fault.breaks else TIMEOUT_S):
                return await answered
        except TimeoutError:
            error = httpx.ReadError if fault.breaks else httpx.ReadTimeout
            raise error("no answer") from None

    def _arrive(
        self, asked: SimRequest, fault: Fault, answered: "asyncio.Future[SimResponse]"
    ) -> None:
        answer = self._scene.simulator.handle(asked, self._scene.loop.venue_ms())
        if fault.op != "query":
            comes = fault.answered and not fault.breaks and not answer.drop
            told = (fault.spoilt or answer).status if comes else "an answer that is lost"
            self._scene.tell("venue", f"{fault.op} arrives; {told}")
        if fault.dies:
            self._scene.die()
        if fault.answered and not fault.breaks and not answer.drop:
            back_s = TRIP_S + answer.delay_s
            self._scene.loop.call_later(back_s, _answer, answered, fault.spoilt or answer)

    def _watch(self, op: str, asked: SimRequest) -> None:
        """What must hold of every request that leaves, whatever happens to it."""
        nonce = _nonce(asked)
        if nonce and nonce <= self._last_nonce:
            self.broken.append(f"nonce {nonce} after {self._last_nonce}")
        self._last_nonce = max(self._last_nonce, nonce)
        if op != "new":
            return
        name = placing.get()
        self.sent.append(name)
        since = self.committed.get(name)
        if since is None:
            self.broken.append(f"order {name} was sent and is not committed")
        elif self._scene.loop.time() - since > LATE_S:
            late_s = self._scene.loop.time() - since
            self.broken.append(f"order {name} was sent {late_s:.0f} s after its commit")
        if self._scene.process.book.killed(self._scene.route):
            self.broken.append(f"order {name} was sent under the kill switch")


def _answer(answered: "asyncio.Future[SimResponse]", answer: SimResponse) -> None:
    if not answered.done():
        answered.set_result(answer)


def _nonce(asked: SimRequest) -> int:
    told = (
        asked.headers.get("x-nonce")
        or (parse_qs(asked.body.decode("latin-1")).get("nonce") or [""])[0]
    )
    return int(told) if told.isdigit() else 0
