"""A break on its way: from a balance at the venue into log, store, API, HTTP and command line, and
out again by a person's word; all of it replayed at the end."""

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from oms.client import Client
from oms.core.errors import InvalidOrder, NotAuthorised, NotSupported, UnknownOrder
from oms.store.replay import verify
from tests.oms.cli_bench import Told, oms
from tests.treasury.bank_engine import AS_GRID, AS_OPERATOR, GRID, serving
from tests.treasury.venue_engine import VenueEngine

_CONFIG = """
[store]
url = "sqlite:///oms.db"
[api]
listen = "{listen}"
token = "{operator}"
[venues.andx]
username = "alice"
passphrase = "pass-of-the-tests"
api_key = "venue-key-of-the-tests"
api_secret = "venue-secret-of-the-tests"
[[strategies]]
name = "grid-1"
token = "{grid}"
"""


class Desk:
    """An engine with ANDX behind it, its control API, and a configuration for the verbs."""

    def __init__(self, engine: VenueEngine, url: str, folder: Path) -> None:
        self.engine, self.url = engine, url
        self.config = folder / "oms.toml"
        listen = url.removeprefix("http://")
        text = _CONFIG.format(listen=listen, operator=AS_OPERATOR, grid=AS_GRID)
        self.config.write_text(text, encoding="utf-8")

    def oms(self, *words: str) -> Told:
        """Run a verb."""
        return oms(*words, "-c", str(self.config))

    def credit(self, amount: str) -> None:
        """A balance changes without a word."""
        self.engine.trouble("credit", {"asset": "BTC", "amount": amount})

    def broken(self) -> str:
        """The break that opens next."""
        self.engine.until("a break is open", lambda: bool(self.engine.reader.breaks()))
        return str(self.engine.reader.breaks()[-1]["break_id"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    engine = VenueEngine(tmp_path, "andx")
    engine.config["audit_s"] = 1
    try:
        engine.start()
        engine.until("the first balances", lambda: engine.book.agreement.begun("ANDX"))
        with serving(engine) as url:
            yield Desk(engine, url, tmp_path)
        assert verify(engine.reader).agrees
        assert engine.faults == []
    finally:
        engine.stop()
        engine.venue.close()


def test_it_is_told_everywhere_and_closed_by_a_person(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="oms"):
        desk.credit("-0.5")
        name = desk.broken()
    told = desk.oms("breaks", "--json")
    (row,) = told.document
    assert (told.code, row["break_id"], row["kind"], row["venue"]) == (0, name, "BALANCE", "ANDX")
    assert (row["asset"], row["amount"], row["cause"], row["open"]) == (
        "BTC",
        "-0.5",
        "UNKNOWN",
        True,
    )
    assert "-0.5" in desk.oms("breaks").out
    assert desk.oms("status", "--json").document["breaks"] == 1
    bare = desk.oms("breaks", "--close", name)
    assert bare.code == 2
    assert "--because" in bare.err
    closed = desk.oms("breaks", "--close", name.lower(), "--because", "a fee", "--by", "ann")
    assert (closed.code, desk.oms("breaks", "--json").document) == (0, [])
    (row,) = desk.oms("breaks", "--closed", "--json").document
    assert (row["closed_by"], row["text"], row["open"]) == ("ann", "a fee", False)
    again = desk.oms("breaks", "--close", name, "--because", "a fee")
    assert (again.code, "no open break" in again.err) == (1, True)
    assert any(record.levelno == logging.ERROR for record in caplog.records)


def test_reconcile_compares_at_once_and_its_exit_code_says_what_came_of_it(desk: Desk) -> None:
    fine = desk.oms("reconcile", "andx")
    assert (fine.code, "ANDX agrees" in fine.out) == (0, True)
    desk.credit("2")
    told = desk.oms("reconcile", "--json")
    (row,) = told.document
    assert (told.code, row["agrees"], row["text"]) == (1, False, "")
    (found,) = row["differences"]
    assert found == {"what": "balance of BTC", "books": "100", "venue": "102"}
    desk.broken()
    shown = desk.oms("reconcile")
    assert (shown.code, "DOES NOT AGREE" in shown.out, "B1" in shown.out) == (1, True, True)
    desk.engine.venue.go_away()
    gone = desk.oms("reconcile", "--json")
    assert (gone.code, gone.document[0]["agrees"], bool(gone.document[0]["text"])) == (
        1,
        False,
        True,
    )
    desk.engine.venue.come_back()


def test_a_counterparty_without_lists_is_no_disagreement(desk: Desk) -> None:
    def without_lists(query: str, **_: object) -> Future[object]:
        refused: Future[object] = Future()
        refused.set_exception(NotSupported(f"there is no {query}"))
        return refused

    desk.engine.runner.ask = without_lists  # type: ignore[method-assign]  # the test's own instead
    told = desk.oms("reconcile")
    assert (told.code, "there is no audit" in told.out) == (0, True)


def test_an_order_that_is_not_ours_is_shown(desk: Desk) -> None:
    terms = {"symbol": "BTC/TRY", "side": "BUY", "qty": "0.01", "price": "1000000"}
    desk.engine.trouble("stranger", terms)
    desk.engine.until("it is seen", lambda: bool(desk.engine.reader.foreign_orders()))
    assert desk.oms("status", "--json").document["foreign"] == 1
    assert "1000000" in desk.oms("breaks").out
    told = desk.oms("reconcile", "--json")
    assert (told.code, len(told.document[0]["foreign"])) == (0, 1), "it is no break"


def test_from_another_process_and_for_the_operator_alone(desk: Desk) -> None:
    desk.credit("1")
    name = desk.broken()

    async def test() -> None:
        async with Client(desk.url, AS_OPERATOR) as client:
            (row,) = await client.breaks(venue="andx")
            assert (row["break_id"], row["amount"]) == (name, "1")
            assert await client.foreign_orders(ended=True) == []
            (told,) = await client.reconcile("andx")
            assert not told["agrees"]
            with pytest.raises(NotSupported):
                await client.reconcile("nowhere")
            with pytest.raises(InvalidOrder):
                await client.close_break(name, by="", because="a gift")
            with pytest.raises(UnknownOrder):
                await client.close_break("17", by="ann", because="a gift")
            await client.close_break(name, by="ann", because="a gift")
            assert await client.breaks() == []
            assert [row["open"] for row in await client.breaks(closed=True)] == [False]
        async with Client(desk.url, AS_GRID) as grid:
            with pytest.raises(NotAuthorised):
                await grid.breaks()
        with pytest.raises(NotAuthorised):
            await desk.engine.oms(GRID).reconcile()

    asyncio.run(test())


def test_a_break_outlives_the_process(desk: Desk) -> None:
    desk.credit("1")
    name = desk.broken()
    desk.engine.stop()
    desk.engine.start()
    (known,) = desk.engine.book.agreement.open_breaks("ANDX")
    assert known.break_id == name
    desk.credit("-1")
    desk.engine.until("it is over", lambda: not desk.engine.reader.breaks())
