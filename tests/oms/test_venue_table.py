"""docs/venues.md says what the capabilities say."""

from adapters import VENUES
from oms.core.venue import Emulation
from oms.venue_table import table
from tools import venues


def test_the_page_is_the_capabilities() -> None:
    """Stale: run `python -m tools.venues`."""
    assert venues.PAGE.read_text(encoding="utf-8") == venues.render()


def test_every_venue_has_its_column_and_a_rate_limit() -> None:
    rows = table()
    assert [row["venue"] for row in rows] == [kind.upper() for kind in VENUES]
    for row in rows:
        assert row["limits"], row["venue"]
        assert f"| {row['venue']} " in venues.render()


def test_what_a_venue_does_itself_is_not_emulated() -> None:
    names = {"IOC", "FOK", "GTD"}
    for row in table():
        assert not {name.lower() for name in names & set(row["time_in_force"])} & set(
            row["emulations"]
        )
        assert set(row["emulations"]) <= {emulation.value.lower() for emulation in Emulation}
        assert ("replace" in row["emulations"]) != row["replace"]
