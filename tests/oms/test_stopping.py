"""The kill switch and cancel-all through the API, over HTTP and on the command line."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.port import Unreadable, VenueOrder, VenueState
from oms.core.errors import NotAuthorised, NotSupported, OrderRejected
from oms.core.fields import Side
from oms.core.numbers import parse_number
from tests.oms.cli_bench import Bench, idle_bench, running_bench
from tests.oms.small_engine import SmallEngine, running, within

ORDER: dict[str, Any] = {
    "venue": "plain",
    "symbol": "BTC/TRY",
    "side": "BUY",
    "order_qty": "0.01",
    "price": "40000.50",
}
NEW = ("--venue", "plain", "--symbol", "BTC/TRY", "--side", "buy", "--qty", "0.01")
LIMIT = (*NEW, "--price", "40000.50")
ROW = (
    "order_id cl_ord_id origin venue exchange symbol side order_qty price ord_status cum_qty "
    "avg_px open in_doubt in_doubt_text secondary_order_id venue_cl_ord_id text created at_venue "
    "waiting evidence proved_at proof venue_cum_qty"
)


def _sight(engine: SmallEngine, venue_cl_ord_id: str, number: str) -> None:
    qty = parse_number("0.01")
    engine.venues["PLAIN"].listed = [
        VenueOrder(
            venue_cl_ord_id=venue_cl_ord_id,
            secondary_order_id=number,
            symbol="BTC/TRY",
            side=Side.BUY,
            order_qty=qty,
            price=qty,
            cum_qty=qty - qty,
            avg_px=qty - qty,
            state=VenueState.WORKING,
        )
    ]


async def _certified(engine: SmallEngine, done: bool = True) -> dict[str, Any]:
    while True:
        told = await engine.oms("operator").kill_certificate()
        if told["done"] is done:
            return told


def _play(folder: Path, test: Any) -> None:
    with running(folder) as engine:
        asyncio.run(within("the whole test", test(engine)))


def test_a_kill_is_proved_order_by_order(tmp_path: Path) -> None:
    """The record that told each end, and the venue's empty list."""

    async def test(engine: SmallEngine) -> None:
        desk = engine.oms("grid-1")
        for _ in range(2):
            await desk.submit(**ORDER)
        told = await engine.oms("operator").kill(True)
        assert told["kill"] == {"everywhere": True, "venues": []}
        told = await _certified(engine)
        assert [row["ord_status"] for row in told["orders"]] == ["CANCELED"] * 2
        for row in told["orders"]:
            assert list(row) == ROW.split()
            assert (row["origin"], row["evidence"]) == ("grid-1", "VENUE_MESSAGE")
            assert row["proved_at"] > told["switches"][0]["since"]
            assert row["proof"].startswith("CANCELED ")
        assert [v["venue"] for v in told["venues"]] == ["PLAIN", "NATIVE"]
        assert [v["open_at_venue"] for v in told["venues"]] == [[], []]
        assert told["done_at"] >= told["orders"][1]["proved_at"]
        assert (told["working"], told["in_doubt"], told["foreign"]) == (0, 0, 0)
        with pytest.raises(OrderRejected, match="KILL SWITCH"):
            await desk.submit(**ORDER)
        assert len((await _certified(engine))["orders"]) == 2, "a refused order worked nowhere"
        assert (await engine.oms("operator").status())["kill"] == told["kill"]
        told = await engine.oms("operator").kill(False)
        assert (told["kill"], told["done"], told["orders"]) == (False, False, [])
        await desk.submit(**ORDER)

    _play(tmp_path, test)


def test_one_venue_is_killed_alone(tmp_path: Path) -> None:
    """Its orders are the certificate's, and others trade on."""

    async def test(engine: SmallEngine) -> None:
        engine.venues["NATIVE"].script = "silence"
        await engine.oms("grid-1").submit(**{**ORDER, "venue": "native"})
        await engine.oms("grid-1").submit(**ORDER)
        told = await engine.oms("operator").kill(True, "plain")
        assert told["kill"] == {"everywhere": False, "venues": ["PLAIN"]}
        told = await _certified(engine)
        assert [row["order_id"] for row in told["orders"]] == ["0000000002"]
        assert [venue["venue"] for venue in told["venues"]] == ["PLAIN"]
        await engine.oms("grid-1").submit(**{**ORDER, "venue": "native"})
        with pytest.raises(NotSupported, match="NOWHERE"):
            await engine.oms("operator").kill(True, "nowhere")

    _play(tmp_path, test)


