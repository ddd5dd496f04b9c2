"""The remote twin of the API: the same answers, and no request sent twice."""

import asyncio
import inspect
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oms.api import Oms
from oms.client import Client
from oms.core import errors
from oms.core.errors import (
    EngineUnavailable,
    InvalidOrder,
    NotAuthorised,
    NotSupported,
    OmsError,
    OrderRejected,
    OutcomeUnknown,
    UnknownOrder,
    VenueUnavailable,
)
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport
from oms.door import Door
from oms.web import Web
from tests.oms.lossy_proxy import Loss, LossyProxy, lossy_proxy
from tests.oms.small_engine import AS_GRID, AS_OPERATOR, TOKENS, SmallEngine, running, within

ORDER: dict[str, Any] = {
    "venue": "plain",
    "symbol": "BTC/TRY",
    "side": "BUY",
    "order_qty": "0.01",
    "price": "40000.50",
}
AT_ONCE = (0.0, 0.0, 0.0)


class Bench:
    """An engine behind a proxy that loses things, and a client of it."""

    def __init__(self, engine: SmallEngine, proxy: LossyProxy, client: Client) -> None:
        self.engine = engine
        self.proxy = proxy
        self.client = client


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    """All of it on loopback."""
    with running(folder) as engine:
        web = Web(engine.oms, TOKENS)
        await web.start("127.0.0.1", 0)
        async with lossy_proxy(web.address) as proxy:
            client = Client(proxy.url, AS_GRID, looks_s=AT_ONCE, reconnects_s=AT_ONCE)
            async with client:
                yield Bench(engine, proxy, client)
        await within("the server to stop", web.stop())


def call(folder: Path, test: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    """Run a test's coroutine on a bench of its own."""

    async def main() -> None:
        async with bench(folder) as made:
            await within("the whole test", test(made))

    asyncio.run(main())


async def _types(door: Door, since: int, count: int) -> list[tuple[int, ExecType]]:
    """Number and ExecType of the next reports."""
    found: list[tuple[int, ExecType]] = []
    async with aclosing(door.reports(since)) as reports:
        async for number, report in reports:
            assert isinstance(report, ExecutionReport)
            found.append((number, report.exec_type))
            if len(found) == count:
                break
    return found


@pytest.mark.parametrize("remote", [False, True], ids=["in process", "over HTTP"])
def test_both_doors_say_the_same(tmp_path: Path, remote: bool) -> None:
    async def test(bench: Bench) -> None:
        door: Door = bench.client if remote else bench.engine.oms("grid-1")
        bench.engine.venues["PLAIN"].script = "fill"
        handle = await door.submit(**ORDER, cl_ord_id="A1")
        assert (handle.order_id, handle.cl_ord_id, handle.since) == ("0000000001", "A1", 0)
        reports = [report async for report in handle.reports()]
        assert [report.exec_type for report in reports] == [
            ExecType.PENDING_NEW, ExecType.NEW, ExecType.PARTIAL_FILL, ExecType.FILL,
        ]  # fmt: skip
        assert reports[-1].cum_qty == Decimal("0.01")
        assert reports[-1].avg_px == Decimal("40000.5")
        assert (await handle.row())["ord_status"] == "FILLED"
        assert len(await door.fills(venue="plain")) == 2
        assert [row["asset"] for row in await door.positions()] == ["BTC", "TRY"]
        assert (await door.status())["ready"] is True
        assert (await door.timeline("grid-1/A1"))[0]["kind"] == "REQUEST"
        bench.engine.venues["PLAIN"].script = "rest"
        second = await door.submit(**ORDER)
        assert second.since == 4
        assert [row["cl_ord_id"] for row in await door.orders(open=True)] == [second.cl_ord_id]
        await second.cancel()
        assert [report.exec_type async for report in second.reports()][-1] is ExecType.CANCELED
        with pytest.raises(OrderRejected, match="CANCELED"):
            await second.cancel()

    call(tmp_path, test)


@pytest.mark.parametrize("remote", [False, True], ids=["in process", "over HTTP"])
def test_both_doors_raise_the_same(tmp_path: Path, remote: bool) -> None:
    async def test(bench: Bench) -> None:
        door: Door = bench.client if remote else bench.engine.oms("grid-1")
        bench.engine.venues["PLAIN"].script = "silence"
        for error, awaited in (
            (UnknownOrder, door.order("77")),
            (UnknownOrder, door.cancel("operator/A1")),
            (OrderRejected, door.submit(**{**ORDER, "symbol": "BTC/XYZ"})),
            (InvalidOrder, door.submit(**{**ORDER, "price": 0.5})),
            (InvalidOrder, door.submit(**{**ORDER, "side": "LONG"})),
            (InvalidOrder, door.replace("1", order_qty="1e3")),
            (NotSupported, door.instruments("nowhere")),
            (VenueUnavailable, door.balances("plain")),
        ):
            with pytest.raises(OmsError) as caught:
                await awaited
            assert type(caught.value) is error

    call(tmp_path, test)


def test_a_replace_is_the_same_request_through_both_doors(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        for door in (bench.client, bench.engine.oms("grid-1")):
            handle = await door.submit(**{**ORDER, "venue": "NATIVE"})
            await handle.replace(order_qty="0.020", price=Decimal("41000.10"))
        asked = [
            (outbound.message.order_qty, getattr(outbound.message, "price", None))
            for outbound in bench.engine.venues["NATIVE"].received[1::2]
        ]
        assert asked == [(Decimal("0.020"), Decimal("41000.10"))] * 2

    call(tmp_path, test)


def test_what_can_not_be_an_order_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        with pytest.raises(InvalidOrder):
            await bench.client.submit(**{**ORDER, "order_qty": "a lot"})
        assert bench.proxy.posts == 0

    call(tmp_path, test)


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.LATE, Loss.GARBAGE])
def test_a_lost_answer_is_looked_up_and_nothing_is_sent_again(tmp_path: Path, loss: Loss) -> None:
    async def test(bench: Bench) -> None:
        bench.proxy.loss = loss
        handle = await bench.client.submit(**ORDER, cl_ord_id="A1")
        assert (handle.order_id, handle.cl_ord_id) == ("0000000001", "A1")
        assert bench.proxy.posts == 1
        assert bench.engine.reader.counts()["orders"] == 1
        assert [report.exec_type async for report in _first(handle.reports(), 2)] == [
            ExecType.PENDING_NEW, ExecType.NEW,
        ]  # fmt: skip

    call(tmp_path, test)


