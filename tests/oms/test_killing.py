"""What follows a kill by itself: what is asked again, what is doubted, when it is certified."""

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.port import VenueOrder, VenueState
from oms.certificate import lines
from oms.client import Client
from oms.clock import ManualClock, SystemClock
from oms.core.book import Book
from oms.core.errors import InvalidOrder, NotSupported, OutcomeUnknown
from oms.core.fields import ExecType, Side
from oms.core.messages import News, OrderCancelReject
from oms.core.notes import Request
from oms.killing import Killing
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.web import Web
from tests.oms.lossy_proxy import Loss, lossy_proxy
from tests.oms.small_engine import AS_OPERATOR, TOKENS, SmallEngine, running, within
from tests.oms.test_stopping import ORDER

AT_ONCE = (0.0, 0.0, 0.0)


def _follow(folder: Path, test: Any, patience_s: float = 3600.0) -> None:
    """Run a test while the follower looks all the time."""

    async def play(engine: SmallEngine) -> None:
        killing = Killing(
            engine.book,
            engine.reader,
            engine.ask,
            engine.writer.post,
            SystemClock(),
            patience_s=patience_s,
        )
        following = asyncio.create_task(killing.watch(0.005))
        try:
            await test(engine)
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    with running(folder) as engine:
        asyncio.run(within("the whole test", play(engine)))


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=30)])
def test_the_closed_list_is_read_from_before_orders_that_were_dated_too_late(
    ahead: timedelta,
) -> None:
    """Our clock is wrong by an hour, or was by a month and has been set."""
    clock = ManualClock()
    made = clock.now() + (ahead if ahead > timedelta(days=1) else timedelta())
    asked: list[datetime] = []

    def ask(_name: str, _query: str, *, since: datetime) -> Future[list[object]]:
        asked.append(since)
        told: Future[list[object]] = Future()
        told.set_result([])
        return told

    killing = Killing(Book(), None, ask, lambda _: None, clock)  # type: ignore[arg-type]  # reads nothing
    order = {"created": made.isoformat(), "at_venue": [], "open": False, "cum_qty": "0"}
    asyncio.run(killing._compare("PLAIN", [order], []))
    assert asked[0] < made - ahead


async def _until(engine: SmallEngine, what: str, holds: Any) -> None:
    await asyncio.to_thread(engine.wait_until, what, holds)


def _news(reader: Reader) -> list[News]:
    told = [report for _, report in reader.reports("operator", 0, 1_000)]
    return [report for report in told if isinstance(report, News)]


def _done(engine: SmallEngine, count: int = 1) -> list[News]:
    return [news for news in _news(engine.reader) if "DONE" in news.headline][count - 1 :]


def test_when_it_is_done_it_says_so_once(tmp_path: Path) -> None:
    """A line an order, a line a venue, to whoever turned the switch; also in the journal."""

    async def test(engine: SmallEngine) -> None:
        await engine.oms("grid-1").submit(**ORDER, cl_ord_id="A1")
        await engine.oms("operator").kill(True, "plain")
        await _until(engine, "the certificate", lambda: _done(engine))
        assert engine.book.kills["PLAIN"].in_doubt == 0
        (news,) = _done(engine)
        assert news.headline == "KILL SWITCH DONE at PLAIN"
        *rows, noted = news.text.splitlines()
        assert rows == [
            "0000000001 grid-1/A1 PLAIN BTC/TRY cum 0 CANCELED",
            "PLAIN lists no open order of ours",
        ]
        record, _, digits = noted.removeprefix("journal: record ").partition(", hash ")
        with Reader.open(engine.url) as reader:
            assert verify(reader, noted={int(record): bytes.fromhex(digits)}).agrees
        await engine.oms("operator").kill(True, "plain")
        await engine.oms("operator").kill_certificate()
        assert len(_done(engine)) == 1

    _follow(tmp_path, test)


