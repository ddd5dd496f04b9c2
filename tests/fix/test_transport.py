"""quickfix.cfg: what is read from it, and what is wrong with it."""

import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from fix.acceptor import Acceptor, DeskLogin
from fix.initiator import Initiator, VenueLogin
from fix.sockets import limit_stalling, reserve_port
from fix.transport import Kind, quickfix_text, read_sessions
from oms.clock import SystemClock
from oms.core.book import Book
from oms.core.errors import ConfigError
from oms.core.ports import Inbound
from tests.fix.office import session, write_settings
from tools import dialects

SHIPPED = dialects.ROOT / "quickfix.cfg"
LOGIN = DeskLogin(secret="a desk's secret, as long as it must be")  # noqa: S106  a test's own
VENUE = "[SESSION]\nConnectionType=initiator\nSenderCompID=STA-1\nTargetCompID=APIFINY\n"


def _post(inbound: Inbound) -> None:
    raise AssertionError(f"nothing is posted here: {inbound}")


def _acceptor(settings: Path, desks: Mapping[str, DeskLogin]) -> Acceptor:
    overrides = {"SocketAcceptPort": "0"}
    nothing = lambda origin, since: ()  # noqa: E731
    return Acceptor(settings, desks, _post, nothing, {}, {}, SystemClock(), overrides=overrides)


def _initiator(settings: Path, account_id: str) -> Initiator:
    login = VenueLogin(account_id=account_id, api_key_id="k", api_secret_key="s" * 32)
    book, clock = Book(), SystemClock()
    return Initiator(settings, "APIFINY", login, _post, book, lambda up, text: None, clock)


def test_the_shipped_file_has_a_desk_and_a_venue() -> None:
    (desk,) = read_sessions(SHIPPED, Kind.ACCEPTOR)
    (venue,) = read_sessions(SHIPPED, Kind.INITIATOR)
    assert (desk.name, desk.target) == ("FIX.4.2:OMS->DESK1", "DESK1")
    assert (venue.name, venue.sender) == ("FIX.4.2:STA-00000001->APIFINY", "STA-00000001")
    assert desk.settings["BEGINSTRING"] == "FIX.4.2", "taken from [DEFAULT]"


def test_paths_start_at_the_files_folder_and_dictionaries_at_ours(tmp_path: Path) -> None:
    stock = session("DESK2").replace("OMS42.xml", "FIX42.xml")
    settings = write_settings(tmp_path, session("DESK1"), stock)
    first, second = read_sessions(settings, Kind.ACCEPTOR)
    assert first.settings["FILESTOREPATH"] == str(tmp_path / "var" / "fix")
    assert first.settings["DATADICTIONARY"] == str(dialects.ROOT / "spec" / "OMS42.xml")
    quickfix_own = Path(sysconfig.get_path("data")) / "share" / "quickfix" / "FIX42.xml"
    assert second.settings["DATADICTIONARY"] == str(quickfix_own)


def test_an_override_wins_over_the_file(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, session("DESK1"))
    (desk,) = read_sessions(settings, Kind.ACCEPTOR, {"socketacceptport": "7"})
    assert desk.settings["SOCKETACCEPTPORT"] == "7"
    assert "SOCKETACCEPTPORT=7\n" in quickfix_text([desk])
    assert "SocketNodelay=Y" in quickfix_text([]), "an initiator reads it in [DEFAULT] alone"


def test_a_venues_session_is_not_strict_unless_the_file_says_so(tmp_path: Path) -> None:
    """A report that we reject is a fill that we lose."""
    more = f"{VENUE}DataDictionary=APIFINY42.xml\n"
    settings = write_settings(
        tmp_path, more, f"{more}SessionQualifier=B\nAllowUnknownMsgFields=N\n"
    )
    lenient, strict = read_sessions(settings, Kind.INITIATOR)
    assert lenient.settings["ALLOWUNKNOWNMSGFIELDS"] == "Y"
    assert strict.settings["ALLOWUNKNOWNMSGFIELDS"] == "N"
    assert strict.name == "FIX.4.2:STA-1->APIFINY:B"


