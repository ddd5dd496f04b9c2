"""Answers of ANDX that make no sense: nothing is guessed, the order stays what it was."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from adapters.andx.tests.andx_line import RESTING, Line, known, on_line
from adapters.port import Unreadable
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import MalformedMessage, OutcomeUnknown
from oms.core.fields import OrdStatus
from tests.adapters.one_route import OneRoute, one_route

Spoil = Callable[[SimResponse], SimResponse]


def body(content: bytes, status: int = 200) -> Spoil:
    """An answer that is something else."""
    return lambda _: SimResponse(status, content, {"location": "https://elsewhere.example/"})


def row(**changed: object) -> Spoil:
    """The orders' rows, with changes."""

    def spoil(answer: SimResponse) -> SimResponse:
        told: Any = json.loads(answer.body)
        rows = [told["data"]["order"]] if "order" in told["data"] else told["data"]["orders"]
        for each in rows:
            each |= changed
        return replace(answer, body=json.dumps(told).encode())

    return spoil


LOST: Final = {
    "HTML": body(b"<html><body>Sorry</body></html>"),
    "nothing": body(b""),
    "truncated": lambda answer: replace(answer, body=answer.body[:-20]),
    "redirect": body(b"", 302),
    "huge": body(b'{"status":"' + b"x" * (8 * 1024 * 1024) + b'"}'),
    "server error": body(b"{}", 503),
}
WRONG: Final = {
    "status word": row(status="O"),
    "side": row(buy_sell=1),
    "type": row(order_type="stop"),
    "volume": row(volume="much"),
    "executed": row(volume_executed=True),
    "price": row(price={}),
    "client id": row(client_id="7001"),
    "endless number": row(volume="1E+500"),
}
ANOTHER: Final = {
    "order": row(order_number=999),
    "neither": body(b'{"status":"perhaps","data":{}}'),
    "no order": body(b'{"status":"success","data":{}}'),
    "a list": body(b"[]"),
}


@pytest.mark.parametrize("name", LOST)
def test_no_usable_answer(name: str) -> None:
    async def story(line: Line) -> None:
        number = (await line.client.place(RESTING)).secondary_order_id
        line.tap.change = lambda _, answer: LOST[name](answer)
        with pytest.raises(OutcomeUnknown):
            await line.client.order(known(number))

    on_line(story)


@pytest.mark.parametrize("name", WRONG)
def test_a_row_that_makes_no_sense_is_kept_with_its_words(name: str) -> None:
    async def story(line: Line) -> None:
        number = (await line.client.place(RESTING)).secondary_order_id
        line.tap.change = lambda _, answer: WRONG[name](answer)
        sight = await line.client.order(known(number))
        assert isinstance(sight, Unreadable), sight
        assert sight.secondary_order_id == number
        assert number in sight.raw

    on_line(story)


@pytest.mark.parametrize("name", ANOTHER)
def test_an_answer_about_something_else_is_malformed(name: str) -> None:
    async def story(line: Line) -> None:
        number = (await line.client.place(RESTING)).secondary_order_id
        line.tap.change = lambda _, answer: ANOTHER[name](answer)
        with pytest.raises(MalformedMessage):
            await line.client.order(known(number))

    on_line(story)


@pytest.mark.parametrize(
    "changed", [{"brand_new": {"deep": [1]}}, {"volume": "1E-2"}, {"price": 1_000_000}]
)
def test_what_is_only_new_or_written_otherwise_is_read(changed: dict[str, Any]) -> None:
    async def story(line: Line) -> None:
        number = (await line.client.place(RESTING)).secondary_order_id
        plain = await line.order(number)
        line.tap.change = lambda _, answer: row(**changed)(answer)
        assert replace(await line.order(number), raw=plain.raw) == plain

    on_line(story)


@pytest.fixture
def andx() -> Iterator[OneRoute]:
    """A route that is ready."""
    with one_route("andx") as route:
        route.until_ready()
        yield route


@pytest.mark.parametrize("name", [*WRONG, *(name for name in LOST if name != "huge"), "neither"])
def test_the_order_stays_what_it_was_and_the_adapter_lives(andx: OneRoute, name: str) -> None:
    order_id = andx.place(wait=True)
    spoil = {**LOST, **WRONG, **ANOTHER}[name]
    asked = andx.tap.count("GET", "orders/")

    def change(request: SimRequest, answer: SimResponse) -> SimResponse:
        listed = "/orders/" in request.path and request.method == "GET"
        return spoil(answer) if listed or "order_status" in request.path else answer

    andx.tap.change = change
    andx.until_asked("GET", "orders/", asked + 2)
    assert andx.order(order_id).ord_status is OrdStatus.NEW
    assert andx.order(order_id).cum_qty == 0
    if name in WRONG:
        andx.spin(lambda: bool(andx.quarantined()), "the quarantine")
    andx.tap.change = lambda _, answer: answer
    andx.until_ready()
    andx.cancel(order_id)
    andx.until(lambda: andx.order(order_id).closed, "the cancel")
