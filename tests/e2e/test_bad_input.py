"""Every kind of bad input gets the protocol's own answer, one log line, and moves nothing."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.installation import Installation
from tests.fix.desk import Desk, order

BAD_NUMBERS = ("1e400", "NaN", "Infinity", "-", "1,5", "0x1F")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Simulators and the OMS, running, every route ready."""
    with ExitStack() as stack:
        made = Installation(tmp_path_factory.mktemp("bad"))
        stack.enter_context(made.simulators())
        made.start()
        stack.callback(made.kill)
        made.wait_ready()
        yield made


@pytest.fixture(scope="module")
def client(installation: Installation) -> Desk:
    """DESK1, which keeps its numbers from test to test."""
    return installation.desk()


@pytest.fixture
def desk(client: Desk) -> Iterator[Desk]:
    """DESK1, logged on; what was said to it before is taken."""
    client.log_on()
    client.take_all()
    yield client
    client.close()


def _log(installation: Installation) -> list[str]:
    return (installation.folder / "run1.err").read_text().splitlines()


def _numbered(installation: Installation, name: str) -> str:
    return f"{name}-{len(_log(installation))}"


class _Watch:
    """What the engine logged, and the orders it had, since this was made."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.lines = len(_log(installation))
        self.orders = installation.get("/orders")

    def moved_nothing(self, *, refused: int = 0) -> None:
        """Orders are as before, but for so many refused ones; one line was logged."""
        orders = self.installation.get("/orders")
        assert orders[: len(self.orders)] == self.orders
        added = orders[len(self.orders) :]
        assert [row["ord_status"] for row in added] == ["REJECTED"] * refused
        lines = _log(self.installation)[self.lines :]
        assert len(lines) == 1, lines
        assert "Traceback" not in lines[0]


REFUSED = {
    "unknown route": ({100: "NOWHERE"}, "0", "unknown route"),
    "unknown symbol": ({55: "DOGE/EUR"}, "1", "unknown symbol"),
    "wrong precision": ({44: "40000.005", 38: "0.01"}, "0", "nearest 40000"),
    "nothing": ({38: "0"}, "0", "above 0"),
    "negative": ({38: "-1"}, "0", "above 0"),
    "forty decimals": ({38: "0." + "1" * 40}, "3", "18 decimals"),
    "sixty digits": ({38: "1" * 60}, "3", "20 digits"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_order_that_can_not_be_is_refused(
    installation: Installation, desk: Desk, name: str
) -> None:
    """150=8 with a reason and a text; the order is on the books as refused."""
    changes, reason, text = REFUSED[name]
    watch = _Watch(installation)
    desk.send("D", *order(_numbered(installation, "R"), changes))
    answer = desk.expect("8")
    assert (answer[150], answer[39], answer[103], answer[14]) == ("8", "8", reason, "0")
    assert text in answer[58]
    watch.moved_nothing(refused=1)


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_what_is_no_number_is_a_session_reject(
    installation: Installation, desk: Desk, number: str
) -> None:
    """Reject (3) naming the tag; the session lives."""
    watch = _Watch(installation)
    desk.send("D", *order(_numbered(installation, "N"), {38: number}))
    answer = desk.expect("3")
    assert answer[371] == "38"
    watch.moved_nothing()
    desk.send("H", (11, "none"), (55, "BTC/USDT"), (54, "1"))
    assert desk.expect("8")[103] == "5"


def test_a_required_tag_that_is_missing(installation: Installation, desk: Desk) -> None:
    """Reject (3), 373=1, the tag in 371."""
    watch = _Watch(installation)
    desk.send("D", *order(_numbered(installation, "M"), {54: ""}))
    answer = desk.expect("3")
    assert (answer[371], answer[373]) == ("54", "1")
    watch.moved_nothing()


def test_a_conditionally_required_tag_that_is_missing(
    installation: Installation, desk: Desk
) -> None:
    """A limit order without Price: BusinessMessageReject, 380=5."""
    watch = _Watch(installation)
    desk.send("D", *order(_numbered(installation, "P"), {44: ""}))
    answer = desk.expect("j")
    assert (answer[372], answer[380]) == ("D", "5")
    watch.moved_nothing()


def test_an_unknown_message_type(installation: Installation, desk: Desk) -> None:
    """A list order is well formed and not taken: 380=3."""
    watch = _Watch(installation)
    desk.send("AB", (11, "x"))
    answer = desk.expect("j", "3")
    assert answer.get(380, "3") == "3"
    watch.moved_nothing()


def test_a_duplicate_id_states_the_first_order(installation: Installation, desk: Desk) -> None:
    """103=6 and the rest of the report is the order that is there."""
    name = _numbered(installation, "D")
    desk.send("D", *order(name, {38: "0.01", 44: "30000.00"}))
    assert desk.expect("8")[150] == "0"
    watch = _Watch(installation)
    desk.send("D", *order(name, {38: "0.02", 44: "30000.00"}))
    answer = desk.expect("8")
    assert (answer[150], answer[39], answer[103], answer[38]) == ("8", "0", "6", "0.01")
    watch.moved_nothing()


def _cancel(desk: Desk, name: str, orig: str) -> dict[int, str]:
    pairs = dict(order(name))
    desk.send("F", (11, name), (41, orig), (55, "BTC/USDT"), (54, "1"), (60, pairs[60]))
    return desk.expect("9")


def test_a_cancel_of_no_order(installation: Installation, desk: Desk) -> None:
    """9 with 102=1, 37=NONE."""
    watch = _Watch(installation)
    answer = _cancel(desk, _numbered(installation, "C"), "never-was")
    assert (answer[102], answer[37], answer[39], answer[434]) == ("1", "NONE", "8", "1")
    watch.moved_nothing()


def test_a_cancel_of_a_finished_order(installation: Installation, desk: Desk) -> None:
    """9 with 102=0."""
    name = _numbered(installation, "F")
    desk.send("D", *order(name, {38: "0.01", 44: "40000.50"}))
    while desk.expect("8")[39] != "2":
        pass
    watch = _Watch(installation)
    answer = _cancel(desk, f"{name}-c", name)
    assert (answer[102], answer[39]) == ("0", "2")
    watch.moved_nothing()


def test_a_cancel_of_somebody_elses_order(installation: Installation, desk: Desk) -> None:
    """Unknown, whoever's it is."""
    name = _numbered(installation, "grid")
    made = installation.oms(
        *("new", "--venue", "andx", "--symbol", "BTC/TRY", "--side", "BUY"),
        *("--qty", "0.01", "--price", "1000000", "--cl-ord-id", name),
    )
    assert made.returncode == 0, made.stderr
    installation.wait("/orders", lambda rows: rows[-1]["ord_status"] == "NEW", "the order works")
    watch = _Watch(installation)
    answer = _cancel(desk, _numbered(installation, "S"), name)
    assert answer[102] == "1"
    watch.moved_nothing()


def test_a_replace_of_a_venue_without_one(installation: Installation, desk: Desk) -> None:
    """9 with 434=2 and why."""
    name = _numbered(installation, "G")
    desk.send("D", *order(name, {38: "0.01", 44: "30000.00"}))
    assert desk.expect("8")[150] == "0"
    watch = _Watch(installation)
    fields = order(f"{name}-g", {38: "0.02", 44: "30000.00"})
    desk.send("G", (41, name), *fields)
    answer = desk.expect("9")
    assert (answer[434], answer[102]) == ("2", "2")
    assert "not supported" in answer[58]
    watch.moved_nothing()


@pytest.mark.parametrize("password", ["", "nonsense", "eyJhbGciOiJub25lIn0.e30."])
def test_a_logon_without_a_right_token(installation: Installation, password: str) -> None:
    """Logout with a text that does not say what was wrong, then the end."""
    watch = _Watch(installation)
    stranger = installation.desk()
    stranger.log_on(password, reset=True, expect=False)
    answer = stranger.expect("5")
    assert answer[58].endswith("logon refused")
    stranger.expect_closed()
    watch.moved_nothing()
