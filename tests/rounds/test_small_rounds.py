"""A small version of the rounds: one batch of real processes, killed and restarted.

`python -m tests.rounds` is the whole; docs/rounds.md has its figures.
"""

import json
from pathlib import Path

from tests.rounds.__main__ import SPEED, document, play, table


def test_two_rounds_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Half a minute: simulators, proxy and engine are processes that have to start."""
    told = play(2, 2, 7, SPEED, tmp_path)
    assert told.verdict.faults == []
    assert told.kills >= told.rounds == 2
    assert told.verdict.at_venues > 0, "something must have been at stake"
    row = document(told, 7, SPEED, 1.0)
    assert json.loads(json.dumps(row))["lost_fills"] == 0
    assert "| **lost fills**; fills booked twice | **0**; 0 |" in table(row)
