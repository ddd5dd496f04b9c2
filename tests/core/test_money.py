"""Money on the pure core: what is entered, refused, sent once, doubted and settled."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from oms.core.book import OPERATOR
from oms.core.funding import Moved, Transfer, TransferKind
from oms.core.messages import NewOrderSingle
from oms.core.notes import (
    KillSwitch,
    MoveState,
    Quarantined,
    RouteStatus,
    Started,
    TransferAsked,
    TransferEntered,
    TransferMoved,
    TransferOutcome,
    TransferSettled,
)
from oms.core.ports import Decision, Evidence, Inbound
from oms.core.transfers import MoneyMove
from tests.core.desk_of_one import DESK, PLAIN, ROUTE, DeskOfOne
from tests.core.test_checks import GOOD

D = Decimal
OFFERS = replace(PLAIN, offers=frozenset({"withdraw", "coupon", "transfer"}))
EXCHANGES = replace(OFFERS, exchanges=frozenset({"BINANCE", "OKEX"}))
WITHDRAW = Transfer(
    transfer_id="",
    kind=TransferKind.WITHDRAWAL,
    route=ROUTE,
    asset="BTC",
    amount=D("0.5"),
    address="bc1q",
)
MOVE = Transfer(
    transfer_id="",
    kind=TransferKind.TRANSFER,
    route=ROUTE,
    asset="BTC",
    amount=D("0.5"),
    security_exchange="BINANCE",
    to_exchange="OKEX",
)
COUPON = replace(WITHDRAW, kind=TransferKind.COUPON_CREATE, address="", recipient="bob")
REDEEM = Transfer(transfer_id="", kind=TransferKind.COUPON_REDEEM, route=ROUTE, code="CODE-9")


def ask(core: DeskOfOne, transfer: Transfer = WITHDRAW, name: str = "W1") -> Decision:
    """The operator wants it."""
    return core.operator(TransferAsked(transfer=transfer, cl_ord_id=name))


def move(core: DeskOfOne, name: str = "T1") -> MoneyMove:
    """What became of it."""
    found = core.book.moves.get(name)
    assert found is not None, f"no transfer {name}"
    return found


def hear(
    core: DeskOfOne, done: bool = True, listed: bool = False, name: str = "T1", **said: Any
) -> Decision:
    """The venue's word on it, or what its lists show."""
    note = TransferMoved(transfer_id=name, moved=Moved(**{"status": "OK", "done": done, **said}))
    return core.venue(note, Evidence.VENUE_QUERY if listed else Evidence.VENUE_MESSAGE)


def outcome(core: DeskOfOne, state: MoveState, text: str = "", name: str = "T1") -> Decision:
    """What the gateway says of sending it."""
    return core.venue(TransferOutcome(transfer_id=name, state=state, text=text), Evidence.POLICY)


def test_a_transfer_is_on_record_before_it_is_sent() -> None:
    """One record, which releases it: its commit comes before anything leaves."""
    core = DeskOfOne(OFFERS)
    (record,) = ask(core)
    assert isinstance(record.message, TransferEntered)
    assert (record.order_id, record.origin, record.route) == ("T1", OPERATOR, ROUTE)
    (sent,) = core.moved
    assert sent.message == replace(WITHDRAW, transfer_id="T1") == record.message.transfer
    assert (move(core).state, move(core).origin) == (MoveState.UNDER_WAY, OPERATOR)
    assert core.book.open_moves(ROUTE) == [move(core)]


def test_a_used_name_is_no_second_transfer() -> None:
    """Whether a transfer's or an order's: nothing is recorded, nothing is sent."""
    core = DeskOfOne(OFFERS)
    ask(core)
    assert ask(core, replace(WITHDRAW, amount=D(1))) == ()
    assert core.moved == []
    core.desk(replace(GOOD, cl_ord_id="A9"))
    core.book.treasurers = frozenset({DESK})
    assert core.desk(TransferAsked(transfer=WITHDRAW, cl_ord_id="A9")) == ()


def test_an_order_can_not_have_a_transfers_name() -> None:
    """One space of names an origin."""
    core = DeskOfOne(OFFERS)
    ask(core, name="W1")
    core.operator(NewOrderSingle(cl_ord_id="W1", symbol="BTC/USDT", side=GOOD.side, ord_type=GOOD.ord_type))  # fmt: skip
    assert core.asked == []


