"""quickfix's session file, read as text and held against `oms.toml` before anything starts.

quickfix itself names neither line nor remedy, and skips what it does not understand: a section
name in lower case makes it say that there are no sessions at all.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.apifiny.settings import ApifinySettings
from adapters.fix42.settings import Fix42Settings
from oms.core.errors import ConfigError
from oms.core.values import frozen
from oms.settings import Settings
from oms.settings_problems import suggestion

OUR_COMP_ID: Final = "OMS"
"""The SenderCompID of every desk session."""
BEGIN_STRING: Final = "FIX.4.2"
_SECTIONS: Final = ("DEFAULT", "SESSION")
_RESETS: Final = ("ResetOnLogon", "ResetOnLogout", "ResetOnDisconnect")

FixRoute = ApifinySettings | Fix42Settings
"""A route whose orders go over a session of quickfix.cfg."""


@frozen
class FixSession:
    """One [SESSION] with what it inherits from [DEFAULT].

    `line` is the number of its heading. Keys are in upper case: quickfix ignores their case.
    """

    line: int
    values: Mapping[str, str]

    def text(self, key: str) -> str:
        """The value of `key`, empty when it is not set."""
        return self.values.get(key.upper(), "")


@dataclass(slots=True)
class _Section:
    name: str
    line: int
    values: dict[str, str] = field(default_factory=dict)


def dictionary_folders() -> tuple[Path, ...]:
    """Where bare dictionary names are looked up: our spec/, then what quickfix installs."""
    ours = Path(__file__).resolve().parent.parent / "spec"
    return ours, Path(sys.prefix) / "share" / "quickfix"


def parse_fix_config(text: str, name: str) -> tuple[FixSession, ...]:
    """The sessions of a quickfix settings file.

    `name` is the file, for messages. ConfigError has a line for each thing that quickfix would
    skip without a word.
    """
    sections: list[_Section] = []
    faults: list[str] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            sections.append(_Section(line[1:-1].strip(), number))
            fault = _heading_fault(sections)
        else:
            fault = _entry_fault(line, sections)
        if fault:
            faults.append(f"{name}: line {number}: {fault}")
    if not faults and not any(section.name == "SESSION" for section in sections):
        faults.append(f"{name}: has no [SESSION]; write one for each desk and venue connection")
    if faults:
        raise ConfigError("\n".join(faults))
    shared = next((s.values for s in sections if s.name == "DEFAULT"), {})
    return tuple(
        FixSession(s.line, {**shared, **s.values}) for s in sections if s.name == "SESSION"
    )


def _heading_fault(sections: Sequence[_Section]) -> str:
    """What is wrong with the last heading; empty when nothing is."""
    name = sections[-1].name
    if name in _SECTIONS:
        again = name == "DEFAULT" and any(s.name == name for s in sections[:-1])
        return "[DEFAULT] is there twice and quickfix reads only the first; join them" * again
    if name.upper() in _SECTIONS:
        return (
            f"[{name}] must be written [{name.upper()}]: "
            "quickfix reads section names in upper case only"
        )
    return f"[{name}] is no section; {suggestion(name, [s.lower() for s in _SECTIONS])}"


def _entry_fault(line: str, sections: Sequence[_Section]) -> str:
    """Store `key=value` in the last section; what is wrong with it, empty when nothing is."""
    key, equals, value = (part.strip() for part in line.partition("="))
    if not equals or not key:
        return "is neither [SECTION] nor key=value nor # comment; put a # in front of comments"
    if not sections:
        return f"{key} stands before any section; write [DEFAULT] above it"
    values = sections[-1].values
    if key.upper() in values:
        return f"{key} is there twice in this section; keep one"
    values[key.upper()] = value
    return ""


def check_fix_config(settings: Settings, folders: Iterable[Path] | None = None) -> None:
    """Hold `settings.fix.settings` against the desks and FIX routes of `settings`.

    `folders`: where bare dictionary names are looked up, `dictionary_folders()` when None.
    ConfigError with one line for each problem. Without desks and FIX routes the file is not read.
    """
    path = settings.fix.settings
    routes = {n: v for n, v in settings.venues.items() if isinstance(v, FixRoute)}
    if not settings.desks and not routes:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"{settings.path}: fix.settings: cannot read {path}: {reason}; "
            "`oms init` writes a quickfix.cfg to start from"
        ) from None
    sessions = parse_fix_config(text, str(path))
    places = (*(dictionary_folders() if folders is None else folders),)
    faults = [f"{path}: {fault}" for fault in _repeated(sessions)]
    for session in sessions:
        faults += [
            f"{path}: [SESSION] at line {session.line}: {fault}"
            for fault in [*_session_faults(session), *_dictionary_fault(session, path, places)]
        ]
    faults += [f"{path}: {fault}" for fault in _desk_faults(settings, sessions)]
    for name, route in routes.items():
        faults += [f"{path}: {fault}" for fault in _route_faults(name, route, sessions)]
    faults += [f"{path}: {fault}" for fault in _strangers([*routes.values()], sessions)]
    if faults:
        raise ConfigError("\n".join(faults))


def _repeated(sessions: Sequence[FixSession]) -> list[str]:
    """Sessions that quickfix could not tell apart."""
    seen: dict[tuple[str, ...], int] = {}
    faults: list[str] = []
    for session in sessions:
        keys = ("BeginString", "SenderCompID", "TargetCompID", "SessionQualifier")
        identity = tuple(session.text(key) for key in keys)
        if identity in seen:
            faults.append(
                f"[SESSION] at line {session.line}: SenderCompID, TargetCompID and "
                f"SessionQualifier are those of line {seen[identity]}; remove one of the two"
            )
        seen.setdefault(identity, session.line)
    return faults


_HOURS: Final = ("StartTime", "EndTime")


def _hours_faults(session: FixSession, kind: str) -> list[str]:
    """A session that quickfix would begin anew by the clock, or a setting it would refuse."""
    hours = [key for key in _HOURS if session.text(key)]
    if session.text("NonStopSession") == "Y":
        return [f"{key}: contradicts NonStopSession=Y; remove it" for key in hours]
    if kind == "initiator" and len(hours) == len(_HOURS):
        return []
    return [
        "NonStopSession: is missing, and quickfix begins a session with hours anew every day; "
        "write NonStopSession=Y"
    ]


def _session_faults(session: FixSession) -> list[str]:
    """What is wrong with the keys of one session, by itself."""
    kind = session.text("ConnectionType")
    if kind not in ("acceptor", "initiator"):
        return ["ConnectionType: must be acceptor (a desk) or initiator (a venue); write one"]
    faults = [
        f"{key}: is missing; write {key}={example}"
        for key, example in (
            ("SenderCompID", OUR_COMP_ID if kind == "acceptor" else "<our id there>"),
            ("TargetCompID", "<the desk>" if kind == "acceptor" else "APIFINY"),
        )
        if not session.text(key)
    ]
    faults += _hours_faults(session, kind)
    if session.text("BeginString") != BEGIN_STRING:
        faults.append(f"BeginString: must be {BEGIN_STRING}; write BeginString={BEGIN_STRING}")
    port = "SocketAcceptPort" if kind == "acceptor" else "SocketConnectPort"
    if not _whole(session.text(port), 65535):
        faults.append(f"{port}: must be a port from 1 to 65535; write {port}=<port>")
    if kind == "acceptor":
        if session.text("SessionQualifier"):
            faults.append("SessionQualifier: is for initiators only; remove it")
        return faults
    if not session.text("SocketConnectHost"):
        faults.append("SocketConnectHost: is missing; write SocketConnectHost=<the venue's host>")
    if not _whole(session.text("HeartBtInt"), 3600):
        faults.append("HeartBtInt: must be seconds from 1 to 3600; write HeartBtInt=30")
    return faults


def _whole(text: str, most: int) -> bool:
    """Whether `text` is a whole number from 1 to `most`."""
    return text.isascii() and text.isdigit() and 1 <= int(text) <= most


def _dictionary_fault(session: FixSession, path: Path, folders: Sequence[Path]) -> list[str]:
    """A dictionary that is not named or not there; nothing when validation is off."""
    if session.text("UseDataDictionary") == "N":
        return []
    name = session.text("DataDictionary")
    if not name:
        names = "OMS42.xml for a desk, APIFINY42.xml for Apifiny, FIX42.xml for any other"
        return [f"DataDictionary: is missing; write {names}"]
    bare = Path(name).name == name
    if any((folder / name).is_file() for folder in (folders if bare else (path.parent,))):
        return []
    where = " or ".join(str(folder) for folder in folders) if bare else str(path.parent)
    return [f"DataDictionary: there is no {name} in {where}; correct the name"]


def _desk_faults(settings: Settings, sessions: Sequence[FixSession]) -> list[str]:
    """Desks without an acceptor session, and acceptor sessions without a desk."""
    acceptors = [s for s in sessions if s.text("ConnectionType") == "acceptor"]
    answered = {s.text("TargetCompID") for s in acceptors if s.text("SenderCompID") == OUR_COMP_ID}
    desks = [desk.comp_id for desk in settings.desks]
    faults = [
        f"desk {name} has no session; add a [SESSION] with ConnectionType=acceptor, "
        f"SenderCompID={OUR_COMP_ID}, TargetCompID={name}"
        for name in desks
        if name not in answered
    ]
    for session in acceptors:
        where = f"[SESSION] at line {session.line}"
        desk = session.text("TargetCompID")
        if session.text("SenderCompID") not in ("", OUR_COMP_ID):
            faults.append(
                f"{where}: SenderCompID: a desk session is ours; write SenderCompID={OUR_COMP_ID}"
            )
        elif desk and desk not in desks:
            faults.append(
                f"{where}: TargetCompID: {settings.path.name} has no such desk; add [[desks]] with "
                f'comp_id = "{desk}", or remove the session'
            )
    return faults


def _owns(route: FixRoute, session: FixSession) -> bool:
    """Whether an initiator session is the route's."""
    if isinstance(route, ApifinySettings):
        return session.text("SenderCompID") == route.account_id
    same = route.target_comp_id in ("", session.text("TargetCompID"))
    return same and session.text("SenderCompID") == route.comp_id


