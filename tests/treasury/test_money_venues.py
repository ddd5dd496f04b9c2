"""Money at venues that list none of it: what was lost stays in doubt until a person settles it."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from oms.core.errors import InvalidOrder, NotSupported
from oms.core.funding import Transfer
from oms.core.ports import ToTreasury
from oms.treasury.door import Row
from tests.treasury.bank_engine import WAIT_S
from tests.treasury.venue_engine import VenueEngine, venue_engine

TERMS: dict[str, dict[str, Any]] = {
    "andx": {"asset": "TRY", "amount": "100", "address": "", "alias": "bank"},
    "cryptex": {"asset": "BTC", "amount": "0.5", "address": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"},
}
UNLISTED = sorted(TERMS)
LISTED: dict[str, dict[str, Any]] = {
    "apifiny": {"asset": "BTC", "amount": "1.5", "address": "3Nx", "exchange": "BINANCE"}
}
EVERYWHERE = TERMS | LISTED
CALL = {"andx": "withdrawal", "cryptex": "Withdraw"}
"""What the simulator calls the request that a trouble is to hit."""


@pytest.mark.parametrize("kind", UNLISTED)
def test_what_the_venue_took_stays_taken(tmp_path: Path, kind: str) -> None:
    """Nothing there tells its end: a person does."""
    with venue_engine(tmp_path, kind) as engine:
        row = engine.withdraw(**TERMS[kind])
        assert (row["state"], row["reference"]) == ("TAKEN", "")
        assert row["status"]
        assert len(engine.ledger()) == 1
        engine.restart()
        assert engine.move()["state"] == "TAKEN"
        settled = asyncio.run(
            engine.oms().settle("T1", done=True, by="ann", because="seen on the chain")
        )
        assert (settled["state"], settled["settled_by"]) == ("DONE", "ann")


@pytest.mark.parametrize("kind", UNLISTED)
@pytest.mark.parametrize(("trouble", "done"), [("lose_reply", 1), ("lose_request", 0)])
def test_a_lost_answer_waits_for_a_person(
    tmp_path: Path, kind: str, trouble: str, done: int
) -> None:
    """From here both look the same; it is not sent again, not over a restart either."""
    with venue_engine(tmp_path, kind) as engine:
        engine.trouble(trouble, {"n": 1, "on": CALL[kind]})
        row = engine.withdraw(**TERMS[kind])
        assert row["state"] == "IN_DOUBT"
        assert row["in_doubt_text"].endswith("after it was sent; an operator settles it")
        engine.restart()
        assert engine.move()["state"] == "IN_DOUBT"
        assert len(engine.ledger()) == done
        settled = asyncio.run(
            engine.oms().settle("T1", done=bool(done), by="ann", because="the balance says so")
        )
        assert settled["state"] == ("DONE" if done else "REFUSED")


@pytest.mark.parametrize("kind", UNLISTED)
def test_a_refusal_is_one(tmp_path: Path, kind: str) -> None:
    """With the venue's own words."""
    with venue_engine(tmp_path, kind) as engine:
        engine.trouble("refuse", {"n": 1, "on": CALL[kind]})
        row = engine.withdraw(**TERMS[kind])
        assert (row["state"], row["refusal"], engine.ledger()) == ("REFUSED", "", [])
        assert row["text"]


@pytest.mark.parametrize("kind", sorted(LISTED))
@pytest.mark.parametrize(("trouble", "state"), [("lose_reply", "DONE"), ("lose_request", "")])
def test_a_venues_list_settles_a_doubt(tmp_path: Path, kind: str, trouble: str, state: str) -> None:
    """Where it shows the transfer; that it does not proves nothing."""
    with venue_engine(tmp_path, kind) as engine:
        engine.trouble(trouble)
        engine.withdraw(**LISTED[kind])
        (doubt,) = [row for row in engine.reader.timeline("T1") if row["kind"] == "DOUBT"]
        assert doubt["text"].endswith("the venue's lists or an operator settle it")
        if state:
            assert engine.until_state(state)["reference"]
            assert len(engine.ledger()) == 1
            return
        lists = engine.tap.count("GET", "queryAssetActivityList")
        asked = partial(engine.tap.count, "GET", "queryAssetActivityList")
        engine.until("the list was read three times", lambda: asked() >= lists + 3)
        assert (engine.move()["state"], engine.ledger()) == ("IN_DOUBT", [])


