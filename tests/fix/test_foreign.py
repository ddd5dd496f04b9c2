"""Desks on three FIX libraries that are not quickfix trade, lose their connection, and recover.

Over a second each: real processes, one kill -9, and libraries that look once a second.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from oms.core.messages import ExecutionReport
from oms.store.queries import Reader
from tests.fix.desk import order
from tests.fix.foreign import Client, reported, sent_numbers, until
from tests.fix.foreign_asyncfix import AsyncfixClient
from tests.fix.foreign_jetblack import JetblackClient
from tests.fix.foreign_simplefix import SimplefixClient
from tests.fix.transcripts.firm import Firm

CLIENTS: dict[str, Callable[[Firm, str], Client]] = {
    "simplefix": SimplefixClient,
    "asyncfix": AsyncfixClient,
    "jetblack": JetblackClient,
}
RESTING = {38: "0.01", 44: "30000.00"}
CROSSING = {38: "0.01", 44: "41000.00"}


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """An engine with a desk for each library."""
    with ExitStack() as stack:
        made = Firm(tmp_path_factory.mktemp("foreign"), {name.upper(): "" for name in CLIENTS})
        stack.enter_context(made.simulators())
        made.start()
        stack.callback(made.kill)
        made.wait_ready()
        yield made


@pytest.mark.parametrize("library", CLIENTS)
def test_a_foreign_client_trades_and_recovers(firm: Firm, library: str) -> None:
    """What it took is, in order and each once, what the journal has for it."""
    desk = library.upper()
    client = CLIENTS[library](firm, desk)
    asyncio.run(_day(firm, desk, client))
    journal = _journal(firm, desk)
    assert [one[17] for one in client.reports if one[35] == "8"] == journal
    assert [row for row in firm.books(desk) if row[1] != "CANCELED"] == [
        ("filled", "FILLED", "0.01"),
        ("again", "FILLED", "0.01"),
    ]


async def _day(firm: Firm, desk: str, client: Client) -> None:
    await client.log_on()
    await _trade(client)
    await _miss(firm, desk, client)
    await _outlive(firm, client)
    await client.log_out()


async def _trade(client: Client) -> None:
    """An order that is cancelled, and one that is filled."""
    await client.send("D", order("rests", RESTING))
    await reported(client, t11="rests", t150="0")
    await client.send("F", _cancel("c1", "rests"))
    await reported(client, t11="c1", t150="4")
    await client.send("D", order("filled", CROSSING))
    report = await reported(client, t11="filled", t150="2")
    assert (report[39], report[14], report[151]) == ("2", "0.01", "0")


async def _miss(firm: Firm, desk: str, client: Client) -> None:
    """Reports that were sent and never read come again, marked."""
    before = sent_numbers(firm, desk)
    await client.deafen()
    await client.send("D", order("missed", RESTING))
    await until(client, "the report to leave", lambda: sent_numbers(firm, desk) > before)
    await client.drop()
    assert not any(one.get(11) == "missed" for one in client.reports)
    await client.log_on()
    report = await reported(client, t11="missed", t150="0")
    assert report[43] == "Y"
    await client.send("F", _cancel("c2", "missed"))
    await reported(client, t11="c2", t150="4")


async def _outlive(firm: Firm, client: Client) -> None:
    """The engine is killed and comes back; the order is still there, and trading goes on."""
    await client.send("D", order("stays", RESTING))
    await reported(client, t11="stays", t150="0")
    firm.kill()
    firm.start()
    firm.wait_ready()
    await client.drop()
    await client.log_on()
    await client.send("D", order("again", CROSSING))
    await reported(client, t11="again", t150="2")
    await client.send("F", _cancel("c3", "stays"))
    await reported(client, t11="c3", t150="4")


def _cancel(cl_ord_id: str, orig: str) -> list[tuple[int, str]]:
    moment = dict(order("x"))[60]
    return [(11, cl_ord_id), (41, orig), (55, "BTC/USDT"), (54, "1"), (60, moment)]


def _journal(firm: Firm, desk: str) -> list[str]:
    """The ExecIDs of the desk's reports, as the journal has them."""
    reader = Reader.open(firm.settings.store.url)
    try:
        reports = reader.reports(desk, 0, 1_000)
    finally:
        reader.close()
    return [one.exec_id for _, one in reports if isinstance(one, ExecutionReport)]
