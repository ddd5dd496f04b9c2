"""Money moved at random in a trading day: asked for, sent, lost, found, settled, contradicted."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Final

from oms.core.funding import Moved, Transfer, TransferKind
from oms.core.notes import (
    MoveState,
    TransferAsked,
    TransferMoved,
    TransferOutcome,
    TransferSettled,
)
from oms.core.ports import Evidence

if TYPE_CHECKING:
    from tests.store.trading_day import Firm

WITHDRAWAL: Final = Transfer(
    transfer_id="",
    kind=TransferKind.WITHDRAWAL,
    route="ANDX",
    asset="BTC",
    amount=Decimal("1E+2"),
    address="bc1q-of-the-tests",
    memo="m",
    network="BTC",
)
COUPON: Final = replace(
    WITHDRAWAL,
    kind=TransferKind.COUPON_CREATE,
    amount=Decimal("0.10"),
    address="",
    memo="",
    network="",
    recipient="bob",
)
REDEMPTION: Final = Transfer(
    transfer_id="", kind=TransferKind.COUPON_REDEEM, route="ANDX", code="CODE-IN"
)


def ask(firm: "Firm", transfer: Transfer) -> str:
    """The operator wants it; what it is called."""
    firm.orders += 1
    firm.operator(TransferAsked(transfer=transfer, cl_ord_id=f"M-{firm.orders}"))
    return f"T{firm.book.moves.last_number}"


def tell(firm: "Firm", name: str, moved: Moved, *, listed: bool = False) -> None:
    """The venue's word on it."""
    evidence = Evidence.VENUE_QUERY if listed else Evidence.VENUE_MESSAGE
    firm.post("ANDX", TransferMoved(transfer_id=name, moved=moved), evidence)


def lose(firm: "Firm", name: str) -> None:
    """Nobody knows what became of it."""
    note = TransferOutcome(transfer_id=name, state=MoveState.IN_DOUBT, text="no answer in 5 s")
    firm.post("ANDX", note, Evidence.POLICY)


def settle(firm: "Firm", name: str, done: bool = True) -> None:
    """A person says."""
    firm.operator(TransferSettled(transfer_id=name, done=done, by="ann", text="asked the venue"))


def move_money(firm: "Firm", rng: Random) -> None:
    """Ask for a transfer, or let something become of one that there is."""
    last = firm.book.moves.last_number
    if not last or rng.random() < 0.3:
        wanted = rng.choice((WITHDRAWAL, COUPON, REDEMPTION))
        if wanted.amount is not None:
            wanted = replace(wanted, amount=Decimal(rng.randint(0, 10**6)) / 100)
        ask(firm, wanted)
        return
    name = f"T{rng.randint(1, last)}"
    word = Moved(
        status=rng.choice(("", "SUBMITTED", "COMPLETED")),
        done=rng.random() < 0.5,
        reference=rng.choice(("", "", f"log-{name}")),
        fee=rng.choice((None, Decimal("0.0005"))),
        code=rng.choice(("", "", f"CODE-{name}")),
        raw="{}",
    )
    news: list[Callable[[], object]] = [
        lambda: tell(firm, name, word),
        lambda: tell(firm, name, word, listed=True),
        lambda: tell(firm, name, replace(word, done=False, refused=True)),
        lambda: lose(firm, name),
        lambda: settle(firm, name, rng.random() < 0.5),
        lambda: firm.post(
            "ANDX",
            TransferOutcome(transfer_id=name, state=MoveState.REFUSED, text="not enough"),
            Evidence.VENUE_MESSAGE,
        ),
    ]
    rng.choice(news)()
