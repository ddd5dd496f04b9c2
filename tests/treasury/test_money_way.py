"""A transfer's whole way: API, writer, store, runner, a real socket, and a venue with troubles."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oms.clock import SystemClock
from oms.core.errors import (
    InvalidOrder,
    NotAuthorised,
    NotSupported,
    OrderRejected,
    StoreUnavailable,
    UnknownOrder,
    VenueUnavailable,
)
from oms.treasury.door import Row
from oms.treasury.here import MoveLooks
from tests.treasury.bank_engine import GRID, ROUTE, BankEngine, bank_engine

TERMS: dict[str, Any] = {"venue": ROUTE, "asset": "BTC", "amount": "0.5", "address": "bc1q"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[BankEngine]:
    with bank_engine(tmp_path) as running:
        yield running


def test_what_is_taken_is_followed_until_it_is_done(engine: BankEngine) -> None:
    """Sent once; the end comes from the venue's list."""
    engine.bank.finishes = False
    row = engine.withdraw()
    assert (row["state"], row["status"], row["reference"]) == ("TAKEN", "SUBMITTED", "1")
    engine.bank.finishes = True
    assert engine.until_state("DONE")["status"] == "COMPLETED"
    assert engine.bank.asked == 1
    evidence = [told["evidence"] for told in engine.reader.timeline("T1")]
    assert evidence == ["OPERATOR", "OPERATOR", "VENUE_MESSAGE", "VENUE_QUERY"]


@pytest.mark.parametrize("trouble", ["lose_reply", "html"])
def test_a_lost_answer_is_found_in_the_list(engine: BankEngine, trouble: str) -> None:
    """In doubt meanwhile, and not sent a second time."""
    engine.bank.troubles.update({trouble: 1, "no list": 1})
    row = engine.withdraw()
    assert (row["state"], row["in_doubt"]) == ("IN_DOUBT", True)
    assert row["in_doubt_text"].endswith("after it was sent; the venue's lists or an operator settle it")  # fmt: skip
    assert engine.until_state("DONE")["in_doubt_since"] is None
    assert (engine.bank.asked, len(engine.bank.rows)) == (1, 1)


def test_an_answer_that_is_none_is_kept_with_its_text(engine: BankEngine) -> None:
    """It may hold what is told only once."""
    engine.bank.troubles.update({"html": 1, "no list": 1})
    engine.withdraw()
    assert "<html>fine</html>" in [told["raw"] for told in engine.reader.timeline("T1")]


def test_a_request_that_never_arrived_stays_in_doubt(engine: BankEngine) -> None:
    """No list and no time proves it; a named operator does."""
    engine.bank.troubles["lose_request"] = 1
    assert engine.withdraw()["state"] == "IN_DOUBT"
    engine.until("the list was read three times", lambda: engine.bank.listed >= 3)
    assert engine.move()["state"] == "IN_DOUBT"
    with pytest.raises(OrderRejected) as again:
        engine.withdraw()
    assert "T1 would move the same and is in doubt" in str(again.value)
    settled = asyncio.run(
        engine.oms().settle("t1", done=False, by="ann", because="not on their ledger")
    )
    assert (settled["state"], settled["settled_by"]) == ("REFUSED", "ann")
    assert engine.withdraw()["state"] in ("TAKEN", "DONE")
    assert (engine.bank.asked, len(engine.bank.rows)) == (2, 1)


def test_what_was_moved_by_hand_before_is_no_evidence(engine: BankEngine) -> None:
    """However equal, a row older than the request and what clocks may differ is another's."""
    row = {
        "kind": "WITHDRAWAL",
        "asset": "BTC",
        "amount": "0.5",
        "address": "bc1q",
        "id": "by hand",
    }
    earlier = SystemClock().now_ms() - 90_000
    engine.bank.rows.append({**row, "time": earlier, "status": "COMPLETED"})
    engine.bank.troubles["lose_request"] = 1
    engine.withdraw()
    engine.until("the list was read three times", lambda: engine.bank.listed >= 3)
    assert engine.move()["state"] == "IN_DOUBT"
    engine.bank.rows[0]["time"] = SystemClock().now_ms()
    assert engine.until_state("DONE")["reference"] == "by hand"


@pytest.mark.parametrize(
    ("trouble", "state", "text"),
    [("refuse", "REFUSED", "not enough"), ("throttle", "NOT_SENT", "429")],
)
def test_what_was_not_done_is_said_so(
    engine: BankEngine, trouble: str, state: str, text: str
) -> None:
    """A definite no, and a request that was provably not worked on."""
    engine.bank.troubles[trouble] = 1
    row = engine.withdraw()
    assert row["state"] == state
    assert text in row["text"]
    assert (row["refusal"], engine.bank.rows) == ("", [])


def test_a_venue_that_is_gone_gets_nothing(engine: BankEngine) -> None:
    """What did not leave is not sent, now or later."""
    engine.venue.go_away()
    row = engine.withdraw()
    assert (row["state"], engine.bank.asked) == ("NOT_SENT", 0)
    engine.until("the route is down", lambda: not engine.book.routes[ROUTE].up)
    with pytest.raises(VenueUnavailable) as refused:
        engine.withdraw()
    assert str(refused.value).startswith("ROUTE DOWN")
    engine.venue.come_back()
    engine.until("the route is up", lambda: engine.book.routes[ROUTE].up)
    assert engine.bank.asked == 0


