"""quickfix.cfg against oms.toml: every disagreement is told with its line and its remedy."""

from pathlib import Path

import pytest
import quickfix

from oms.core.errors import ConfigError
from oms.fixconfig import check_fix_config, dictionary_folders, parse_fix_config
from oms.settings import Settings, load_settings

GOOD = """\
# comment
[DEFAULT]
BeginString=FIX.4.2
# around the clock
NonStopSession=Y
DataDictionary=FIX42.xml

[SESSION]
ConnectionType=acceptor
SenderCompID=OMS
TargetCompID=DESK1
SocketAcceptPort=5201

[SESSION]
connectiontype = initiator
SenderCompID=STA-00000001
TargetCompID=APIFINY
SocketConnectHost=fix.example
SocketConnectPort=1443
HeartBtInt=30
"""

CONFIG = """
[api]
token = "t"
[[desks]]
comp_id = "DESK1"
secret = "s"
[venues.apifiny]
account_id = "STA-00000001"
api_key_id = "k"
api_secret_key = "x"
exchanges = ["BINANCE", "KUCOIN"]
"""


def _settings(folder: Path, config: str = CONFIG) -> Settings:
    (folder / "oms.toml").write_text(config)
    return load_settings(folder / "oms.toml", {})


def _faults(folder: Path, sessions: str, config: str = CONFIG) -> list[str]:
    """The lines of the refusal, each with the file's folder taken off."""
    (folder / "quickfix.cfg").write_text(sessions)
    with pytest.raises(ConfigError) as caught:
        check_fix_config(_settings(folder, config))
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def _check(folder: Path, sessions: str) -> None:
    (folder / "quickfix.cfg").write_text(sessions)
    check_fix_config(_settings(folder))


def test_sessions_inherit_what_they_do_not_say() -> None:
    desk, venue = parse_fix_config(GOOD, "quickfix.cfg")
    assert (desk.line, venue.line) == (8, 14)
    assert desk.text("BeginString") == venue.text("beginstring") == "FIX.4.2"
    assert (desk.text("SocketAcceptPort"), venue.text("SocketAcceptPort")) == ("5201", "")
    own = GOOD.replace("SocketAcceptPort", "DataDictionary=OWN.xml\nSocketAcceptPort")
    assert [s.text("DataDictionary") for s in parse_fix_config(own, "x")] == [
        "OWN.xml",
        "FIX42.xml",
    ]


def test_it_is_read_as_quickfix_reads_it(tmp_path: Path) -> None:
    """Same sessions, same values, whatever the case of keys and the spaces around them."""
    file = tmp_path / "quickfix.cfg"
    file.write_text(GOOD)
    theirs = quickfix.SessionSettings(str(file))
    ours = {s.text("TargetCompID"): s for s in parse_fix_config(GOOD, "x")}
    named = {one.getTargetCompID().getString(): theirs.get(one) for one in theirs.getSessions()}
    assert ours.keys() == named.keys()
    for name, session in ours.items():
        for key, value in session.values.items():
            assert named[name].getString(key) == value


def test_the_shipped_file_and_the_good_one_are_accepted(tmp_path: Path) -> None:
    _check(tmp_path, GOOD)
    _check(tmp_path, (Path(__file__).parents[2] / "quickfix.cfg").read_text())


