"""Withdrawals through the ccxt-shaped face: sent once, and no doubt that looks like a failure."""

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import ccxt.async_support as theirs
import pytest

import oms.ccxt
from oms.ccxt import tidings
from oms.ccxt.figures import Figures
from oms.core.errors import OutcomeUnknown
from tests.treasury.bank_engine import GRID, ROUTE, BankEngine, bank_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[BankEngine]:
    with bank_engine(tmp_path) as running:
        yield running


def _withdraw(engine: BankEngine, origin: str = GRID, **terms: Any) -> dict[str, Any]:
    asked = {"code": "BTC", "amount": 0.5, "address": "bc1q", **terms}

    async def main() -> dict[str, Any]:
        config = {"venue": ROUTE, "door": engine.oms(origin), "timeout": 10_000}
        async with oms.ccxt.exchange(config) as exchange:
            told: dict[str, Any] = await exchange.withdraw(**asked)
            assert exchange.has["withdraw"] is True
            return told

    return asyncio.run(main())


def test_what_is_taken_is_pending(engine: BankEngine) -> None:
    engine.bank.finishes = False
    told = _withdraw(engine, tag="7", params={"network": "BTC"})
    assert (told["status"], told["amount"], told["currency"]) == ("pending", 0.5, "BTC")
    assert (told["address"], told["tag"], told["network"]) == ("bc1q", "7", "BTC")
    assert told["info"]["state"] == "TAKEN"
    (row,) = engine.bank.rows
    assert row["amount"] == "0.5"


@pytest.mark.parametrize("trouble", ["lose_reply", "lose_request", "html"])
def test_a_withdrawal_in_doubt_is_pending_and_nobody_is_asked_to_repeat_it(
    engine: BankEngine, trouble: str
) -> None:
    engine.bank.troubles.update({trouble: 1, "no list": 1})
    told = _withdraw(engine)
    assert (told["status"], told["info"]["in_doubt"]) == ("pending", True)
    assert engine.bank.asked == 1


def test_what_was_refused_or_not_sent(engine: BankEngine) -> None:
    engine.bank.troubles["refuse"] = 1
    with pytest.raises(theirs.InsufficientFunds, match="not enough"):
        _withdraw(engine)
    with pytest.raises(theirs.InvalidOrder, match="more than 0"):
        _withdraw(engine, amount=0)
    with pytest.raises(theirs.NotSupported, match="fast"):
        _withdraw(engine, params={"fast": True})
    with pytest.raises(theirs.InvalidOrder, match="not a number"):
        _withdraw(engine, amount="all")
    assert engine.bank.rows == []


def test_the_engine_gives_no_answer(engine: BankEngine) -> None:
    async def lost(*_: object, **__: object) -> Coroutine[Any, Any, Any]:
        raise OutcomeUnknown("gave no answer")

    async def main() -> dict[str, Any]:
        door: Any = engine.oms(GRID)
        door.withdraw = lost
        async with oms.ccxt.exchange({"venue": ROUTE, "door": door}) as exchange:
            params = {"clientOrderId": "w-1"}
            told: dict[str, Any] = await exchange.withdraw("BTC", "0.1", "bc1q", None, params)
            return told

    told = asyncio.run(main())
    assert (told["id"], told["status"], told["amount"]) == ("w-1", "pending", 0.1)
    assert "gave no answer" in told["info"]["in_doubt_text"]


def test_a_saved_address_is_told_by_its_name(engine: BankEngine) -> None:
    """Where that is all that the venue is told."""
    engine.bank.finishes = False
    _withdraw(engine)
    (row,) = engine.reader.moves()
    told = tidings.move({**row, "address": "", "alias": "cold"}, Figures())
    assert (told["address"], told["addressTo"]) == ("cold", "cold")