def test_it_is_not_done_while_something_may_work(tmp_path: Path) -> None:
    """An unanswered cancel, an order in doubt, a venue that shows nothing or shows our order."""

    async def test(engine: SmallEngine) -> None:
        venue = engine.venues["PLAIN"]
        venue.script = "silence"
        await engine.oms("grid-1").submit(**ORDER)
        told = await engine.oms("operator").kill(True, "plain")
        assert (told["done"], told["working"]) == (False, 1)
        assert told["orders"][0]["waiting"] == "the cancel is held until the venue can take it"
        assert told["venues"][0]["text"] == "asked when the books show nothing open there"
        venue.script = "doubt"
        handle = await engine.oms("operator").orders(open=True)
        venue.doubt(handle[0]["venue_cl_ord_id"])
        _sight(engine, "x", "Y1")
        told = await _certified(engine)
        assert (told["in_doubt"], told["foreign"]) == (1, 1)
        assert "the venue's lists" in told["orders"][0]["in_doubt_text"]
        assert told["venues"][0]["open_at_venue"][0]["secondary_order_id"] == "Y1"
        _sight(engine, handle[0]["venue_cl_ord_id"], "V9")
        told = await _certified(engine, done=False)
        (listed,) = told["venues"][0]["open_at_venue"]
        assert (listed["order_id"], listed["foreign"]) == ("0000000001", False)
        venue.script = "silence"
        told = await _certified(engine, done=False)
        assert (told["venues"][0]["open_at_venue"], told["venues"][0]["text"]) == (
            None, "connection refused",
        )  # fmt: skip
        assert told["venues"][0]["listed_at"] is None

    _play(tmp_path, test)


def test_a_venue_without_a_list_is_named_and_holds_nothing_up(tmp_path: Path) -> None:
    """Plain FIX 4.2 has none: the reports of each order are the proof."""

    async def test(engine: SmallEngine) -> None:
        engine.venues["PLAIN"].lists = False
        told = await engine.oms("operator").kill(True, "plain")
        assert told["done"]
        assert told["venues"][0]["open_at_venue"] is None
        assert told["venues"][0]["text"] == "PLAIN does not offer open_orders"

    _play(tmp_path, test)


def test_an_unreadable_row_of_the_venues_is_listed_all_the_same(tmp_path: Path) -> None:
    """It may be an order."""

    async def test(engine: SmallEngine) -> None:
        engine.venues["PLAIN"].listed = [
            Unreadable(venue_cl_ord_id="", secondary_order_id="V77", reason="no price", raw="{}")
        ]
        told = await engine.oms("operator").kill(True, "plain")
        assert told["foreign"] == 1
        assert told["venues"][0]["open_at_venue"][0]["secondary_order_id"] == "V77"

    _play(tmp_path, test)


def test_who_is_not_the_operator_turns_nothing(tmp_path: Path) -> None:
    async def test(engine: SmallEngine) -> None:
        desk = engine.oms("grid-1")
        for asked in (
            desk.kill(True),
            desk.kill_certificate(),
            desk.cancel_all(everybody=True),
            desk.cancel_all(account_wide=True),
        ):
            with pytest.raises(NotAuthorised, match="only the operator may"):
                await asked
        assert not engine.book.kills

    _play(tmp_path, test)


