"""The API in process: whose answer is whose, and what silence means."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oms import api
from oms.core.errors import InvalidOrder, OrderRejected, OutcomeUnknown, StoreUnavailable
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport
from oms.core.ports import Inbound
from oms.feed import Feed
from tests.oms.small_engine import SmallEngine, running, within

ORDER: dict[str, Any] = {
    "venue": "PLAIN",
    "symbol": "BTC/TRY",
    "side": "BUY",
    "order_qty": "0.01",
    "price": "40000.50",
}


def test_an_engine_that_says_nothing_leaves_the_outcome_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "ANSWER_TIMEOUT_S", 0.01)

    async def test(engine: SmallEngine) -> None:
        oms = engine.oms("grid-1")
        lost: list[Inbound] = []

        def lose(inbound: Inbound) -> None:
            lost.append(inbound)

        oms._post = lose
        with pytest.raises(OutcomeUnknown, match="look for ClOrdID A1"):
            await oms.submit(**ORDER, cl_ord_id="A1")
        assert len(lost) == 1
        monkeypatch.undo()
        oms._post = engine.writer.post
        await oms.submit(**ORDER, cl_ord_id="A1")

    with running(tmp_path) as engine:
        asyncio.run(within("the outcome", test(engine)))


class _Unreadable:
    """A store that can not be read once something was posted, for three questions."""

    def __init__(self, looks: Any) -> None:
        self.looks = looks
        self.faults = 0

    def __getattr__(self, name: str) -> Any:
        if self.faults > 0:
            self.faults -= 1
            raise StoreUnavailable("reading the store: disk I/O error")
        return getattr(self.looks, name)


@pytest.mark.parametrize("act", ["cancel", "kill"])
def test_a_store_that_can_not_be_read_does_not_undo_what_was_posted(
    tmp_path: Path, act: str
) -> None:
    """It is looked for again: no error says that the store failed what the engine has done."""

    async def test(engine: SmallEngine) -> None:
        engine.venues["NATIVE"].script = "silence"
        desk = engine.oms("operator")
        handle = await desk.submit(**{**ORDER, "venue": "NATIVE"})
        looks = _Unreadable(desk._looks)
        desk._looks = desk._move_looks = looks
        post = desk._post

        def posted(inbound: Inbound) -> None:
            post(inbound)
            looks.faults = 3

        desk._post = posted
        await (handle.cancel() if act == "cancel" else desk.kill(True))

    with running(tmp_path) as engine:
        asyncio.run(within("the outcome", test(engine)))


def test_a_second_request_of_the_same_id_is_refused_while_the_first_is_unanswered(
    tmp_path: Path,
) -> None:
    async def test(engine: SmallEngine) -> None:
        oms = engine.oms("grid-1")
        both = [oms.submit(**ORDER, cl_ord_id="A1") for _ in range(2)]
        first, second = await asyncio.gather(*both, return_exceptions=True)
        assert isinstance(first, api.Handle)
        assert isinstance(second, OrderRejected)
        assert "its request is under way" in str(second)
        assert len(await oms.orders()) == 1

    with running(tmp_path) as engine:
        asyncio.run(within("both answers", test(engine)))


def test_the_operator_enters_a_telephoned_order(tmp_path: Path) -> None:
    """It is the strategy's, nameless there; the operator finds it by its own name for the entry."""

    async def test(engine: SmallEngine) -> None:
        operator, owner = engine.oms("operator"), engine.oms("grid-1")
        engine.venues["PLAIN"].script = "fill"
        handle = await operator.submit(**ORDER, on_behalf_of="grid-1", cl_ord_id="A1")
        assert handle.cl_ord_id == "A1"
        row = await operator.order_row("operator/A1")
        assert (row["origin"], row["cl_ord_id"]) == ("grid-1", "")
        assert (await owner.order_row(handle.order_id))["order_id"] == handle.order_id
        told = [report async for _, report in owner.reports(follow=False)]
        assert {report.cl_ord_id for report in told if isinstance(report, ExecutionReport)} == {""}
        story = await owner.timeline(handle.order_id)
        assert "A1 on behalf of grid-1 BUY 0.01 BTC/TRY" in story[0]["text"]
        with pytest.raises(OrderRejected, match="duplicate ClOrdID A1"):
            await operator.submit(**ORDER, on_behalf_of="grid-1", cl_ord_id="A1")
        with pytest.raises(OrderRejected, match="only the operator"):
            await owner.submit(**ORDER, on_behalf_of="operator")
        with pytest.raises(InvalidOrder, match="on_behalf_of"):
            await operator.submit(**ORDER, on_behalf_of=" ")

    with running(tmp_path) as engine:
        asyncio.run(within("the order", test(engine)))


