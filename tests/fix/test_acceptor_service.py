"""How a desk is served: its absence, its return, and its floods."""

from collections.abc import Callable

from tests.fix.desk import Desk, order
from tests.fix.office import Office


def test_a_desk_that_falls_off_is_absent_after_its_grace(
    open_office: Callable[..., Office],
) -> None:
    """Whether it vanished or said goodbye; never while it is there."""
    office = open_office(served={"cancel_grace_s": 0.3})
    desk, other = office.logged_on(), office.logged_on()
    desk.close()
    assert office.post("DeskAbsent", desk)["message"]["text"] == (
        "cancelled on disconnect: DESK1 was away for 0.3 s"
    )
    other.log_out()
    office.post("DeskAbsent", other)
    desk.log_on(expect=False)
    office.wait_logged_on(desk)
    desk.send("D", *order("a1"))
    assert office.heard(desk) == "a1"
    assert not any(post["post"] == "DeskAbsent" for post in office.child.posts)


def test_a_desk_that_is_back_within_its_grace_is_not_absent(
    open_office: Callable[..., Office],
) -> None:
    """The other desk's grace is over later, and it is the only one told of."""
    office = open_office(served={"cancel_grace_s": 1.0})
    desk, other = office.logged_on(), office.logged_on()
    desk.close()
    office.wait_logged_on(desk, logged_on=False)
    desk.log_on(expect=False)
    other.close()
    office.post("DeskAbsent", other)
    assert not any(post["post"] == "DeskAbsent" for post in office.child.posts)


def test_an_engine_that_starts_again_waits_for_its_desks_too(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(served={"cancel_grace_s": 0.5})
    desk, other = office.logged_on(), office.logged_on()
    office.kill()
    office.begin()
    other.log_on(expect=False)
    office.post("DeskAbsent", desk)
    assert not any(post["post"] == "DeskAbsent" for post in office.child.posts)


def test_without_a_grace_a_desk_may_stay_away(open_office: Callable[..., Office]) -> None:
    office = open_office(served={"status_on_logon": True})
    desk = office.logged_on()
    office.post("DeskReturned", desk)
    desk.close()
    office.wait_logged_on(desk, logged_on=False)
    desk.log_on(expect=False)
    assert office.post("DeskReturned", desk)["message"] == {"origin": "DESK1"}
    assert not any(post["post"] == "DeskAbsent" for post in office.child.posts)


def _marks(office: Office, desk: Desk, count: int, kind: str) -> list[str]:
    return [office.post(kind, desk)["throttled"] for _ in range(count)]


def test_more_orders_than_its_budget_are_marked_and_cancels_are_not(
    open_office: Callable[..., Office],
) -> None:
    """The engine refuses what is marked: every order gets its answer, in its place."""
    office = open_office(served={"max_orders_per_s": 5})
    desk, other = office.logged_on(), office.logged_on()
    for number in range(20):
        desk.send("D", *order(f"a{number}"))
    terms = {21: "", 40: "", 44: "", 59: "", 100: "", 207: ""}
    for number in range(10):
        desk.send("F", (41, "a1"), *order(f"c{number}", terms))
    marks = _marks(office, desk, 20, "NewOrderSingle")
    assert marks[:5] == [""] * 5
    assert sum(mark.startswith("THROTTLED: more than 5 ") for mark in marks) >= 10
    assert _marks(office, desk, 10, "OrderCancelRequest") == [""] * 10
    other.send("D", *order("b1"))
    assert _marks(office, other, 1, "NewOrderSingle") == [""]


def test_orders_that_we_ask_for_again_are_not_too_many(
    open_office: Callable[..., Office],
) -> None:
    """After a crash they come in one burst, however slowly they were sent."""
    office = open_office(served={"max_orders_per_s": 5})
    desk = office.logged_on()
    office.child.call("commit", False)
    for number in range(4):
        desk.send("D", *order(f"a{number}"))
        office.heard(desk)
    for number in range(4, 12):
        desk.sent[desk.next_out] = [(35, "D"), *order(f"a{number}")]
        desk.next_out += 1
    office.kill()
    office.begin()
    desk.log_on(expect=False)
    desk.expect("2")
    assert _marks(office, desk, 12, "NewOrderSingle") == [""] * 12
