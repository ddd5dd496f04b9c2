"""For every guard the accident that shows its absence, and what the verdict says then."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest import mock

from adapters.apifiny.tests.apifiny_link import at_venue, linked
from oms.clock import ManualClock
from oms.core.book import Changes
from oms.core.errors import StoreFenced
from oms.core.notes import RouteStatus
from oms.core.ports import Evidence, Record
from oms.store.lock import Lock
from oms.store.store import Store
from tests.adapters.one_route import OneRoute
from tests.faults import accidents
from tests.faults.accidents import AFTER_S, HIDE, Script, acknowledged, doubted, over, part_filled
from tests.faults.draw_fix import draw_fix
from tests.faults.guards import GUARDS
from tests.faults.plan import Fault as Strike
from tests.faults.plan import Kind, Move, Plan
from tests.faults.road import Fault
from tests.faults.scene import Scene, scene
from tests.faults.verdict import Verdict, compare
from tests.faults.world import run


@dataclass(frozen=True)
class Proof:
    """A script and where it plays. `commit_s`: how long a commit takes there."""

    script: Script
    kind: str
    streams: bool = False
    commit_s: float = 0.0


# Accidents that nobody has had yet, as long as the guard stands


def outside(told: Scene, price: Decimal | None = None) -> None:
    """Somebody enters an order on the same account that looks like ours; Bitexbit."""
    order = told.bench.ORDER
    told.simulator.switch(
        "outside",
        {
            "type": order.side.name.lower(),
            "pair": order.symbol.replace("/", "_"),
            "amount": str(order.order_qty),
            "price": str(price or order.price),
        },
    )
    ours = {theirs for order in told.orders() for _, theirs in order.venue_names}
    told.foreign |= {str(row["order_id"]) for row in told.rows()} - ours


def lost_beside_another(told: Scene) -> None:
    """Somebody's order comes just before ours, looks the same, and our answer is lost."""
    outside(told)
    told.on_the_way.append(Fault(op="new", answered=False))
    doubted(told, told.place())
    told.run(AFTER_S)


def lost_after_one_that_was_over(told: Scene) -> None:
    """Before the engine began, somebody's equal order had filled; ours is lost on its way."""
    told.die()
    outside(told, told.bench.NEAR)
    told.restart()
    told.on_the_way.append(Fault(op="new", arrives=False))
    qty = told.bench.ORDER.order_qty
    doubted(told, told.place(price=told.bench.NEAR, order_qty=qty))
    told.run(AFTER_S)


def lost_and_forgotten_after_one_that_was_over(told: Scene) -> None:
    """As above, and the process that knew of the other one dies."""
    lost_after_one_that_was_over(told)
    told.on_the_way.append(Fault(op="new", arrives=False))
    qty = told.bench.ORDER.order_qty
    doubted(told, told.place(price=told.bench.NEAR, order_qty=qty))
    told.restart()
    told.run(AFTER_S)


def lost_beside_an_equal_of_ours(told: Scene) -> None:
    """Two equal orders; the first rests, the second is lost on its way, and the process dies."""
    first = told.place()
    acknowledged(told, first)
    told.run(20.0)
    told.on_the_way.append(Fault(op="new", arrives=False))
    doubted(told, told.place())
    told.restart()
    told.run(AFTER_S)


def listed_late(told: Scene) -> None:
    """An order whose answer was lost rests, and the venue's lists show it much later."""
    told.simulator.switch(*HIDE[told.kind])
    told.on_the_way.append(Fault(op="new", answered=False))
    order_id = told.place()
    doubted(told, order_id)
    told.until(lambda: told.order(order_id).in_doubt is None, "what became of it")
    if not told.order(order_id).closed:
        told.cancel(order_id)
        over(told, order_id)


def listed_behind_the_fence(told: Scene) -> None:
    """The order filled at once, and neither it nor its trade is listed for half a minute; Cryptex."""
    for name in ("hide_orders", "delay_trades"):
        told.simulator.switch(name, 30_000)
    told.on_the_way.append(Fault(op="new", answered=False))
    order_id = told.take()
    doubted(told, order_id)
    over(told, order_id)


def killed_with_orders_waiting(told: Scene) -> None:
    """The kill switch is turned while orders wait for the rate limit."""
    price = told.bench.ORDER.price
    assert price is not None
    for step in range(4):
        told.place(price=price - step * told.bench.TICK)
    told.kill()
    told.run(AFTER_S)


