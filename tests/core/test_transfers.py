"""What each word about a transfer means in each of its states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from oms.core.funding import Moved, Transfer, TransferKind
from oms.core.notes import (
    MoveState,
    TransferEntered,
    TransferMoved,
    TransferOutcome,
    TransferSettled,
)
from oms.core.reports import BREAK
from oms.core.transfers import (
    MoneyMove,
    Moves,
    TransferNews,
    Weight,
    entered,
    number_of,
    told,
    transfer_id_of,
    weigh,
    without,
)

D = Decimal
THEN = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = THEN + timedelta(seconds=3)
TRANSFER = Transfer(
    transfer_id="T1",
    kind=TransferKind.WITHDRAWAL,
    route="VENUE",
    asset="BTC",
    amount=D("0.5"),
    address="bc1q",
)
ENTRY = TransferEntered(transfer=TRANSFER, origin="operator", cl_ord_id="W1")

TAKEN = TransferMoved(transfer_id="T1", moved=Moved(status="SUBMITTED", done=False, reference="77"))
DONE = TransferMoved(transfer_id="T1", moved=Moved(status="COMPLETED", done=True, reference="77"))
BACK = TransferMoved(transfer_id="T1", moved=Moved(status="CANCELLED", done=False, refused=True))
DOUBT = TransferOutcome(transfer_id="T1", state=MoveState.IN_DOUBT, text="no answer in 5 s")
REFUSED = TransferOutcome(transfer_id="T1", state=MoveState.REFUSED, text="not enough")
NOT_SENT = TransferOutcome(transfer_id="T1", state=MoveState.NOT_SENT, text="refused connection")
SETTLED_DONE = TransferSettled(transfer_id="T1", done=True, by="ann", text="seen on chain")
SETTLED_NOT = replace(SETTLED_DONE, done=False)
NOTES: dict[str, TransferNews] = {
    "taken": TAKEN,
    "done": DONE,
    "back": BACK,
    "doubt": DOUBT,
    "refused": REFUSED,
    "not sent": NOT_SENT,
    "settled": SETTLED_DONE,
}

UNDER_WAY = entered(ENTRY, THEN)
MOVES = {
    "under way": UNDER_WAY,
    "in doubt": told(UNDER_WAY, DOUBT, THEN),
    "taken": told(UNDER_WAY, TAKEN, THEN),
    "done": told(UNDER_WAY, DONE, THEN),
    "refused": told(UNDER_WAY, REFUSED, THEN),
    "not sent": told(UNDER_WAY, NOT_SENT, THEN),
    "settled as done": told(told(UNDER_WAY, DOUBT, THEN), SETTLED_DONE, THEN),
    "settled as refused": told(told(UNDER_WAY, DOUBT, THEN), SETTLED_NOT, THEN),
}

WEIGHTS = """
                    taken  done  back  doubt  refused  not sent  settled
under way           news   news  news  news   news     news      odd
in doubt            news   news  news  known  news     news      news
taken               known  news  news  known  odd      odd       news
done                known  known odd   known  odd      odd       odd
refused             odd    odd   known known  known    odd       odd
not sent            odd    odd   odd   known  odd      known     odd
settled as done     known  known news  known  odd      odd       odd
settled as refused  news   news  known known  known    odd       odd
"""
WORDS = {"news": Weight.NEWS, "known": Weight.KNOWN, "odd": Weight.CONTRADICTS}
CELLS = [
    (line[:20].strip(), column, WORDS[word])
    for line in WEIGHTS.strip("\n").splitlines()[1:]
    for column, word in zip(NOTES, line[20:].split(), strict=True)
]


@pytest.mark.parametrize(("state", "note", "weight"), CELLS)
def test_every_word_in_every_state(state: str, note: str, weight: Weight) -> None:
    """The table above is what the engine does."""
    assert weigh(MOVES[state], NOTES[note]) is weight


@pytest.mark.parametrize(
    ("note", "state"),
    [
        ("taken", MoveState.TAKEN),
        ("done", MoveState.DONE),
        ("back", MoveState.REFUSED),
        ("doubt", MoveState.IN_DOUBT),
        ("refused", MoveState.REFUSED),
        ("not sent", MoveState.NOT_SENT),
    ],
)
def test_what_was_under_way_is_what_is_said_of_it(note: str, state: MoveState) -> None:
    """And it stays open exactly where something may still become of it."""
    after = told(UNDER_WAY, NOTES[note], LATER)
    assert after.state is state
    assert after.updated == LATER
    assert after.created == THEN
    assert after.open == (state in (MoveState.IN_DOUBT, MoveState.TAKEN))


def test_a_doubt_says_since_when_and_what_would_settle_it() -> None:
    """And is over with the evidence."""
    doubted = told(UNDER_WAY, DOUBT, LATER)
    assert (doubted.in_doubt_since, doubted.in_doubt_text) == (LATER, "no answer in 5 s")
    settled = told(doubted, DONE, LATER + timedelta(seconds=1))
    assert (settled.in_doubt_since, settled.in_doubt_text) == (None, "")
    assert settled.state is MoveState.DONE


def test_the_venues_facts_are_kept_and_added_to() -> None:
    """A later word that leaves one out does not take it away."""
    first = Moved(status="SUBMITTED", done=False, reference="77", fee=D("0.0005"), amount=D("0.5"))
    taken = told(UNDER_WAY, TransferMoved(transfer_id="T1", moved=first), THEN)
    done = told(taken, TransferMoved(transfer_id="T1", moved=Moved(status="", done=True)), LATER)
    assert (done.state, done.reference, done.status) == (MoveState.DONE, "77", "SUBMITTED")
    assert (done.fee, done.amount) == (D("0.0005"), D("0.5"))


def test_what_the_venue_took_may_go_on_without_an_end() -> None:
    """Another word of the venue's is news, the same word is not."""
    taken = MOVES["taken"]
    further = replace(TAKEN, moved=replace(TAKEN.moved, status="PROCESSING"))
    assert weigh(taken, further) is Weight.NEWS
    assert told(taken, further, LATER).status == "PROCESSING"