def test_a_session_may_do_without_a_dictionary(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, f"{VENUE}UseDataDictionary=N\n")
    assert "DATADICTIONARY" not in read_sessions(settings, Kind.INITIATOR)[0].settings


WRONG = {
    "lower case": ("[session]\n", r"quickfix.cfg:10: \[session\]: sections are"),
    "no section": ("x=1\n", "desk D has no acceptor"),
    "not a setting": ("[SESSION]\nConnectionType\n", "quickfix.cfg:11: Key=Value"),
    "no sender": ("[SESSION]\nConnectionType=acceptor\nTargetCompID=D\n", "no SENDERCOMPID"),
    "no dictionary": (session("D").replace("DataDictionary=OMS42.xml\n", ""), "no DataDictionary"),
    "no such dictionary": (session("D").replace("OMS42", "OMS99"), "OMS99.xml of FIX.4.2:OMS->D"),
    "twice": (session("D") * 2, "session FIX.4.2:OMS->D is there twice"),
    "no store": (session("D").replace("FileStorePath=var/fix\n", ""), "no FileStorePath"),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_the_file_is_said(tmp_path: Path, text: str, words: str) -> None:
    settings = write_settings(tmp_path, text)
    with pytest.raises(ConfigError, match=words):
        _acceptor(settings, {"D": LOGIN})


def test_a_line_before_the_first_section_is_wrong(tmp_path: Path) -> None:
    settings = tmp_path / "quickfix.cfg"
    settings.write_text("# a comment\nSocketAcceptPort=1\n")
    with pytest.raises(ConfigError, match=r"quickfix.cfg:2: Key=Value in a section"):
        read_sessions(settings, Kind.ACCEPTOR)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.cfg: cannot be read"):
        read_sessions(tmp_path / "none.cfg", Kind.ACCEPTOR)


def test_an_acceptor_needs_a_session(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no acceptor \[SESSION\]"):
        _acceptor(write_settings(tmp_path), {})


def test_sessions_and_desks_must_agree(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, session("DESK1"))
    with pytest.raises(ConfigError, match=r"DESK1 has no \[\[desks\]\] entry"):
        _acceptor(settings, {})
    with pytest.raises(ConfigError, match=r"desk DESK2 has no acceptor \[SESSION\]"):
        _acceptor(settings, {"DESK1": LOGIN, "DESK2": LOGIN})


def test_all_desks_share_one_port(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, session("D1"), session("D2", "SocketAcceptPort=9"))
    with pytest.raises(ConfigError, match="one SocketAcceptPort"):
        Acceptor(
            settings, {"D1": LOGIN, "D2": LOGIN}, _post, lambda o, s: (), {}, {}, SystemClock()
        )


def test_an_account_without_a_session_is_said(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, f"{VENUE}DataDictionary=APIFINY42.xml\n")
    with pytest.raises(ConfigError, match="SenderCompID=STA-2"):
        _initiator(settings, "STA-2")


def test_an_initiator_answers_no_queries(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, f"{VENUE}DataDictionary=APIFINY42.xml\n")
    initiator = _initiator(settings, "STA-1")
    assert not initiator.up
    assert "not offered" in str(initiator.ask("balances").exception(timeout=1))


def test_secrets_are_in_no_repr() -> None:
    login = VenueLogin(account_id="a", api_key_id="k", api_secret_key="hidden")  # noqa: S106
    assert "hidden" not in repr(login)
    assert "as long as" not in repr(LOGIN)


def test_a_reserved_port_is_held_until_it_is_let_go() -> None:
    """The holder does not listen, so quickfix can."""
    port, holder = reserve_port()
    with holder:
        assert holder.getsockname()[1] == port > 0
        assert limit_stalling(port, 1.0) == 1
    assert limit_stalling(port, 1.0) == 0