def _route_faults(name: str, route: FixRoute, sessions: Sequence[FixSession]) -> list[str]:
    """What keeps a route from trading over its initiator sessions."""
    own = [s for s in sessions if s.text("ConnectionType") == "initiator" and _owns(route, s)]
    if isinstance(route, Fix42Settings):
        return _counterparty_faults(name, route, own)
    return _apifiny_faults(name, route, own)


def _counterparty_faults(name: str, route: Fix42Settings, own: Sequence[FixSession]) -> list[str]:
    """A plain counterparty's one session, whose numbers go on for ever."""
    if len(own) != 1:
        target = route.target_comp_id or "<its CompID>"
        return [
            f"route {name} has {len(own)} sessions and needs one; write a [SESSION] with "
            f"ConnectionType=initiator, SenderCompID={route.comp_id}, TargetCompID={target}, and "
            "name both in the route where comp_id alone does not tell"
        ]
    (session,) = own
    where = f"[SESSION] at line {session.line}"
    faults = [
        f"{where}: {key}: must not be Y: the reports of a lost connection are asked for by number"
        for key in _RESETS
        if session.text(key) == "Y"
    ]
    if not session.text("FileStorePath"):
        faults.append(f"{where}: FileStorePath: is missing; write FileStorePath=var/fix")
    if session.text("PersistMessages") == "N":
        faults.append(f"{where}: PersistMessages: must be Y: what was sent has to be known again")
    if session.text("SessionQualifier"):
        faults.append(f"{where}: SessionQualifier: is for Apifiny's exchanges; remove it")
    return faults


