"""`kill -9` between any two lines of a script of orders: nothing lost, nothing twice."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fix.codec import encode
from oms.store.queries import Reader
from tests.e2e.installation import PAUSE_S, Installation, Row, rows
from tests.fix.desk import Desk, Timeout, order

ANDX = {100: "ANDX", 207: "", 55: "BTC/TRY", 38: "0.01"}
APIFINY = {38: "0.01"}

SCRIPT: list[tuple[str, dict[int, str]]] = [
    ("fills-at-apifiny", APIFINY | {44: "40000.50"}),
    ("rests-at-andx", ANDX | {44: "1000000.00"}),
    ("rests-at-apifiny", APIFINY | {44: "30000.00"}),
    ("cancel rests-at-andx", {}),
    ("fills-at-andx", ANDX | {44: "1200000.50"}),
    ("misfit", APIFINY | {44: "30000.001"}),
    ("cancel rests-at-apifiny", {}),
    ("in-parts-at-andx", ANDX | {44: "1200000.02", 38: "0.12"}),
]
APPLICATION = ("8", "9", "j")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """Simulators up, the OMS started once."""
    with ExitStack() as stack:
        made = Installation(tmp_path)
        stack.enter_context(made.simulators())
        made.start()
        stack.callback(made.kill)
        yield made


def _send(desk: Desk, line: str, fields: dict[int, str]) -> None:
    verb, _, name = line.partition(" ")
    if verb == "cancel":
        pairs = [
            (11, f"c-{name}"),
            (41, name),
            (55, "BTC/USDT"),
            (54, "1"),
            (60, dict(order(name))[60]),
        ]
        desk.send("F", *pairs)
    else:
        desk.send("D", *order(line, fields))


def test_killed_after_every_line(
    installation: Installation, request: pytest.FixtureRequest
) -> None:
    """After each restart the script goes on; at the end books, venues and the desk's log agree."""
    desk = installation.desk()
    request.addfinalizer(desk.close)
    desk.log_on()
    installation.wait_ready()
    for number, (line, fields) in enumerate(SCRIPT):
        _send(desk, line, fields)
        if number % 2:
            desk.expect(*APPLICATION, what=f"the first report of {line}")
        installation.kill()
        desk.take_all()
        desk.close()
        installation.start()
        installation.wait_ready()
        desk.log_on()
    listen = partial(_listen, desk)
    orders = installation.wait("/orders", _settled, "every order at its end or in doubt", listen)
    assert [row["cl_ord_id"] for row in orders if row["ord_status"] == "REJECTED"] == ["misfit"]
    _agree(installation, orders)
    _heard_everything(installation, desk)
    verdict = installation.oms("replay", "--verify")
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def _listen(desk: Desk) -> None:
    """A desk at work: it reads, and answers what it is asked."""
    with suppress(Timeout):
        desk.receive(time.monotonic() + PAUSE_S, "anything")


def _settled(orders: list[Row]) -> bool:
    entered = [line for line, _ in SCRIPT if " " not in line]
    return len(orders) == len(entered) and all(
        row["in_doubt"] or row["leaves_qty"] == "0" for row in orders
    )


def _agree(installation: Installation, orders: list[Row]) -> None:
    """Every order of the venue's is in the books once, with the venue's quantity."""
    for venue in ("apifiny", "andx"):
        ledger = installation.ledger(venue)
        there = {row["client_id"]: row for row in ledger}
        assert len(there) == len(ledger), f"sent twice: {ledger}"
        ours = [r for r in orders if r["venue"] == venue.upper()]
        known = [r for r in ours if r["secondary_order_id"]]
        sought = {r["venue_cl_ord_id"] for r in ours if r["in_doubt"]}
        found = {r["venue_cl_ord_id"] for r in known}
        assert found <= set(there) <= found | sought
        for row in known:
            assert Decimal(there[row["venue_cl_ord_id"]]["cum"]) == Decimal(row["cum_qty"])


def _heard_everything(installation: Installation, desk: Desk) -> None:
    """The desk's own log is the journal's reports: in order, each once."""
    reader = Reader.open(installation.settings.store.url)
    try:
        told = [dict(encode(report)) for _, report in reader.reports("DESK1", 0, 1000)]
    finally:
        reader.close()
    while len(_heard(desk)) < len(told):
        desk.expect(*APPLICATION, what=f"{len(told)} reports, heard {len(_heard(desk))}")
    assert _heard(desk) == [_gist(fields) for fields in told]


def _heard(desk: Desk) -> list[tuple[Any, ...]]:
    return [_gist(fields) for fields in desk.seen if fields[35] in APPLICATION]


def _gist(fields: dict[int, str]) -> tuple[Any, ...]:
    return tuple(fields.get(tag) for tag in (35, 11, 17, 20, 150, 39, 14, 151, 102, 103))


def test_a_second_run_on_the_store_exits_2(installation: Installation) -> None:
    """It says who holds it."""
    second = installation.oms("run")
    assert second.returncode == 2
    assert "pid" in second.stderr


def test_look_verbs_agree_with_the_api(installation: Installation) -> None:
    """`oms orders --json` is the same list."""
    desk = installation.desk()
    desk.log_on()
    installation.wait_ready()
    _send(desk, *SCRIPT[5])
    desk.expect("8")
    desk.close()
    assert rows(installation.oms("orders", "--json")) == installation.get("/orders")
    assert installation.stop() == 0
