"""What comes by itself: orders and fills as they change, replaces as they are answered."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt.async_support as theirs
import pytest

from oms.ccxt.listening import Mailbox
from oms.core.errors import EngineUnavailable
from oms.core.fields import CxlRejReason, ExecType, OrdStatus
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from oms.core.ports import ToVenue
from tests.ccxt.bench import SYMBOL, Bench, call
from tests.oms.told_items import BALANCE

Request = NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest


async def _received(bench: Bench, venue: str, kind: type[Any]) -> Any:
    """The request of that kind, once it has come to the venue."""
    while True:
        found = [
            sent.message
            for sent in bench.engine.venues[venue].received
            if isinstance(sent, ToVenue) and isinstance(sent.message, kind)
        ]
        if found:
            return found[-1]
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("remote", [True, False], ids=["remote", "in process"])
def test_orders_and_fills_are_told_as_they_come(tmp_path: Path, remote: bool) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange(remote=remote)
        await exchange.load_markets()
        orders = asyncio.create_task(exchange.watch_orders(SYMBOL))
        trades = asyncio.create_task(exchange.watch_my_trades())
        other = asyncio.create_task(exchange.watch_orders("BTCTRY"))
        await exchange._reports.start()
        order = await exchange.create_order(SYMBOL, "limit", "buy", "0.01", "40001")
        assert [told["id"] for told in await orders] == [order["id"]]
        assert [told["id"] for told in await other] == [order["id"]]
        venue = bench.engine.venues["PLAIN"]
        request = await _received(bench, "PLAIN", NewOrderSingle)
        venue.fill(request.cl_ord_id, Decimal("0.004"), Decimal(40000), ExecType.PARTIAL_FILL)
        (fill,) = await trades
        assert (fill["order"], fill["amount"], fill["type"]) == (order["id"], 0.004, "limit")
        seen: dict[str, Any] = order
        while seen["filled"] != 0.004:
            (seen,) = await exchange.watch_orders(SYMBOL)
        venue.fill(request.cl_ord_id, Decimal("0.006"), Decimal(40000), ExecType.FILL)
        while seen["status"] != "closed":
            (seen,) = await exchange.watch_orders(SYMBOL)
        (fill,) = await exchange.watch_my_trades()
        assert fill["amount"] == 0.006

    call(tmp_path, test)


def test_what_came_before_the_first_watch_is_told_by_it(tmp_path: Path) -> None:
    """Else a strategy that looks at an order before it watches would wait for ever."""

    async def test(bench: Bench) -> None:
        bench.script("fill")
        exchange = bench.exchange()
        order = await exchange.create_order(SYMBOL, "limit", "buy", "0.01", 40001)
        while True:
            stirred = exchange._reports.next()
            if (await exchange.fetch_order(order["id"]))["status"] == "closed":
                break
            await stirred
        (told,) = await exchange.watch_orders(SYMBOL)
        assert (told["id"], told["status"]) == (order["id"], "closed")
        assert [t["amount"] for t in await exchange.watch_my_trades()] == [0.004, 0.006]

    call(tmp_path, test)


@pytest.mark.parametrize("limit", [False, True], ids=["no answer", "time limit"])
def test_a_fill_that_could_not_be_told_is_told_by_the_next_watch(
    tmp_path: Path, limit: bool
) -> None:
    """The report has come, and what it is about can not be read: nothing of it is lost."""

    async def test(bench: Bench) -> None:
        bench.script("fill")
        door = bench.engine.oms("grid-1")
        exchange = bench.exchange(door=door)
        order = await exchange.create_order(SYMBOL, "limit", "buy", "0.01", 40001)
        real = door.fills

        async def fails(**_: Any) -> Any:
            door.fills = real  # type: ignore[method-assign]  # the test's own instead
            if limit:
                raise asyncio.CancelledError
            raise EngineUnavailable("no engine answers")

        for watch in (exchange.watch_my_trades, exchange.watch_orders):
            door.fills = fails  # type: ignore[method-assign]  # the test's own instead
            with pytest.raises((theirs.ExchangeNotAvailable, asyncio.CancelledError)):
                await watch()
        amounts: list[float] = []
        while len(amounts) < 2:
            amounts += [t["amount"] for t in await exchange.watch_my_trades()]
        assert amounts == [0.004, 0.006]
        (told,) = await exchange.watch_orders()
        assert told["id"] == order["id"]

    call(tmp_path, test)


def test_what_is_given_back_comes_first_and_once() -> None:
    async def test() -> None:
        box: Mailbox[str] = Mailbox()
        box.put("a")
        box.put("b")
        taken = await box.take()
        box.put("c")
        box.give_back(taken)
        box.give_back(taken)
        assert await box.take() == ["a", "b", "c"]
        waiting = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        box.give_back(["d", "e"])
        assert [*await waiting, *await box.take()] == ["d", "e"]

    asyncio.run(test())


def test_a_watch_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        first = await exchange.create_order(SYMBOL, "limit", "buy", 1, 1)
        assert [o["id"] for o in await exchange.watch_orders()] == [first["id"]]
        await exchange._reports.close()
        other = bench.engine.oms("grid-1")
        await other.submit(venue="PLAIN", symbol=SYMBOL, side="BUY", order_qty=1, price=1)
        told: set[str] = set()
        while len(told) < 1:
            told |= {o["id"] for o in await exchange.watch_orders()}
        assert told == {"0000000002"}

    call(tmp_path, test)


def test_a_watch_that_was_cut_raises_once_and_begins_anew(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        await exchange.load_markets()
        url, exchange.door._url = exchange.door._url, "http://127.0.0.1:1"  # type: ignore[attr-defined]  # behind its protocol
        with pytest.raises(theirs.ExchangeNotAvailable):
            await exchange.watch_orders()
        exchange.door._url = url  # type: ignore[attr-defined]  # behind its protocol
        watching = asyncio.create_task(exchange.watch_orders())
        await exchange._reports.start()
        order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 1)
        assert (await watching)[0]["id"] == order["id"]

    call(tmp_path, test)


def _answer(request: OrderCancelReplaceRequest, kind: ExecType, **told: Any) -> ExecutionReport:
    return ExecutionReport(
        exec_id=f"{request.cl_ord_id}-{kind.name}",
        exec_type=kind,
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        order_id=f"V{request.orig_cl_ord_id}",
        **told,
    )


def test_a_replace_keeps_the_id_and_changes_the_terms(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange("NATIVE")
        order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 100)
        editing = asyncio.create_task(
            exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 2, 101.004)
        )
        request = await _received(bench, "NATIVE", OrderCancelReplaceRequest)
        assert (str(request.order_qty), str(request.price)) == ("2", "101")
        venue = bench.engine.venues["NATIVE"]
        venue.tell(_answer(request, ExecType.PENDING_REPLACE))
        terms = {"order_qty": request.order_qty, "price": request.price}
        venue.tell(_answer(request, ExecType.REPLACED, **terms))
        edited = await editing
        assert edited["id"] == order["id"]
        assert (edited["amount"], edited["price"], edited["status"]) == (2, 101, "open")
        with pytest.raises(theirs.NotSupported, match="keeps its type"):
            await exchange.edit_order(order["id"], SYMBOL, "limit", "sell", 2, 101)

    call(tmp_path, test)


def test_a_replace_that_the_venue_refuses(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange("NATIVE")
        order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 100)
        editing = asyncio.create_task(
            exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 2, 101)
        )
        request = await _received(bench, "NATIVE", OrderCancelReplaceRequest)
        venue = bench.engine.venues["NATIVE"]
        venue.tell(_answer(request, ExecType.PENDING_REPLACE))
        venue.tell(
            OrderCancelReject(
                cl_ord_id=request.cl_ord_id,
                orig_cl_ord_id=request.orig_cl_ord_id,
                ord_status=OrdStatus.NEW,
                cxl_rej_reason=CxlRejReason.BROKER_CREDIT,
                text="not today",
            )
        )
        with pytest.raises(theirs.InvalidOrder, match="not today"):
            await editing
        assert (await exchange.fetch_order(order["id"]))["amount"] == 1

    call(tmp_path, test)


def test_a_cancel_that_comes_too_late(tmp_path: Path) -> None:
    """The order is filled while its cancel is under way: there is nothing left to cancel."""

    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        order = await exchange.create_order(SYMBOL, "limit", "buy", "0.01", 40000)
        bench.script("nothing")
        canceling = asyncio.create_task(exchange.cancel_order(order["id"]))
        await _received(bench, "PLAIN", OrderCancelRequest)
        new = await _received(bench, "PLAIN", NewOrderSingle)
        venue = bench.engine.venues["PLAIN"]
        venue.fill(new.cl_ord_id, Decimal("0.01"), Decimal(40000), ExecType.FILL)
        cancel = await _received(bench, "PLAIN", OrderCancelRequest)
        venue.tell(
            OrderCancelReject(
                cl_ord_id=cancel.cl_ord_id,
                orig_cl_ord_id=cancel.orig_cl_ord_id,
                ord_status=OrdStatus.FILLED,
                cxl_rej_reason=CxlRejReason.TOO_LATE_TO_CANCEL,
                text="too late",
            )
        )
        with pytest.raises(theirs.OrderNotFound, match="is closed already"):
            await canceling
        assert (await exchange.fetch_order(order["id"]))["status"] == "closed"

    call(tmp_path, test)


@pytest.mark.parametrize("loss", ["ANSWER", "REQUEST"])
def test_a_cancel_whose_answer_is_lost_raises_nothing(tmp_path: Path, loss: str) -> None:
    async def test(bench: Bench) -> None:
        # A request that is lost is waited for all that time, what an answer does not say, until it is so.
        exchange = bench.exchange(timeout=300 if loss == "REQUEST" else 20_000)
        order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 1)
        bench.proxy.loss = type(bench.proxy.loss)[loss]
        told = await exchange.cancel_order(order["id"])
        assert told["status"] == ("canceled" if loss == "ANSWER" else "open")

    call(tmp_path, test)


def test_a_mailbox_tells_all_who_wait_and_loses_nothing() -> None:
    async def main() -> None:
        box: Mailbox[int] = Mailbox()
        first, second = asyncio.create_task(box.take()), asyncio.create_task(box.take())
        await asyncio.sleep(0)
        box.put(1)
        box.put(2)
        assert (await first, await second, await box.take()) == ([1], [1], [2])
        given_up = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        box.put(3)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        box.put(4)
        assert await box.take() == [3, 4]
        last = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        box.put(5)
        box.end(EngineUnavailable("gone"))
        assert await last == [5]
        with pytest.raises(EngineUnavailable):
            await box.take()

    asyncio.run(main())


def test_who_waits_when_the_exchange_is_closed_is_told(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        await exchange.load_markets()
        waits = [
            asyncio.create_task(waiting)
            for waiting in (exchange.watch_orders(), exchange.watch_ticker(SYMBOL))
        ]
        await exchange._reports.start()
        await exchange.close()
        for waiting in waits:
            with pytest.raises(theirs.ExchangeClosedByUser):
                await waiting

    call(tmp_path, test)


def test_a_balance_once_it_has_changed(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.engine.venues["PLAIN"].news = [(BALANCE, True, 0)]
        told = await bench.exchange().watch_balance()
        assert told["BTC"] == {"free": 0.1, "used": 0, "total": 0.1}

    call(tmp_path, test)
