"""Withdrawals by the dozen while everything goes wrong, over restarts: the venue's ledger is the judge."""

import asyncio
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from oms.core.errors import VenueUnavailable
from tests.treasury.bank_engine import ROUTE, BankEngine, bank_engine

TROUBLES = ("", "lose_reply", "lose_request", "html", "refuse", "throttle", "no list")
ASKED = 16


async def ask(engine: BankEngine, rng: Random, first: int) -> None:
    """A dozen withdrawals of different amounts, most in trouble, some asked for more than once."""
    for number in range(first, first + ASKED // 2):
        trouble = rng.choice(TROUBLES)
        if trouble:
            engine.bank.troubles[trouble] += 1
        terms = {"venue": ROUTE, "asset": "BTC", "amount": f"1.{number:02d}1", "address": "bc1q"}
        for _ in range(rng.randint(1, 3)):
            with suppress(VenueUnavailable):  # the route may be down
                await engine.oms().withdraw(**terms, cl_ord_id=f"W{number}")
        if rng.random() < 0.5:
            await engine.oms().outcome(f"T{number + 1}", 0.2)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledger_has_each_once_or_not_at_all(tmp_path: Path, seed: int) -> None:
    """What is said to be done is there, what is said not to be is not, and the rest is in doubt."""
    rng = Random(seed)  # noqa: S311  a storm, not a secret
    with bank_engine(tmp_path) as engine:
        asyncio.run(ask(engine, rng, 0))
        engine.restart()
        asyncio.run(ask(engine, rng, ASKED // 2))
        engine.restart()
        engine.bank.troubles.clear()
        there = {row["amount"] for row in engine.bank.rows}
        engine.until(
            "what is there is found",
            lambda: {r["amount"] for r in engine.reader.moves() if r["state"] == "DONE"} == there,
        )
        rows = engine.reader.moves()
        assert len(rows) == ASKED
        assert len(engine.bank.rows) == len(there), "nothing was sent twice"
        elsewhere = {row["state"] for row in rows if row["amount"] not in there}
        assert elsewhere <= {"REFUSED", "NOT_SENT", "IN_DOUBT"}
        assert {"DONE", *elsewhere} >= {"DONE", "IN_DOUBT"}
