"""quickfix.cfg, as shipped: quickfix reads it, and it keeps the promises its comments make."""

from pathlib import Path

import pytest
import quickfix

from tools import dialects

FILE = dialects.ROOT / "quickfix.cfg"
DESK = "FIX.4.2:OMS->DESK1"
VENUE = "FIX.4.2:STA-00000001->APIFINY"

# Kept for good: what `get` returns is borrowed from it.
SETTINGS = quickfix.SessionSettings(str(FILE))


def _sessions() -> dict[str, quickfix.Dictionary]:
    return {one.toString(): SETTINGS.get(one) for one in SETTINGS.getSessions()}


def test_it_holds_one_desk_and_one_venue() -> None:
    kinds = {name: one.getString("ConnectionType") for name, one in _sessions().items()}
    assert kinds == {DESK: "acceptor", VENUE: "initiator"}


@pytest.mark.parametrize("name", [DESK, VENUE])
def test_a_session_never_ends_by_the_clock_and_sends_at_once(name: str) -> None:
    session = _sessions()[name]
    assert session.getBool("NonStopSession")
    assert not session.has("StartTime")
    assert not session.has("EndTime")
    assert session.getBool("SocketNodelay")
    assert session.getBool("UseDataDictionary")


def test_the_venues_session_starts_anew_and_keeps_nothing() -> None:
    session = _sessions()[VENUE]
    assert session.getBool("ResetOnLogon")
    assert session.getBool("ResetOnLogout")
    assert session.getBool("ResetOnDisconnect")
    assert not session.getBool("PersistMessages")
    assert not session.has("FileStorePath")
    assert session.getInt("HeartBtInt") == 30


def test_the_desks_session_goes_on_and_keeps_its_reports() -> None:
    session = _sessions()[DESK]
    assert not session.getBool("ResetOnLogon")
    assert session.getBool("PersistMessages")
    assert session.getString("FileStorePath") == "var/fix"


@pytest.mark.parametrize("name", [DESK, VENUE])
def test_a_dictionary_is_a_bare_name_of_spec(name: str) -> None:
    dictionary = Path(_sessions()[name].getString("DataDictionary"))
    assert dictionary.name == str(dictionary)
    assert (dialects.ROOT / "spec" / dictionary).is_file()
