"""ANDX's client in trouble: what each answer, or none, says about the request."""

import json
from dataclasses import replace

import pytest

from adapters.andx.tests.andx_bench import CREDENTIALS
from adapters.andx.tests.andx_line import RESTING, Line, cancel_of, on_line
from adapters.http import Throttled
from adapters.port import Placed
from oms.core.errors import (
    OutcomeUnknown,
    VenueError,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.fields import OrdRejReason


@pytest.mark.parametrize("trouble", ["lose_reply", "lose_request", "error_500", "error_500_before"])
def test_a_new_order_without_an_answer_has_an_unknown_outcome(trouble: str) -> None:
    async def story(line: Line) -> None:
        line.tap.switch(trouble, 1)
        with pytest.raises(OutcomeUnknown):
            await line.client.place(RESTING)
        assert line.tap.count("POST", "orders/") == 1

    on_line(story)


@pytest.mark.parametrize("trouble", ["garble", "garble_html"])
def test_a_new_order_with_a_garbled_answer_has_an_unknown_outcome(trouble: str) -> None:
    async def story(line: Line) -> None:
        line.tap.switch(trouble, 1)
        with pytest.raises(OutcomeUnknown, match="not JSON"):
            await line.client.place(RESTING)

    on_line(story)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "success", "data": {}},
        {"status": "success", "data": {"order_number": "12"}},
        {"status": "success"},
        {"status": "perhaps", "data": {"order_number": 12}},
        ["success"],
    ],
)
def test_a_new_order_with_an_undocumented_answer_has_an_unknown_outcome(body: object) -> None:
    async def story(line: Line) -> None:
        line.tap.change = lambda _, answer: replace(answer, body=json.dumps(body).encode())
        with pytest.raises(OutcomeUnknown):
            await line.client.place(RESTING)

    on_line(story)


def test_a_cancel_with_an_undocumented_answer_has_an_unknown_outcome() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        line.tap.change = lambda _, answer: replace(answer, body=b"[]")
        with pytest.raises(OutcomeUnknown, match="an object"):
            await line.client.cancel(cancel_of(placed))

    on_line(story)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
def test_a_documented_http_error_is_a_refusal(status: int) -> None:
    async def story(line: Line) -> None:
        line.tap.change = lambda _, answer: replace(answer, status=status)
        with pytest.raises(VenueRefused, match=f"HTTP {status}"):
            await line.client.place(RESTING)

    on_line(story)


def test_an_undocumented_http_error_is_an_unknown_outcome() -> None:
    async def story(line: Line) -> None:
        line.tap.change = lambda _, answer: replace(answer, status=408)
        with pytest.raises(OutcomeUnknown, match="HTTP 408"):
            await line.client.place(RESTING)

    on_line(story)


def test_a_business_error_arrives_with_http_200() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("refuse", 1)
        with pytest.raises(VenueRefused, match=r"account_owner_different \(1101\)"):
            await line.client.place(RESTING)
        with pytest.raises(VenueRefused, match=r"order_not_found \(1201\)") as caught:
            await line.client.cancel(cancel_of(Placed(secondary_order_id="999999", raw="")))
        assert caught.value.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER

    on_line(story)


def test_the_rate_limits_answer_did_nothing() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("throttle", 1)
        with pytest.raises(Throttled):
            await line.client.place(RESTING)
        assert line.tap.orders() == []

    on_line(story)


@pytest.mark.parametrize(
    ("meaning", "error"),
    [
        ("refused", VenueRefused),
        ("unavailable", VenueUnavailable),
        ("unknown", OutcomeUnknown),
    ],
)
def test_what_a_code_means_can_be_configured(meaning: str, error: type[VenueError]) -> None:
    """Publicly only three codes are known."""

    async def story(line: Line) -> None:
        line.tap.switch("refuse", 1)
        with pytest.raises(error) as caught:
            await line.client.place(RESTING)
        assert type(caught.value) is error

    on_line(story, error_map={"1101": meaning})


def test_what_the_venue_says_back_of_our_secrets_is_hidden() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("refuse", 1)
        secret = CREDENTIALS["api_secret"]
        line.change(lambda body: body.update(reason=f"bad key {secret}"))
        with pytest.raises(VenueRefused) as caught:
            await line.client.place(RESTING)
        assert str(caught.value) == "bad key *** (1101)"

    on_line(story)
