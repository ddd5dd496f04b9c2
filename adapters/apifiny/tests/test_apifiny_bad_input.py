"""Answers that make no sense: nothing is guessed, the order stays what it was, the adapter lives."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from adapters.apifiny.tests.apifiny_line import Line, known, on_line
from adapters.apifiny.tests.apifiny_link import Link, linked
from adapters.port import Unreadable, VenueOrder
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import MalformedMessage, OmsError, OutcomeUnknown, VenueRefused
from oms.core.fields import OrdStatus
from tests.adapters.one_route import OneRoute

QUERY: Final = "order/queryOrderInfo"

Spoil = Callable[[SimResponse], SimResponse]


def body(content: bytes, status: int = 200) -> Spoil:
    """An answer that is something else."""
    return lambda _: SimResponse(status, content, {"location": "https://elsewhere.example/"})


def row(**changed: object) -> Spoil:
    """The order's row, with changes."""

    def spoil(answer: SimResponse) -> SimResponse:
        told: Any = json.loads(answer.body)
        told["result"] = [each | changed for each in told["result"]]
        return replace(answer, body=json.dumps(told).encode())

    return spoil


LOST: Final = {
    "HTML": body(b"<html><body>Sorry</body></html>"),
    "nothing": body(b""),
    "truncated": lambda answer: replace(answer, body=answer.body[:-20]),
    "redirect": body(b"", 302),
    "huge": body(b'{"result":"' + b"x" * (8 * 1024 * 1024) + b'"}'),
    "server error": body(b"{}", 500),
    "not a number": body(b'{"result":[{"quantity":NaN}],"error":null}'),
}
WRONG: Final = {
    "status word": row(orderStatus="PARTIALLY_FILLED"),
    "side": row(orderSide=1),
    "symbol": row(symbol=7),
    "quantity": row(quantity="much"),
    "quantity in a list": row(quantity=[1]),
    "filled": row(filledCumulativeQuantity=True),
    "price": row(limitPrice={}),
    "time": row(updatedAt="1760000000000"),
    "endless number": row(quantity="1E+500"),
}
ANOTHER: Final = {
    "order": row(orderId="000000011760000000000999"),
    "name of another type": row(orderId=11760000000000),
    "no envelope": body(b"{}"),
    "neither": body(b'"yes"'),
    "an error without a code": body(b'{"result":null,"error":{"message":"no"}}'),
    "a row that is none": body(b'{"result":["x"],"error":null}'),
}


def spoilt(line: Line, spoil: Spoil) -> str:
    """A working order whose query is spoilt from now on."""
    order_id = line.desk.working()
    line.tap.change = lambda request, answer: spoil(answer) if QUERY in request.path else answer
    return order_id


@pytest.mark.parametrize("name", LOST)
def test_no_usable_answer(name: str) -> None:
    async def story(line: Line) -> None:
        order_id = spoilt(line, LOST[name])
        with pytest.raises(OutcomeUnknown):
            await line.ask(order_id)

    on_line(story)


@pytest.mark.parametrize("name", WRONG)
def test_a_row_that_makes_no_sense_is_kept_with_its_words(name: str) -> None:
    async def story(line: Line) -> None:
        order_id = spoilt(line, WRONG[name])
        sight = await line.client.order(known(order_id))
        assert isinstance(sight, Unreadable), sight
        assert sight.venue_cl_ord_id == order_id
        assert order_id in sight.raw

    on_line(story)


@pytest.mark.parametrize("name", ANOTHER)
def test_an_answer_about_something_else_is_malformed(name: str) -> None:
    async def story(line: Line) -> None:
        order_id = spoilt(line, ANOTHER[name])
        with pytest.raises(MalformedMessage):
            await line.ask(order_id)

    on_line(story)


@pytest.mark.parametrize(
    "changed",
    [
        {"brandNew": {"deep": [1]}},
        {"quantity": "0.0100", "limitPrice": "39000"},
        {"openQuantity": None, "filledAveragePrice": None},
    ],
)
def test_what_is_only_new_or_written_otherwise_is_read(changed: dict[str, Any]) -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        plain = await line.ask(order_id)
        line.tap.change = lambda _, answer: row(**changed)(answer)
        sight = await line.ask(order_id)
        assert replace(sight, raw=plain.raw) == plain

    on_line(story)


def test_exponents_are_numbers() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        plain = await line.ask(order_id)

        def exponent(_: SimRequest, answer: SimResponse) -> SimResponse:
            text = answer.body.replace(b'"quantity":0.0100', b'"quantity":1E-2')
            assert text != answer.body
            return replace(answer, body=text)

        line.tap.change = exponent
        assert replace(await line.ask(order_id), raw=plain.raw) == plain

    on_line(story)


def test_a_clock_that_is_off_is_said_and_proves_nothing() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        line.tap.switch("skew_clock", 10_000)
        with pytest.raises(VenueRefused, match=r"token error exp \(196634\)"):
            await line.ask(order_id)
        ahead = await line.client.server_time() - line.clock.now()
        assert 10 <= ahead.total_seconds() < 11

    on_line(story)


def test_a_longer_life_of_tokens_lives_with_a_clock_that_is_off() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        line.tap.switch("skew_clock", 10_000)
        assert isinstance(await line.ask(order_id), VenueOrder)

    on_line(story, jwt_ttl_s=20)


# At a route


EVERY: Final = {**LOST, **WRONG, **ANOTHER}


@pytest.mark.parametrize("name", [name for name in EVERY if name != "huge"])
def test_the_order_stays_what_it_was_and_the_adapter_lives(name: str) -> None:
    with linked() as (route, link):
        order_id = route.place(wait=True)
        before = route.order(order_id)
        cut(route, link)
        spoil = EVERY[name]
        asked = route.tap.count("GET", QUERY)
        route.tap.change = lambda request, answer: (
            spoil(answer) if QUERY in request.path else answer
        )
        link.rise()
        route.until_asked("GET", QUERY, asked + 2)
        after = route.order(order_id)
        assert (after.ord_status, after.cum_qty) == (OrdStatus.NEW, before.cum_qty)
        if name not in LOST:
            route.spin(lambda: bool(route.quarantined()), "the quarantine")
        route.tap.change = lambda _, answer: answer
        route.until_ready()
        route.cancel(order_id)
        link.until(lambda: route.order(order_id).closed, "the cancel")


def cut(route: OneRoute, link: Link) -> None:
    """Lose the link, so that the queries are asked."""
    link.fall()
    route.until(lambda: not route.book.routes["APIFINY"].up, "the fall")


def test_bad_lists_of_money_do_not_pass_for_empty_ones() -> None:
    async def story(line: Line) -> None:
        for bad in (b"<html>", b"", b'{"result":', b'{"result":[{"records":null}]}'):
            line.tap.change = lambda _, answer, bad=bad: replace(answer, body=bad)  # type: ignore[misc]  # a lambda's default
            with pytest.raises(OmsError):
                await line.client.activities()

    on_line(story)
