"""What no venue offers, offered: real processes, the desk's FIX on one side, ledgers on the other."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.installation import Installation, Row
from tests.fix.desk import Desk, order

RESTS = {100: "ANDX", 207: "", 55: "BTC/TRY", 38: "0.01", 44: "1000000.00"}
"""Far below the market."""

EVERYTHING = 'emulate = ["replace", "ioc", "fok", "gtd", "market"]\n'


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Simulators and an OMS whose routes emulate everything."""
    folder: Path = tmp_path_factory.mktemp("emulating")
    with ExitStack() as stack:
        made = Installation(folder)
        text = made.config.read_text()
        for venue in ("apifiny", "andx"):
            text = text.replace(f"[venues.{venue}]\n", f"[venues.{venue}]\n{EVERYTHING}")
        made.config.write_text(text)
        stack.enter_context(made.simulators())
        made.start()
        stack.callback(made.kill)
        made.wait_ready()
        yield made


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Iterator[Desk]:
    """DESK1, logged on."""
    desk = installation.desk()
    desk.log_on()
    yield desk
    desk.close()


def _told(desk: Desk, exec_type: str, what: str, of: str) -> dict[int, str]:
    """Reports up to the first event of that ExecType; a loaded machine may lose an answer, and
    then a status says IN DOUBT for a while."""
    while True:
        report = dict(desk.expect("8", "9", "B", what=what))
        if not report.get(11, "").startswith(of):
            continue  # the end of what another test began
        if report.get(150) == exec_type and report[20] == "0":
            return report
        assert report[35] != "9", f"{what}: refused, {report.get(58)}"


def _replace(name: str, orig: str, changes: dict[int, str]) -> list[tuple[int, str]]:
    return list({**dict(order(name, RESTS)), 41: orig, **changes}.items())


def _at_venue(installation: Installation, since: int, *prices: str) -> list[Row]:
    """ANDX's orders at these prices; what another test began there goes on meanwhile."""
    wanted = set(map(Decimal, prices))
    rows = installation.ledger("andx")[since:]
    return [row for row in rows if Decimal(row["price"]) in wanted]


def test_a_replace(installation: Installation, desk: Desk) -> None:
    """One chain for the desk, two orders at the venue, never both open."""
    before = len(installation.ledger("andx"))
    desk.send("D", *order("e-1", RESTS))
    _told(desk, "0", "the acknowledgement", of="e")
    desk.send("G", *_replace("e-2", "e-1", {38: "0.02", 44: "1000001.00"}))
    pending = _told(desk, "E", "Pending Replace", of="e")
    assert (pending[39], pending[11], pending[41]) == ("E", "e-2", "e-1")
    assert pending[58].startswith("EMULATED REPLACE")
    replaced = _told(desk, "5", "Replaced", of="e")
    assert (replaced[39], replaced[11], replaced[41], replaced[38], replaced[44]) == (
        "5",
        "e-2",
        "e-1",
        "0.02",
        "1000001",
    )
    assert replaced[37] == pending[37]
    old, new = _at_venue(installation, before, "1000000", "1000001")
    assert (old["status"], new["status"]) == ("CANCELED", "OPEN")
    assert (Decimal(new["qty"]), Decimal(new["price"])) == (Decimal("0.02"), Decimal(1000001))
    fields = [(11, "e-3"), (41, "e-2"), (55, "BTC/TRY"), (54, "1"), (60, dict(order("e-3"))[60])]
    desk.send("F", *fields)
    canceled = _told(desk, "4", "the cancel of the new order", of="e")
    assert (canceled[39], canceled[11], canceled[41]) == ("4", "e-3", "e-2")


def test_immediate_or_cancel(installation: Installation, desk: Desk) -> None:
    """What is not filled at once is canceled, and the ledger says the same."""
    before = len(installation.ledger("andx"))
    desk.send("D", *order("i-1", RESTS | {59: "3"}))
    acknowledged = _told(desk, "0", "the acknowledgement", of="i")
    assert acknowledged[59] == "3"
    assert acknowledged[58].startswith("EMULATED IOC")
    ended = _told(desk, "4", "the cancel", of="i")
    assert (ended[39], ended.get(41), ended[151]) == ("4", None, "0")
    (row,) = _at_venue(installation, before, "1000000")
    assert row["status"] == "CANCELED"
    assert Decimal(row["cum"]) == Decimal(ended[14])


def test_good_till_date(installation: Installation, desk: Desk) -> None:
    """Canceled at the venue when its time has come, Expired for the desk."""
    # In whole seconds: a second from now may be over before the order is there.
    soon = datetime.now(UTC) + timedelta(seconds=2)  # noqa: TID251
    expiry = soon.strftime("%Y%m%d-%H:%M:%S")
    desk.send("D", *order("g-1", RESTS | {59: "6", 126: expiry}))
    _told(desk, "0", "the acknowledgement", of="g")
    expired = _told(desk, "C", "the expiry", of="g")
    assert (expired[39], expired[151], expired[126][:17]) == ("C", "0", expiry)


def test_market_as_a_marketable_limit(installation: Installation, desk: Desk) -> None:
    """Apifiny's FIX side takes limit orders alone; the desk sees a market order filled."""
    fields = {38: "0.01", 40: "1", 59: "3"}
    pairs = [(tag, value) for tag, value in order("m-1", fields) if tag != 44]
    desk.send("D", *pairs)
    filled = _told(desk, "2", "the fill", of="m")
    assert (filled[39], filled[40], filled.get(44), filled[14]) == ("2", "1", None, "0.01")
    assert Decimal(39000) < Decimal(filled[6]) < Decimal(40201)


def test_killed_in_the_middle_of_a_replace(installation: Installation, desk: Desk) -> None:
    """Whatever was under way: one state that FIX can say, and at most one open order there."""
    before = len(installation.ledger("andx"))
    desk.send("D", *order("k-1", RESTS | {44: "900000.00"}))
    _told(desk, "0", "the acknowledgement", of="k")
    desk.send("G", *_replace("k-2", "k-1", {38: "0.03", 44: "900000.00"}))
    _told(desk, "E", "Pending Replace", of="k")
    installation.kill()
    installation.start()
    installation.wait_ready()
    desk.close()
    desk.log_on()

    def settled(rows: list[Row]) -> bool:
        (row,) = (row for row in rows if row["cl_ord_id"] in ("k-1", "k-2"))
        return row["ord_status"] in ("REPLACED", "CANCELED", "NEW") or row["in_doubt"]

    installation.wait("/orders", settled, "the replace's end", lambda: time.sleep(0.02))
    rows = _at_venue(installation, before, "900000")
    assert sum(row["status"] == "OPEN" for row in rows) <= 1
