"""A FIX message as text, and as a list of (tag, text): pure conversions and the hiding of secrets."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from fix import tags
from oms.core.errors import MalformedMessage

SOH: Final = "\x01"

Field = tuple[int, str]
Fields = list[Field]
"""A message's fields in wire order, BeginString, BodyLength and CheckSum included or not."""

ADMIN_TYPES: Final = frozenset("012345A")
"""MsgTypes (35) of the session layer."""

_DATA: Final[Mapping[int, int]] = MappingProxyType(
    {
        tags.SECURE_DATA_LEN: tags.SECURE_DATA,
        tags.SIGNATURE_LENGTH: tags.SIGNATURE,
        tags.RAW_DATA_LENGTH: tags.RAW_DATA,
        tags.XML_DATA_LEN: tags.XML_DATA,
        tags.ENCODED_ISSUER_LEN: tags.ENCODED_ISSUER,
        tags.ENCODED_SECURITY_DESC_LEN: tags.ENCODED_SECURITY_DESC,
        tags.ENCODED_TEXT_LEN: tags.ENCODED_TEXT,
        tags.ENCODED_HEADLINE_LEN: tags.ENCODED_HEADLINE,
    }
)
"""Length fields, each with the data field behind it, whose value may hold any character."""

_DATA_COMES: Final = tuple(f"{SOH}{length}=" for length in _DATA)

_TAGS: Final[Mapping[str, int]] = {str(tag): tag for tag in range(1, 1_000)}
"""Tags as they are written: looking one up takes a quarter of reading and checking its digits."""

_SECRET: Final = frozenset({tags.SECURE_DATA, tags.SIGNATURE, tags.RAW_DATA})

_SECRET_COMES: Final = tuple(f"{SOH}{tag}=" for tag in _SECRET)

HIDDEN: Final = "***"

_TOKEN: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
"""A JWT, wherever it stands: a peer may repeat ours in its words."""

_NANOSECONDS: Final = re.compile(r"(\.[0-9]{6})[0-9]{3}$")
"""What is finer than our clocks: no report is worth losing for it."""

_AS_WRITTEN: Final = re.compile(
    r"[0-9]{8}-[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.(?:[0-9]{1,6}|[0-9]{9}))?"
)
"""A UTCTimestamp as all peers write it."""

_MICROSECONDS_END: Final = len("20260131-12:00:00.123456")

_FRAME: Final = frozenset(
    {
        tags.BEGIN_STRING,
        tags.BODY_LENGTH,
        tags.MSG_TYPE,
        tags.SENDER_COMP_ID,
        tags.TARGET_COMP_ID,
        tags.MSG_SEQ_NUM,
        tags.SENDING_TIME,
        tags.POSS_DUP_FLAG,
        tags.POSS_RESEND,
        tags.ORIG_SENDING_TIME,
        tags.CHECK_SUM,
    }
)
"""What the session layer writes into every message."""


def to_fields(text: str) -> Fields:
    """Split a message. Raises MalformedMessage where a field is not tag=value.

    The value of a data field is as long as the length field before it says, counted in bytes.
    """
    if _any_comes(_DATA_COMES, text):
        return _split_with_data(text)
    pieces = text.split(SOH)
    if pieces.pop():
        raise MalformedMessage("a message must end with SOH")
    try:
        return [(_TAGS[tag], value) for tag, value in [piece.split("=", 1) for piece in pieces]]
    except (KeyError, ValueError):  # a tag that is rare, or none
        return [_field(piece) for piece in pieces]


def _any_comes(marks: tuple[str, ...], text: str) -> bool:
    return any(mark in text for mark in marks)


def _field(piece: str) -> Field:
    tag, equals, value = piece.partition("=")
    if not equals or not tag.isascii() or not tag.isdigit():
        raise MalformedMessage("a field is not tag=value")
    return int(tag), value


def _split_with_data(text: str) -> Fields:
    content = text.encode("utf-8", "surrogateescape")
    fields: Fields = []
    start, expected, length = 0, 0, 0
    while start < len(content):
        end = content.find(b"\x01", start)
        head, equals, _ = content[start:end].partition(b"=")
        if equals and expected and head == str(expected).encode():
            value = start + len(head) + 1
            if content[value + length : value + length + 1] == b"\x01":
                end = value + length
        if end < 0:
            raise MalformedMessage("a message must end with SOH")
        tag, value_text = _field(content[start:end].decode("utf-8", "surrogateescape"))
        fields.append((tag, value_text))
        expected = _DATA.get(tag, 0)
        length = int(value_text) if expected and value_text.isdecimal() else -1
        start = end + 1
    return fields


def to_text(fields: Iterable[Field]) -> str:
    """A message from its fields, MsgType (35) first, for the session to complete.

    The session writes BodyLength, the CompIDs, MsgSeqNum, SendingTime and CheckSum.
    """
    body = SOH.join([f"{tag}={value}" for tag, value in fields])
    return f"8=FIX.4.2{SOH}9=0{SOH}{body}{SOH}10=000{SOH}"


def body_of(fields: Iterable[Field]) -> tuple[str, ...]:
    """What a message says, whoever sends it and when: MsgType and the body, in order of tags."""
    kept = [(tag, value) for tag, value in fields if tag not in _FRAME or tag == tags.MSG_TYPE]
    return tuple(f"{tag}={value}" for tag, value in sorted(kept))


def redact(text: str) -> str:
    """A message for logs and journal: fields parted by |, secrets hidden, ASCII alone.

    Where it is no message, nothing of it is shown but its length.
    """
    try:
        return shown(to_fields(text))
    except MalformedMessage:
        return f"(unreadable, {len(text)} characters)"


def shown(fields: Iterable[Field]) -> str:
    """The same of a message's fields."""
    parts = [f"{tag}={HIDDEN if tag in _SECRET else value}" for tag, value in fields]
    return told("|".join(parts))


def shown_text(text: str, fields: Iterable[Field]) -> str:
    """The same of a message of quickfix's and of its fields: what hides nothing is not put together
    again."""
    if _any_comes(_DATA_COMES, text) or _any_comes(_SECRET_COMES, text):
        return shown(fields)
    return told(text[:-1].replace(SOH, "|"))


def told(text: str) -> str:
    """A peer's words for logs and journal: printable, without tokens."""
    return printable(_TOKEN.sub(HIDDEN, text))


def printable(text: str) -> str:
    """The text with every character that is not printable ASCII turned into a question mark."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def utc_timestamp(time: datetime) -> str:
    """A UTCTimestamp with milliseconds; `time` is aware."""
    # Cut from ISO's form: strftime takes three times as long, in every message of ours.
    iso = time.astimezone(UTC).isoformat(timespec="milliseconds")
    return f"{iso[:4]}{iso[5:7]}{iso[8:10]}-{iso[11:23]}"


def parse_utc_timestamp(text: str, tag: int) -> datetime:
    """An aware UTC datetime. Raises MalformedMessage naming the tag."""
    pattern = "%Y%m%d-%H:%M:%S.%f" if "." in text else "%Y%m%d-%H:%M:%S"
    try:
        if _AS_WRITTEN.fullmatch(text):
            # strptime takes fifty times as long, in every report of a venue.
            return datetime.fromisoformat(text[:_MICROSECONDS_END]).replace(tzinfo=UTC)
        return datetime.strptime(_NANOSECONDS.sub(r"\1", text), pattern).replace(tzinfo=UTC)
    except ValueError:
        raise MalformedMessage(f"not a UTCTimestamp: {printable(text[:40])}", tag) from None