async def _first(reports: AsyncIterator[ExecutionReport], count: int) -> AsyncIterator[Any]:
    async for report in reports:
        yield report
        count -= 1
        if not count:
            return


def test_what_can_not_be_told_is_an_unknown_outcome_and_is_not_sent_again(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.proxy.loss = Loss.REQUEST
        with pytest.raises(OutcomeUnknown, match="does not know ClOrdID A1 yet"):
            await bench.client.submit(**ORDER, cl_ord_id="A1")
        assert bench.proxy.posts == 1
        assert bench.engine.reader.counts()["orders"] == 0

    call(tmp_path, test)


def test_a_refusal_whose_answer_was_lost_is_still_a_refusal(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.proxy.loss = Loss.ANSWER
        with pytest.raises(OrderRejected, match="unknown symbol"):
            await bench.client.submit(**{**ORDER, "symbol": "BTC/XYZ"})
        assert bench.proxy.posts == 1

    call(tmp_path, test)


def test_another_order_of_the_same_cl_ord_id_is_not_taken_for_the_lost_one(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.client.submit(**ORDER, cl_ord_id="A1")
        bench.proxy.loss = Loss.REQUEST
        with pytest.raises(OrderRejected, match="duplicate ClOrdID A1"):
            await bench.client.submit(**{**ORDER, "side": "SELL"}, cl_ord_id="A1")

    call(tmp_path, test)


def test_a_kill_whose_answer_was_lost_is_no_kill_that_was_not_sent(tmp_path: Path) -> None:
    """The engine that is gone at the second try may have been killed by the first."""

    async def test(bench: Bench) -> None:
        client = Client(bench.proxy.url, AS_OPERATOR, looks_s=AT_ONCE)
        send = client._send

        async def once(method: str, path: str, **content: Any) -> Any:
            client._url = bench.proxy.url if bench.proxy.posts == 0 else "http://127.0.0.1:1"
            return await send(method, path, **content)

        client._send = once  # type: ignore[method-assign]  # the test's own instead
        bench.proxy.loss = Loss.ANSWER
        with pytest.raises(OutcomeUnknown, match="look at the status"):
            await client.kill(True)
        assert bench.engine.reader.kills()
        with pytest.raises(EngineUnavailable, match="no engine answers"):
            await client.kill(True)
        await client.close()

    call(tmp_path, test)


@pytest.mark.parametrize("other", [{"order_qty": "0.02"}, {"price": "41000"}])
def test_an_order_of_other_figures_is_not_said_to_be_the_lost_one(
    tmp_path: Path, other: dict[str, str]
) -> None:
    """Nor that it is not: it may have been replaced."""

    async def test(bench: Bench) -> None:
        await bench.client.submit(**ORDER, cl_ord_id="A1")
        bench.proxy.loss = Loss.REQUEST
        with pytest.raises(OutcomeUnknown, match="ClOrdID A1 names 0000000001, of other figures"):
            await bench.client.submit(**{**ORDER, **other}, cl_ord_id="A1")
        bench.proxy.loss = Loss.REQUEST
        with pytest.raises(OrderRejected, match="duplicate ClOrdID A1"):
            await bench.client.submit(**{**ORDER, "symbol": "ETH/TRY"}, cl_ord_id="A1")
        bench.proxy.loss = Loss.ANSWER
        same = {**ORDER, "symbol": "BTCTRY", "order_qty": "0.010"}
        assert (await bench.client.submit(**same, cl_ord_id="A1")).order_id == "0000000001"

    call(tmp_path, test)


def test_a_cancel_whose_answer_was_lost_is_found_by_its_own_id(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.engine.venues["NATIVE"].script = "silence"
        handle = await bench.client.submit(**{**ORDER, "venue": "NATIVE"})
        bench.proxy.loss = Loss.ANSWER
        await handle.cancel()
        assert bench.proxy.posts == 2
        assert len(bench.engine.venues["NATIVE"].received) == 2
        bench.proxy.loss = Loss.REQUEST
        with pytest.raises(OutcomeUnknown):
            await handle.cancel()

    call(tmp_path, test)


def test_where_nothing_listens_the_engine_is_unavailable_and_nothing_was_sent() -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        async with Client(f"http://127.0.0.1:{port}", AS_GRID, looks_s=AT_ONCE) as client:
            with pytest.raises(EngineUnavailable, match=f"no engine answers at .*:{port}"):
                await client.status()
            with pytest.raises(EngineUnavailable):
                await client.submit(**ORDER)
            with pytest.raises(EngineUnavailable):
                await anext(client.reports())

    asyncio.run(within("the refusals", test()))


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_an_address_that_is_none_is_an_engine_that_is_unavailable(url: str) -> None:
    async def test() -> None:
        async with Client(url, AS_GRID) as client:
            with pytest.raises(EngineUnavailable):
                await client.status()

    asyncio.run(within("the refusal", test()))


@pytest.mark.parametrize("token", ["wrong", "", "ğ", "line\nfeed", f"{AS_GRID} "])
def test_a_token_that_is_not_taken_is_never_repeated(tmp_path: Path, token: str) -> None:
    async def test(bench: Bench) -> None:
        async with Client(bench.proxy.url, token) as client:
            with pytest.raises((NotAuthorised, EngineUnavailable)) as caught:
                await client.status()
            assert not token.strip() or token.strip() not in str(caught.value)
            assert not token or token not in repr(client)

    call(tmp_path, test)


def test_a_report_stream_that_is_cut_goes_on_by_number(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.engine.venues["PLAIN"].script = "fill"
        await bench.client.submit(**ORDER)
        await bench.client.submit(**ORDER)
        bench.proxy.cut_after_lines = 3
        told = await _types(bench.client, 0, 8)
        assert [number for number, _ in told] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert bench.proxy.streams == 3
        whole = [number async for number, _ in bench.client.reports(6, follow=False)]
        assert whole == [7, 8]

    call(tmp_path, test)


def test_a_stream_that_can_not_go_on_says_so(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.client.submit(**ORDER)
        bench.proxy.cut_after_lines = bench.proxy.streams_max = 1
        reports = bench.client.reports()
        assert (await anext(reports))[0] == 1
        with pytest.raises(EngineUnavailable):
            await anext(reports)
        assert bench.proxy.streams == 1 + len(AT_ONCE)

    call(tmp_path, test)


def test_every_error_has_a_code_of_its_own_and_comes_back_as_itself() -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, OmsError)
    ]
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_the_doors_have_the_same_methods() -> None:
    def public(kind: type) -> dict[str, str]:
        return {
            name: str(inspect.signature(method))
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_") and name != "close"
        }

    assert public(Client) == public(Oms) == public(Door)
