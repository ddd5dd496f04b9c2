"""docs/accidents.md names the tests that there are, and every guard."""

import re

from tests.faults.guards import GUARDS
from tests.house.tree import texts

PAGE = "docs/accidents.md"
FILES = ("tests/faults/test_accidents.py", "tests/faults/test_accidents_fix.py")


def test_the_page_names_every_accident_and_nothing_else() -> None:
    defined = {
        name
        for file in FILES
        for name in re.findall(r"^def (test_\w+)", texts()[file], re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", texts()[PAGE]))
    assert named == defined


def test_the_page_has_a_row_for_every_guard() -> None:
    rows = [line for line in texts()[PAGE].splitlines() if line.startswith("| ")]
    for name, guard in GUARDS.items():
        where = ", ".join(f"`{one}`" for one in guard.where.split(", "))
        assert f"| {name} | {where} | {guard.cost} |" in rows
