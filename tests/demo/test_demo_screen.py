"""What is shown: a live table on a terminal, lines elsewhere, and the same summary on both."""

import io
from typing import Any

from rich.console import Console

from oms.demo.ledger import Mismatch
from oms.demo.outcome import Compared, Outcome, count_by_venue
from oms.demo.screen import Screen

ROUTES = ("APIFINY", "ANDX")


def _row(number: int, status: str, cum: str, **more: Any) -> dict[str, Any]:
    return {
        "order_id": f"{number:010d}",
        "cl_ord_id": f"D{number:05d}",
        "origin": "DESK1",
        "venue": "ANDX",
        "exchange": "",
        "symbol": "BTC/TRY",
        "side": "BUY",
        "price": "1200000",
        "order_qty": "0.5",
        "leaves_qty": "0.3",
        "ord_status": status,
        "cum_qty": cum,
        "in_doubt": False,
        "text": "",
        "updated": f"2026-01-31T12:00:00.{number:06d}Z",
        **more,
    }


ROWS = [
    _row(1, "PARTIALLY_FILLED", "0.2"),
    _row(2, "REJECTED", "0", text="unknown symbol", price=None),
    _row(3, "NEW", "0", in_doubt=True),
]


def _shown(*, terminal: bool, times: int = 1, width: int = 160, height: int = 60) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=width, height=height)
    with Screen(console, ROUTES, 9) as screen:
        for _ in range(times):
            screen.show(ROWS, 1.5)
    return file.getvalue()


def test_without_a_terminal_counts_and_events_are_plain_lines() -> None:
    text = _shown(terminal=False)
    first, *events = text.splitlines()
    assert "1.5 s  3/9" in first
    assert "ANDX 1 working 0 filled 0 canceled 1 rejected 1 in doubt" in first
    assert [event.strip() for event in events] == [
        "ANDX D00001 BUY BTC/TRY PARTIALLY_FILLED 0.2/0.5",
        "ANDX D00002 BUY BTC/TRY REJECTED 0/0.5 unknown symbol",
        "ANDX D00003 BUY BTC/TRY NEW 0/0.5",
    ]
    assert "\x1b" not in text


def test_an_event_is_told_once() -> None:
    assert _shown(terminal=False, times=2).count("D00002") == 1


def test_on_a_terminal_a_table_lives_and_leaves_nothing_behind() -> None:
    text = _shown(terminal=True)
    for word in ("cum/leaves", "0.2/0.3", "IN DOUBT", "market", "3 of 9 orders"):
        assert word in text
    assert text.rstrip().endswith("\x1b[2K")


def test_a_small_terminal_is_shown_less_and_nothing_is_cut() -> None:
    """The orders that moved last, without their prices."""
    text = _shown(terminal=True, width=80, height=21)
    for word in ("D00003", "APIFINY", "cum/leaves", "IN DOUBT"):
        assert word in text
    assert "D00001  ANDX" not in text
    assert "1200000" not in text
    assert "…" not in text


def _summary(**more: Any) -> str:
    given: dict[str, Any] = {
        "orders": 3,
        "fills": 1,
        "requests": 4,
        "by_venue": count_by_venue(ROUTES, ROWS[:2]),
        "mismatches": [],
        "unexpected": [],
        "told": {"DESK1": {"reports": 12, "faults": []}},
        "elapsed_s": 2.0,
        **more,
    }
    file = io.StringIO()
    screen = Screen(Console(file=file, width=160), ROUTES, 9)
    screen.summarise(Outcome(**given), "/somewhere")
    return file.getvalue()


def test_the_summary_says_what_was_compared_and_where_the_files_are() -> None:
    text = _summary()
    assert "3 orders, 1 fills, 4 requests in 2.0 s" in text
    assert "mismatches between the books and the venues' ledgers: none" in text
    assert "DESK1 was told 12 reports, each once and in order" in text
    assert "secrets found in files: none" in text
    assert "/somewhere" in text
    assert "NOT AS IT SHOULD BE" not in text


def test_the_summary_lists_everything_that_is_wrong() -> None:
    text = _summary(
        compared=[
            Compared(venue="ANDX", orders=3, fills=1, fees=0, balances=4),
            Compared(venue="APIFINY", orders=2, fills=2, fees=2, balances=6),
        ],
        mismatches=[Mismatch("ANDX", "order 1 cum_qty", "1", "2")],
        told={"DESK1": {"reports": 12, "faults": ["ExecID 5 was told twice"]}},
        secrets_found=["oms.db: secret 1"],
    )
    assert "ANDX: books and ledger: 3 orders, 1 fills, fees not told, 4 balances: 1 MISM" in text
    assert "APIFINY: books and ledger: 2 orders, 2 fills, 2 fees, 6 balances: agree" in text
    assert "NOT AS IT SHOULD BE: ANDX: order 1 cum_qty: books 1, ledger 2" in text
    assert "DESK1 was told 12 reports, WRONG" in text
    assert "NOT AS IT SHOULD BE: DESK1: ExecID 5 was told twice" in text
    assert "secrets found in files: oms.db: secret 1" in text
