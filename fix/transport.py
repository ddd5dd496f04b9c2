"""quickfix.cfg: which sessions there are, how they connect, where their dictionaries are."""

import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from oms.core.errors import ConfigError

_SPEC: Final = Path(__file__).resolve().parent.parent / "spec"
_STOCK: Final = Path(sysconfig.get_path("data")) / "share" / "quickfix"

_LENIENT: Final[Mapping[str, str]] = {
    "VALIDATEFIELDSOUTOFORDER": "N",
    "VALIDATEFIELDSHAVEVALUES": "N",
    "VALIDATEUSERDEFINEDFIELDS": "N",
    "ALLOWUNKNOWNMSGFIELDS": "Y",
    "CHECKLATENCY": "N",
}
"""For a venue's sessions: a report that we reject at the session level is a fill that we lose."""


class Kind(StrEnum):
    """Which side connects (quickfix's ConnectionType)."""

    ACCEPTOR = "acceptor"
    INITIATOR = "initiator"


@dataclass(frozen=True)
class SessionConfig:
    """One [SESSION], with what it takes from [DEFAULT]; the keys in upper case."""

    settings: Mapping[str, str]

    @property
    def kind(self) -> str:
        """ConnectionType."""
        return self.settings.get("CONNECTIONTYPE", "")

    @property
    def begin_string(self) -> str:
        """BeginString (8)."""
        return self.settings["BEGINSTRING"]

    @property
    def sender(self) -> str:
        """Our CompID."""
        return self.settings["SENDERCOMPID"]

    @property
    def target(self) -> str:
        """The counterparty's CompID."""
        return self.settings["TARGETCOMPID"]

    @property
    def qualifier(self) -> str:
        """What tells sessions of the same CompIDs apart."""
        return self.settings.get("SESSIONQUALIFIER", "")

    @property
    def name(self) -> str:
        """What quickfix calls the session."""
        tail = f":{self.qualifier}" if self.qualifier else ""
        return f"{self.begin_string}:{self.sender}->{self.target}{tail}"

    @property
    def around_the_clock(self) -> bool:
        """Whether the session has no days, so that its numbers go on."""
        return self.settings.get("NONSTOPSESSION") == "Y"

    def text(self) -> str:
        """The section as quickfix reads it."""
        return "\n".join(["[SESSION]", *(f"{k}={v}" for k, v in self.settings.items())])


def read_sessions(
    path: Path, kind: Kind, overrides: Mapping[str, str] | None = None
) -> list[SessionConfig]:
    """The sessions of that kind. `overrides` replace settings in each of them.

    Relative paths start at the file's folder. Raises ConfigError naming file and key.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    replaced = {key.upper(): value for key, value in (overrides or {}).items()}
    found = [
        _complete(path, section, kind, replaced)
        for section in _sections(path, lines)
        if section.get("CONNECTIONTYPE") == kind
    ]
    names = [session.name for session in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: session {name} is there twice")
    return found


def _sections(path: Path, lines: Iterable[str]) -> list[dict[str, str]]:
    default: dict[str, str] = {}
    sections: list[dict[str, str]] = []
    current: dict[str, str] | None = None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text == "[DEFAULT]":
            current = default
        elif text == "[SESSION]":
            current = {}
            sections.append(current)
        elif text.startswith("["):
            raise ConfigError(f"{path}:{number}: {text}: sections are [DEFAULT] and [SESSION]")
        else:
            key, equals, value = text.partition("=")
            if current is None or not equals:
                raise ConfigError(f"{path}:{number}: Key=Value in a section is expected")
            current[key.strip().upper()] = value.strip()
    return [default | section for section in sections]


def _complete(
    path: Path, section: dict[str, str], kind: Kind, replaced: Mapping[str, str]
) -> SessionConfig:
    settings = dict(_LENIENT) if kind is Kind.INITIATOR else {}
    settings.update(section)
    settings.update(replaced)
    for key in ("BEGINSTRING", "SENDERCOMPID", "TARGETCOMPID"):
        if not settings.get(key):
            raise ConfigError(f"{path}: a {kind} session has no {key}")
    config = SessionConfig(settings)
    if settings.get("USEDATADICTIONARY") != "N":
        name = settings.get("DATADICTIONARY", "")
        settings["DATADICTIONARY"] = str(_dictionary(path, config.name, name))
    if settings.get("FILESTOREPATH"):
        settings["FILESTOREPATH"] = str(path.resolve().parent / settings["FILESTOREPATH"])
    return config


def _dictionary(path: Path, session: str, name: str) -> Path:
    """The file of a dictionary named bare: one of ours, else one that quickfix installs."""
    if not name:
        raise ConfigError(f"{path}: session {session} has no DataDictionary")
    places = (_SPEC / name, _STOCK / name, path.resolve().parent / name)
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(str(place.parent) for place in places)
    raise ConfigError(f"{path}: DataDictionary {name} of {session} is not in {looked}")


def quickfix_text(sessions: Sequence[SessionConfig]) -> str:
    """The settings of one role, as quickfix reads them."""
    # An initiator takes SocketNodelay from [DEFAULT] alone.
    default = ["[DEFAULT]", "SocketNodelay=Y"]
    return "\n".join([*default, *(session.text() for session in sessions), ""])