def replaced_with_its_cancel_lost(told: Scene) -> None:
    """The cancel that is the first half of a replace never arrives."""
    order_id = told.place()
    acknowledged(told, order_id)
    told.on_the_way.append(Fault(op="cancel", arrives=False))
    price = told.bench.ORDER.price
    assert price is not None
    told.amend(order_id, price=price - told.bench.TICK)
    told.run(AFTER_S)


def filled_just_before_its_cancel(told: Scene) -> None:
    """Its last fill is listed two and a half seconds later; Bitexbit."""
    order_id = part_filled(told)
    told.run(10.0)
    told.simulator.switch("delay_trades", 2_500)
    step = {"order": told.order(order_id).secondary_order_id, "amount": "0.01"}
    told.simulator.switch("fill", step)
    told.cancel(order_id)
    over(told, order_id)


PROOFS: Final[Mapping[str, Proof]] = {
    "commit before send": Proof(accidents.died_before_commit, "btcturk"),
    "no second send after a restart": Proof(accidents.late_answer_after_restart, "btcturk"),
    "doubt after a restart": Proof(accidents.late_answer_after_restart, "btcturk"),
    "executions by their names": Proof(
        accidents.fills_seen_by_stream_and_poll, "bitexbit", streams=True, commit_s=0.2
    ),
    "nonces in the journal": Proof(accidents.nonce_rejected_after_restart, "cryptex"),
    "names are used once": Proof(accidents.desk_sends_twice, "andx"),
    "a replace waits for its cancel": Proof(replaced_with_its_cancel_lost, "btcturk"),
    "a lost order is in doubt": Proof(accidents.timeout_then_fill, "btcturk"),
    "a lost cancel is in doubt": Proof(accidents.cancel_lost_after_fill, "btcturk"),
    "no retry": Proof(accidents.timeout_then_fill, "andx"),
    "twin lock": Proof(accidents.two_equal_orders_in_doubt, "bitexbit"),
    "the fence": Proof(listed_late, "btcturk"),
    "what the account holds": Proof(listed_behind_the_fence, "cryptex"),
    "no choice between two": Proof(lost_beside_another, "bitexbit"),
    "claims": Proof(lost_beside_an_equal_of_ours, "bitexbit"),
    "high-water mark": Proof(lost_and_forgotten_after_one_that_was_over, "bitexbit"),
    "ids before the first order": Proof(lost_after_one_that_was_over, "bitexbit"),
    "fills before the end": Proof(filled_just_before_its_cancel, "bitexbit"),
    "late orders stay": Proof(accidents.order_behind_a_rate_limit, "bitexbit"),
    "kill switch at the door": Proof(killed_with_orders_waiting, "bitexbit"),
}
"""By guard; what is not here has a proof of another kind below."""


def play(proof: Proof) -> Verdict:
    """What comes of a proof's script, whatever it is that runs."""
    with scene(proof.kind, streams=proof.streams) as told:
        told.commit_s = proof.commit_s
        stuck = ""
        try:
            proof.script(told)
        except AssertionError as error:
            stuck = str(error)
        told.run(AFTER_S)
        verdict = told.verdict()
        if stuck:
            verdict.unresolved.append(stuck)
        if told.faults:
            verdict.broken += [f"a mistake of ours: {fault!r}" for fault in told.faults]
            told.faults.clear()
        return verdict


def two_owners() -> Verdict:
    """A second engine takes the store over, as where its lock is not kept; the first still writes."""
    status = RouteStatus(route="V", up=True, ready=True, text="")
    clock = ManualClock()
    record = Record(time=clock.now(), message=status, evidence=Evidence.POLICY, route="V")
    verdict = Verdict()
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'oms.db'}"
        former = Store.open(url, owner="former", now=clock.now())
        with mock.patch.object(Lock, "take", return_value=mock.Mock()):
            owner = Store.open(url, owner="owner", now=clock.now())
        try:
            former.commit(Changes(records=[(1, record)]))
            verdict.broken.append("a former owner has written to the journal")
        except StoreFenced:
            pass
        finally:
            owner.close()
            former.close()
    return verdict


