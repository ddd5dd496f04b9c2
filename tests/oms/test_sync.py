"""The blocking twin: the same methods, answers and errors, for whoever has no loop."""

import asyncio
import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oms import client as remote
from oms import sync
from oms.core.errors import EngineUnavailable, NotSupported, OrderRejected, UnknownOrder
from oms.core.fields import ExecType
from oms.web import Web
from tests.oms.small_engine import AS_GRID, TOKENS, WITHIN_S, SmallEngine, running
from tests.oms.told_items import ANSWERS, NOON, PUBLIC_TRADE, TICKER, TRADE

ORDER: dict[str, Any] = {
    "venue": "plain",
    "symbol": "BTC/TRY",
    "side": "BUY",
    "order_qty": "0.01",
    "price": "40000.50",
}


@contextmanager
def desk(folder: Path) -> Iterator[tuple[SmallEngine, sync.Client]]:
    """An engine that serves its API on a thread of its own, and a client that waits."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(asked: Any) -> None:
        asyncio.run_coroutine_threadsafe(asked, loop).result(WITHIN_S)

    with running(folder) as engine:
        web = Web(engine.oms, TOKENS)
        try:
            do(web.start("127.0.0.1", 0))
            with sync.Client(web.url, AS_GRID) as client:
                yield engine, client
        finally:
            do(web.stop())
            loop.call_soon_threadsafe(loop.stop)
            thread.join(WITHIN_S)
            loop.close()


def test_it_has_every_method_of_the_client() -> None:
    """By the same name and with the same arguments."""
    for name, method in inspect.getmembers(remote.Client, inspect.isfunction):
        if not name.startswith("_"):
            twin = inspect.signature(getattr(sync.Client, name))
            assert twin.parameters.keys() == inspect.signature(method).parameters.keys(), name


def test_an_order_is_followed_to_its_end(tmp_path: Path) -> None:
    with desk(tmp_path) as (engine, client):
        engine.venues["PLAIN"].script = "fill"
        order = client.submit(**ORDER, cl_ord_id="A1")
        assert (order.order_id, order.cl_ord_id) == ("0000000001", "A1")
        assert [report.exec_type for report in order.reports()][-1] is ExecType.FILL
        assert order.row()["ord_status"] == "FILLED"
        assert repr(order) == "Handle(order_id='0000000001', cl_ord_id='A1')"
        with pytest.raises(OrderRejected):
            order.cancel()
        with pytest.raises(OrderRejected):
            order.replace(order_qty="1")
        assert client.order("grid-1/A1").row() == client.order_row("1")
        assert [number for number, _ in client.reports(follow=False)] == [1, 2, 3, 4, 5, 6]
        with pytest.raises(UnknownOrder):
            client.order("77")


def test_a_venue_is_asked(tmp_path: Path) -> None:
    with desk(tmp_path) as (engine, client):
        engine.venues["PLAIN"].answers = dict(ANSWERS)
        assert client.ticker("plain", "BTC/TRY") == TICKER
        assert client.ticker("plain", "BTC/TRY").bid == Decimal("40000.5")
        assert client.server_time("plain") == NOON
        with pytest.raises(NotSupported):
            client.account("native")


def test_a_watch_is_followed_and_closed(tmp_path: Path) -> None:
    with desk(tmp_path) as (engine, client):
        engine.venues["PLAIN"].news = [TRADE]
        with client.watch_trades("plain", "BTC/TRY") as watch:
            for trade in watch:
                assert trade == PUBLIC_TRADE
                break
            assert (watch.emulated, watch.missed) == (False, 2)
        with client.watch("trades", "plain", symbol="BTC/TRY") as news:
            assert next(news) == (PUBLIC_TRADE, False, 2)


def test_a_closed_client_says_so(tmp_path: Path) -> None:
    """And closing it again is no harm."""
    before = threading.active_count()
    client = sync.Client("http://127.0.0.1:1", AS_GRID)
    with pytest.raises(EngineUnavailable):
        client.status()
    client.close()
    client.close()
    assert threading.active_count() == before
    with pytest.raises(RuntimeError, match="closed"):
        client.status()