def test_who_may_move_money() -> None:
    """The operator, and who was given it, where they may trade."""
    core = DeskOfOne(OFFERS)
    asked = TransferAsked(transfer=WITHDRAW, cl_ord_id="W1")
    core.desk(asked)
    assert (move(core).refusal, core.moved) == ("not_authorised", [])
    core.book.treasurers = frozenset({DESK, "grid-1"})
    core.desk(replace(asked, cl_ord_id="W2"), origin="grid-1")
    assert (move(core, "T2").refusal, core.moved) == ("not_authorised", [])
    core.desk(replace(asked, cl_ord_id="W3"))
    assert [sent.transfer_id for sent in core.moved] == ["T3"]


def test_the_kill_switch_stops_money_too() -> None:
    """Until it is turned off."""
    core = DeskOfOne(OFFERS)
    core.operator(KillSwitch(on=True, route=ROUTE, origin=OPERATOR, cl_ord_id="K1"))
    ask(core)
    assert (move(core).refusal, move(core).text, core.moved) == ("rejected", "KILL SWITCH", [])
    core.operator(KillSwitch(on=False, route=ROUTE, origin=OPERATOR, cl_ord_id="K2"))
    ask(core, name="W2")
    assert [sent.transfer_id for sent in core.moved] == ["T2"]


def test_nothing_leaves_by_a_route_that_is_down() -> None:
    """And nothing waits for it."""
    core = DeskOfOne(OFFERS)
    core.venue(RouteStatus(route=ROUTE, up=False, ready=False, text="no route to host"))
    ask(core)
    assert move(core).refusal == "venue_unavailable"
    assert move(core).text == "ROUTE DOWN: no route to host"
    core.venue(RouteStatus(route=ROUTE, up=False, ready=False))
    ask(core, name="W2")
    assert move(core, "T2").text == "ROUTE DOWN: not connected"
    core.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    assert core.moved == []


def test_an_engine_that_stops_moves_nothing() -> None:
    """Said as what it is."""
    core = DeskOfOne(OFFERS)
    core.book.stopping = True
    ask(core)
    assert move(core).text == "the engine is stopping"


def test_what_may_have_been_done_is_not_done_again() -> None:
    """Under whatever name: an equal one waits until the first is known."""
    core = DeskOfOne(OFFERS)
    ask(core)
    ask(core, name="W2")
    assert move(core, "T2").text.startswith("T1 would move the same and is under way")
    outcome(core, MoveState.IN_DOUBT, "no answer")
    ask(core, name="W3")
    assert move(core, "T3").text.startswith("T1 would move the same and is in doubt")
    assert move(core, "T3").refusal == "rejected"
    assert [sent.transfer_id for sent in core.moved] == []
    ask(core, replace(WITHDRAW, amount=D("0.6")), name="W4")
    assert [sent.transfer_id for sent in core.moved] == ["T4"]
    hear(core, done=False)
    ask(core, name="W5")
    assert [sent.transfer_id for sent in core.moved] == ["T5"]


def test_the_venues_word_moves_it() -> None:
    """Its text stands beside the note, not in it."""
    core = DeskOfOne(OFFERS)
    ask(core)
    (record,) = hear(core, done=False, reference="77", raw='{"logId": 77}')
    assert isinstance(record.message, TransferMoved)
    assert (record.raw, record.message.moved.raw) == ('{"logId": 77}', "")
    assert record.evidence is Evidence.VENUE_MESSAGE
    assert move(core).state is MoveState.TAKEN
    assert hear(core, done=False, reference="77") == ()
    hear(core, listed=True, reference="77")
    assert move(core).state is MoveState.DONE


@pytest.mark.parametrize("state", [MoveState.REFUSED, MoveState.NOT_SENT, MoveState.IN_DOUBT])
def test_what_the_gateway_says_of_sending_it(state: MoveState) -> None:
    """A no, nothing sent, or nothing known."""
    core = DeskOfOne(OFFERS)
    ask(core)
    outcome(core, state, "as the text says")
    assert move(core).state is state
    assert "as the text says" in (move(core).text, move(core).in_doubt_text)


def test_what_was_under_way_at_a_crash_is_in_doubt() -> None:
    """And is not sent again. What was known stays known."""
    core = DeskOfOne(OFFERS)
    ask(core)
    ask(core, replace(WITHDRAW, amount=D(2)), name="W2")
    hear(core, done=False, name="T2", reference="7")
    records = core.venue(Started(epoch=2, version="0"))
    assert [record.order_id for record in records[1:]] == ["T1"]
    assert core.moved == []
    assert move(core).state is MoveState.IN_DOUBT
    assert "the engine ended before the venue answered" in move(core).in_doubt_text
    assert move(core, "T2").state is MoveState.TAKEN