def test_the_kill_switch_is_asked_at_the_last_moment(engine: BankEngine) -> None:
    """What was accepted before it, and waits for its turn, does not leave any more."""

    async def test() -> str:
        release = asyncio.Event()
        held = asyncio.wrap_future(engine.loop.submit(hold(engine, release)))
        await asyncio.sleep(0)
        handle = await engine.oms().withdraw(**TERMS)
        engine.kill(True, "K1")
        engine.loop.call(release.set)
        await held
        return str((await handle.outcome())["text"])

    engine.budget.stop_new_while(str)  # which would say so too
    engine.budget._in_flight = 1
    assert asyncio.run(test()) == "KILL SWITCH"
    assert (engine.bank.asked, engine.move()["state"]) == (0, "NOT_SENT")
    with pytest.raises(OrderRejected, match="KILL SWITCH"):
        engine.withdraw()
    engine.kill(False, "K2")


async def hold(engine: BankEngine, release: asyncio.Event) -> None:
    """Keep the only slot until then."""
    from adapters.port import Lane

    async with engine.budget.turn(Lane.STATUS):
        await release.wait()


def test_a_name_is_asked_for_and_not_sent_again(engine: BankEngine) -> None:
    """The same call under the same name: what a program does that lost an answer."""

    async def test() -> None:
        desk = engine.oms()
        first = await desk.withdraw(**TERMS, cl_ord_id="W1")
        await first.outcome()
        again = await desk.withdraw(**{**TERMS, "amount": "0.50"}, cl_ord_id="W1")
        assert again.transfer_id == first.transfer_id
        for changed in ({"amount": "0.6"}, {"address": "bc1p"}, {"memo": "m"}):
            with pytest.raises(OrderRejected, match="W1: it names another transfer"):
                await desk.withdraw(**{**TERMS, **changed}, cl_ord_id="W1")
        assert (await (await desk.move("operator/W1")).row())["transfer_id"] == "T1"

    asyncio.run(test())
    assert engine.bank.asked == 1


def test_who_sees_and_moves_what(engine: BankEngine) -> None:
    """A strategy that may, and its own alone; one that may not; a name that is an order's."""

    async def test() -> None:
        grid, operator = engine.oms(GRID), engine.oms()
        mine = await grid.withdraw(**TERMS)
        theirs = await operator.withdraw(**{**TERMS, "amount": "0.7"})
        assert [row["transfer_id"] for row in await grid.moves()] == [mine.transfer_id]
        assert len(await operator.moves(venue="bank")) == 2
        with pytest.raises(UnknownOrder, match="no transfer"):
            await grid.move(theirs.transfer_id)
        with pytest.raises(NotAuthorised, match="only the operator"):
            await grid.settle(mine.transfer_id, done=True, by="x", because="y")
        engine.book.treasurers = frozenset()
        with pytest.raises(NotAuthorised, match="grid-1 may not move money at BANK"):
            await grid.withdraw(**{**TERMS, "amount": "0.9"})
        engine.kill(False, "K1")
        with pytest.raises(OrderRejected, match="it names no transfer"):
            await operator.withdraw(**TERMS, cl_ord_id="K1")

    asyncio.run(test())


@pytest.mark.parametrize(
    ("changed", "error", "text"),
    [
        ({"venue": "nowhere"}, NotSupported, "NOWHERE does not offer this withdrawal"),
        ({"amount": "-1"}, InvalidOrder, "amount"),
        ({"amount": "0"}, InvalidOrder, "amount: must be more than 0"),
        ({"amount": 0.5}, InvalidOrder, "amount: pass text"),
        ({"amount": None}, InvalidOrder, "amount: is missing"),
        ({"asset": ""}, InvalidOrder, "asset: is missing"),
        ({"address": "a" * 201}, InvalidOrder, "address: has 201 characters"),
        ({"address": ""}, InvalidOrder, "address: BANK sends to an address"),
    ],
)
def test_bad_terms_are_answered(
    engine: BankEngine, changed: dict[str, Any], error: type[Exception], text: str
) -> None:
    """By the error that fits, and nothing is sent."""
    with pytest.raises(error, match=text):
        engine.withdraw(**changed)
    assert engine.bank.asked == 0


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ({"asset": "DOGE"}, "asset: 'DOGE' is none that BANK lists"),
        (
            {"amount": "0.123456789"},
            "amount: at most 8 decimals; the nearest valid one is 0.12345679",
        ),
        ({"amount": "0.0009"}, "amount: the least that can be withdrawn is 0.001"),
    ],
)
def test_what_the_venues_currencies_rule_out_is_not_sent(
    engine: BankEngine, terms: dict[str, Any], text: str
) -> None:
    """Known before anything leaves."""
    row = engine.withdraw(**terms)
    assert (row["state"], row["text"], engine.bank.asked) == ("NOT_SENT", text, 0)


