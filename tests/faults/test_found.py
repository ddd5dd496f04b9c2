"""Plans that once showed a defect, each kept as it was drawn.

cancel_of_a_leg_not_sent: a filled order was raised and then cancelled; the new leg did not leave, and
nothing answered the cancel, ever. clock_set_back: the machine's clock jumped ahead and was set right; every request was stamped with
the old time for as long. legs_named_alike: a derived fill of an order's first leg kept its second
leg from ever ending. whose_fill: an order was told canceled while a fill could have been its.
mark_of_a_later_order: with the clock set back over a restart, an order that was entered later gave
the mark below which a lost one was not looked for, and a filled order was told rejected.
clock_ahead_of_an_order: the clock jumped ahead by two minutes before an order was made; after a restart its
fills were held to be older than itself, and it was told canceled with nothing executed.
leg_filled_late, whose_late_fill: a fill was listed after the end of its order had been told; it was of what
the order was before it was replaced, or could have been another order's, and nobody doubted.
move_undone_by_another_clock: the machine's clock ran an hour ahead, and a transfer that the venue undid
was looked for in the hour to come. query_older_than_a_fill: the simulator answered a query without the
fill that its session told a moment later, dated before the answer; it was taken for a part of what the
query had told, and a replaced order traded more than it should.
"""

from pathlib import Path

import pytest

from tests.faults.plan import plan_of
from tests.faults.world import run

FOUND = sorted((Path(__file__).parent / "found").glob("*.json"))


@pytest.mark.parametrize("file", FOUND, ids=lambda file: file.stem)
def test_it_does_not_happen_again(file: Path) -> None:
    assert run(plan_of(file.read_text(encoding="utf-8"))).failures == []
