"""Money in and out through the client: addresses, deposits, withdrawals, coupons."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.cryptex import money
from adapters.cryptex.funding import Funding
from adapters.cryptex.mapping import Reading
from adapters.cryptex.tests.cryptex_line import Line, on_line
from adapters.cryptex.tests.test_cryptex_client_troubles import CREATE, REDEEM, WITHDRAWAL
from adapters.cryptex.tests.test_cryptex_mapping import told
from oms.core.errors import MalformedMessage, NotSupported, OutcomeUnknown, VenueRefused
from oms.core.funding import ActivityKind, TransferKind

D = Decimal


def held(line: Line, asset: str) -> Decimal:
    balances: Any = line.tap.ledger()["balances"]
    return D(balances[asset])


# Money out


def test_a_withdrawal_is_taken_and_not_finished() -> None:
    """The venue gives it no id."""

    async def story(line: Line) -> None:
        moved = await line.client.move(WITHDRAWAL)
        assert (moved.status, moved.done, moved.reference) == ("Opened", False, "")
        assert moved.amount == D("0.01")
        assert held(line, "BTC") == D("99.99")
        assert line.asked() == ["Withdraw"]

    on_line(story)


def test_a_coupon_is_made_and_redeemed_and_its_code_is_shown_nowhere() -> None:
    async def story(line: Line) -> None:
        made = await line.client.move(replace(CREATE, recipient="bob"))
        assert (made.status, made.done, made.amount) == ("ok", True, D("0.01"))
        assert made.code.startswith("CTX-BTC-")
        assert made.code not in repr(made)
        assert made.code not in made.raw
        assert held(line, "BTC") == D("99.99")
        assert b"recipient=bob" in line.tap.asked[-1].body
        redeemed = await line.client.move(replace(REDEEM, code=made.code))
        assert (redeemed.done, redeemed.amount, redeemed.code) == (True, D("0.01"), "")
        assert held(line, "BTC") == D(100)

    on_line(story)


def test_a_code_that_the_venue_repeats_is_hidden() -> None:
    """In its refusal, and in what it says later."""

    async def story(line: Line) -> None:
        line.tap.change = lambda request, answer: replace(
            answer, body=b'{"status": "error", "error": "no coupon CTX-USD-1 here"}'
        )
        for _ in range(2):
            with pytest.raises(VenueRefused) as told:
                await line.client.move(REDEEM)
            assert str(told.value) == "CouponRedeem: error: no coupon *** here"

    on_line(story)


def test_a_coupon_in_moderation_is_pending_not_failed() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("send_to_moderation", 1)
        moved = await line.client.move(CREATE)
        assert (moved.status, moved.done, moved.code) == ("send_to_moderation", False, "")
        assert moved.amount == D("0.01")

    on_line(story)


@pytest.mark.parametrize("transfer", [WITHDRAWAL, CREATE])
@pytest.mark.parametrize("trouble", ["lose_reply", "lose_request", "server_error", "html"])
def test_money_is_asked_for_once_whatever_happens(transfer: Any, trouble: str) -> None:
    async def story(line: Line) -> None:
        line.tap.switch(trouble, 1)
        with pytest.raises(OutcomeUnknown):
            await line.client.move(transfer)
        assert len(line.tap.asked) == 1
        assert held(line, "BTC") == (D(100) if trouble == "lose_request" else D("99.99"))

    on_line(story)


@pytest.mark.parametrize(
    "transfer",
    [
        replace(WITHDRAWAL, memo="5"),
        replace(WITHDRAWAL, alias="cold"),
        replace(WITHDRAWAL, network="TRC20"),
        replace(WITHDRAWAL, address=""),
        replace(WITHDRAWAL, amount=None),
        replace(CREATE, asset=""),
        replace(REDEEM, code=""),
        replace(WITHDRAWAL, kind=TransferKind.TRANSFER, to_exchange="X"),
    ],
)
def test_what_can_not_be_said_there_is_not_sent(transfer: Any) -> None:
    """A memo that is left out would lose the money."""

    async def story(line: Line) -> None:
        with pytest.raises(NotSupported, match="nothing was sent"):
            await line.client.move(transfer)
        assert line.tap.asked == []

    on_line(story)


@pytest.mark.parametrize(
    ("transfer", "data"),
    [
        (WITHDRAWAL, {}),
        (WITHDRAWAL, ""),
        (WITHDRAWAL, 5),
        (CREATE, {"amount": "100"}),
        (CREATE, {"code": "", "amount": "x"}),
        (CREATE, "Opened"),
        (REDEEM, {"amount": None}),
        (REDEEM, "ok"),
    ],
)
def test_an_answer_of_another_kind_is_not_believed(transfer: Any, data: object) -> None:
    with pytest.raises(MalformedMessage):
        money.moved(transfer, data, str)


@pytest.mark.parametrize("data", [{"code": "CTX-9"}, {"code": "CTX-9", "amount": "x"}])
def test_a_code_is_kept_whatever_stands_beside_it(data: dict[str, str]) -> None:
    """The venue tells it once; what the coupon is worth is not known, so it is not done."""
    moved = money.moved(CREATE, data, str)
    assert (moved.code, moved.amount, moved.done, moved.refused) == ("CTX-9", None, False, False)
    assert "CTX" not in moved.status + moved.raw


@pytest.mark.parametrize(
    ("transfer", "name"),
    [
        (WITHDRAWAL, "withdraw"),
        (CREATE, "coupon_create"),
        (CREATE, "coupon_moderated"),
        (REDEEM, "coupon_redeem"),
    ],
)
def test_the_documents_answers_are_understood(transfer: Any, name: str) -> None:
    moved = money.moved(transfer, told(name), str)
    assert moved.done == (name in ("coupon_create", "coupon_redeem"))
    assert moved.amount == (100 if moved.done else D("0.01"))


# Money in


def test_an_address_is_a_new_one_each_time() -> None:
    async def story(line: Line) -> None:
        first = await line.client.deposit_address("BTC")
        second = await line.client.deposit_address("BTC", "")
        assert (first.asset, first.memo) == ("BTC", "")
        assert first.address != second.address
        assert money.deposit_address(told("get_new_address")) == (
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
        )
        with pytest.raises(MalformedMessage):
            money.deposit_address({"address": ""})

    on_line(story)


def test_a_deposit_is_followed_from_its_first_sight() -> None:
    """Unconfirmed in the list, then at its address, and never twice."""

    async def story(line: Line) -> None:
        assert await line.client.deposits() == []
        address = (await line.client.deposit_address("LTC")).address
        assert await line.client.deposits() == []
        line.tap.switch("deposit", {"currency": "LTC", "amount": D("2.5")})
        line.tap.switch("confirm", 1)
        (one,) = await line.client.deposits()
        assert (one.kind, one.asset, one.amount) == (ActivityKind.DEPOSIT, "LTC", D("2.5"))
        assert (one.status, one.done, one.address) == ("1 confirmations", False, address)
        line.tap.switch("confirm", 2)
        (other,) = await line.client.deposits("LTC")
        assert (other.tx_id, other.address, other.amount) == (one.tx_id, address, D("2.5"))
        assert (other.status, other.done) == ("status 1, 3 confirmations", None)
        assert await line.client.deposits("BTC") == []
        # and of another asset's addresses nobody is asked
        assert line.asked()[-1] == "UnconfirmedTransactions"

    on_line(story)


def test_deposits_are_cut_to_a_time_where_they_tell_one() -> None:
    async def story(line: Line) -> None:
        await line.client.deposits()
        line.tap.switch("deposit", {"currency": "BTC", "amount": 1})
        now, minute = line.clock.now(), timedelta(minutes=1)
        assert await line.client.deposits(None, now + minute) == []
        (one,) = await line.client.deposits(None, now - minute)
        assert one.time is not None
        assert now - minute < one.time < now + minute
        line.tap.switch("confirm", 3)
        assert len(await line.client.deposits(None, now + minute)) == 1

    on_line(story)


def test_addresses_of_the_configuration_are_asked_after() -> None:
    """A restart forgets what it handed out: what is to be followed is written down."""

    async def story(line: Line) -> None:
        address = (await line.client.deposit_address("LTC")).address
        line.tap.switch("deposit", {"currency": "LTC", "amount": 3})
        line.tap.switch("confirm", 3)
        line.client._addresses.clear()
        assert await line.client.deposits() == []
        Funding.__init__(line.client, line.client._door, {address: "LTC"})
        assert [one.amount for one in await line.client.deposits()] == [D(3)]

    on_line(story)


def test_the_documents_deposits() -> None:
    (one,) = money.unconfirmed(told("unconfirmed_transactions"), Reading(), str)
    assert (one.activity_id, one.asset, one.amount) == ("100", "BTC", D(100))
    assert one.time == datetime(1971, 1, 1, 5, 48, 46, tzinfo=UTC)
    (one,) = money.deposit(told("deposit_info"), "1abc", "BTC", "")
    assert (one.amount, one.status, one.done) == (D(100), "status 0, 3 confirmations", None)


@pytest.mark.parametrize(
    "data", [[], {"BTC": {}}, {"BTC": [5]}, {"BTC": [{"id": 1}]}, {"BTC": [{"id": "1"}]}]
)
def test_a_list_of_another_kind_is_not_believed(data: object) -> None:
    with pytest.raises(MalformedMessage):
        money.unconfirmed(data, Reading(), str)
