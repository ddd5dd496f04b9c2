"""The balance equation on the pure core: when it is asked, what breaks it, what explains it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from oms.core.break_notes import (
    BalanceBegun,
    BalancesTold,
    BreakClosed,
    BreakOpened,
    BreakShown,
    Cause,
    Total,
)
from oms.core.breaks import QUIET
from oms.core.fields import ExecTransType, ExecType, Side
from oms.core.funding import Moved, Transfer, TransferKind
from oms.core.holdings import Break
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import Doubt, MoveState, Request, TransferAsked, TransferMoved, TransferOutcome
from oms.core.ports import Decision, Evidence, Inbound
from oms.core.reports import BREAK
from tests.core.desk_of_one import PLAIN, ROUTE, DeskOfOne
from tests.core.test_checks import GOOD

D = Decimal
OFFERS = replace(PLAIN, offers=frozenset({"withdraw", "coupon", "transfer"}))
FUNDS = {"BTC": "10", "USDT": "1000000"}


def core_with(**changed: Any) -> DeskOfOne:
    """A core whose first balances are known."""
    core = DeskOfOne(replace(OFFERS, **changed))
    look(core)
    look(core)
    assert core.book.agreement.begun(ROUTE)
    return core


def look(core: DeskOfOne, mark: int | None = None, **totals: str) -> Decision:
    """One look at the balances; those that are not named are what they were at first."""
    told = tuple(Total(asset=a, total=D(t)) for a, t in {**FUNDS, **totals}.items())
    now = core.book.agreement.mark(ROUTE) if mark is None else mark
    return core.venue(BalancesTold(mark=now, totals=told), Evidence.VENUE_QUERY)


def looks(core: DeskOfOne, **totals: str) -> Decision:
    """Two looks that say the same; what the second one leads to."""
    look(core, None, **totals)
    return look(core, None, **totals)


def order(core: DeskOfOne, *, side: Side = Side.BUY, **changed: Any) -> str:
    """An order that the venue has acknowledged, of 1 BTC at 40000 unless changed; its name there."""
    asked = {
        "cl_ord_id": f"d{core.book.last_order_number}",
        "side": side,
        "order_qty": D(1),
        "price": D(40_000),
    }
    core.desk(replace(GOOD, **{**asked, **changed}))
    request = core.asked[0].message
    assert isinstance(request, NewOrderSingle)
    name = request.cl_ord_id
    core.venue(
        ExecutionReport(
            exec_id=f"{name}:NEW",
            exec_type=ExecType.NEW,
            cl_ord_id=name,
            secondary_order_id=f"v{name}",
        )
    )
    return name


def fill(core: DeskOfOne, name: str, qty: str = "1", px: str = "40000", **said: Any) -> Decision:
    """An execution of it."""
    told = {"exec_id": f"{name}:{qty}", "exec_type": ExecType.FILL, "cl_ord_id": name}
    return core.venue(ExecutionReport(**{**told, "last_shares": D(qty), "last_px": D(px), **said}))


def opened(decision: Decision) -> list[tuple[str, Decimal, Cause]]:
    """The breaks that it opens or changes."""
    notes = [record.message for record in decision]
    return [(n.asset, n.amount, n.cause) for n in notes if isinstance(n, BreakOpened)]


def only_break(core: DeskOfOne) -> Break:
    """The one that is open."""
    (found,) = core.book.agreement.open_breaks(ROUTE)
    return found


# When it is asked


def test_the_first_balances_are_those_that_two_looks_agree_on() -> None:
    core = DeskOfOne(OFFERS)
    assert look(core) == ()
    assert look(core, BTC="11") == ()
    decision = look(core, BTC="11")
    told = [record.message for record in decision if isinstance(record.message, BalanceBegun)]
    assert [(note.asset, note.total) for note in told] == [("BTC", D(11)), ("USDT", D(1_000_000))]
    assert look(core, BTC="11") == ()


def test_an_account_without_anything_begins_too() -> None:
    core = DeskOfOne(OFFERS)
    looks(core, BTC="0", USDT="0")
    assert opened(looks(core, BTC="0", USDT="7")) == [("USDT", D(7), Cause.UNKNOWN)]


def test_what_is_on_its_way_keeps_them_from_beginning() -> None:
    core = DeskOfOne(OFFERS)
    core.desk(GOOD)
    assert looks(core) == ()
    core = DeskOfOne(OFFERS)
    name = order(core)
    core.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="lost"))
    core.now += QUIET
    assert looks(core) == ()
    core = DeskOfOne(OFFERS)
    withdraw(core)
    assert looks(core) == ()


def test_an_order_that_rests_does_not() -> None:
    core = DeskOfOne(OFFERS)
    order(core)
    core.now += QUIET - timedelta(seconds=1)
    assert looks(core) == (), "its executions may be told late"
    core.now += timedelta(seconds=1)
    assert look(core) != ()


def test_a_look_that_straddles_an_execution_says_nothing() -> None:
    core = core_with()
    name = order(core)
    before = core.book.agreement.mark(ROUTE)
    fill(core, name)
    right = {"BTC": "11", "USDT": "960000"}
    assert look(core, mark=before) == ()
    assert look(core) == ()  # the first of a new pair, though there was one before
    assert look(core, None, **right) == ()
    assert look(core, None, **right) == ()
    assert core.book.agreement.open_breaks() == []


def test_two_looks_with_an_execution_between_them_are_no_pair() -> None:
    core = core_with()
    name = order(core)
    look(core, BTC="12")
    fill(core, name)
    assert look(core, BTC="12", USDT="960000") == ()
    assert opened(look(core, BTC="12", USDT="960000")) == [("BTC", D(1), Cause.UNKNOWN)]


def test_what_two_looks_do_not_agree_on_is_not_compared() -> None:
    core = core_with()
    look(core, BTC="12")
    assert look(core, BTC="13") == ()


# What it counts


def test_executions_and_their_fees_move_what_is_expected() -> None:
    core = core_with()
    bought, sold = order(core), order(core, side=Side.SELL)
    fill(core, bought, commission=D("0.001"), fee_currency="BTC")
    fill(core, sold, "0.5", "41000", commission=D("20.5"))
    assert looks(core, BTC="10.499", USDT="980479.5") == ()
    assert core.book.agreement.open_breaks() == []


def test_an_asset_that_nobody_told_of_begins_at_nothing() -> None:
    core = core_with()
    fill(core, order(core), commission=D("0.5"), fee_currency="BNB")
    assert opened(looks(core, BTC="11", USDT="960000")) == [("BNB", D("0.5"), Cause.UNKNOWN)]
    assert core.book.agreement.holdings_of(ROUTE)[ROUTE, "", "BNB"].expected == D("-0.5")


def test_a_bust_takes_back_what_it_moved() -> None:
    core = core_with()
    name = order(core)
    fill(core, name)
    fill(core, name, exec_id="b", exec_trans_type=ExecTransType.CANCEL, exec_ref_id=f"{name}:1")
    assert looks(core) == ()


def test_before_the_first_balances_nothing_is_counted() -> None:
    core = DeskOfOne(OFFERS)
    name = order(core)
    fill(core, name, cum_qty=D(1), avg_px=D("40000.00"), derived=True)
    assert core.book.agreement.holdings_of(ROUTE) == {}


def test_a_derived_price_may_be_off_by_the_average_it_was_made_of() -> None:
    """To the last place of what the venue told, twice, for the quantity it is about."""
    core = core_with()
    name = order(core)
    told = {"derived": True, "cum_qty": D("0.5"), "avg_px": D("40000.00")}
    fill(core, name, "0.5", "40000.00", **told)
    assert looks(core, BTC="10.5", USDT="979999.99") == ()
    (found,) = opened(looks(core, BTC="10.5", USDT="979999.989"))
    assert found == ("USDT", D("-0.011"), Cause.FEE)


def test_a_derived_fill_without_an_average_is_off_by_nothing() -> None:
    core = core_with()
    fill(core, order(core), derived=True)
    assert opened(looks(core, BTC="11", USDT="960000.01")) != []


def test_an_average_in_whole_hundreds_has_no_place_behind_its_digits() -> None:
    core = core_with()
    fill(core, order(core), derived=True, cum_qty=D(1), avg_px=D("4E+4"))
    assert core.book.agreement.holdings_of(ROUTE)[ROUTE, "", "USDT"].loose == 2


def test_what_the_venue_cuts_off_is_no_break() -> None:
    core = core_with(balance_decimals=2)
    assert looks(core, USDT="1000000.04") == ()
    assert opened(looks(core, USDT="1000000.05")) == [("USDT", D("0.05"), Cause.UNKNOWN)]


# Transfers


def withdraw(core: DeskOfOne, name: str = "W1", **changed: Any) -> None:
    """The operator sends 2 BTC away, or what is changed."""
    transfer = Transfer(
        transfer_id="",
        kind=TransferKind.WITHDRAWAL,
        route=ROUTE,
        asset="BTC",
        amount=D(2),
        address="bc1q",
    )
    core.operator(TransferAsked(transfer=replace(transfer, **changed), cl_ord_id=name))
    assert core.moved


def moved(core: DeskOfOne, name: str = "T1", **said: Any) -> None:
    """The venue's word on it."""
    word = Moved(**{"status": "OK", "done": True, **said})
    core.venue(TransferMoved(transfer_id=name, moved=word))


