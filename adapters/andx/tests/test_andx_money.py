"""ANDX's one way to move money: by alias, once, without an id."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.andx.tests.andx_line import Line, on_line
from adapters.http import Throttled
from oms.core.errors import (
    InvalidOrder,
    NotSupported,
    OmsError,
    OutcomeUnknown,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.funding import Transfer, TransferKind

OUT = Transfer(
    transfer_id="t1",
    kind=TransferKind.WITHDRAWAL,
    route="ANDX",
    asset="XRP",
    amount=Decimal("100.250"),
    alias="alias_name",
)


def withdrawn(line: Line) -> list[dict[str, str]]:
    """What the venue has taken."""
    rows: Any = line.tap.ledger()["withdrawals"]
    return list(rows)


def test_the_documents_own_withdrawal() -> None:
    async def story(line: Line) -> None:
        told = await line.client.move(OUT)
        assert (told.status, told.done, told.refused) == (
            "Your withdraw request is processing.", False, False,
        )  # fmt: skip
        assert (told.reference, told.amount, told.fee) == ("", None, None)
        (asked,) = line.tap.asked
        assert asked.path == "/api/v1/withdrawal/request/"
        assert json.loads(asked.body) == {
            "currency_code": "XRP",
            "amount": "100.25",
            "alias": "alias_name",
        }
        assert withdrawn(line) == [json.loads(asked.body)]
        (row,) = transfers(line)
        assert (row["kind"], row["asset"], row["amount"]) == ("WITHDRAWAL", "XRP", "100.25")

    on_line(story)


def transfers(line: Line) -> list[dict[str, str]]:
    """The same in the words that all simulators share."""
    rows: Any = line.tap.ledger()["transfers"]
    return list(rows)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (replace(OUT, alias="nobody"), VenueRefused),
        (replace(OUT, amount=Decimal(10_000_000)), VenueRefused),
        (replace(OUT, alias=""), InvalidOrder),
        (replace(OUT, address="3Nx"), InvalidOrder),
        (replace(OUT, memo="1"), InvalidOrder),
        (replace(OUT, network="XRP"), InvalidOrder),
        (replace(OUT, amount=None), InvalidOrder),
        (replace(OUT, amount=Decimal(-1)), InvalidOrder),
        (replace(OUT, kind=TransferKind.TRANSFER), NotSupported),
        (replace(OUT, kind=TransferKind.COUPON_REDEEM), NotSupported),
    ],
)
def test_withdrawals_that_do_not_happen(asked: Transfer, error: type[OmsError]) -> None:
    async def story(line: Line) -> None:
        with pytest.raises(error):
            await line.client.move(asked)
        assert withdrawn(line) == []

    on_line(story)


def on_money(name: str) -> Callable[[Line], None]:
    """Hit the next withdrawal."""
    return lambda line: line.tap.switch(name, {"n": 1, "on": "withdrawal"})


@pytest.mark.parametrize(
    ("trouble", "error", "taken"),
    [
        (on_money("lose_reply"), OutcomeUnknown, 1),
        (on_money("lose_request"), OutcomeUnknown, 0),
        (on_money("error_500"), OutcomeUnknown, 1),
        (on_money("error_500_before"), OutcomeUnknown, 0),
        (on_money("refuse"), VenueRefused, 0),
        (lambda line: line.tap.switch("garble", 1), OutcomeUnknown, 1),
        (lambda line: line.tap.switch("garble_html", 1), OutcomeUnknown, 1),
        (lambda line: line.tap.switch("throttle", 1), Throttled, 0),
        (lambda line: line.change(lambda body: body["data"].clear()), OutcomeUnknown, 1),
        (lambda line: line.change(lambda body: body.pop("status")), OutcomeUnknown, 1),
    ],
)
def test_what_goes_wrong_with_one(
    trouble: Callable[[Line], None], error: type[OmsError], taken: int
) -> None:
    """It is never sent twice, and nothing is said to be known that is not."""

    async def story(line: Line) -> None:
        trouble(line)
        with pytest.raises(error):
            await line.client.move(OUT)
        assert len(withdrawn(line)) == taken
        assert line.tap.count("POST", "withdrawal") == 1

    on_line(story)


@pytest.mark.parametrize(
    ("meaning", "error"), [("unavailable", VenueUnavailable), ("unknown", OutcomeUnknown)]
)
def test_a_code_can_be_given_another_meaning(meaning: str, error: type[OmsError]) -> None:
    async def story(line: Line) -> None:
        with pytest.raises(error, match="1319"):
            await line.client.move(replace(OUT, alias="nobody"))

    on_line(story, error_map={"1319": meaning})
