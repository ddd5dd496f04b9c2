"""The way to the venues, below httpx: what leaves, what arrives, and what goes wrong between.

What has left arrives whether or not somebody still waits for it, as on a real network.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Final, Protocol
from urllib.parse import unquote

import httpx

from adapters.simserver import SimRequest, SimResponse
from tests.faults.far import Far, operation_of
from tests.faults.plan import Fault, Kind

TRIPS_S: Final = tuple(ms / 1000 for ms in range(5, 46))
"""How long a request may be on its way there, and as long back."""

_PAGE: Final = b"<html><body><h1>We will be back soon</h1></body></html>"
_UNDONE: Final = {
    Kind.OVERLOAD: SimResponse(502, b"<html>bad gateway</html>"),
    Kind.REDIRECT: SimResponse(302, b"", {"Location": "https://elsewhere.example/"}),
}


class Network(Protocol):
    """What of the world a line needs."""

    rng: Random
    far: Mapping[str, Far]

    def on_request(self, far: Far, asked: SimRequest, operation: str) -> Fault | None:
        """What goes wrong with a request that is about to leave."""

    def handle(self, far: Far, asked: SimRequest, operation: str, left_s: float) -> SimResponse:
        """Have a venue answer a request that arrived, and left at `left_s`."""


class Answer(httpx.Response):
    """What came back, as far as a client looks at it: httpx's own takes longer than the venue."""

    def __init__(self, told: SimResponse) -> None:
        self.status_code = told.status
        self.headers = _headers(*told.headers.items())
        self.stream = httpx.ByteStream(told.body)

    async def aclose(self) -> None:
        """There is no connection."""


class Line(httpx.AsyncBaseTransport):
    """One process's way out."""

    def __init__(self, network: Network, demand_alive: Callable[[], None]) -> None:
        """`demand_alive()` raises for a process that is dead: it sends nothing."""
        self._network = network
        self._demand_alive = demand_alive

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and wait for the answer as long as the client wants to. Raises as httpx does."""
        self._demand_alive()
        network = self._network
        far = network.far[request.url.host.partition(".")[0]]
        asked = _asked(request)
        operation = operation_of(far.kind, asked)
        fault = network.on_request(far, asked, operation)
        trip_s = network.rng.choice(TRIPS_S)
        if fault is not None and fault.kind is Kind.NO_CONNECTION:
            await asyncio.sleep(trip_s)
            raise httpx.ConnectError("refused")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[SimResponse] = loop.create_future()
        given_up = loop.call_later(request.extensions["timeout"]["read"], _give_up, answer)
        self._send(far, asked, operation, fault, answer, trip_s)
        try:
            return Answer(await answer)
        finally:
            given_up.cancel()

    def _send(
        self,
        far: Far,
        asked: SimRequest,
        operation: str,
        fault: Fault | None,
        answer: "asyncio.Future[SimResponse]",
        trip_s: float,
    ) -> None:
        loop, network = asyncio.get_running_loop(), self._network
        kind = fault.kind if fault is not None else None
        left_s = loop.time()

        def arrive() -> None:
            told = _undone(fault)
            if told is None:
                told = _spoilt(network.handle(far, asked, operation, left_s), kind)
                if kind is Kind.ARRIVES_TWICE:
                    network.handle(far, asked, operation, left_s)
            back_s = network.rng.choice(TRIPS_S) + told.delay_s
            if kind is Kind.SLOW_ANSWER and fault is not None:
                back_s += fault.ms / 1000
            loop.call_later(back_s, _settle, answer, told, kind)

        if kind is Kind.LOSE_REQUEST:
            loop.call_later(trip_s, _break, answer)
            return
        late_s = fault.ms / 1000 if fault is not None and kind is Kind.LATE_REQUEST else 0.0
        loop.call_later(trip_s + late_s, arrive)


def _asked(request: httpx.Request) -> SimRequest:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    # httpx's own look at them tries one encoding after the other, for every name and every value.
    headers = {_lower(name): value.decode("latin-1") for name, value in request.headers.raw}
    # httpx's own reading asks typing what kind of stream it is, every time.
    assert isinstance(request.stream, httpx.ByteStream), "the product sends no other"
    return SimRequest(request.method, unquote(path), query, headers, b"".join(request.stream))


@cache
def _lower(name: bytes) -> str:
    return name.decode("latin-1").lower()


@cache
def _headers(*told: tuple[str, str]) -> httpx.Headers:
    return httpx.Headers(told)


def _undone(fault: Fault | None) -> SimResponse | None:
    """What comes back where the venue does nothing."""
    if fault is None:
        return None
    if fault.kind is Kind.THROTTLED:
        return SimResponse(429, b"{}", {"Retry-After": str(fault.ms // 1000 or 1)})
    return _UNDONE.get(fault.kind)


def _spoilt(told: SimResponse, kind: Kind | None) -> SimResponse:
    match kind:
        case None:
            return told
        case Kind.SERVER_ERROR:
            return SimResponse(500, b"internal server error")
        case Kind.GARBLED:
            return SimResponse(told.status, told.body[: len(told.body) // 2], told.headers)
        case Kind.PAGE:
            return SimResponse(200, _PAGE, {"Content-Type": "text/html"})
        case Kind.EMPTY:
            return SimResponse(200, b"")
        case _:
            return told


def _settle(answer: "asyncio.Future[SimResponse]", told: SimResponse, kind: Kind | None) -> None:
    if answer.done() or kind is Kind.SILENCE:
        return
    if kind is Kind.LOSE_ANSWER or told.drop:
        _break(answer)
    else:
        answer.set_result(told)


def _give_up(answer: "asyncio.Future[SimResponse]") -> None:
    if not answer.done():
        answer.set_exception(httpx.ReadTimeout("no answer"))


def _break(answer: "asyncio.Future[SimResponse]") -> None:
    if not answer.done():
        answer.set_exception(httpx.RemoteProtocolError("the connection is over"))