def test_a_withdrawal_that_is_done_moves_it_with_its_fee() -> None:
    core = core_with()
    withdraw(core)
    moved(core, fee=D("0.1"))
    assert looks(core, BTC="7.9") == ()
    assert core.book.agreement.open_breaks() == []


def test_one_under_way_explains_what_the_venue_may_have_done_already() -> None:
    core = core_with()
    withdraw(core)
    withdraw(core, "W2", amount=D("0.5"))
    moved(core, done=False)
    for total in ("10", "8", "9.5", "7.5"):
        assert looks(core, BTC=total) == ()
    assert opened(looks(core, BTC="9")) == [("BTC", D(-1), Cause.UNKNOWN)]


def test_one_that_was_refused_explains_nothing() -> None:
    core = core_with()
    withdraw(core)
    note = TransferOutcome(transfer_id="T1", state=MoveState.REFUSED, text="no")
    core.venue(note)
    assert opened(looks(core, BTC="8")) == [("BTC", D(-2), Cause.UNKNOWN)]


def test_a_transfer_moves_both_its_ends() -> None:
    core = core_with(exchanges=frozenset({"ONE", "TWO"}))
    there = {"security_exchange": "ONE", "to_exchange": "TWO", "address": ""}
    withdraw(core, kind=TransferKind.TRANSFER, **there)
    moved(core, fee=D("0.1"))
    holdings = core.book.agreement.holdings_of(ROUTE)
    assert holdings[ROUTE, "ONE", "BTC"].expected == D("-2.1")
    assert holdings[ROUTE, "TWO", "BTC"].expected == D(2)


