"""Each trouble that ANDX's simulator can be switched to, and how it ends."""

import json
from decimal import Decimal

import pytest

from adapters.andx.tests.andx_desk import Desk, content, error, order_body
from adapters.simserver import SimResponse

WITHDRAWAL = {"currency_code": "XRP", "amount": "1", "alias": "alias_name"}


@pytest.mark.parametrize(
    ("name", "dropped", "status", "orders"),
    [
        ("lose_reply", True, 200, 1),
        ("lose_request", True, 200, 0),
        ("error_500", False, 500, 1),
        ("error_500_before", False, 500, 0),
        ("refuse", False, 200, 0),
    ],
)
def test_troubles_of_an_order(name: str, dropped: bool, status: int, orders: int) -> None:
    """Whether the order exists is not to be read from the answer; the next two go well."""
    desk = Desk()
    desk.venue.switch(name, 1)
    desk.get("balance/")
    answer = desk.post("orders/", order_body())
    assert (answer.drop, answer.status, len(desk.ledgered())) == (dropped, status, orders)
    if name == "refuse":
        assert error(answer) == ("account_owner_different", 1101)
    desk.place()
    assert len(desk.ledgered()) == orders + 1


@pytest.mark.parametrize("name", ["lose_reply", "lose_request", "error_500", "error_500_before"])
def test_troubles_of_a_cancel_and_of_a_withdrawal(name: str) -> None:
    """Aimed at one kind of request, a trouble leaves the other kinds alone."""
    happens = name in ("lose_reply", "error_500")
    desk = Desk()
    number = desk.place()
    desk.venue.switch(name, {"n": 1, "on": "cancel"})
    desk.venue.switch(name, {"n": 1, "on": "withdrawal"})
    desk.place()
    for path, body in (
        (f"cancel_order/{number}/", {}),
        ("withdrawal/request/", WITHDRAWAL),
    ):
        answer = desk.post(path, body)
        assert answer.drop if name.startswith("lose") else answer.status == 500
    desk.wait(300)
    assert desk.status(number)["status"] == ("C" if happens else "N")
    assert len(desk.venue.ledger()["withdrawals"]) == int(happens)  # type: ignore[arg-type]  # the ledger's list


def test_a_request_that_is_refused_anyway_does_not_use_up_a_lost_reply() -> None:
    """The promise is: so many executed orders without an answer."""
    desk = Desk()
    desk.venue.switch("lose_reply", 1)
    assert error(desk.post("orders/", order_body(volume="0")))
    assert desk.post("orders/", order_body()).drop


def test_counts_run_out_and_can_be_taken_back() -> None:
    """Two of the next three, and none after a switch to 0."""
    desk = Desk()
    desk.venue.switch("error_500", 2)
    statuses = [desk.post("orders/", order_body()).status for _ in range(3)]
    assert statuses == [500, 500, 200]
    desk.venue.switch("error_500", 2)
    desk.venue.switch("error_500", 0)
    assert desk.post("orders/", order_body()).status == 200


def test_an_order_rejected_after_its_number() -> None:
    """N at first, then R without a fill, and what it held is free again."""
    desk = Desk()
    desk.venue.switch("async_reject", 1)
    number = desk.place(price="1200000.05")
    assert desk.status(number)["status"] == "N"
    assert desk.get("balance/")["balances"]["TRY"]["available_balance"] != "100000000.00000000"
    desk.wait(300)
    row = desk.status(number)
    assert (row["status"], row["volume_executed"]) == ("R", "0.00000000")
    assert desk.get("balance/")["balances"]["TRY"]["available_balance"] == "100000000.00000000"
    assert desk.status(desk.place(price="1200000.05"))["status"] == "F"


def test_throttling_by_switch() -> None:
    """429 for any request, and the request was not heard."""
    desk = Desk()
    desk.venue.switch("throttle", 2)
    assert desk.post("orders/", order_body()).status == 429
    assert desk.send(desk.request("GET", "ticker/")).status == 429
    assert desk.send(desk.request("GET", "ticker/")).status == 200
    assert (desk.ledgered(), desk.venue.ledger()["throttled"]) == ([], 2)


def test_slow_answers() -> None:
    """The delay is asked of the server, so that the venue stays a pure function."""
    desk = Desk()
    desk.venue.switch("slow_s", Decimal("0.25"))
    assert desk.post("orders/", order_body()).delay_s == 0.25
    desk.venue.switch("slow_s", 0)
    assert desk.post("orders/", order_body()).delay_s == 0


def test_hidden_orders() -> None:
    """In no list at first, though order_status knows the number; then in both lists."""
    desk = Desk()
    desk.venue.switch("hide_orders_ms", 2_000)
    number = desk.place()
    desk.wait(1_999)
    for which in "OCA":
        assert desk.get(f"orders/Main/{which}/BTCTRY/1/")["orders"] == []
    assert desk.status(number)["status"] == "N"
    desk.wait(1)
    assert len(desk.get("orders/Main/O/BTCTRY/1/")["orders"]) == 1


def test_garbled_answers() -> None:
    """Half the JSON, and a page of HTML, both with the answer's own status."""
    desk = Desk()
    desk.venue.switch("garble", 1)
    half = desk.post("orders/", order_body())
    desk.venue.switch("garble_html", 1)
    page = desk.post("orders/", order_body())
    for answer in (half, page):
        assert answer.status == 200
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            json.loads(answer.body)
    assert half.body.startswith(b'{"status": "success"')
    assert (page.body[:6], page.headers["Content-Type"]) == (b"<html>", "text/html")
    assert len(desk.ledgered()) == 2
    assert content(desk.post("orders/", order_body()))


def test_a_lost_reply_does_not_use_up_a_garbled_one() -> None:
    """A reply that nobody gets cannot be garbled."""
    desk = Desk()
    desk.venue.switch("garble", 1)
    desk.venue.switch("lose_reply", 1)
    assert desk.post("orders/", order_body()).drop
    answer = desk.post("orders/", order_body())
    assert not answer.body.endswith(b"}")


def test_an_answer_about_another_order() -> None:
    """The number is not the one asked for; the next answer is right again."""
    desk = Desk()
    number = desk.place()
    desk.venue.switch("wrong_order", 1)
    assert desk.status(number)["order_number"] != number
    assert desk.status(number)["order_number"] == number


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lose_reply", -1),
        ("lose_reply", True),
        ("lose_reply", "1"),
        ("lose_reply", {"n": 1, "on": "ticker"}),
        ("lose_reply", {"n": 1}),
        ("throttle", None),
        ("throttle", {"n": 1, "on": "order"}),
        ("slow_s", "1"),
        ("slow_s", -1),
        ("hide_orders_ms", True),
        ("slow_s", Decimal("NaN")),
    ],
)
def test_a_value_that_does_not_fit(name: str, value: object) -> None:
    """ValueError, and nothing is switched."""
    desk = Desk()
    with pytest.raises(ValueError, match="wanted"):
        desk.venue.switch(name, value)
    answer: SimResponse = desk.post("orders/", order_body())
    assert (answer.drop, answer.delay_s, answer.status) == (False, 0, 200)


def test_an_unknown_trouble() -> None:
    """KeyError names it."""
    with pytest.raises(KeyError, match="earthquake"):
        Desk().venue.switch("earthquake", 1)