def test_without_sessions_to_check_the_file_is_not_needed(tmp_path: Path) -> None:
    """A strategy that trades at REST venues alone needs no FIX."""
    check_fix_config(_settings(tmp_path, '[api]\ntoken = "t"\n'))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        check_fix_config(_settings(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}/oms.toml: fix.settings: cannot read {tmp_path}/quickfix.cfg: "
        "No such file or directory; `oms init` writes a quickfix.cfg to start from"
    )
    (tmp_path / "quickfix.cfg").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="it is not UTF-8 text"):
        check_fix_config(_settings(tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("[DEFAULT]", "[default]", "line 2: [default] must be written [DEFAULT]: quickfix reads "
         "section names in upper case only"),
        ("[DEFAULT]", "[SESION]", 'line 2: [SESION] is no section; did you mean "session"?'),
        ("# comment", "Key=1", "line 1: Key stands before any section; write [DEFAULT] above it"),
        ("# comment", "; comment", "line 1: is neither [SECTION] nor key=value nor # comment; put a "
         "# in front of comments"),
        ("# around the clock", "NONSTOPSESSION=Y", "line 5: NonStopSession is there twice in this section; keep one"),
        ("HeartBtInt=30", "HeartBtInt=30\n[DEFAULT]", "line 21: [DEFAULT] is there twice and quickfix "
         "reads only the first; join them"),
    ],
)  # fmt: skip
def test_what_quickfix_would_skip_is_told(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert _faults(tmp_path, GOOD.replace(old, new, 1)) == [f"quickfix.cfg: {line}"]


def test_lower_case_sections_are_explained(tmp_path: Path) -> None:
    """As a venue's own document prints them."""
    faults = _faults(tmp_path, GOOD.replace("[SESSION]", "[session]"))
    assert [fault.split(": ")[1] for fault in faults] == ["line 8", "line 14"]
    assert all("must be written [SESSION]" in fault for fault in faults)


def test_a_file_without_sessions_is_told(tmp_path: Path) -> None:
    assert _faults(tmp_path, "[DEFAULT]\n") == [
        "quickfix.cfg: has no [SESSION]; write one for each desk and venue connection"
    ]


_DESK = "[SESSION] at line 8: "
_VENUE = "[SESSION] at line 14: "


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("ConnectionType=acceptor", "ConnectionType=server", f"{_DESK}ConnectionType: must be "
         "acceptor (a desk) or initiator (a venue); write one"),
        ("FIX.4.2", "FIX.4.4", f"{_DESK}BeginString: must be FIX.4.2; write BeginString=FIX.4.2"),
        ("NonStopSession=Y", "", f"{_VENUE}NonStopSession: is missing, and quickfix begins a session "
         "with hours anew every day; write NonStopSession=Y"),
        ("# around the clock\nNonStopSession=Y", "StartTime=00:00:00\nEndTime=00:00:00", f"{_DESK}NonStopSession: is "
         "missing, and quickfix begins a session with hours anew every day; write NonStopSession=Y"),
        ("# around the clock\nNonStopSession=Y", "NonStopSession=Y\nStartTime=00:00:00", f"{_DESK}StartTime: contradicts "
         "NonStopSession=Y; remove it"),
        ("SocketAcceptPort=5201", "", f"{_DESK}SocketAcceptPort: must be a port from 1 to 65535; "
         "write SocketAcceptPort=<port>"),
        ("SocketConnectPort=1443", "SocketConnectPort=0", f"{_VENUE}SocketConnectPort: must be a port "
         "from 1 to 65535; write SocketConnectPort=<port>"),
        ("SocketConnectHost=fix.example", "", f"{_VENUE}SocketConnectHost: is missing; write "
         "SocketConnectHost=<the venue's host>"),
        ("HeartBtInt=30", "HeartBtInt=x", f"{_VENUE}HeartBtInt: must be seconds from 1 to 3600; "
         "write HeartBtInt=30"),
        ("SocketAcceptPort", "SessionQualifier=A\nSocketAcceptPort", f"{_DESK}SessionQualifier: is "
         "for initiators only; remove it"),
        ("DataDictionary=FIX42.xml", "", f"{_DESK}DataDictionary: is missing; write OMS42.xml for a "
         "desk, APIFINY42.xml for Apifiny, FIX42.xml for any other"),
        ("TargetCompID=DESK1", "TargetCompID=DESK2", "desk DESK1 has no session; add a [SESSION] with "
         "ConnectionType=acceptor, SenderCompID=OMS, TargetCompID=DESK1"),
        ("TargetCompID=DESK1", "TargetCompID=DESK2", f"{_DESK}TargetCompID: oms.toml has no such desk; "
         'add [[desks]] with comp_id = "DESK2", or remove the session'),
        ("SenderCompID=OMS", "SenderCompID=ME", f"{_DESK}SenderCompID: a desk session is ours; write "
         "SenderCompID=OMS"),
        ("SenderCompID=STA-00000001", "SenderCompID=STA-1", "route APIFINY has no session; add a "
         "[SESSION] with ConnectionType=initiator, SenderCompID=STA-00000001, TargetCompID=APIFINY"),
        ("SenderCompID=STA-00000001", "SenderCompID=STA-1", f"{_VENUE}SenderCompID: is no route's "
         "account_id or comp_id; correct it, or add a [venues.*] table for that account"),
        ("HeartBtInt=30", "HeartBtInt=30\nSessionQualifier=BINANCE", "exchange KUCOIN of route APIFINY "
         "has no session; add a [SESSION] with ConnectionType=initiator, SenderCompID=STA-00000001, "
         "and no SessionQualifier or SessionQualifier=KUCOIN"),
        ("HeartBtInt=30", "HeartBtInt=30\nSessionQualifier=OKEX", f"{_VENUE}SessionQualifier: route "
         "APIFINY has no such exchange; add it to exchanges, or use one of BINANCE, KUCOIN"),
        ("HeartBtInt=30", f"HeartBtInt=30\n{GOOD[GOOD.rindex('[SESSION]'):]}", "[SESSION] at line 21: "
         "SenderCompID, TargetCompID and SessionQualifier are those of line 14; remove one of the two"),
    ],
)  # fmt: skip
def test_a_disagreement_names_session_key_and_remedy(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    assert old in GOOD
    assert f"quickfix.cfg: {line}" in _faults(tmp_path, GOOD.replace(old, new, 1))


def test_a_co_located_exchange_has_a_session_of_its_own(tmp_path: Path) -> None:
    """A qualified session beside the general one, or one for each exchange."""
    venue = GOOD[GOOD.rindex("[SESSION]") :]
    _check(tmp_path, f"{GOOD}\n{venue}SessionQualifier=BINANCE\n")
    _check(tmp_path, f"{GOOD}SessionQualifier=KUCOIN\n{venue}SessionQualifier=BINANCE\n")


BROKER = """
[SESSION]
ConnectionType=initiator
SenderCompID=HOUSE
TargetCompID=BROKER
SocketConnectHost=fix.example
SocketConnectPort=1444
HeartBtInt=30
FileStorePath=var/fix
"""

ROUTE = """
[venues.one]
kind = "fix42"
comp_id = "HOUSE"
[venues.one.instruments."BTC/USD"]
tick = "0.01"
step = "1"
"""

_BROKER = "[SESSION] at line 22: "


def test_a_plain_counterparty_has_a_session(tmp_path: Path) -> None:
    """Named by our CompID there, and by the counterparty's where several are named so."""
    (tmp_path / "quickfix.cfg").write_text(GOOD + BROKER)
    check_fix_config(_settings(tmp_path, CONFIG + ROUTE))
    two = GOOD + BROKER + BROKER.replace("BROKER", "OTHER")
    both = ROUTE.replace('HOUSE"', 'HOUSE"\ntarget_comp_id = "BROKER"')
    both += ROUTE.replace('HOUSE"', 'HOUSE"\ntarget_comp_id = "OTHER"').replace("one", "two")
    (tmp_path / "quickfix.cfg").write_text(two)
    check_fix_config(_settings(tmp_path, CONFIG + both))
    hours = "NonStopSession=N\nStartTime=22:00:00\nEndTime=22:00:00"
    (tmp_path / "quickfix.cfg").write_text(
        GOOD + BROKER.replace("[SESSION]", f"[SESSION]\n{hours}")
    )
    check_fix_config(_settings(tmp_path, CONFIG + ROUTE))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("FileStorePath=var/fix", "", f"{_BROKER}FileStorePath: is missing; write FileStorePath=var/fix"),
        ("FileStorePath", "ResetOnLogon=Y\nFileStorePath", f"{_BROKER}ResetOnLogon: must not be Y: the "
         "reports of a lost connection are asked for by number"),
        ("FileStorePath", "PersistMessages=N\nFileStorePath", f"{_BROKER}PersistMessages: must be Y: "
         "what was sent has to be known again"),
        ("FileStorePath", "SessionQualifier=A\nFileStorePath", f"{_BROKER}SessionQualifier: is for "
         "Apifiny's exchanges; remove it"),
        ("SenderCompID=HOUSE", "SenderCompID=ME", "route ONE has 0 sessions and needs one; write a "
         "[SESSION] with ConnectionType=initiator, SenderCompID=HOUSE, TargetCompID=<its CompID>, and "
         "name both in the route where comp_id alone does not tell"),
    ],
)  # fmt: skip
def test_what_a_plain_counterparty_s_session_needs_is_told(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    assert old in BROKER
    faults = _faults(tmp_path, GOOD + BROKER.replace(old, new, 1), CONFIG + ROUTE)
    assert f"quickfix.cfg: {line}" in faults


def test_a_session_is_one_route_s(tmp_path: Path) -> None:
    faults = _faults(tmp_path, GOOD + BROKER, CONFIG + ROUTE + ROUTE.replace("one", "two"))
    assert faults == [
        f"quickfix.cfg: {_BROKER}SenderCompID: names 2 routes; a session is one route's"
    ]


def test_a_bare_dictionary_is_looked_for_in_spec_then_in_quickfix(tmp_path: Path) -> None:
    """A name with a folder is relative to quickfix.cfg."""
    ours, theirs = dictionary_folders()
    assert (ours / "OMS42.xml").is_file()
    assert (theirs / "FIX42.xml").is_file()
    faults = _faults(tmp_path, GOOD.replace("FIX42.xml", "GONE.xml"))
    assert faults[0] == (
        f"quickfix.cfg: {_DESK}DataDictionary: there is no GONE.xml in {ours} or {theirs}; "
        "correct the name"
    )
    own = GOOD.replace("FIX42.xml", "mine/OWN.xml")
    assert "there is no mine/OWN.xml in" in _faults(tmp_path, own)[0]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "OWN.xml").write_text("<fix/>")
    _check(tmp_path, own)
    _check(tmp_path, GOOD.replace("DataDictionary=FIX42.xml", "UseDataDictionary=N"))