# What becomes of it


def test_a_break_is_told_once_and_again_when_it_changes() -> None:
    core = core_with()
    assert opened(looks(core, BTC="12")) == [("BTC", D(2), Cause.UNKNOWN)]
    assert look(core, BTC="12") == ()
    first = only_break(core)
    looks(core, BTC="13")
    after = only_break(core)
    assert (after.break_id, after.amount, after.opened) == ("B1", D(3), first.opened)
    assert after.updated > first.updated


def test_it_closes_when_it_has_gone() -> None:
    core = core_with()
    looks(core, BTC="12")
    (record,) = looks(core)
    assert record.message == BreakClosed(
        break_id="B1", text="the balance is again what the books say"
    )
    looks(core, BTC="12")
    assert only_break(core).break_id == "B2"


def shown(core: DeskOfOne, **changed: Any) -> Decision:
    """The venue's list names what it was: the deposit 317, unless changed."""
    note = {"break_id": "B1", "amount": D(2), "cause": Cause.DEPOSIT, "reference": "317"}
    return core.venue(
        BreakShown(**{**note, "text": "deposit 317", **changed}), Evidence.VENUE_QUERY
    )


def test_a_deposit_that_the_venue_lists_closes_it() -> None:
    core = core_with()
    looks(core, BTC="12")
    (record,) = shown(core)
    assert record.message == BreakClosed(
        break_id="B1", text="deposit 317", accepted=True, reference="DEPOSIT 317"
    )
    assert looks(core, BTC="12") == ()
    looks(core, BTC="14")
    assert shown(core, break_id="B2") == (), "it has explained another one"


def test_a_withdrawal_that_nobody_here_asked_for_stays_open_until_a_person_answers() -> None:
    core = core_with()
    looks(core, BTC="8")
    told = {"cause": Cause.WITHDRAWAL, "amount": D(-2), "text": "withdrawal 403"}
    assert opened(shown(core, **told)) == [("BTC", D(-2), Cause.WITHDRAWAL)]
    assert shown(core, **told) == ()
    assert looks(core, BTC="8") == ()
    assert only_break(core).text == "withdrawal 403"


def test_what_is_shown_of_another_break_explains_nothing() -> None:
    core = core_with()
    looks(core, BTC="12")
    assert shown(core, break_id="B2") == ()
    assert shown(core, amount=D(1)) == ()
    other = Inbound(source="OTHER", message=SHOWN, evidence=Evidence.VENUE_QUERY)
    assert core._post(other) == ()


SHOWN = BreakShown(break_id="B1", amount=D(2), cause=Cause.DEPOSIT, reference="1", text="")


def test_a_row_that_is_our_own_transfer_explains_nothing() -> None:
    core = core_with()
    withdraw(core)
    moved(core, reference="403")
    looks(core, BTC="6")
    assert shown(core, amount=D(-2), cause=Cause.WITHDRAWAL, reference="403") == ()


def close(core: DeskOfOne, name: str) -> Decision:
    """The operator's word."""
    return core.operator(BreakClosed(break_id=name, text="paid in by hand", by="ann"))


def test_an_operator_closes_it_and_the_books_go_on_from_there() -> None:
    core = core_with()
    looks(core, BTC="12")
    (record,) = close(core, "B1")
    assert (record.route, record.evidence) == (ROUTE, Evidence.OPERATOR)
    assert looks(core, BTC="12") == ()
    assert core.book.agreement.open_breaks() == []
    assert close(core, "B1") == ()


def test_nobody_else_can() -> None:
    core = core_with()
    looks(core, BTC="12")
    assert core.desk(BreakClosed(break_id="B1", text="fine", by="me")) == ()
    assert only_break(core)


def test_an_orders_break_is_closed_by_its_id() -> None:
    core = core_with()
    name = order(core)
    fill(core, name)
    fill(core, name, "0.5")
    told = core.order().text
    assert told.startswith(BREAK)
    close(core, "0000000001")
    assert core.order().text == f"closed by ann: paid in by hand; was {told}"
    assert close(core, "0000000001") == ()
    assert close(core, "T1") == ()
    assert close(core, "no such") == ()