def test_an_order_in_doubt_is_named_and_told_again_when_it_is_settled(tmp_path: Path) -> None:
    """The order turns up, is cancelled at once, and the certificate is a better one."""

    async def test(engine: SmallEngine) -> None:
        venue = engine.venues["PLAIN"]
        venue.script = "doubt"
        await engine.oms("grid-1").submit(**ORDER, cl_ord_id="A1")
        await engine.oms("operator").kill(True, "plain")
        await _until(engine, "the first certificate", lambda: _done(engine))
        assert _done(engine)[0].headline.endswith("at PLAIN, 1 orders in doubt")
        assert "PLAIN BTC/TRY cum 0 IN DOUBT: no answer in 5 s" in _done(engine)[0].text
        assert engine.book.working("PLAIN")[0].requests[0].released is False
        venue.script = "rest"
        venue.acknowledge(engine.book.working("PLAIN")[0].venue_cl_ord_id)
        await _until(engine, "the second certificate", lambda: _done(engine, 2))
        assert _done(engine, 2)[0].headline == "KILL SWITCH DONE at PLAIN"

    _follow(tmp_path, test)


def test_a_refused_cancel_is_asked_for_again(tmp_path: Path) -> None:
    """The venue's no leaves the order working; the sweep does not leave it alone."""

    async def test(engine: SmallEngine) -> None:
        venue = engine.venues["PLAIN"]
        handle = await engine.oms("grid-1").submit(**ORDER)
        venue.script = "mute"
        await engine.oms("operator").kill(True)
        order = engine.book.order(handle.order_id)
        assert order is not None
        await _until(engine, "the first cancel", lambda: len(venue.received) == 2)
        venue.script = "rest"
        venue.tell(OrderCancelReject(cl_ord_id="", orig_cl_ord_id=order.venue_cl_ord_id, text="no"))
        await _until(engine, "the end", lambda: engine.reader.counts()["open"] == 0)
        assert len(venue.received) == 3

    _follow(tmp_path, test)


@pytest.mark.parametrize("acknowledged", [False, True], ids=["new", "cancel"])
def test_what_is_not_answered_in_time_is_in_doubt(tmp_path: Path, acknowledged: bool) -> None:
    """So that the venue is asked for it: of a new order as of a cancel."""

    async def test(engine: SmallEngine) -> None:
        venue = engine.venues["PLAIN"]
        venue.script = "rest" if acknowledged else "mute"
        await engine.oms("grid-1").submit(**ORDER)
        if acknowledged:
            await _until(engine, "the order", lambda: engine.book.working("PLAIN")[0].acknowledged)
        venue.script = "mute"
        await engine.oms("operator").kill(True)
        await _until(engine, "the doubt", lambda: engine.reader.counts()["in_doubt"] == 1)
        doubt = engine.book.working("PLAIN")[0].in_doubt
        assert doubt is not None
        assert doubt.request is (Request.CANCEL if acknowledged else Request.NEW)
        assert doubt.text == "no answer in 0.01 s; the venue's word settles it"

    _follow(tmp_path, test, patience_s=0.01)


def _ended(venue_cl_ord_id: str, cum_qty: str) -> VenueOrder:
    qty = Decimal(cum_qty)
    return VenueOrder(
        venue_cl_ord_id=venue_cl_ord_id,
        secondary_order_id=f"V{venue_cl_ord_id}",
        symbol="BTC/TRY",
        side=Side.BUY,
        order_qty=Decimal("0.01"),
        price=Decimal(40000),
        cum_qty=qty,
        avg_px=Decimal(40000),
        state=VenueState.CANCELED,
    )


def test_a_fill_whose_report_was_lost_keeps_it_from_being_done(tmp_path: Path) -> None:
    """The venue's list of ended orders shows more than is booked: in doubt until it is booked."""

    async def test(engine: SmallEngine) -> None:
        handle = await engine.oms("grid-1").submit(**ORDER)
        order = engine.book.order(handle.order_id)
        assert order is not None
        engine.venues["PLAIN"].ended = [_ended(order.venue_cl_ord_id, "0.004")]
        await engine.oms("operator").kill(True, "plain")
        await _until(engine, "the doubt", lambda: engine.reader.counts()["in_doubt"] == 1)
        doubt = engine.book.working("PLAIN")[0].in_doubt
        assert doubt is not None
        assert doubt.request is Request.FILLS
        assert doubt.text.startswith("the venue lists 0.004 as executed, 0 is booked")
        told = await engine.oms("operator").kill_certificate()
        assert told["orders"][0]["venue_cum_qty"] == "0.004"

    _follow(tmp_path, test)


