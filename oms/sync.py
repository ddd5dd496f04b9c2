"""The engine from a notebook: `Client` has the methods of `oms.Client`, and each waits.

A thread of its own runs the asynchronous client; whoever calls waits for the answer. What is
followed there by `async for` is followed here by `for`.

    from oms.sync import Client

    with Client("http://127.0.0.1:8080", token="...") as desk:
        order = desk.submit(venue="ANDX", symbol="BTC/TRY", side="BUY", order_qty="0.01", price="40000")
        for report in order.reports():
            print(report.exec_type, report.cum_qty)
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from oms import asks, door
from oms import client as remote
from oms.core.messages import ExecutionReport
from oms.told import Row
from oms.treasury import door as treasury
from oms.words import Number

P = ParamSpec("P")
T = TypeVar("T")

CLOSE_S = 5.0
"""What the thread gets to end, in seconds."""


class Flow(Generic[T]):
    """What comes one after the other: `for`, or `next`; `close` ends it."""

    def __init__(self, thread: "_Thread", coming: AsyncIterator[T]) -> None:
        self._thread = thread
        self._coming = coming

    def __iter__(self) -> Iterator[T]:
        """Itself."""
        return self

    def __next__(self) -> T:
        """The next one, however long it takes."""
        try:
            return self._thread.run(_next(self._coming))
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Follow it no more."""
        close = getattr(self._coming, "aclose", None)
        if close is not None:
            self._thread.run(close())

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


class Watch(Flow[T]):
    """A watch; `emulated` and `missed` are of the item at hand, as of `oms.asks.Watch`."""

    def __init__(self, thread: "_Thread", watch: asks.Watch[T]) -> None:
        super().__init__(thread, watch)
        self._watch = watch

    @property
    def emulated(self) -> bool:
        """Asked for in turns, because the venue does not stream it."""
        return self._watch.emulated

    @property
    def missed(self) -> int:
        """How many were dropped, or may have been lost, just before it."""
        return self._watch.missed


class Handle:
    """One order in the caller's hand."""

    def __init__(self, thread: "_Thread", handle: door.Handle) -> None:
        self._thread = thread
        self._handle = handle
        self.order_id = handle.order_id
        self.cl_ord_id = handle.cl_ord_id

    def row(self) -> Row:
        """The order row as it is now."""
        return self._thread.run(self._handle.row())

    def reports(self) -> Flow[ExecutionReport]:
        """Its ExecutionReports, from the first to the last."""
        return Flow(self._thread, self._handle.reports())

    def cancel(self) -> None:
        """Ask for its cancellation; returns when that is durable. Raises OrderRejected."""
        self._thread.run(self._handle.cancel())

    def replace(self, *, order_qty: Number, price: Number | None = None) -> None:
        """Ask for its replacement. Raises OrderRejected."""
        self._thread.run(self._handle.replace(order_qty=order_qty, price=price))

    def __repr__(self) -> str:
        """Its names."""
        return f"Handle(order_id={self.order_id!r}, cl_ord_id={self.cl_ord_id!r})"


class MoveHandle:
    """One transfer of money in the caller's hand."""

    def __init__(self, thread: "_Thread", handle: treasury.MoveHandle) -> None:
        self._thread = thread
        self._handle = handle
        self.transfer_id = handle.transfer_id
        self.cl_ord_id = handle.cl_ord_id

    def row(self) -> Row:
        """The row of the transfer as it is now."""
        return self._thread.run(self._handle.row())

    def outcome(self, timeout_s: float = 30.0) -> Row:
        """The row as soon as its sending has an outcome, or as it is after so many seconds."""
        return self._thread.run(self._handle.outcome(timeout_s))

    def __repr__(self) -> str:
        """Its names."""
        return f"MoveHandle(transfer_id={self.transfer_id!r}, cl_ord_id={self.cl_ord_id!r})"


class _Thread:
    """A loop on a thread of its own."""

    def __init__(self) -> None:
        self.ended = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="oms.sync", daemon=True)
        self._thread.start()

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    def run(self, asked: Coroutine[Any, Any, T]) -> T:
        """Its result, or what it raises. Interrupted, it is asked no more."""
        if self.ended:
            asked.close()
            raise RuntimeError("this client is closed")
        future: Future[T] = asyncio.run_coroutine_threadsafe(asked, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def end(self) -> None:
        """Stop, and wait for it."""
        self.ended = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)


async def _next(coming: AsyncIterator[T]) -> T:
    return await anext(coming)


_Method = Callable[Concatenate[remote.Client, P], T]
_Waiting = Callable[Concatenate["Client", P], T]


def _waits(method: _Method[P, Coroutine[Any, Any, T]]) -> _Waiting[P, T]:
    @wraps(method)
    def call(self: "Client", /, *args: P.args, **named: P.kwargs) -> T:
        return self._thread.run(method(self._desk, *args, **named))

    return call


