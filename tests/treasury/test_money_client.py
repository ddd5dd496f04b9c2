"""Money over HTTP: the same answers, and no withdrawal twice, whatever the connection loses."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from oms.client import Client
from oms.core.errors import (
    EngineUnavailable,
    InvalidOrder,
    NotAuthorised,
    OrderRejected,
    OutcomeUnknown,
    UnknownOrder,
)
from tests.oms.lossy_proxy import Loss, LossyProxy, lossy_proxy
from tests.treasury.bank_engine import (
    AS_GRID,
    AS_OPERATOR,
    ROUTE,
    BankEngine,
    bank_engine,
    serving,
)

TERMS: dict[str, Any] = {"venue": ROUTE, "asset": "BTC", "amount": "0.5", "address": "bc1q"}
Test = Callable[[BankEngine, Client, LossyProxy], Awaitable[None]]


def play(folder: Path, test: Test, token: str = AS_OPERATOR) -> None:
    """A client of an engine, behind a proxy that may lose things."""

    async def main(engine: BankEngine, url: str) -> None:
        address = httpx.URL(url)
        async with lossy_proxy((str(address.host), address.port or 0)) as proxy:
            looks_s = (0.0, 0.05, 0.1)
            async with Client(proxy.url, token, looks_s=looks_s) as client, asyncio.timeout(20):
                await test(engine, client, proxy)

    with bank_engine(folder) as engine, serving(engine) as url:
        asyncio.run(main(engine, url))


def test_all_of_it_from_another_process(tmp_path: Path) -> None:
    """Sent, waited for, listed, told, found by name."""

    async def test(engine: BankEngine, client: Client, _: LossyProxy) -> None:
        handle = await client.withdraw(**TERMS, cl_ord_id="W1")
        assert (await handle.outcome())["state"] in ("TAKEN", "DONE")
        row = await handle.row()
        assert [told["transfer_id"] for told in await client.moves(venue="bank")] == ["T1"]
        assert (await client.move("operator/W1")).transfer_id == "T1"
        assert (await client.move_timeline("t1"))[0]["kind"] == "REQUEST"
        assert row["code"] == await client.coupon_code("T1") == ""
        made = await client.create_coupon(venue=ROUTE, asset="BTC", amount="2")
        assert (await made.outcome())["code"] == "***"
        assert await client.coupon_code(made.transfer_id) == "SECRET-2"
        with pytest.raises(UnknownOrder):
            await client.move_row("T9")
        with pytest.raises(InvalidOrder, match="exchange: 'OKEX' is none of none"):
            await client.withdraw(**TERMS, exchange="OKEX")
        with pytest.raises(OrderRejected, match="nothing is to be settled"):
            await client.settle(made.transfer_id, done=True, by="ann", because="seen")

    play(tmp_path, test)


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.REQUEST, Loss.GARBAGE, Loss.LATE])
def test_a_lost_answer_is_no_second_withdrawal(tmp_path: Path, loss: Loss) -> None:
    """The engine is asked again under the same name, and takes it but once."""

    async def test(engine: BankEngine, client: Client, proxy: LossyProxy) -> None:
        proxy.loss = loss
        handle = await client.withdraw(**TERMS, cl_ord_id="W1")
        assert (await handle.outcome())["state"] in ("TAKEN", "DONE")
        assert proxy.posts == 2
        await client.moves()
        assert [row["transfer_id"] for row in await client.moves()] == ["T1"]
        assert engine.bank.asked == 1

    play(tmp_path, test)


def test_without_any_answer_the_outcome_is_unknown(tmp_path: Path) -> None:
    """And the name to ask for is told."""

    async def test(engine: BankEngine, client: Client, proxy: LossyProxy) -> None:
        real = client._send

        async def lost(method: str, path: str, **content: Any) -> Any:
            if method == "POST":
                proxy.loss = Loss.ANSWER
            return await real(method, path, **content)

        client._send = lost  # type: ignore[method-assign]  # the test's own instead
        with pytest.raises(OutcomeUnknown, match="ask again under ClOrdID W1, and under no other"):
            await client.withdraw(**TERMS, cl_ord_id="W1")
        with pytest.raises(OutcomeUnknown, match="look at T1"):
            await client.settle("T1", done=True, by="ann", because="seen")
        client._send = real  # type: ignore[method-assign]  # the test's own instead
        assert (await client.withdraw(**TERMS, cl_ord_id="W1")).transfer_id == "T1"
        assert engine.bank.asked == 1

    play(tmp_path, test)


def test_no_engine_is_no_withdrawal() -> None:
    """Nothing was sent, and it is said so."""

    async def test() -> None:
        async with Client("http://127.0.0.1:1", "token") as client:
            with pytest.raises(EngineUnavailable, match="no engine answers"):
                await client.withdraw(**TERMS)

    asyncio.run(test())


def test_a_strategy_sees_its_own_alone(tmp_path: Path) -> None:
    """And settles nothing."""

    async def test(engine: BankEngine, client: Client, _: LossyProxy) -> None:
        await asyncio.to_thread(engine.withdraw)
        assert await client.moves() == []
        with pytest.raises(UnknownOrder):
            await client.coupon_code("T1")
        with pytest.raises(NotAuthorised):
            await client.settle("T1", done=True, by="ann", because="seen")
        handle = await client.withdraw(**{**TERMS, "amount": "0.7"})
        assert [row["transfer_id"] for row in await client.moves()] == [handle.transfer_id]

    play(tmp_path, test, AS_GRID)


def test_a_long_wait_is_several_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And ends when its time is over."""
    monkeypatch.setattr("oms.treasury.there.OUTCOME_AT_ONCE_S", 1)

    async def test(engine: BankEngine, client: Client, _: LossyProxy) -> None:
        release = asyncio.Event()
        engine.budget._in_flight = 1
        held = asyncio.wrap_future(engine.loop.submit(_hold(engine, release)))
        handle = await client.withdraw(**TERMS)
        assert (await client.outcome(handle.transfer_id, 2))["state"] == "UNDER_WAY"
        engine.loop.call(release.set)
        await held
        assert (await client.outcome(handle.transfer_id))["state"] in ("TAKEN", "DONE")

    play(tmp_path, test)


async def _hold(engine: BankEngine, release: asyncio.Event) -> None:
    from adapters.port import Lane

    async with engine.budget.turn(Lane.STATUS):
        await release.wait()
