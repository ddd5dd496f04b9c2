"""Bitexbit's client at the door: signatures, numbers, and what each answer means."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import pytest

from adapters.bitexbit.mapping import REFUSALS
from adapters.bitexbit.signing import form, signature
from adapters.bitexbit.tests.bitexbit_bench import CREDENTIALS
from adapters.bitexbit.tests.bitexbit_line import ACCOUNT, BTC_USD, RESTING, Line, on_line
from adapters.budget import Stopped
from adapters.http import Throttled
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import OutcomeUnknown, VenueError, VenueRefused
from oms.core.messages import OrderCancelRequest

KEY, SECRET = CREDENTIALS["api_key"], CREDENTIALS["api_secret"]
ORDER: Final = {"type": "buy", "pair": "BTC_USD", "amount": "0.0001", "price": "0.1"}
Call = Callable[[], Awaitable[Any]]
CANCEL: Final = OrderCancelRequest(cl_ord_id="C", orig_cl_ord_id="1", order_id="63568")


@pytest.mark.parametrize(
    ("fields", "signed"),
    [
        (ORDER, "158b81f6a265153df45d57231ba7615e09dc72188e879cb5db9501b9ddafee09"),
        ({}, "633a9e14ef07640eda4474215e913efe10000f6ac75d4364867ad5fbdeb05e4b"),
        ({"order": "63568"}, "aa44d5e46b31d0a5638aebd0402dd8194e9c4a18fbd208c9b0893148f0bf3c01"),
    ],
    ids=["order", "nothing", "cancel"],
)
def test_the_worked_signatures(fields: dict[str, str], signed: str) -> None:
    """Computed apart from this code, by the standard library and by Node's crypto alike."""
    assert signature(KEY, SECRET, fields) == signed


def test_what_is_signed_is_sorted_and_encoded() -> None:
    assert form(ORDER) == "amount=0.0001&pair=BTC_USD&price=0.1&type=buy"


def test_an_account_shows_no_secret() -> None:
    assert KEY not in repr(ACCOUNT)
    assert SECRET not in repr(ACCOUNT)


def test_what_is_sent_is_what_was_signed() -> None:
    async def story(line: Line) -> SimRequest:
        await line.client.place(RESTING)
        return line.tap.asked[-1]

    asked = on_line(story)
    assert asked.body == b"amount=0.01&pair=BTC_USD&price=30000&type=buy"
    fields = {"amount": "0.01", "pair": "BTC_USD", "price": "30000", "type": "buy"}
    assert asked.headers["x-sign"] == signature(KEY, SECRET, fields)
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


def test_public_calls_carry_no_credentials() -> None:
    async def story(line: Line) -> SimRequest:
        await line.client.order_book(BTC_USD)
        return line.tap.asked[-1]

    assert not [name for name in on_line(story).headers if name.startswith("x-")]


@pytest.mark.parametrize(("signed", "headers"), [(True, 3), (False, 0)])
def test_the_single_order_is_signed_or_not(signed: bool, headers: int) -> None:
    async def story(line: Line) -> SimRequest:
        await line.client.order(line.known("1"))
        return line.tap.asked[-1]

    asked = on_line(story, sign_single_order=signed)
    assert len([name for name in asked.headers if name.startswith("x-")]) == headers


# Numbers


def test_every_private_request_has_a_larger_number() -> None:
    async def story(line: Line) -> list[int]:
        await line.client.place(RESTING)
        await line.client.open_orders()
        await line.client.balances()
        return [int(asked.headers["x-nonce"]) for asked in line.tap.asked]

    told = on_line(story)
    assert told == sorted(set(told))
    assert len(told) == 3


def test_a_number_that_is_turned_down_is_raised_and_the_request_sent_once_more() -> None:
    """Nothing was executed by the first one. The clock's milliseconds are what others use."""

    async def story(line: Line) -> None:
        line.nonces.last -= 60_000
        line.tap.switch("poison_nonce", 0)
        await line.client.place(RESTING)
        assert len(line.nonces.raised) == 1
        assert line.tap.count("POST", "/order/") == 2
        assert len(line.tap.orders()) == 1

    on_line(story)