def _hands(method: _Method[P, Coroutine[Any, Any, door.Handle]]) -> _Waiting[P, Handle]:
    @wraps(method)
    def call(self: "Client", /, *args: P.args, **named: P.kwargs) -> Handle:
        return Handle(self._thread, self._thread.run(method(self._desk, *args, **named)))

    return call


def _moves(method: _Method[P, Coroutine[Any, Any, treasury.MoveHandle]]) -> _Waiting[P, MoveHandle]:
    @wraps(method)
    def call(self: "Client", /, *args: P.args, **named: P.kwargs) -> MoveHandle:
        return MoveHandle(self._thread, self._thread.run(method(self._desk, *args, **named)))

    return call


def _flows(method: _Method[P, AsyncIterator[T]]) -> _Waiting[P, Flow[T]]:
    @wraps(method)
    def call(self: "Client", /, *args: P.args, **named: P.kwargs) -> Flow[T]:
        return Flow(self._thread, method(self._desk, *args, **named))

    return call


def _watches(method: _Method[P, asks.Watch[T]]) -> _Waiting[P, Watch[T]]:
    @wraps(method)
    def call(self: "Client", /, *args: P.args, **named: P.kwargs) -> Watch[T]:
        return Watch(self._thread, method(self._desk, *args, **named))

    return call


class Client:
    """`oms.Client` for whoever waits: the same methods, rows, values and errors. Of any thread."""

    def __init__(self, url: str, token: str) -> None:
        """`url` is the control API's, like http://127.0.0.1:8080; the token says who asks."""
        self._thread = _Thread()
        self._desk = remote.Client(url, token)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Let the connections go, and end the thread. More than once is no harm."""
        if not self._thread.ended:
            self._thread.run(self._desk.close())
            self._thread.end()

    def ask(self, query: str, venue: str, **asked: Any) -> Any:
        """One of `oms.asks.QUERIES` by its name, with the arguments of its method."""
        return self._thread.run(self._desk.ask(query, venue, **asked))

    def watch(self, kind: str, venue: str, **asked: Any) -> Flow[asks.News]:
        """One of `oms.asks.WATCHES` by its kind."""
        return Flow(self._thread, self._desk.watch(kind, venue, **asked))

    submit = _hands(remote.Client.submit)
    order = _hands(remote.Client.order)
    cancel = _waits(remote.Client.cancel)
    replace = _waits(remote.Client.replace)
    order_row = _waits(remote.Client.order_row)
    own_order_row = _waits(remote.Client.own_order_row)
    timeline = _waits(remote.Client.timeline)
    orders = _waits(remote.Client.orders)
    fills = _waits(remote.Client.fills)
    positions = _waits(remote.Client.positions)
    balances = _waits(remote.Client.balances)
    instruments = _waits(remote.Client.instruments)
    status = _waits(remote.Client.status)
    capabilities = _waits(remote.Client.capabilities)
    last_report = _waits(remote.Client.last_report)
    kill = _waits(remote.Client.kill)
    kill_certificate = _waits(remote.Client.kill_certificate)
    cancel_all = _waits(remote.Client.cancel_all)
    reports = _flows(remote.Client.reports)

    ticker = _waits(remote.Client.ticker)
    tickers = _waits(remote.Client.tickers)
    order_book = _waits(remote.Client.order_book)
    trades = _waits(remote.Client.trades)
    candles = _waits(remote.Client.candles)
    currencies = _waits(remote.Client.currencies)
    server_time = _waits(remote.Client.server_time)
    account = _waits(remote.Client.account)
    fees = _waits(remote.Client.fees)
    deposits = _waits(remote.Client.deposits)
    withdrawals = _waits(remote.Client.withdrawals)
    transfers = _waits(remote.Client.transfers)
    activities = _waits(remote.Client.activities)
    deposit_address = _waits(remote.Client.deposit_address)
    venue_trades = _waits(remote.Client.venue_trades)

    watch_ticker = _watches(remote.Client.watch_ticker)
    watch_order_book = _watches(remote.Client.watch_order_book)
    watch_trades = _watches(remote.Client.watch_trades)
    watch_candles = _watches(remote.Client.watch_candles)
    watch_balances = _watches(remote.Client.watch_balances)

    withdraw = _moves(remote.Client.withdraw)
    transfer = _moves(remote.Client.transfer)
    create_coupon = _moves(remote.Client.create_coupon)
    redeem_coupon = _moves(remote.Client.redeem_coupon)
    move = _moves(remote.Client.move)
    move_row = _waits(remote.Client.move_row)
    outcome = _waits(remote.Client.outcome)
    moves = _waits(remote.Client.moves)
    move_timeline = _waits(remote.Client.move_timeline)
    coupon_code = _waits(remote.Client.coupon_code)
    settle = _waits(remote.Client.settle)

    breaks = _waits(remote.Client.breaks)
    foreign_orders = _waits(remote.Client.foreign_orders)
    close_break = _waits(remote.Client.close_break)
    reconcile = _waits(remote.Client.reconcile)
