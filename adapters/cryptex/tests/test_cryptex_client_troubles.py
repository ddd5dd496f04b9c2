"""What each kind of answer means, operation by operation: the whole table of README.md."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import pytest

from adapters.cryptex.door import NonceRefused
from adapters.cryptex.tests.cryptex_line import RESTING, Line, cancel_of, known, on_line
from adapters.http import Throttled
from adapters.port import Placed
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused, VenueUnavailable
from oms.core.fields import CxlRejReason, OrdRejReason
from oms.core.funding import Transfer, TransferKind

Call = Callable[[Line, Placed], Awaitable[object]]

WITHDRAWAL: Final = Transfer(
    transfer_id="1",
    kind=TransferKind.WITHDRAWAL,
    route="CRYPTEX",
    asset="BTC",
    amount=RESTING.order_qty,
    address="1abc",
)
CREATE: Final = replace(WITHDRAWAL, kind=TransferKind.COUPON_CREATE, address="")
REDEEM: Final = Transfer(
    transfer_id="1", kind=TransferKind.COUPON_REDEEM, route="CRYPTEX", code="CTX-USD-1"
)
CHANGES: Final[dict[str, Call]] = {
    "Trade": lambda line, _: line.client.place(RESTING),
    "CancelOrder": lambda line, placed: line.client.cancel(cancel_of(placed)),
}
MONEY: Final[dict[str, Call]] = {
    "Withdraw": lambda line, _: line.client.move(WITHDRAWAL),
    "CouponCreate": lambda line, _: line.client.move(CREATE),
    "CouponRedeem": lambda line, _: line.client.move(REDEEM),
}
QUERIES: Final[dict[str, Call]] = {
    "Info": lambda line, _: line.client.balances(),
    "ActiveOrders": lambda line, _: line.client.open_orders(),
    "TradeHistory": lambda line, _: line.client.own_trades(),
    "GetNewAddress": lambda line, _: line.client.deposit_address("BTC"),
    "UnconfirmedTransactions": lambda line, _: line.client.deposits(),
}
ALL: Final = {**CHANGES, **MONEY, **QUERIES}

JSON: Final = {"Content-Type": "application/json"}
REFUSAL: Final = b'{"status": "error", "error": "not today"}'
NONCE: Final = b'{"status": "error", "error": "nonce must be greater than 50"}'


def answered(method: str, call: Call, answer: SimResponse) -> tuple[BaseException, int]:
    """What the caller is told, and how often the venue was asked, when a method is so answered."""

    async def story(line: Line) -> tuple[BaseException, int]:
        placed = await line.client.place(RESTING)
        asked = len(line.tap.asked)

        def change(request: SimRequest, real: SimResponse) -> SimResponse:
            return answer if f"method={method}&".encode() in request.body else real

        line.tap.change = change
        with pytest.raises((VenueRefused, VenueUnavailable, OutcomeUnknown, MalformedMessage)) as t:
            await call(line, placed)
        assert "CTXKEY0001" not in str(t.value)
        return t.value, len(line.tap.asked) - asked

    return on_line(story)


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, REFUSAL),
        (200, b'{"status": "fail"}'),
        (200, b'{"status": "error", "data": {"order": 1}}'),
        (400, REFUSAL),
        (401, b'{"detail": "no"}'),
        (403, b"[]"),
        (404, b"5"),
    ],
)
def test_a_no_is_a_no(method: str, status: int, body: bytes) -> None:
    """JSON whose status is not ok, and a 4xx with any JSON."""
    told, asked = answered(method, ALL[method], SimResponse(status, body, JSON))
    assert isinstance(told, VenueRefused)
    assert told.ord_rej_reason is OrdRejReason.BROKER_CREDIT
    assert told.cxl_rej_reason is CxlRejReason.BROKER_CREDIT
    assert str(told).startswith(f"{method}: ")
    assert ("not today" in str(told)) == (body == REFUSAL)
    assert asked == 1


@pytest.mark.parametrize("method", ALL)
def test_a_refused_nonce_was_not_executed(method: str) -> None:
    """Tried once more, unless it moves money."""
    told, asked = answered(method, ALL[method], SimResponse(200, NONCE, JSON))
    assert isinstance(told, NonceRefused)
    assert isinstance(told, VenueUnavailable)
    assert asked == (1 if method in MONEY else 2)


@pytest.mark.parametrize("method", ALL)
def test_too_often_was_not_executed(method: str) -> None:
    told, asked = answered(method, ALL[method], SimResponse(429, b"", {"Retry-After": "7"}))
    assert isinstance(told, Throttled)
    assert told.retry_after_s == 7
    assert asked == 1


UNUSABLE: Final = [
    (200, b""),
    (200, b"<html>busy</html>"),
    (200, b'{"status": "ok", "da'),
    (400, b'{"status": "Ok", "data": {}}'),
    (302, b""),
    (400, b""),
    (404, b"<html>nothing here</html>"),
    (403, b'{"status": "ok", "data": {}}'),
    (500, b'{"status": "error", "error": "oops"}'),
    (502, b"<html>bad gateway</html>"),
    (503, b""),
]


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize(("status", "body"), UNUSABLE)
def test_no_usable_answer_is_an_unknown_outcome(method: str, status: int, body: bytes) -> None:
    told, asked = answered(method, ALL[method], SimResponse(status, body, {"Location": "/x"}))
    assert isinstance(told, OutcomeUnknown)
    assert asked == 1


@pytest.mark.parametrize("method", ALL)
def test_a_broken_connection_is_an_unknown_outcome(method: str) -> None:
    told, asked = answered(method, ALL[method], SimResponse(200, b"", drop=True))
    assert isinstance(told, OutcomeUnknown)
    assert asked == 1


SENSELESS: Final = [
    b"[]",
    b"null",
    b'"ok"',
    b"{}",
    b'{"status": 1, "data": {}}',
    b'{"status": "OK", "data": {"order": 1, "balances": {}}}',
    b'{"status": true}',
    b'{"data": {"order": 5}}',
    b'{"status": "ok"}',
    b'{"status": "ok", "data": 5}',
    b'{"status": "ok", "data": null}',
]


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("body", SENSELESS)
def test_an_answer_without_sense_is_unknown_to_a_change_and_shown_by_a_query(
    method: str, body: bytes
) -> None:
    told, asked = answered(method, ALL[method], SimResponse(200, body, JSON))
    assert isinstance(told, MalformedMessage if method in QUERIES else OutcomeUnknown)
    assert asked == 1


@pytest.mark.parametrize("trouble", ["huge"])
def test_an_answer_without_end_is_not_read(trouble: str) -> None:
    async def story(line: Line) -> None:
        line.tap.switch(trouble, {"n": 1, "on": "Trade"})
        with pytest.raises(OutcomeUnknown, match="bytes"):
            await line.client.place(RESTING)
        assert len(line.tap.orders()) == 1

    on_line(story)


def test_a_venue_that_is_gone_was_not_asked() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        line.client._door._access = replace(
            line.client._door._access, base_url="http://127.0.0.1:9/api/v1"
        )
        for call in (*CHANGES.values(), *QUERIES.values()):
            with pytest.raises(VenueUnavailable):
                await call(line, placed)

    on_line(story)


def test_an_order_that_the_venue_refuses_to_show_is_looked_for_elsewhere() -> None:
    """A refusal of OrderInfo is no proof of anything, as it has no words for it."""

    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        line.tap.switch("refuse", {"n": 1, "on": "OrderInfo"})
        assert await line.client.order(known(placed.secondary_order_id)) is not None
        assert line.asked() == ["Trade", "OrderInfo", "ActiveOrders"]

    on_line(story)
