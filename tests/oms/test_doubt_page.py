"""docs/doubt.md says of each venue the fence that the engine decides by."""

from pathlib import Path

from oms.venue_table import table

PAGE = Path(__file__).parents[2] / "docs" / "doubt.md"


def test_the_page_names_each_venues_fence() -> None:
    lines = [line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    rows = [[cell.strip() for cell in line[2:-1]] for line in lines if len(line) > 3]
    venues, fences = rows[0], rows[2]
    told = {row["venue"]: row["fence"] for row in table() if row["fence"] != "SEQUENCE"}
    assert dict(zip(venues, fences, strict=True)) == told