@pytest.mark.parametrize("call", ["place", "balances", "order"])
def test_a_door_that_stays_shut_is_a_refusal_that_says_what_to_do(call: str) -> None:
    async def story(line: Line) -> None:
        line.tap.switch("poison_nonce", 3_600_000)
        asked: dict[str, Call] = {
            "place": lambda: line.client.place(RESTING),
            "balances": line.client.balances,
            "order": lambda: line.client.order(line.known("1")),
        }
        with pytest.raises(VenueRefused, match="nonce_floor"):
            await asked[call]()
        assert len(line.tap.asked) == 2
        assert line.tap.orders() == []

    on_line(story)


@pytest.mark.parametrize(("first", "wanted"), [(False, 1), (True, 0)])
def test_filters_are_signed_the_other_way_if_the_venue_wants_it(first: bool, wanted: int) -> None:
    """Found out once, by a third request; from then on known."""

    async def story(line: Line) -> None:
        line.tap.switch("sign_get_params", wanted)
        await line.client.open_orders()
        assert line.tap.count("GET", "/orders/own/") == 3
        await line.client.open_orders()
        assert line.tap.count("GET", "/orders/own/") == 4

    on_line(story, sign_get_params=first)


def test_a_way_of_signing_that_does_not_help_is_not_kept() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("bar", 3)
        with pytest.raises(VenueRefused, match="HTTP 401"):
            await line.client.open_orders()
        await line.client.open_orders()
        assert line.tap.count("GET", "/orders/own/") == 4

    on_line(story)


# What an answer means: the document's whole table, and what else can come

REFUSED, UNAVAILABLE, UNKNOWN = VenueRefused, Throttled, OutcomeUnknown
TABLE: Final = {
    400: REFUSED,
    401: REFUSED,
    403: REFUSED,
    429: UNAVAILABLE,
    500: UNKNOWN,
    502: UNKNOWN,
}
"""The section "Errors"."""
BESIDE_IT: Final = {302: UNKNOWN, 404: REFUSED, 405: REFUSED, 409: UNKNOWN, 503: UNKNOWN}


@pytest.mark.parametrize(("status", "meant"), [*TABLE.items(), *BESIDE_IT.items()])
@pytest.mark.parametrize("call", ["place", "cancel", "balances"])
def test_each_status_is_sorted_for_each_operation(
    status: int, meant: type[VenueError], call: str
) -> None:
    """Refused: nothing was done. Unavailable: not now. Unknown: never send again, ask."""

    async def story(line: Line) -> None:
        def changed(request: SimRequest, answer: SimResponse) -> SimResponse:
            return replace(answer, status=status, body=b'{"detail": "for a test"}')

        line.tap.change = changed
        asked: dict[str, Call] = {
            "place": lambda: line.client.place(RESTING),
            "cancel": lambda: line.client.cancel(CANCEL),
            "balances": line.client.balances,
        }
        with pytest.raises(meant, match=f"HTTP {status}") as raised:
            await asked[call]()
        if meant is REFUSED:
            assert "for a test" in str(raised.value)

    on_line(story)


def test_no_status_says_no_that_may_have_done_something() -> None:
    assert set(REFUSALS) == {HTTPStatus(status) for status in (400, 401, 403, 404, 405)}


def test_a_refusal_shows_no_secret() -> None:
    async def story(line: Line) -> str:
        def quote(request: SimRequest, answer: SimResponse) -> SimResponse:
            told = json.dumps({"detail": f"{KEY} and {SECRET} are wrong"})
            return replace(answer, status=400, body=told.encode())

        line.tap.change = quote
        with pytest.raises(VenueRefused) as raised:
            await line.client.place(RESTING)
        return str(raised.value)

    told = on_line(story)
    assert "are wrong" in told
    assert KEY not in told
    assert SECRET not in told


def test_no_order_leaves_that_was_stopped_while_it_waited_for_its_number() -> None:
    """The engine grants numbers, and may be busy with the kill switch just then."""

    async def story(line: Line) -> int:
        door: Any = line.client._door
        stopped: list[str] = []
        number = door._nonces.next

        async def next_number() -> Any:
            stopped.append("KILL SWITCH")
            return await number()

        door._nonces.next = next_number
        door._private.stop_new_while(lambda: "".join(stopped[:1]))
        with pytest.raises(Stopped, match="KILL SWITCH"):
            await line.client.place(RESTING)
        with pytest.raises(VenueRefused):
            await line.client.cancel(CANCEL)
        return line.tap.count("POST", "order/")

    assert on_line(story) == 0
