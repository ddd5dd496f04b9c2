"""Money in the store: over restarts, in listings, in a story, and its coupons' codes nowhere else."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from sqlalchemy import select

from oms.core.funding import Moved, TransferKind
from oms.core.notes import MoveState, TransferOutcome
from oms.core.ports import Evidence
from oms.core.transfers import MoneyMove, transfer_id_of
from oms.store.move_rows import move_json, move_of, move_row
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.store.tables import TRANSFERS
from tests.store.messages_of import built
from tests.store.money_day import COUPON, REDEMPTION, WITHDRAWAL, ask, lose, settle, tell
from tests.store.test_rows import fresh, put
from tests.store.trading_day import Firm

SUBMITTED = Moved(status="SUBMITTED", done=False, reference="log-77", fee=Decimal("0.0005"))


@settings(max_examples=40)
@given(built(MoneyMove))
def test_a_transfer_comes_back_with_all_its_facts(move: MoneyMove) -> None:
    """A fact without a column would be forgotten at the next start."""
    move = replace(move, transfer=replace(move.transfer, transfer_id=transfer_id_of(7)))
    with fresh(TRANSFERS) as connection:
        put(connection, TRANSFERS, move_row(move))
        assert move_of(connection.execute(select(TRANSFERS)).one()) == move


def test_a_doubt_outlives_restarts(firm: Firm, reader: Reader) -> None:
    """And so does what was taken; what ended is in the history."""
    taken, lost, refused = (ask(firm, replace(WITHDRAWAL, amount=Decimal(n))) for n in (1, 2, 3))
    tell(firm, taken, SUBMITTED)
    note = TransferOutcome(transfer_id=refused, state=MoveState.REFUSED, text="not enough")
    firm.post("ANDX", note, Evidence.VENUE_MESSAGE)
    firm.restart()
    states = {m.transfer.transfer_id: m.state for m in firm.book.moves.open()}
    assert states == {taken: MoveState.TAKEN, lost: MoveState.IN_DOUBT}
    assert firm.book.moves.get(refused) is None
    tell(firm, refused, SUBMITTED)
    ended = firm.book.history.move(refused)
    assert ended is not None
    assert ended.state is MoveState.REFUSED
    assert ask(firm, WITHDRAWAL) == "T4"
    assert [row["kind"] for row in reader.timeline(refused)][-1] == "QUARANTINED"
    assert verify(reader).differences == []


def test_a_list_does_not_show_one_transfer_twice_over_a_restart(firm: Firm) -> None:
    """The ids that the venue gave to those before are remembered."""
    first = ask(firm, WITHDRAWAL)
    tell(firm, first, replace(SUBMITTED, done=True))
    firm.restart()
    second = ask(firm, WITHDRAWAL)
    lose(firm, second)
    tell(firm, second, SUBMITTED, listed=True)
    found = firm.book.moves.get(second)
    assert found is not None
    assert found.state is MoveState.IN_DOUBT


def test_the_rows_of_moves(firm: Firm, reader: Reader) -> None:
    """Decimals plain, times in UTC, the doubt in columns of its own."""
    lost, coupon = ask(firm, WITHDRAWAL), ask(firm, COUPON)
    lose(firm, lost)
    tell(firm, coupon, replace(SUBMITTED, done=True, code="CODE-1"))
    one, other = reader.moves()
    assert (one["transfer_id"], one["kind"], one["venue"]) == (lost, "WITHDRAWAL", "ANDX")
    assert (one["amount"], one["asset"], one["address"]) == ("100", "BTC", "bc1q-of-the-tests")
    assert (one["state"], one["in_doubt"], one["open"]) == ("IN_DOUBT", True, True)
    assert one["in_doubt_since"].endswith("Z")
    assert one["in_doubt_text"] == "no answer in 5 s"
    assert (other["state"], other["in_doubt_since"], other["fee"]) == ("DONE", None, "0.0005")
    assert [row["transfer_id"] for row in reader.moves(open_only=True)] == [lost]
    assert reader.moves(route="APIFINY") == []
    assert reader.moves(origin="grid-1") == []
    assert reader.counts()["moves_in_doubt"] == 1


def test_a_move_is_found_by_its_id_and_by_its_askers_name(firm: Firm, reader: Reader) -> None:
    """With an origin, only its own."""
    name = ask(firm, WITHDRAWAL)
    by_id = reader.move(name.lower())
    assert by_id is not None
    assert reader.move(f"operator/{by_id['cl_ord_id']}") == by_id
    for unknown in ("T99", "17", "operator/none", "grid-1/" + by_id["cl_ord_id"]):
        assert reader.move(unknown) is None
    assert reader.move(name, "grid-1") is None
    assert reader.move(name, "operator") == by_id


def test_a_code_is_masked_until_it_is_asked_for(firm: Firm, reader: Reader) -> None:
    """The one that was made and the one that was redeemed."""
    made, redeemed = ask(firm, COUPON), ask(firm, REDEMPTION)
    tell(firm, made, Moved(status="ok", done=True, code="CODE-OUT", raw='{"code":"CODE-OUT"}'))
    tell(firm, redeemed, Moved(status="ok", done=True, raw='{"redeemed":"CODE-IN"}'))
    shown = repr([*reader.moves(), reader.move(made), reader.move(redeemed)])
    shown += repr([*reader.timeline(made), *reader.timeline(redeemed)])
    assert "CODE-" not in shown
    assert [row["code"] for row in reader.moves()] == ["***", "***"]
    for name, code in ((made, "CODE-OUT"), (redeemed, "CODE-IN")):
        row = reader.move(name, reveal=True)
        assert row is not None
        assert row["code"] == code
    assert reader.move(ask(firm, WITHDRAWAL), reveal=True) | {"code": ""} == reader.moves()[-1]  # type: ignore[operator]  # a row, and not None


def test_a_difference_names_no_code(firm: Firm, reader: Reader) -> None:
    """Verification says where the tables are wrong; that much of it is money."""
    made, _ = ask(firm, COUPON), ask(firm, REDEMPTION)
    tell(firm, made, Moved(status="ok", done=True, code="CODE-OUT"))
    with closing(sqlite3.connect(firm.url.removeprefix("sqlite:///"))) as store, store:
        store.execute("UPDATE transfers SET code_made = 'CODE-X', code_redeemed = 'CODE-Y'")
    verdict = verify(reader)
    assert {one.column for one in verdict.differences} == {"code_made", "code_redeemed"}
    assert "CODE-" not in repr(verdict)


def test_the_story_of_a_transfer(firm: Firm, reader: Reader) -> None:
    """What was asked, sent, told and decided, like an order's."""
    name = ask(firm, WITHDRAWAL)
    lose(firm, name)
    tell(firm, name, SUBMITTED, listed=True)
    settle(firm, name)
    other = ask(firm, replace(WITHDRAWAL, amount=Decimal(0)))
    story = [(row["kind"], row["evidence"], row["text"]) for row in reader.timeline(name)]
    where = "WITHDRAWAL 100 BTC to bc1q-of-the-tests memo m over BTC"
    assert story == [
        ("REQUEST", "OPERATOR", f"operator: {where}"),
        ("SENT", "OPERATOR", f"ANDX: {where}"),
        ("DOUBT", "POLICY", "no answer in 5 s"),
        ("MOVED", "VENUE_QUERY", "TAKEN log-77 SUBMITTED fee 0.0005"),
        ("SETTLED", "OPERATOR", "DONE by ann: asked the venue"),
    ]
    kinds = [row["kind"] for row in reader.timeline(other)]
    assert kinds == ["REQUEST", "REFUSED"]


def test_a_day_of_money_is_replayed(firm: Firm, reader: Reader) -> None:
    """The table is what the journal says, and a changed state is found."""
    lose(firm, ask(firm, WITHDRAWAL))
    tell(firm, ask(firm, COUPON), Moved(status="ok", done=True, code="CODE-OUT"))
    firm.restart()
    assert verify(reader).differences == []
    with closing(sqlite3.connect(firm.url.removeprefix("sqlite:///"))) as vandal:
        vandal.execute("UPDATE transfers SET code_made = 'CODE-BAD' WHERE number = 2")
        vandal.commit()
    (difference,) = verify(reader).differences
    assert (difference.table, difference.key, difference.column) == ("transfers", "2", "code_made")


@pytest.mark.parametrize("kind", list(TransferKind))
def test_every_kind_has_its_row(kind: TransferKind, firm: Firm) -> None:
    """In words."""
    name = ask(firm, replace(WITHDRAWAL, kind=kind))
    move = firm.book.moves.get(name)
    assert move is not None
    assert move_json(move)["kind"] == kind.name