def test_an_answer_is_not_mistaken_for_news_of_an_older_order_of_that_id(tmp_path: Path) -> None:
    """A fill of A1 may come between a second A1 and its refusal."""

    async def test(engine: SmallEngine) -> None:
        oms = engine.oms("grid-1")
        handle = await oms.submit(**ORDER, cl_ord_id="A1")
        row = await handle.row()
        venue = engine.venues["PLAIN"]
        post = oms._post

        def interrupt(inbound: Inbound) -> None:
            venue.fill(row["venue_cl_ord_id"], Decimal("0.004"), Decimal(4), ExecType.PARTIAL_FILL)
            post(inbound)

        oms._post = interrupt
        with pytest.raises(OrderRejected, match="duplicate ClOrdID A1"):
            await oms.submit(**ORDER, cl_ord_id="A1")
        assert len(await oms.fills()) == 1

    with running(tmp_path) as engine:
        asyncio.run(within("the refusal", test(engine)))


def test_the_reports_of_an_order_begin_with_its_own(tmp_path: Path) -> None:
    async def test(engine: SmallEngine) -> None:
        oms = engine.oms("grid-1")
        engine.venues["PLAIN"].script = "fill"
        handles = [await oms.submit(**ORDER) for _ in range(3)]
        for handle in handles:
            told = [(report.order_id, report.exec_type) async for report in handle.reports()]
            assert told[0] == (handle.order_id, ExecType.PENDING_NEW)
            assert told[-1] == (handle.order_id, ExecType.FILL)
        assert [handle.since for handle in handles] == sorted({h.since for h in handles})
        found = await oms.order(handles[1].order_id)
        assert (await anext(found.reports())).exec_type is ExecType.PENDING_NEW

    with running(tmp_path) as engine:
        asyncio.run(within("the reports", test(engine)))


def test_a_loop_that_is_closed_does_not_disturb_the_writer() -> None:
    feed = Feed()

    async def leave() -> None:
        feed.watch()
        feed.expect("A1", lambda report: True)

    asyncio.run(leave())
    feed.send(1, ExecutionReport(exec_id="E", exec_type=ExecType.NEW, cl_ord_id="A1"))


MISSING: Any = None
"""What a refused order must not touch."""


NO_ORDERS: list[tuple[str, object]] = [
    ("order_qty", 0.5),
    ("order_qty", True),
    ("order_qty", "1e3"),
    ("order_qty", "NaN"),
    ("order_qty", Decimal("NaN")),
    ("order_qty", Decimal("Infinity")),
    ("order_qty", Decimal("1E+999999999")),
    ("order_qty", Decimal("1E-999999999")),
    ("order_qty", 10**5000),
    ("order_qty", "\u0661"),
    ("order_qty", b"1"),
    ("symbol", "BTC/TRY\x01"),
    ("symbol", " BTC/TRY"),
    ("symbol", "B" * 65),
    ("symbol", 7),
    ("symbol", 10**5000),
    ("account", "Hauptkonto für alles"),
    ("venue", None),
    ("side", "BUY "),
    ("ord_type", "2"),
    ("time_in_force", ""),
    ("post_only", "yes"),
    ("cl_ord_id", ""),
]


def test_what_can_not_be_an_order_is_refused_before_it_is_one() -> None:
    oms = api.Oms(
        "grid-1",
        post=lambda inbound: pytest.fail(f"posted {inbound}"),
        feed=Feed(),
        looks=MISSING,
        status=dict,
        certify=lambda: pytest.fail("certified"),
        venues=MISSING,
        new_cl_ord_id=lambda: "A1",
    )
    for field, value in NO_ORDERS:
        with pytest.raises(InvalidOrder, match=field) as caught:
            asyncio.run(oms.submit(**{**ORDER, field: value}))
        assert len(str(caught.value)) < 300


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    async def test(engine: SmallEngine) -> None:
        oms = engine.oms("grid-1")
        for qty, price in (("0.0100", 40_000), (Decimal("1.0E-2"), Decimal("4E+4"))):
            await oms.submit(**{**ORDER, "order_qty": qty, "price": price})
        sent = [outbound.message for outbound in engine.venues["PLAIN"].received]
        assert [message.order_qty for message in sent] == [Decimal("0.0100"), Decimal("0.010")]
        for row in await oms.orders():
            assert (row["order_qty"], row["price"]) == ("0.01", "40000")

    with running(tmp_path) as engine:
        asyncio.run(within("both orders", test(engine)))
