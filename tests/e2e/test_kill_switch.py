"""The kill switch at a busy moment: the certificate equals the venues' ledgers."""

from pathlib import Path
from typing import Any

from tests.e2e.installation import Installation
from tests.e2e.kill_storm import compare, storm
from tests.fix.desk import Desk, order

ROW = {
    "venue": "ANDX",
    "venue_cl_ord_id": "7",
    "ord_status": "CANCELED",
    "cum_qty": "0.5",
    "in_doubt": False,
}
ENTRY = {"client_id": 7, "status": "CANCELED", "cum": "0.50"}


def test_a_kill_in_a_storm_is_proved_by_the_ledgers(tmp_path: Path) -> None:
    """Answers lost and late at both venues while orders pour in. Real processes: seconds."""
    told = storm(tmp_path, seed=7, orders=30, timeout_s=4)
    assert told.wrong == []
    assert told.exit_code in (0, 1, 4)
    assert sum(told.ends.values()) + told.in_doubt == told.orders > 0


def test_the_comparison_sees_every_kind_of_lie() -> None:
    """A storm proves nothing if nothing could be found wrong."""
    assert compare({"orders": [ROW]}, {"andx": [ENTRY]}) == []
    for row, entries in (
        (ROW, [{**ENTRY, "cum": "0.6"}]),
        (ROW, [{**ENTRY, "status": "OPEN"}]),
        (ROW, [{**ENTRY, "status": "FILLED"}]),
        ({**ROW, "in_doubt": True}, [{**ENTRY, "status": "OPEN"}]),
        (ROW, []),
        (ROW, [ENTRY, ENTRY]),
        (ROW, [ENTRY, {**ENTRY, "client_id": 8, "status": "OPEN"}]),
    ):
        assert len(compare({"orders": [row]}, {"andx": entries})) == 1, (row, entries)
    unsent = {**ROW, "ord_status": "REJECTED", "cum_qty": "0"}
    assert compare({"orders": [unsent]}, {"andx": []}) == []


ANDX = {100: "ANDX", 207: "", 55: "BTC/TRY", 38: "0.01", 44: "1000000.00"}


def _news(desk: Desk) -> dict[int, Any]:
    """The next News, past whatever reports come before it."""
    while (message := desk.expect("B", "8", what="a News"))[35] != "B":
        pass
    return message


def test_a_desk_kills_by_its_message_and_a_crash_changes_nothing(tmp_path: Path) -> None:
    """U1, News, cancels, the certificate; on again after `kill -9`; off by the same message."""
    there = Installation(tmp_path)
    config = there.config.read_text()
    assert "may_kill = false" in config
    there.config.write_text(config.replace("may_kill = false", "may_kill = true"))
    with there.simulators():
        there.start()
        desk = there.desk()
        try:
            desk.log_on()
            there.wait_ready()
            desk.send("D", *order("a1", ANDX))
            assert desk.expect("8")[150] == "0"
            desk.send("U1", (11, "k1"), (340, "1"))
            assert _news(desk)[148] == "KILL SWITCH ON at every venue"
            canceled = desk.expect("8")
            assert (canceled[11], canceled[39], canceled[58]) == ("a1", "4", "KILL SWITCH")
            done = _news(desk)
            assert done[148] == "KILL SWITCH DONE at every venue"
            desk.send("D", *order("a2", ANDX))
            assert desk.expect("8")[58] == "KILL SWITCH: ANDX takes no new orders"
            there.kill()
            desk.close()
            there.start()
            desk.log_on()
            there.wait_ready()
            assert there.get("/status")["kill"] == {"everywhere": True, "venues": []}
            desk.send("D", *order("a3", ANDX))
            assert desk.expect("8")[103] == "2"
            desk.send("U1", (11, "k1"), (340, "2"))
            refused = desk.expect("j")
            assert (refused[372], refused[379]) == ("U1", "k1")
            desk.send("U1", (11, "k2"), (340, "2"))
            assert _news(desk)[148] == "KILL SWITCH OFF at every venue"
            desk.send("D", *order("a4", ANDX))
            assert desk.expect("8")[150] == "0"
        finally:
            desk.close()
            there.kill()