def test_cancel_all_covers_the_callers_own(tmp_path: Path) -> None:
    """Rows of what was asked for; the operator's word can cover everybody's."""

    async def test(engine: SmallEngine) -> None:
        engine.venues["NATIVE"].script = "mute"
        await engine.oms("operator").submit(**ORDER)
        for venue in ("plain", "native", "plain"):
            await engine.oms("grid-1").submit(**{**ORDER, "venue": venue})
        asked = await engine.oms("grid-1").cancel_all("plain")
        assert [row["order_id"] for row in asked] == ["0000000002", "0000000004"]
        asked = await engine.oms("grid-1").cancel_all()
        assert "0000000003" in [row["order_id"] for row in asked]
        assert {row["origin"] for row in asked} == {"grid-1"}
        (left,) = await engine.oms("operator").orders(open=True, venue="plain")
        assert left["origin"] == "operator"
        assert [r["order_id"] for r in await engine.oms("operator").cancel_all(everybody=True)] == [
            "0000000001", "0000000003",
        ]  # fmt: skip

    _play(tmp_path, test)


def _new(bench: Bench, count: int = 1) -> None:
    for _ in range(count):
        assert bench.oms("new", *LIMIT).code == 0


def test_the_verb_waits_for_the_proof_and_shows_it(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        _new(bench, 2)
        told = bench.oms("kill", "on", "--json")
        assert told.code == 0
        assert told.document["done"] is True
        assert [row["ord_status"] for row in told.document["orders"]] == ["CANCELED"] * 2
        told = bench.oms("kill", "on", "--venue", "plain")
        assert (told.code, told.err) == (0, "")
        assert told.lines[0].startswith("the kill switch is ON everywhere: done at 2")
        assert "PLAIN lists no open orders, at 2" in told.out
        assert "VENUE_MESSAGE" in told.out
        assert bench.oms("status", "--json").document["kill"] == {
            "everywhere": True, "venues": ["PLAIN"],
        }  # fmt: skip
        assert "kill: ON everywhere" in bench.oms("status").out
        assert "KILL SWITCH" in bench.oms("new", *LIMIT).err
        told = bench.oms("kill", "off")
        assert (told.code, told.lines) == (0, ["the kill switch is off"])
        assert "kill: off" in bench.oms("status").out
        _new(bench)


def test_the_verb_says_when_it_is_not_done_and_when_something_is_in_doubt(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        venue = bench.engine.venues["PLAIN"]
        venue.script = "mute"
        _new(bench)
        told = bench.oms("kill", "on", "--timeout", "0.1")
        assert (told.code, "NOT DONE" in told.out) == (1, True)
        assert told.err.startswith("oms: not done: orders may still work")
        (row,) = bench.oms("orders", "--open", "--json").document
        venue.doubt(row["venue_cl_ord_id"])
        _sight(bench.engine, "", "Y1")
        bench.engine.wait_until("the doubt", lambda: bench.engine.reader.counts()["in_doubt"] == 1)
        told = bench.oms("kill", "on", "--timeout", "0.1")
        assert told.code == 4
        assert "1 in doubt" in told.lines[0]
        assert told.err.startswith("oms: done, with 1 orders in doubt")
        assert "PLAIN lists 1 open orders, at 2" in told.out
        assert "Y1" in told.out


def test_cancel_all_shows_what_was_asked_for(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        _new(bench, 2)
        told = bench.oms("cancel-all", "--venue", "plain", "--json")
        assert told.code == 0
        assert [row["order_id"] for row in told.document] == ["0000000001", "0000000002"]
        assert bench.oms("cancel-all", "--everybody", "--json").document == []


def test_the_store_knows_it_while_nothing_runs(tmp_path: Path) -> None:
    """A stopped engine is still killed, and the next one begins so."""
    with running_bench(tmp_path) as bench:
        assert bench.oms("kill", "on", "--venue", "plain").code == 0
    with idle_bench(tmp_path) as bench:
        assert bench.oms("kill", "off").code == 3
        status = bench.oms("status", "--json").document
        assert status["kill"] == {"everywhere": False, "venues": ["PLAIN"]}
        assert "kill: ON at PLAIN" in bench.oms("status").out
        assert bench.oms("replay", "--verify").code == 0
    with running_bench(tmp_path) as bench:
        assert "KILL SWITCH" in bench.oms("new", *LIMIT).err