def test_what_comes_back_says_why() -> None:
    """The venue's word is the text."""
    assert told(MOVES["taken"], BACK, LATER).text == "CANCELLED"


def test_an_operator_is_named_with_the_reason() -> None:
    """As done or as refused."""
    assert MOVES["settled as done"].text == "settled as DONE by ann: seen on chain"
    refused = MOVES["settled as refused"]
    assert (refused.state, refused.settled_by) == (MoveState.REFUSED, "ann")


@pytest.mark.parametrize(
    ("before", "note", "state", "word"),
    [
        ("settled as refused", DONE, MoveState.DONE, "COMPLETED"),
        ("settled as refused", TAKEN, MoveState.TAKEN, "SUBMITTED"),
        ("settled as done", BACK, MoveState.REFUSED, "CANCELLED"),
        (
            "settled as done",
            replace(BACK, moved=replace(BACK.moved, status="")),
            MoveState.REFUSED,
            "REFUSED",
        ),
    ],
)
def test_the_venue_knows_better_than_an_operator(
    before: str, note: TransferMoved, state: MoveState, word: str
) -> None:
    """What it proves stands, and the disagreement is flagged loudly."""
    after = told(MOVES[before], note, LATER)
    assert after.state is state
    assert after.text.startswith(BREAK)
    assert after.text.endswith(f"; the venue says {word}")
    assert "by ann" in after.text


def test_a_code_is_kept_whatever_else_is_known() -> None:
    """To lose it is to lose the money in it."""
    with_code = replace(TAKEN, moved=replace(TAKEN.moved, code="CODE-1"))
    for state in MOVES.values():
        assert weigh(state, with_code) is Weight.NEWS
        assert told(state, with_code, LATER).code == "CODE-1"
    done = told(MOVES["done"], with_code, LATER)
    assert done.state is MoveState.DONE
    assert weigh(done, with_code) is Weight.KNOWN


def test_no_code_is_in_a_repr() -> None:
    """A log writes reprs."""
    with_code = replace(TAKEN, moved=replace(TAKEN.moved, code="CODE-1"))
    redeemed = replace(TRANSFER, code="CODE-2")
    written = repr((told(UNDER_WAY, with_code, LATER), with_code, redeemed))
    assert "CODE-" not in written
    assert without("CODE-2", "the coupon CODE-2 is void") == "the coupon *** is void"
    assert without("", "as it is") == "as it is"


def test_moves_are_found_as_long_as_they_are_open() -> None:
    """By route, by what the venue calls them, and by their id."""
    moves = Moves()
    assert moves.fold(ENTRY, THEN, lambda _: None) == UNDER_WAY
    assert [m.transfer for m in moves.open("VENUE")] == [TRANSFER]
    assert moves.open("OTHER") == []
    moves.fold(TAKEN, THEN, lambda _: None)
    assert moves.claimant("VENUE", "77") == "T1"
    assert moves.claimant("OTHER", "77") is None
    moves.fold(DONE, LATER, lambda _: None)
    assert moves.open() == []
    found = moves.get("T1")
    assert isinstance(found, MoneyMove)
    assert found.state is MoveState.DONE


def test_a_move_that_is_not_in_memory_is_looked_up() -> None:
    """What ended before the last start."""
    moves = Moves()
    past = {"T1": MOVES["settled as refused"]}
    after = moves.fold(DONE, LATER, past.get)
    assert after is not None
    assert after.state is MoveState.DONE
    with pytest.raises(ValueError, match="T1 was never entered"):
        Moves().fold(DONE, LATER, lambda _: None)
    assert Moves().fold("no word about money", LATER, lambda _: None) is None


def test_ids_are_numbers_behind_a_letter() -> None:
    """Nothing else is one."""
    assert transfer_id_of(17) == "T17"
    assert number_of("T17") == 17
    for name in ("17", "T", "", "T1x", "t1", "T\u0661"):
        with pytest.raises(ValueError, match="not a transfer's id"):
            number_of(name)