@pytest.mark.parametrize("kind", sorted(EVERYWHERE))
def test_the_rate_budget_has_the_kill_switchs_last_word(tmp_path: Path, kind: str) -> None:
    """A transfer that is on its way when the switch is turned does not leave."""

    class Held:
        """A gateway that keeps what it is given."""

        def __init__(self) -> None:
            self.taken: list[ToTreasury] = []

        def move(self, outbound: ToTreasury) -> None:
            self.taken.append(outbound)

    async def nothing(transfer: Transfer) -> str:
        return ""

    async def ask(engine: VenueEngine) -> None:
        terms = {"venue": engine.route, "address": "", **EVERYWHERE[kind]}
        await engine.oms().withdraw(**terms)

    with venue_engine(tmp_path, kind) as engine:
        held = Held()
        engine.treasury_of = lambda runner: held
        engine.restart()
        asyncio.run(ask(engine))
        engine.until("it is handed over", lambda: len(held.taken) == 1)
        engine.kill(True, "K1")
        runner: Any = engine.runner
        runner._mover._obstacle = nothing  # its own look at the switch
        runner.move(held.taken.pop())
        row = engine.until_state("NOT_SENT")
        assert (row["text"], engine.ledger()) == ("KILL SWITCH", [])


def test_andx_sends_to_saved_addresses_alone(tmp_path: Path) -> None:
    """An address is refused before anything is sent, and so is what it does not do at all."""
    with venue_engine(tmp_path, "andx") as engine:
        with pytest.raises(InvalidOrder, match="alias: ANDX sends to an address saved there"):
            engine.withdraw(asset="TRY", amount="100", address="TR33")
        with pytest.raises(NotSupported, match="ANDX does not offer this coupon"):
            asyncio.run(engine.oms().create_coupon(venue="andx", asset="TRY", amount="1"))


def test_a_coupon_goes_from_hand_to_hand(tmp_path: Path) -> None:
    """Made, its code kept over a restart, and redeemed; no second time."""

    async def make(engine: VenueEngine) -> Row:
        made = await engine.oms().create_coupon(venue="cryptex", asset="BTC", amount="0.25")
        return await made.outcome(WAIT_S)

    async def redeem(engine: VenueEngine, code: str) -> Row:
        redeemed = await engine.oms().redeem_coupon(venue="cryptex", code=code)
        return await redeemed.outcome(WAIT_S)

    with venue_engine(tmp_path, "cryptex") as engine:
        made = asyncio.run(make(engine))
        assert (made["state"], made["code"], made["amount_moved"]) == ("DONE", "***", "0.25")
        engine.restart()
        code = asyncio.run(engine.oms().coupon_code("T1"))
        assert len(code) > 4
        redeemed = asyncio.run(redeem(engine, code))
        assert (redeemed["state"], redeemed["amount_moved"]) == ("DONE", "0.25")
        again = asyncio.run(redeem(engine, code))
        assert again["state"] == "REFUSED"
        told = repr([*engine.reader.moves(), *engine.reader.timeline("T1"), *engine.reader.timeline("T2")])  # fmt: skip
        assert code not in told


def test_a_coupon_that_somebody_has_to_look_at_is_taken(tmp_path: Path) -> None:
    """Not done, and not failed."""

    async def make(engine: VenueEngine) -> Row:
        made = await engine.oms().create_coupon(venue="cryptex", asset="BTC", amount="0.25")
        return await made.outcome(WAIT_S)

    with venue_engine(tmp_path, "cryptex") as engine:
        engine.trouble("send_to_moderation")
        made = asyncio.run(make(engine))
        assert (made["state"], made["status"]) == ("TAKEN", "send_to_moderation")
