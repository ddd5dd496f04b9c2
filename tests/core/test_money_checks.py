"""What is checked before money is moved, and what each kind of transfer must say."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from oms.core.funding import Transfer
from oms.core.notes import MoveState
from oms.core.ports import Evidence
from tests.core.desk_of_one import PLAIN, DeskOfOne
from tests.core.test_money import COUPON, EXCHANGES, MOVE, OFFERS, REDEEM, WITHDRAW, ask, move

D = Decimal

REFUSALS: list[tuple[str, Any, dict[str, Any], str, str]] = [
    ("nothing offered", PLAIN, {}, "not_supported", "does not offer this withdrawal"),
    ("no such route", OFFERS, {"route": "NOWHERE"}, "not_supported", "NOWHERE does not offer"),
    ("no amount", OFFERS, {"amount": None}, "invalid_order", "amount: is missing"),
    ("no asset", OFFERS, {"asset": ""}, "invalid_order", "asset: is missing"),
    ("nothing", OFFERS, {"amount": D(0)}, "invalid_order", "amount: must be more than 0"),
    ("less than nothing", OFFERS, {"amount": D(-1)}, "invalid_order", "must be more than 0"),
    ("nowhere", OFFERS, {"address": ""}, "invalid_order", "address: VENUE sends to an address"),
    ("a name for it", OFFERS, {"alias": "cold"}, "invalid_order", "give it, and no alias"),
    ("a stray field", OFFERS, {"recipient": "bob"}, "invalid_order", "recipient: says nothing"),
    ("a stray code", OFFERS, {"code": "C"}, "invalid_order", "code: says nothing here"),
    ("no exchange", EXCHANGES, {}, "invalid_order", "exchange: is missing; one of BINANCE, OKEX"),
    (
        "an unknown exchange",
        EXCHANGES,
        {"security_exchange": "KRAKEN"},
        "invalid_order",
        "exchange: 'KRAKEN' is none of BINANCE, OKEX",
    ),
    (
        "an exchange where there is none",
        OFFERS,
        {"security_exchange": "OKEX"},
        "invalid_order",
        "exchange: 'OKEX' is none of none",
    ),
]


@pytest.mark.parametrize(
    ("capabilities", "changed", "code", "text"),
    [case[1:] for case in REFUSALS],
    ids=[case[0] for case in REFUSALS],
)
def test_what_can_not_be_is_refused_before_anything_is_sent(
    capabilities: Any, changed: dict[str, Any], code: str, text: str
) -> None:
    """On record with its reason, under the asker's name, so that asking again changes nothing."""
    core = DeskOfOne(capabilities)
    entry, refusal = ask(core, replace(WITHDRAW, **changed))
    assert (entry.outbound, refusal.outbound, core.moved) == ((), (), [])
    assert refusal.evidence is Evidence.POLICY
    assert (move(core).state, move(core).refusal) == (MoveState.REFUSED, code)
    assert text in move(core).text
    assert core.book.open_moves("") == []
    assert ask(core) == ()


@pytest.mark.parametrize(
    ("transfer", "text"),
    [
        (replace(MOVE, to_exchange=""), "to_exchange: is missing"),
        (replace(MOVE, security_exchange=""), "exchange: is missing"),
        (replace(MOVE, to_exchange="BINANCE"), "to_exchange: BINANCE is where it is"),
        (replace(MOVE, to_exchange="KRAKEN"), "to_exchange: 'KRAKEN' is none of"),
        (replace(MOVE, address="bc1q"), "address: says nothing here"),
        (replace(REDEEM, code=""), "code: is missing"),
        (replace(REDEEM, amount=D(1)), "amount: says nothing here"),
        (replace(COUPON, memo="m"), "memo: says nothing here"),
    ],
)
def test_each_kind_has_its_own_fields(transfer: Transfer, text: str) -> None:
    """What is missing, and what says nothing, is named."""
    core = DeskOfOne(EXCHANGES)
    ask(core, transfer)
    assert move(core).text.startswith(text)
    assert core.moved == []


@pytest.mark.parametrize("transfer", [MOVE, replace(WITHDRAW, security_exchange="OKEX")])
def test_what_is_complete_is_sent(transfer: Transfer) -> None:
    """Between exchanges, and out of one."""
    core = DeskOfOne(EXCHANGES)
    ask(core, transfer)
    assert [sent.message.kind for sent in core.moved] == [transfer.kind]


@pytest.mark.parametrize("transfer", [COUPON, REDEEM])
def test_coupons_are_sent(transfer: Transfer) -> None:
    """Into a code, and out of it."""
    core = DeskOfOne(OFFERS)
    ask(core, transfer)
    assert [sent.message.kind for sent in core.moved] == [transfer.kind]


def test_some_venues_send_to_saved_addresses_alone() -> None:
    """There the alias is all that is said of the destination."""
    core = DeskOfOne(replace(OFFERS, withdraws_to_alias=True))
    wrong: tuple[dict[str, Any], ...] = (
        {"alias": "cold"},
        {"address": ""},
        {"alias": "cold", "address": "", "memo": "m"},
    )
    for number, changed in enumerate(wrong, 1):
        ask(core, replace(WITHDRAW, **changed), name=f"W{number}")
        assert move(core, f"T{number}").text.startswith("alias: VENUE sends to an address saved")
    ask(core, replace(WITHDRAW, alias="cold", address=""), name="W9")
    assert [sent.message.alias for sent in core.moved] == ["cold"]
