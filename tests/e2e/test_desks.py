"""Several desks at one engine: each has its own orders, and one hears everything."""

import time
from collections.abc import Iterator

import pytest

from tests.fix.desk import WAIT_S, Desk, Fields, order
from tests.fix.transcripts.firm import Firm

RESTING = {44: "30000", 38: "0.01"}
TERMS = {21: "", 40: "", 44: "", 59: "", 100: "", 207: "", 38: ""}

NAMES = {
    "ONE": "news = true",
    "TWO": "",
    "ANDXONLY": 'news = true, venues = ["ANDX"]',
    "LEAVES": "cancel_on_disconnect = true, cancel_grace_s = 0.2",
    "RETURNS": "cancel_on_disconnect = true, cancel_grace_s = 60, status_on_logon = true",
    "FLOODS": "max_orders_per_s = 5",
    "COPY": "drop_copy = true, news = true",
}


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """A running engine with those desks."""
    firm = Firm(tmp_path_factory.mktemp("desks"), NAMES)
    with firm.simulators():
        firm.start()
        try:
            firm.wait_ready()
            yield firm
        finally:
            firm.stop()


@pytest.fixture
def desks(firm: Firm) -> Iterator["Desks"]:
    """Their clients, each begun anew."""
    desks = Desks(firm)
    yield desks
    desks.close()


class Desks:
    """Clients by name, logged on when they are first asked for."""

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._known: dict[str, Desk] = {}

    def __getitem__(self, name: str) -> Desk:
        if name not in self._known:
            desk = Desk(self._firm.layout.desk, name, self._firm.secret(name))
            desk.log_on(reset=True)
            self._known[name] = desk
        return self._known[name]

    def close(self) -> None:
        """Drop all connections."""
        for desk in self._known.values():
            desk.close()


def until(desk: Desk, **wanted: str) -> Fields:
    """The first application message that has those values, by tag: `_150="4"`."""
    deadline = time.monotonic() + WAIT_S
    while True:
        message = desk.receive(deadline, f"a message with {wanted}")
        if all(message.get(int(tag[1:])) == value for tag, value in wanted.items()):
            return message


def test_the_same_cl_ord_id_is_each_desks_own(firm: Firm, desks: Desks) -> None:
    """Neither sees, cancels or asks about the other's, by whatever name."""
    one, two = desks["ONE"], desks["TWO"]
    orders = {}
    for desk in (one, two):
        desk.send("D", *order("same", RESTING))
        orders[desk] = until(desk, _11="same", _150="0")[37]
    two.send("F", (41, "none"), (37, orders[one]), *order("f1", TERMS))
    refused = until(two, _35="9", _11="f1")
    assert (refused[102], refused[37]) == ("1", "NONE")
    two.send("H", (11, "none"), (37, orders[one]), (55, "BTC/USDT"), (54, "1"))
    unknown = until(two, _20="3", _11="none")
    assert (unknown[39], unknown[103]) == ("8", "5")
    two.send("F", (41, "same"), *order("f2", TERMS))
    assert until(two, _150="4")[37] == orders[two]
    one.send("H", (11, "same"), (55, "BTC/USDT"), (54, "1"))
    state = until(one, _20="3", _11="same")
    assert (state[37], state[39]) == (orders[one], "0")


def test_a_desk_trades_only_where_it_may(desks: Desks) -> None:
    desk = desks["ANDXONLY"]
    desk.send("D", *order("a1", RESTING))
    refused = until(desk, _11="a1")
    assert (refused[39], refused[103]) == ("8", "0")
    assert refused[58] == "unknown route 'APIFINY' in ExDestination (100): ANDX"


def test_a_drop_copy_hears_every_desk_and_sends_no_orders(desks: Desks) -> None:
    """In the order in which they were told, with whose they are; its own orders are refused."""
    copy, one, two = desks["COPY"], desks["ONE"], desks["TWO"]
    told = []
    for desk, name in ((one, "c1"), (two, "c1"), (one, "c2")):
        desk.send("D", *order(name, RESTING))
        told.append(until(desk, _11=name, _150="0"))
    for original in told:
        copied = until(copy, _11=original[11], _37=original[37])
        assert copied[109] == original[56]
        head = {8, 9, 10, 34, 52, 56, 109, 97}
        assert {t: v for t, v in copied.items() if t not in head} == {
            t: v for t, v in original.items() if t not in head
        }
    copy.send("D", *order("mine", RESTING))
    refused = until(copy, _11="mine")
    assert (refused[150], refused[103], refused[58]) == ("8", "0", "a drop copy sends no orders")
    copy.send("F", (41, "c1"), *order("f1", TERMS))
    assert until(copy, _35="9", _11="f1")[102] == "2"


def test_a_desk_that_stays_away_finds_its_orders_cancelled(firm: Firm, desks: Desks) -> None:
    """And is told why when it comes back."""
    desk = desks["LEAVES"]
    desk.send("D", *order("g1", RESTING))
    until(desk, _11="g1", _150="0")
    desk.close()
    firm.wait(
        "/orders",
        lambda rows: all(
            row["ord_status"] == "CANCELED" for row in rows if row["origin"] == "LEAVES"
        ),
        "the order cancelled",
    )
    desk.log_on(expect=False)
    told = until(desk, _11="g1", _150="4")
    assert told[58] == "cancelled on disconnect: LEAVES was away for 0.2 s"
    assert 41 not in told


def test_a_desk_that_returns_finds_its_orders_working(desks: Desks) -> None:
    """It is told the state of each at its logon: no event, so 20=3 and 17=0."""
    desk = desks["RETURNS"]
    desk.send("D", *order("g1", RESTING))
    until(desk, _11="g1", _150="0")
    desk.close()
    desk.log_on(expect=False)
    state = until(desk, _11="g1", _20="3")
    assert (state[17], state[39]) == ("0", "0")


def test_a_flood_is_refused_and_holds_nobody_up(desks: Desks) -> None:
    """Each order too many gets its answer; another desk's is worked meanwhile."""
    floods, one = desks["FLOODS"], desks["ONE"]
    for number in range(300):
        floods.send("D", *order(f"n{number}", RESTING))
    one.send("D", *order("calm", RESTING))
    until(one, _11="calm", _150="0")
    answers = [until(floods, _11=f"n{number}") for number in (0, 298)]
    assert answers[0][150] == "0"
    assert (answers[1][150], answers[1][103]) == ("8", "2")
    assert answers[1][58] == "THROTTLED: more than 5 orders a second; try again later"


def test_desks_hear_when_a_route_goes_down_and_comes_back(firm: Firm, desks: Desks) -> None:
    """A desk that may use it and wants to know; the engine goes on meanwhile."""
    one, quiet, elsewhere = desks["ONE"], desks["COPY"], desks["ANDXONLY"]
    firm.switch("apifiny", "cut_fix", True)
    down = until(one, _35="B")
    assert down[148] in ("APIFINY is down", "APIFINY is not ready")
    assert down[33] == "1"
    assert down[58].startswith("orders to APIFINY are refused until it is ready")
    assert until(one, _35="B", _148="APIFINY is ready")[58] == "APIFINY takes orders again"
    for desk in (quiet, elsewhere):
        desk.send("1", (112, "in step"))
        until(desk, _112="in step")
        assert not any(message[35] == "B" for message in desk.seen)
