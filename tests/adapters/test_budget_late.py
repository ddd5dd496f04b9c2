"""A process that is stopped in the middle of a turn sends no order that has become too old."""

import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest

from adapters.budget import Budget, TooLate
from adapters.port import Lane
from adapters.trader import PROMPT_S, Trader
from oms.clock import ManualClock
from oms.core.venue import Limit

A_MINUTE: float = 60.0


def _budget(clock: ManualClock, in_flight: int | None = 1) -> Budget:
    return Budget([Limit("all", 100, Decimal(1))], clock=clock, max_wait_s=2.0, in_flight=in_flight)


async def _order(budget: Budget, sent: list[str], wait: asyncio.Event | None = None) -> None:
    async with budget.turn(Lane.NEW):
        if wait is not None:
            await wait.wait()
            budget.demand_go(Lane.NEW)
        sent.append("order")


def test_a_turn_that_came_long_ago_is_none() -> None:
    """It was granted in time, and the process stopped before it went on."""

    async def test() -> None:
        clock, sent = ManualClock(), list[str]()
        budget = _budget(clock)
        async with budget.turn(Lane.CANCEL):
            waiting = asyncio.create_task(_order(budget, sent))
            await asyncio.sleep(0)
        clock.advance(A_MINUTE)
        with pytest.raises(TooLate, match="was over"):
            await waiting
        assert sent == []
        await _order(budget, sent)  # the slot is free again, and a new order is not an old one
        assert sent == ["order"]

    asyncio.run(test())


def test_the_last_word_after_another_wait() -> None:
    """As for a nonce, during which the process may stop as well."""

    async def test() -> None:
        clock, sent = ManualClock(), list[str]()
        budget, granted = _budget(clock), asyncio.Event()
        waiting = asyncio.create_task(_order(budget, sent, granted))
        await asyncio.sleep(0)
        clock.advance(A_MINUTE)
        granted.set()
        with pytest.raises(TooLate):
            await waiting
        assert sent == []

    asyncio.run(test())


def test_a_cancel_is_never_too_late() -> None:
    """Safety outranks age."""

    async def test() -> None:
        clock = ManualClock()
        budget = _budget(clock, in_flight=None)
        with suppress(TooLate):
            await _order(budget, [])
        clock.advance(A_MINUTE)
        async with budget.turn(Lane.CANCEL):
            clock.advance(A_MINUTE)
            budget.demand_go(Lane.CANCEL)

    asyncio.run(test())


def test_an_order_that_lay_about_is_not_begun() -> None:
    """Between the commit and the adapters' thread."""
    clock = ManualClock()
    trader = Trader.__new__(Trader)
    trader._teller = type("Told", (), {"clock": clock})()
    since = clock.monotonic()
    clock.advance(PROMPT_S)
    trader._demand_prompt(since)
    clock.advance(A_MINUTE)
    with pytest.raises(TooLate, match="62"):
        trader._demand_prompt(since)
