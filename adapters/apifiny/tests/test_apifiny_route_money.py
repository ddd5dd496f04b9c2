"""Money at an Apifiny route: sent once, and what became of it told by the venue's list."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from adapters.apifiny.tests.apifiny_link import linked
from oms.core.book import OPERATOR
from oms.core.funding import Transfer, TransferKind
from oms.core.notes import MoveState, TransferAsked, TransferEntered, TransferOutcome
from oms.core.ports import Evidence, Inbound, Record, ToTreasury
from tests.adapters.one_route import OneRoute

OUT: Final = Transfer(
    transfer_id="",
    kind=TransferKind.WITHDRAWAL,
    route="APIFINY",
    asset="BTC",
    amount=Decimal("1.5"),
    address="3Nx",
    security_exchange="BINANCE",
)
OVER: Final = replace(
    OUT, kind=TransferKind.TRANSFER, address="", asset="USDT", to_exchange="COINBASEPRO"
)


@pytest.fixture
def route() -> Iterator[OneRoute]:
    """A route whose link is up."""
    with linked() as (found, _):
        yield found


def at_venue(route: OneRoute) -> list[dict[str, Any]]:
    """What has left an exchange, as the venue knows it."""
    rows: Any = route.there.do(route.tap.ledger)["transfers"]
    return [row for row in rows if not row["incoming"]]


def entries(route: OneRoute) -> list[Record]:
    """What was entered."""
    return [record for record in route.records if isinstance(record.message, TransferEntered)]


def move(route: OneRoute, transfer: Transfer = OUT) -> str:
    """Ask for it, and have it sent; its id."""
    told = len(entries(route))
    asked = TransferAsked(transfer=transfer, cl_ord_id=f"t{told}")
    route.inbox.put(Inbound(source=OPERATOR, message=asked, evidence=Evidence.OPERATOR))
    route.until(lambda: entries(route)[told:] != [], "the entry")
    (entry,) = entries(route)[told:]
    (outbound,) = entry.outbound
    assert isinstance(outbound, ToTreasury)
    route.runner.move(outbound)
    return outbound.transfer_id


def state(route: OneRoute, transfer_id: str) -> MoveState:
    """What is known of it."""
    found = route.book.moves.get(transfer_id)
    assert found is not None
    return found.state


def until(route: OneRoute, transfer_id: str, wanted: MoveState) -> None:
    """Wait until that is known of it."""
    route.spin(lambda: state(route, transfer_id) is wanted, f"{transfer_id} to be {wanted}")


def posts(route: OneRoute) -> int:
    """How often money was asked to move."""
    return route.tap.count("POST", "/asset/")


@pytest.mark.parametrize("transfer", [OUT, OVER])
def test_what_is_taken_is_followed_to_its_end(route: OneRoute, transfer: Transfer) -> None:
    transfer_id = move(route, transfer)
    until(route, transfer_id, MoveState.DONE)
    (row,) = at_venue(route)
    found = route.book.moves.get(transfer_id)
    assert found is not None
    assert (found.reference, found.amount) == (row["transfer_id"], transfer.amount)
    assert found.fee == Decimal(row["fee"])
    assert posts(route) == 1


@pytest.mark.parametrize("transfer", [OUT, OVER])
def test_a_lost_answer_is_doubt_until_the_list_shows_it(
    route: OneRoute, transfer: Transfer
) -> None:
    route.there.do(lambda: route.tap.switch("lose_reply", 1))
    transfer_id = move(route, transfer)
    until(route, transfer_id, MoveState.DONE)
    states = [r.message.state for r in route.records if isinstance(r.message, TransferOutcome)]
    assert states == [MoveState.IN_DOUBT]
    assert posts(route) == len(at_venue(route)) == 1


def test_a_lost_request_stays_in_doubt_and_is_not_sent_again(route: OneRoute) -> None:
    route.there.do(lambda: route.tap.switch("lose_request", 1))
    transfer_id = move(route)
    until(route, transfer_id, MoveState.IN_DOUBT)
    lists = route.tap.count("GET", "queryAssetActivityList")
    route.until_asked("GET", "queryAssetActivityList", lists + 3)
    assert state(route, transfer_id) is MoveState.IN_DOUBT
    assert (posts(route), at_venue(route)) == (1, [])


def test_an_earlier_one_that_looks_the_same_is_no_evidence(route: OneRoute) -> None:
    first = move(route)
    until(route, first, MoveState.DONE)
    route.there.do(lambda: route.tap.switch("lose_request", 1))
    second = move(route)
    until(route, second, MoveState.IN_DOUBT)
    lists = route.tap.count("GET", "queryAssetActivityList")
    route.until_asked("GET", "queryAssetActivityList", lists + 3)
    assert state(route, second) is MoveState.IN_DOUBT


def test_a_refusal_of_the_venue_is_one(route: OneRoute) -> None:
    transfer_id = move(route, replace(OUT, amount=Decimal(5_000)))
    until(route, transfer_id, MoveState.REFUSED)
    assert at_venue(route) == []


def test_a_move_that_the_venue_cancels_is_over_without_effect(route: OneRoute) -> None:
    route.there.do(lambda: route.tap.switch("cancel_move", 1))
    transfer_id = move(route)
    until(route, transfer_id, MoveState.REFUSED)
    assert [row["status"] for row in at_venue(route)] == ["CANCELLED"]


def test_no_ticket_and_no_secret_is_kept(route: OneRoute) -> None:
    transfer_id = move(route)
    until(route, transfer_id, MoveState.DONE)
    (ticket,) = [a for a in route.tap.asked if a.path.endswith("/withdraw")]
    text = json.loads(ticket.body)["ticket"]
    kept = route.raw_texts()
    assert transfer_id in kept
    for secret in (text, *list(route.bench.CREDENTIALS.values())[1:]):
        assert secret not in kept