def _apifiny_faults(name: str, route: ApifinySettings, own: Sequence[FixSession]) -> list[str]:
    """Exchanges of an Apifiny route that no initiator session reaches."""
    add = f"add a [SESSION] with ConnectionType=initiator, SenderCompID={route.account_id}"
    if not own:
        return [f"route {name} has no session; {add}, TargetCompID=APIFINY"]
    qualifiers = {s.text("SessionQualifier").upper() for s in own}
    faults = [
        f"[SESSION] at line {s.line}: SessionQualifier: route {name} has no such exchange; "
        f"add it to exchanges, or use one of {', '.join(route.exchanges)}"
        for s in own
        if s.text("SessionQualifier").upper() not in ("", *route.exchanges)
    ]
    if "" not in qualifiers:
        faults += [
            f"exchange {exchange} of route {name} has no session; {add}, and no SessionQualifier "
            f"or SessionQualifier={exchange}"
            for exchange in route.exchanges
            if exchange not in qualifiers
        ]
    return faults


def _strangers(routes: Sequence[FixRoute], sessions: Sequence[FixSession]) -> list[str]:
    """Initiator sessions that belong to no route, or to several."""
    faults: list[str] = []
    for session in sessions:
        if session.text("ConnectionType") != "initiator" or not session.text("SenderCompID"):
            continue
        owners = sum(_owns(route, session) for route in routes)
        where = f"[SESSION] at line {session.line}: SenderCompID"
        if not owners:
            faults.append(
                f"{where}: is no route's account_id or comp_id; correct it, or add a [venues.*] "
                "table for that account"
            )
        elif owners > 1:
            faults.append(f"{where}: names {owners} routes; a session is one route's")
    return faults