def test_a_list_of_currencies_that_is_not_there_stops_nothing(engine: BankEngine) -> None:
    """The venue itself will say what it does not take."""
    engine.bank.troubles["no currencies"] = 1
    assert engine.withdraw(asset="DOGE")["state"] in ("TAKEN", "DONE")
    assert engine.withdraw(asset="DOGE", amount="3")["state"] == "NOT_SENT"


def test_a_coupons_code_is_kept_and_shown_on_request_alone(
    engine: BankEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the journal, over a restart; in no row, story or log."""

    async def make() -> str:
        handle = await engine.oms().create_coupon(venue=ROUTE, asset="BTC", amount="2")
        row = await handle.outcome()
        story = await engine.oms().move_timeline(handle.transfer_id)
        rows = repr([row, await engine.oms().moves(), story])
        assert "***" in rows
        assert "SECRET-1" not in rows
        return handle.transfer_id

    async def redeem() -> None:
        desk = engine.oms()
        engine.bank.troubles["refuse"] = 1
        handle = await desk.redeem_coupon(venue=ROUTE, code="SECRET-9", cl_ord_id="R1")
        row = await handle.outcome()
        assert (row["state"], row["text"]) == ("REFUSED", "not enough for ***")
        with pytest.raises(OrderRejected, match="names another"):
            await desk.redeem_coupon(venue=ROUTE, code="SECRET-8", cl_ord_id="R1")
        assert await desk.coupon_code(handle.transfer_id) == "SECRET-9"
        for code in ("SECRET-7 ", "SECRET-7" * 30):
            with pytest.raises(InvalidOrder, match="code: a text of at most 200") as bad:
                await desk.redeem_coupon(venue=ROUTE, code=code)
            assert "SECRET" not in str(bad.value)

    made = asyncio.run(make())
    engine.restart()
    assert asyncio.run(engine.oms().coupon_code(made)) == "SECRET-1"
    asyncio.run(redeem())
    assert "SECRET-" not in "".join(capfd.readouterr())


def test_a_client_without_money_sends_none(tmp_path: Path) -> None:
    """Whatever its capabilities say."""
    with bank_engine(tmp_path, start=False) as engine:
        whole = engine.client_of

        def without(budget: Any) -> Any:
            client: Any = whole(budget)
            return type("Bare", (), {n: getattr(client, n) for n in ("instruments", "open_orders", "closed_orders", "close", "order", "balances")})()  # fmt: skip

        engine.client_of = without
        engine.start()
        assert engine.withdraw()["text"] == "BANK can not move money"


def test_a_fault_of_ours_puts_it_in_doubt(tmp_path: Path) -> None:
    """Something may have been sent."""
    with bank_engine(tmp_path, start=False) as engine:
        whole = engine.client_of

        def faulty(budget: Any) -> Any:
            client: Any = whole(budget)
            sound = client.move

            async def move(transfer: Any) -> Any:
                await sound(transfer)
                raise KeyError("a mistake of ours")

            client.move = move
            return client

        engine.client_of = faulty
        engine.bank.troubles["no list"] = 1
        engine.start()
        row = engine.withdraw()
        assert (row["state"], engine.bank.asked) == ("IN_DOUBT", 1)
        assert row["in_doubt_text"].startswith("KeyError in the adapter")
        engine.until_state("DONE")


def test_settling_what_is_settled_is_refused(engine: BankEngine) -> None:
    """And a reason must be given."""

    async def test() -> None:
        desk = engine.oms()
        with pytest.raises(UnknownOrder):
            await desk.settle("T9", done=True, by="ann", because="seen")
        with pytest.raises(InvalidOrder, match="because: is missing"):
            await desk.settle("T1", done=True, by="ann", because="")
        with pytest.raises(OrderRejected, match="T1 is DONE: nothing is to be settled"):
            await desk.settle("T1", done=True, by="ann", because="seen")

    engine.withdraw()
    engine.until_state("DONE")
    asyncio.run(test())


class Unreadable:
    """A store that can not be read for a while: what is posted is decided all the same."""

    def __init__(self, reader: MoveLooks) -> None:
        self._reader = reader
        self.faults = 3

    def __getattr__(self, name: str) -> Any:
        """A question to the store."""
        if self.faults > 0:
            self.faults -= 1
            raise StoreUnavailable("reading the store: disk I/O error")
        return getattr(self._reader, name)


def test_a_store_that_can_not_be_read_is_no_failure(tmp_path: Path) -> None:
    """The transfer may be out: it is looked for again, and nobody is asked to send a second one."""
    with bank_engine(tmp_path) as engine:
        desk = engine.oms()
        looks: Any = Unreadable(desk._move_looks)
        desk._move_looks = looks

        async def test() -> Row:
            handle = await desk.withdraw(
                venue=ROUTE, asset="BTC", amount="0.5", address="bc1q", cl_ord_id="W1"
            )
            looks.faults = 2
            return await handle.outcome()

        assert asyncio.run(test())["transfer_id"] == "T1"
        assert engine.bank.asked == 1
