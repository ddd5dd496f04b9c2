"""The model of a FIX role does what the real one does: tells its Peer and its peer the same."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.fix_dialogues import DIALOGUES, Dialogue

WITHIN_S = 120.0


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    """What came of every dialogue, on the model and on quickfix."""
    program = [sys.executable, "-m", "tests.faults.fix_twins"]
    done = subprocess.run(  # noqa: S603  our own program
        program, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda one: one.name)
def test_the_model_is_as_quickfix_is(dialogue: Dialogue, shown: dict[str, Any]) -> None:
    """The same callbacks in the same order, the same words to the peer, the same numbers after."""
    both = shown[dialogue.name]
    assert both["model"] == both["real"]
    assert len(both["real"]) > 2, "something was told"
