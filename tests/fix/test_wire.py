"""Text and fields: every value survives, secrets do not, and nothing is taken for another tag."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fix.wire import (
    HIDDEN,
    body_of,
    parse_utc_timestamp,
    printable,
    redact,
    shown,
    shown_text,
    to_fields,
    to_text,
    utc_timestamp,
)
from oms.core.errors import MalformedMessage

VALUES = st.text(st.characters(exclude_characters="\x01", codec="utf-8"))
# Data fields and their lengths have tests of their own below.
DATA = frozenset({*range(89, 97), 212, 213, *range(348, 360)})
TAGS: st.SearchStrategy[int] = st.sampled_from([t for t in range(11, 9999) if t not in DATA])


def _message(*parts: str) -> str:
    return "".join(f"{part}\x01" for part in parts)


@given(st.lists(st.tuples(TAGS, VALUES), min_size=1))
def test_fields_come_back_as_they_were(fields: list[tuple[int, str]]) -> None:
    """Header and trailer are the session's; all between them is ours."""
    assert to_fields(to_text(fields))[2:-1] == fields


@given(st.text(), st.text(alphabet="ab=\x01|"))
def test_a_data_field_is_as_long_as_it_says(before: str, content: str) -> None:
    """Encoded text may hold SOH and what looks like a field; it is not taken for one."""
    text = printable(before)
    value = f"{content}\x0138=100\x01é"
    length = len(value.encode())
    fields = [(35, "D"), (58, text), (354, str(length)), (355, value), (38, "1")]
    assert to_fields(_message(*(f"{tag}={one}" for tag, one in fields))) == fields


@pytest.mark.parametrize("length", ["", "x", "3", "9999", "-1"])
def test_a_wrong_length_hides_no_field(length: str) -> None:
    """The data then ends where any field ends."""
    text = _message("35=D", f"354={length}", "355=abcdef", "38=1")
    assert to_fields(text) == [(35, "D"), (354, length), (355, "abcdef"), (38, "1")]


def test_data_may_come_without_its_length_before_it() -> None:
    """A length announces the very next field and no other."""
    text = _message("35=D", "354=3", "58=x", "355=abc", "93=1")
    assert to_fields(text) == [(35, "D"), (354, "3"), (58, "x"), (355, "abc"), (93, "1")]


@pytest.mark.parametrize(
    "text",
    [
        "35=D",
        "35=D\x01junk\x01",
        "=x\x01",
        "x=1\x01",
        "²=1\x01",
        "35=A\x0195=4\x0196=abcd",
        "35=A\x0195=4\x01x\x01",
    ],
)
def test_what_is_no_message_is_malformed(text: str) -> None:
    with pytest.raises(MalformedMessage):
        to_fields(text)


def test_a_token_is_not_shown() -> None:
    """RawData (96), SecureData (91) and Signature (89) are hidden, with the SOH they may hold."""
    raw = "one\x01part.an=other.last"
    text = _message("35=A", f"95={len(raw)}", f"96={raw}", "90=3", "91=key", "89=sig")
    shown = redact(text)
    assert shown == f"35=A|95={len(raw)}|96={HIDDEN}|90=3|91={HIDDEN}|89={HIDDEN}|"[:-1]


@pytest.mark.parametrize(
    "text",
    [
        _message("8=FIX.4.2", "35=D", "11=A|B", "58=eyJh.eyJh.x-_", "10=000"),
        _message("35=D", "58=caf\u00e9\t"),
        _message("35=A", "95=9", "96=a\x01b=c|d\x01e", "108=30"),
        _message("35=A", "96=no length before it", "108=30"),
        _message("35=A", "89=signed"),
        _message("35=8", "354=3", "355=a\x01b", "58=x"),
    ],
)
def test_a_message_is_shown_the_same_from_its_text_as_from_its_fields(text: str) -> None:
    fields = to_fields(text)
    assert shown_text(text, fields) == shown(fields)


def test_what_can_not_be_read_is_not_shown_at_all() -> None:
    """Where the fields are unknown, so is which of them is secret."""
    assert redact("35=A\x01secret") == "(unreadable, 11 characters)"


@given(st.text())
def test_a_redacted_text_can_be_kept_anywhere(text: str) -> None:
    """ASCII on one line, whatever a peer sent."""
    shown = redact(f"58={text}\x01")
    assert shown.isascii()
    assert shown.isprintable()


def test_a_body_is_the_same_whenever_it_is_sent() -> None:
    """Numbers, times and duplicates are the session's; the order of the fields is no matter."""
    first = _message("8=FIX.4.2", "9=50", "35=8", "34=7", "49=OMS", "56=D", "52=x", "11=a", "6=0")
    again = _message("35=8", "43=Y", "122=x", "34=9", "52=y", "6=0", "11=a", "10=001")
    other = _message("35=8", "6=0", "11=b")
    assert body_of(to_fields(first)) == body_of(to_fields(again)) == ("6=0", "11=a", "35=8")
    assert body_of(to_fields(other)) != body_of(to_fields(first))


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_comes_back_to_the_millisecond(time: datetime) -> None:
    text = utc_timestamp(time.astimezone(timezone(timedelta(hours=3))))
    assert parse_utc_timestamp(text, 60) == time.replace(
        microsecond=time.microsecond // 1000 * 1000
    )


@pytest.mark.parametrize(
    "text",
    ["", "20260102", "20260102-25:00:00", "2026-01-02T00:00:00", "20260102-00:00:00.1234567"],
)
def test_what_is_no_time_names_its_tag(text: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        parse_utc_timestamp(text, 126)
    assert refused.value.ref_tag_id == 126


@pytest.mark.parametrize("text", ["20260102-03:04:05", "20260102-3:4:5", "20260102-03:04:05.6"])
def test_a_time_is_read_however_many_digits_it_has(text: str) -> None:
    """The format is FIX's; what is a little off is understood as well."""
    microsecond = 600_000 if "." in text else 0
    assert parse_utc_timestamp(text, 60) == datetime(2026, 1, 2, 3, 4, 5, microsecond, tzinfo=UTC)


def test_nanoseconds_are_cut() -> None:
    """FIX 4.2 has milliseconds; who tells more is heard all the same."""
    expected = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert parse_utc_timestamp("20260102-03:04:05.678901999", 60) == expected
    for wrong in ("20260102-03:04:05.6789019", "20260102-03:04:05.678901abc"):
        with pytest.raises(MalformedMessage):
            parse_utc_timestamp(wrong, 60)