def test_a_list_that_is_behind_is_waited_for(tmp_path: Path) -> None:
    """It shows less than is booked: not done, and nobody doubts what is booked."""

    async def test(engine: SmallEngine) -> None:
        venue = engine.venues["PLAIN"]
        await engine.oms("grid-1").submit(**ORDER)
        (order,) = engine.book.working("PLAIN")
        venue.fill(order.venue_cl_ord_id, Decimal("0.004"), Decimal(40000), ExecType.PARTIAL_FILL)
        venue.ended = [_ended(order.venue_cl_ord_id, "0")]
        await engine.oms("operator").kill(True, "plain")
        await _until(engine, "the end", lambda: engine.reader.counts()["open"] == 0)
        told = await engine.oms("operator").kill_certificate()
        assert (told["done"], told["working"], told["in_doubt"]) == (False, 0, 0)
        assert (told["orders"][0]["cum_qty"], told["orders"][0]["venue_cum_qty"]) == ("0.004", "0")
        venue.ended = [_ended(order.venue_cl_ord_id, "0.004")]
        assert (await engine.oms("operator").kill_certificate())["done"]

    _follow(tmp_path, test)


def test_a_mistake_of_ours_does_not_end_the_following(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged, and the next look is made."""
    failures: list[int] = []
    right = lines

    def wrong(*arguments: Any) -> str:
        if not failures:
            failures.append(1)
            raise ZeroDivisionError
        return right(*arguments)

    monkeypatch.setattr("oms.killing.lines", wrong)

    async def test(engine: SmallEngine) -> None:
        await engine.oms("operator").kill(True)
        await _until(engine, "the certificate", lambda: _done(engine))
        assert failures == [1]

    _follow(tmp_path, test)


def test_an_account_wide_call_is_on_record_before_it_is_made(tmp_path: Path) -> None:
    """Rows of ours, and the ids of others; a venue without the call says so."""

    async def test(engine: SmallEngine) -> None:
        operator = engine.oms("operator")
        handle = await engine.oms("grid-1").submit(**ORDER)
        order = engine.book.order(handle.order_id)
        assert order is not None
        with pytest.raises(InvalidOrder, match="name it"):
            await operator.cancel_all(account_wide=True)
        with pytest.raises(NotSupported, match="cancel_all"):
            await operator.cancel_all("plain", account_wide=True)
        engine.venues["PLAIN"].account_wide = [order.venue_cl_ord_id, "X1"]
        asked = await operator.cancel_all("plain", account_wide=True)
        assert [row["order_id"] for row in asked] == [handle.order_id, None]
        assert asked[1]["venue_cl_ord_id"] == "X1"

    _follow(tmp_path, test)


def test_a_lost_answer_to_on_is_asked_again_and_to_off_is_not(tmp_path: Path) -> None:
    """To turn it on twice is no harm; to turn it off twice might undo another's `on`."""

    async def test() -> None:
        with running(tmp_path) as engine:
            web = Web(engine.oms, TOKENS)
            await web.start("127.0.0.1", 0)
            async with lossy_proxy(web.address) as proxy:
                client = Client(proxy.url, AS_OPERATOR, looks_s=AT_ONCE)
                async with client:
                    proxy.loss = Loss.ANSWER
                    told = await client.kill(True)
                    assert told["kill"] == {"everywhere": True, "venues": []}
                    proxy.loss = Loss.ANSWER
                    with pytest.raises(OutcomeUnknown, match="look at the status"):
                        await client.kill(False)
                    assert (await client.kill_certificate())["kill"] is False
                    proxy.loss = Loss.REQUEST
                    with pytest.raises(OutcomeUnknown, match="look at the open orders"):
                        await client.cancel_all()
            await web.stop()

    asyncio.run(within("the whole test", test()))