def fill_told_after_a_query() -> Verdict:
    """Apifiny's session stalls, a query tells what has filled, and then the session does too."""
    with linked() as (route, link):
        order_id = route.take(route.bench.LEVEL * 2)
        link.until(lambda: route.order(order_id).acknowledged, "the acknowledgement")

        def row() -> dict[str, Any]:
            return at_venue(route, route.order(order_id))

        def named() -> int:
            return len(route.order(order_id).executions)

        route.spin(lambda: row()["status"] == "FILLED", "the fill")
        route.runner.link_moved(False, "stalled")
        route.runner.link_moved(True, "back")
        route.until(lambda: route.order(order_id).derived_qty > 0, "the fill to be booked")
        before = named()
        link.until(lambda: named() > before, "the session's own report")
        link.hear()
        link.until(
            lambda: not route.order(order_id).derived_qty or route.order(order_id).filled,
            "the session's other reports",
        )
        return compare([route.order(order_id)], [row()], ())


def fill_lost_with_the_session() -> Verdict:
    """Apifiny's session falls, the order fills, and the session is back."""
    with linked() as (route, link):
        order_id = route.take(route.bench.LEVEL * 2)
        link.until(lambda: bool(route.order(order_id).cum_qty), "the first fill")
        link.fall()
        route.spin(lambda: _there(route, order_id)["status"] == "FILLED", "the fill")
        link.rise(ask=False)
        route.until_ready()
        return compare([route.order(order_id)], _priceless(_there(route, order_id)), ())


def fill_lost_on_a_standing_session() -> Verdict:
    """One fill of several never comes, and it is known that something was lost."""
    with linked() as (route, link):
        order_id = route.take(route.bench.LEVEL * 30)
        link.until(lambda: bool(route.order(order_id).cum_qty), "the first fill")
        route.tap.switch("lose_fill", 1)
        before = Decimal(_there(route, order_id)["cum"])
        route.spin(lambda: Decimal(_there(route, order_id)["cum"]) > before, "a fill", link.hear)
        route.runner.link_tore()
        in_vain = route.clock.monotonic() + 3.0  # where nobody looks, nothing ends the wait

        def known() -> bool:
            agreed = route.order(order_id).cum_qty == Decimal(_there(route, order_id)["cum"])
            return agreed or route.clock.monotonic() > in_vain

        route.spin(known, "the fill that was lost", link.hear)
        route.cancel(order_id)
        link.until(lambda: route.order(order_id).closed, "the cancel")
        return compare([route.order(order_id)], _priceless(_there(route, order_id)), ())


def _there(route: OneRoute, order_id: str) -> dict[str, Any]:
    return at_venue(route, route.order(order_id))


def _priceless(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**row, "notional": None}]  # queries tell an average, rounded


def away_from_the_desk() -> Verdict:
    """Seeds in which a desk's session is away now and then."""
    failures = [text for seed in range(1, 5) for text in run(draw_fix(seed)).failures]
    return Verdict(lost=failures)


def _money(fault: Strike) -> Callable[[], Verdict]:
    """A withdrawal, and one thing that goes wrong with it."""
    move = Move(at_ms=4_000, route="andx", kind="WITHDRAWAL", amount="100")
    plan = Plan(seed=1, routes=("andx",), intents=(), faults=(fault,), moves=(move,))
    return lambda: Verdict(wrong=run(plan).failures)


_UNANSWERED: Final = Strike(kind=Kind.LOSE_ANSWER, route="andx", operation="move")
_DEADLY: Final = replace(_UNANSWERED, kind=Kind.KILL_ON_REQUEST, ms=500)

OTHERS: Final[Mapping[str, Callable[[], Verdict]]] = {
    "one owner": two_owners,
    "derived executions are explained": fill_told_after_a_query,
    "a session's loss is mended": fill_lost_with_the_session,
    "a torn session is mended": fill_lost_on_a_standing_session,
    "reports from the journal": away_from_the_desk,
    "lost money is in doubt": _money(_UNANSWERED),
    "money is moved once": _money(_UNANSWERED),
    "money over a restart": _money(_DEADLY),
}


def verdict_of(name: str, *, without: bool) -> Verdict:
    """What the guard's own accident comes to, with the guard or without."""
    removed: AbstractContextManager[Any] = GUARDS[name].without() if without else nullcontext()
    with removed:
        return OTHERS[name]() if name in OTHERS else play(PROOFS[name])


def noticed(kept: Verdict, removed: Verdict) -> list[str]:
    """What says that the guard is gone: losses, or doubts that had an end before."""
    if removed.score:
        return [line for line in removed.lines() if not line.startswith("unresolved")]
    return removed.lines() if len(removed.unresolved) > len(kept.unresolved) else []
