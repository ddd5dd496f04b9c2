"""The command that measures long journals, on a short one."""

from pathlib import Path

import pytest

from oms.store.queries import Reader
from tests.store import million


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some hundred records."""
    folder = tmp_path_factory.mktemp("million")
    told: list[str] = []
    million.write(folder / "oms.db", 400, told.append)
    assert told[-1].endswith(" records")
    return folder


def test_a_crowd_leaves_something_of_everything(folder: Path) -> None:
    """Fills, cancels, doubts that were settled, money; in as many records as were asked for."""
    with Reader.open(f"sqlite:///{folder / 'oms.db'}") as reader:
        counts = reader.counts()
        ends = {row["ord_status"] for row in reader.orders()}
        moves = reader.moves()
    assert counts["records"] >= 400
    assert ends == {"FILLED", "CANCELED"}
    assert (counts["open"], counts["quarantined"], counts["breaks"]) == (0, 0, 0)
    assert counts["fills"] > counts["orders"] > 50
    assert moves


def test_every_look_is_measured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process each, which ends well, with its time and its peak memory."""
    monkeypatch.setattr(million, "VERBS", million.VERBS[:1])
    (row,) = million.looks(folder)
    assert row.verb == "replay --verify"
    assert row.said.startswith(f"{row.records} records, 0 differences")
    assert row.peak_mb > 10
    assert row.seconds > 0
    assert len(million.table([row]).splitlines()) == 2


def test_a_look_that_fails_is_no_measurement(folder: Path) -> None:
    """The exit code counts."""
    with pytest.raises(RuntimeError, match="exit 2"):
        million.look(folder, 1, "replay", "--at", "yesterday")