def test_a_list_settles_a_doubt() -> None:
    """By an id that no other transfer has."""
    core = DeskOfOne(OFFERS)
    ask(core)
    hear(core, reference="77")
    ask(core, name="W2")
    outcome(core, MoveState.IN_DOUBT, "no answer", name="T2")
    assert hear(core, listed=True, name="T2", reference="77") == ()
    assert hear(core, listed=True, name="T2") == ()
    assert move(core, "T2").state is MoveState.IN_DOUBT
    hear(core, listed=True, name="T2", reference="78")
    assert move(core, "T2").state is MoveState.DONE


def test_a_list_is_believed_about_its_own_id_alone() -> None:
    """What was taken under one id is not done under another."""
    core = DeskOfOne(OFFERS)
    ask(core)
    hear(core, done=False, reference="77")
    assert hear(core, listed=True, reference="78") == ()
    assert move(core).state is MoveState.TAKEN


@pytest.mark.parametrize("done", [True, False])
def test_an_operator_settles_a_doubt(done: bool) -> None:
    """With a name and a reason, on record as the operator's word."""
    core = DeskOfOne(OFFERS)
    ask(core)
    outcome(core, MoveState.IN_DOUBT, "no answer")
    note = TransferSettled(transfer_id="T1", done=done, by="ann", text="seen on chain")
    (record,) = core.operator(note)
    assert (record.evidence, record.order_id) == (Evidence.OPERATOR, "T1")
    assert move(core).state is (MoveState.DONE if done else MoveState.REFUSED)
    assert move(core).settled_by == "ann"
    assert core.operator(note) == ()


def test_who_and_what_can_not_settle() -> None:
    """Nobody but the operator, nothing that is not open, nothing that is not there."""
    core = DeskOfOne(OFFERS)
    ask(core)
    note = TransferSettled(transfer_id="T1", done=True, by="ann", text="guessed")
    assert core.operator(note) == ()
    outcome(core, MoveState.IN_DOUBT, "no answer")
    assert core.desk(note) == ()
    for name in ("T2", "17", ""):
        assert core.operator(replace(note, transfer_id=name)) == ()
    assert move(core).state is MoveState.IN_DOUBT


def test_a_contradiction_is_shown_and_moves_nothing() -> None:
    """A person has to see it."""
    core = DeskOfOne(OFFERS)
    ask(core)
    outcome(core, MoveState.REFUSED, "not enough")
    (record,) = hear(core, status="COMPLETED")
    assert isinstance(record.message, Quarantined)
    assert record.order_id == "T1"
    assert record.message.text == "transfer T1 is REFUSED, and VENUE says: COMPLETED"
    (record,) = outcome(core, MoveState.NOT_SENT, "never left")
    assert isinstance(record.message, Quarantined)
    assert record.message.text.endswith("VENUE says: never left")
    assert move(core).state is MoveState.REFUSED


def test_words_about_no_transfer_are_shown() -> None:
    """Of an id that is none, and of another route's."""
    core = DeskOfOne(OFFERS)
    ask(core)
    stranger = TransferMoved(transfer_id="T1", moved=Moved(status="OK", done=True, code="CODE-1", raw="has CODE-1"))  # fmt: skip
    inbound = Inbound(source="OTHER", message=stranger, evidence=Evidence.VENUE_MESSAGE)
    for decision in (core._post(inbound), outcome(core, MoveState.REFUSED, name="T7")):
        (record,) = decision
        assert isinstance(record.message, Quarantined)
        assert record.message.reason == "unknown transfer"
        assert "CODE-1" not in record.raw
    assert move(core).state is MoveState.UNDER_WAY


def test_a_coupons_code_is_kept_and_shown_nowhere() -> None:
    """In its own field alone: not in a raw text, a status or a refusal."""
    core = DeskOfOne(OFFERS)
    ask(core, COUPON)
    (record,) = hear(core, status="made CODE-1", code="CODE-1", raw='{"code": "CODE-1"}')
    assert move(core).code == "CODE-1"
    assert record.raw == '{"code": "***"}'
    assert "CODE-1" not in repr(record) + move(core).status
    ask(core, REDEEM, name="W2")
    (record,) = outcome(core, MoveState.REFUSED, "CODE-9 is void", name="T2")
    assert move(core, "T2").text == "*** is void"
    assert "CODE-9" not in repr(record)
