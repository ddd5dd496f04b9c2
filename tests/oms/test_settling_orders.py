"""Orders in doubt that an operator settles: on the command line, over HTTP, in process."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oms.client import Client
from oms.core.errors import InvalidOrder, NotAuthorised, OrderRejected, UnknownOrder
from oms.core.fields import ExecType
from oms.core.ports import Evidence
from oms.store.queries import Reader
from oms.store.replay import verify
from tests.oms.cli_bench import LIMIT, Bench, Told, running_bench
from tests.oms.small_engine import AS_GRID, AS_OPERATOR, SmallEngine, running

BECAUSE = ("--because", "their support confirmed it", "--by", "ann")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """An engine whose first order is in doubt."""
    with running_bench(tmp_path) as found:
        _doubt(found.engine, lambda: found.oms("new", *LIMIT, "--cl-ord-id", "A1"))
        yield found


def _doubt(engine: SmallEngine, place: Any) -> None:
    engine.venues["PLAIN"].script = "doubt"
    place()
    engine.wait_until("order 1 is in doubt", lambda: bool(_row(engine)["in_doubt"]))


def _row(engine: SmallEngine) -> dict[str, Any]:
    row = engine.reader.order("1")
    assert row is not None
    return row


def settle(bench: Bench, *words: str) -> Told:
    """Settle the first order without being asked."""
    return bench.oms("settle", *words, *BECAUSE, "--yes", "--json")


def test_a_lost_order_is_settled_as_absent_by_name_and_reason(bench: Bench) -> None:
    told = settle(bench, "operator/A1", "--as", "absent")
    assert (told.code, told.document["ord_status"]) == (0, "REJECTED")
    assert (told.document["settled_by"], told.document["in_doubt"]) == ("ann", False)
    story = bench.oms("order", "1", "--json").document["timeline"]
    (word,) = [row for row in story if row["kind"] == "SETTLED"]
    assert word["evidence"] == "OPERATOR"
    assert word["text"] == "settled as ABSENT by ann: their support confirmed it"
    assert "TOLD" in [row["kind"] for row in story[story.index(word) :]]
    with Reader.open(bench.engine.url) as reader:
        assert verify(reader).agrees


def test_a_lost_order_is_settled_as_filled_at_the_price_that_is_said(bench: Bench) -> None:
    told = settle(bench, "1", "--as", "filled")
    assert (told.code, "px: is missing; at what price was 0.01 executed?" in told.err) == (1, True)
    told = settle(bench, "1", "--as", "filled", "--px", "40000")
    assert (told.code, told.document["ord_status"]) == (0, "FILLED")
    (fill,) = bench.oms("fills", "--json").document
    assert (fill["last_px"], fill["derived"]) == ("40000", True)


def test_an_order_that_was_canceled_in_part_keeps_its_part(bench: Bench) -> None:
    told = settle(bench, "1", "--as", "canceled", "--qty", "0.004", "--px", "40000")
    assert (told.code, told.document["ord_status"], told.document["cum_qty"]) == (0, "CANCELED", "0.004")  # fmt: skip


def test_what_is_not_in_doubt_is_not_settled(bench: Bench) -> None:
    settle(bench, "1", "--as", "absent")
    told = settle(bench, "1", "--as", "filled", "--px", "1")
    assert (told.code, "nothing is to be settled" in told.err) == (1, True)
    assert settle(bench, "99", "--as", "absent").code == 1


def test_a_person_is_asked_first_and_a_script_says_yes(bench: Bench) -> None:
    told = bench.oms("settle", "1", "--as", "absent", *BECAUSE)
    assert (told.code, "a script says --yes" in told.err) == (2, True)
    assert _row(bench.engine)["in_doubt"]


@pytest.mark.parametrize(
    "words",
    [
        ("T1", "--as", "filled"),
        ("1", "--as", "done"),
        ("T1", "--as", "done", "--qty", "1"),
        ("1", "--as", "lost"),
    ],
)
def test_a_verdict_is_of_an_order_or_of_a_transfer(bench: Bench, words: tuple[str, ...]) -> None:
    assert settle(bench, *words).code == 2


def test_the_venues_word_after_it_is_booked_and_counted_as_a_break(bench: Bench) -> None:
    settle(bench, "1", "--as", "absent")
    row = _row(bench.engine)
    bench.engine.venues["PLAIN"].fill(
        row["venue_cl_ord_id"], Decimal("0.01"), Decimal(40000), ExecType.FILL
    )
    bench.engine.wait_until("the fill is booked", lambda: _row(bench.engine)["cum_qty"] == "0.01")
    assert bench.engine.reader.counts()["breaks"] == 1
    assert _row(bench.engine)["text"].startswith("BREAK: ")


def test_over_http_and_in_process_it_is_the_same(bench: Bench) -> None:
    async def test() -> None:
        url = f"http://{bench.config.read_text().split('listen = ')[1].split(chr(34))[1]}"
        async with Client(url, AS_GRID) as grid:
            with pytest.raises(NotAuthorised):
                await grid.settle("1", verdict="absent", by="x", because="y")
        async with Client(url, AS_OPERATOR) as desk:
            with pytest.raises(InvalidOrder, match="none of filled, canceled, absent"):
                await desk.settle("1", verdict="gone", by="ann", because="seen")
            with pytest.raises(InvalidOrder, match="because: is missing"):
                await desk.settle("1", verdict="absent", by="ann", because="")
            with pytest.raises(UnknownOrder):
                await desk.settle("7", verdict="absent", by="ann", because="seen")
            row = await desk.settle("1", verdict="filled", px=40000, by="ann", because="seen")
            assert (row["ord_status"], row["settled_by"]) == ("FILLED", "ann")

    asyncio.run(test())
    story = bench.engine.reader.timeline("0000000001")
    assert any(row["evidence"] == Evidence.OPERATOR for row in story if row["kind"] == "REPORT")


def test_the_venue_may_have_spoken_meanwhile(tmp_path: Path) -> None:
    with running(tmp_path) as engine:

        async def test() -> None:
            oms = engine.oms("operator")
            engine.venues["PLAIN"].script = "doubt"
            await oms.submit(
                venue="PLAIN", symbol="BTC/TRY", side="BUY", order_qty="0.01", price="40000"
            )
            while not _row(engine)["in_doubt"]:  # noqa: ASYNC110  the store tells nobody
                await asyncio.sleep(0.01)
            post = oms._post

            def late(inbound: Any) -> None:
                engine.venues["PLAIN"].acknowledge(_row(engine)["venue_cl_ord_id"])
                post(inbound)

            oms._post = late
            with pytest.raises(OrderRejected, match="is NEW by the venue's word"):
                await oms.settle("1", verdict="absent", by="ann", because="seen")
            with pytest.raises(InvalidOrder, match="done: is missing"):
                await oms.settle("T1", by="ann", because="seen")

        asyncio.run(test())
