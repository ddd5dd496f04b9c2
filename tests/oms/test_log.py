"""The log: one line for an event, no secret in it, no traceback above DEBUG."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.log import catch_uncaught, configure_logging, room
from oms.redaction import MASK, forget_secrets, redact, register_secrets

HUSH = "hunter2-correct-horse"


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Handlers, level, hooks and registered secrets are put back as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)
    forget_secrets()


def _logged(
    write: Callable[[], None], *, json_lines: bool = False, level: int = logging.INFO
) -> str:
    """What standard error would have shown."""
    stream = io.StringIO()
    configure_logging(json_lines=json_lines, level=level, stream=stream, secrets=[HUSH])
    write()
    return stream.getvalue()


def _fail() -> Exception:
    """An exception with a traceback, whose text holds a secret."""
    try:
        raise ValueError(f"refused {HUSH}")
    except ValueError as error:
        return error


def test_a_line_is_time_level_room_message_and_fields() -> None:
    text = _logged(lambda: room("oms.writer").info("order accepted", cl_ord_id="A1", text="a b"))
    time, rest = text.split(" ", 1)
    assert rest == 'INFO writer order accepted cl_ord_id=A1 text="a b"\n'
    assert time.endswith("Z")
    assert len(time) == len("2026-01-31T12:00:00.000000Z")


def test_a_json_line_is_one_object() -> None:
    text = _logged(lambda: room("fix").warning("late", delay_s=3, level="mine"), json_lines=True)
    event = json.loads(text)
    assert list(event) == ["time", "level", "room", "message", "delay_s", "level_"]
    assert (event["level"], event["room"], event["message"]) == ("WARNING", "fix", "late")
    assert (event["delay_s"], event["level_"]) == ("3", "mine")


@pytest.mark.parametrize("json_lines", [False, True])
def test_an_exception_is_one_line_without_a_traceback(json_lines: bool) -> None:
    text = _logged(
        lambda: room("venue").exception("poll failed", _fail(), venue="ANDX"),
        json_lines=json_lines,
    )
    assert text.count("\n") == 1
    assert "ValueError: refused ***" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("json_lines", [False, True])
def test_a_traceback_is_shown_at_debug(json_lines: bool) -> None:
    text = _logged(
        lambda: room("venue").exception("poll failed", _fail()),
        json_lines=json_lines,
        level=logging.DEBUG,
    )
    assert "Traceback" in text
    assert HUSH not in text


@pytest.mark.parametrize("json_lines", [False, True])
@given(text=st.text(), name=st.sampled_from(["note", "raw", "password"]))
def test_nobodys_text_forges_a_line_or_shows_a_secret(
    json_lines: bool, text: str, name: str
) -> None:
    """Whatever a venue or desk writes, an event stays one line and the secret stays out."""
    mixed = f"{text}{HUSH}{text}"
    shown = _logged(lambda: room("x").info(mixed, **{name: mixed}), json_lines=json_lines)
    assert HUSH not in shown
    assert len(shown.splitlines()) == 1


def test_records_of_the_standard_module_are_redacted_too() -> None:
    """Libraries log through `logging` with arguments; the line is formatted, then masked."""
    text = _logged(lambda: logging.getLogger("lib").error("key %s of %d", HUSH, 3))
    assert f"ERROR lib key {MASK} of 3\n" in text


def test_arguments_that_do_not_fit_cost_no_event() -> None:
    """The line is written with its bare text; nothing is raised."""
    text = _logged(lambda: logging.getLogger("lib").error("one %d", "two"))
    assert "one %d (with arguments that do not fit it)" in text


def test_a_field_whose_name_says_secret_is_masked() -> None:
    """Also when its value was never registered."""
    text = _logged(lambda: room("x").info("hello", api_key="k-123", signature="AB CD"))
    assert "k-123" not in text
    assert "AB CD" not in text


def test_a_closed_stream_costs_the_line_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The standard handler would print a traceback with the arguments."""
    stream = io.StringIO()
    configure_logging(stream=stream)
    stream.close()
    room("x").info("nobody reads this")
    assert capsys.readouterr().err == ""


def test_configuring_again_replaces_the_first() -> None:
    """One event is one line, however often the process was configured."""
    first = io.StringIO()
    configure_logging(stream=first)
    text = _logged(lambda: room("x").info("once"))
    assert first.getvalue() == ""
    assert text.count("once") == 1


def test_chatty_libraries_are_heard_from_warning_on() -> None:
    """httpx logs whole URLs at INFO."""
    text = _logged(lambda: logging.getLogger("httpx").info("HTTP Request: GET https://x/?a=b"))
    assert text == ""


def _in_a_thread() -> None:
    """A thread that dies of an exception."""
    thread = threading.Thread(target=lambda: [][1], name="sender-1")
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive(), "waited 10 s for a thread that only fails"


def test_an_uncaught_exception_of_a_thread_is_one_line() -> None:
    catch_uncaught()
    text = _logged(_in_a_thread)
    assert text.count("\n") == 1
    assert "thread=sender-1" in text
    assert "IndexError: list index out of range" in text


def test_an_uncaught_exception_of_the_process_is_one_line() -> None:
    catch_uncaught()
    error = _fail()
    text = _logged(lambda: sys.excepthook(type(error), error, error.__traceback__))
    assert text.count("\n") == 1
    assert "uncaught exception" in text


def test_an_interrupt_is_no_error() -> None:
    catch_uncaught()
    error = KeyboardInterrupt()
    text = _logged(lambda: sys.excepthook(KeyboardInterrupt, error, None))
    assert "INFO process interrupted" in text


def test_warnings_are_lines() -> None:
    catch_uncaught()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # captureWarnings replaces this hook; catch_warnings restores it.
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        text = _logged(lambda: warnings.warn("old option", UserWarning, stacklevel=1))
        logging.captureWarnings(capture=False)
    assert "WARNING py.warnings" in text
    assert "old option" in text
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("8=FIX.4.2\x0195=5\x0196=abcde\x0110=1\x01", "8=FIX.4.2\x0195=5\x0196=***\x0110=1\x01"),
        ("8=FIX.4.2|96=a|b|c|98=0|", "8=FIX.4.2|96=***|98=0|"),
        ("96=the rest", "96=***"),
        ("8=x\x0196=tail\x01", "8=x\x0196=***\x01"),
        ("1096=kept|196=kept|", "1096=kept|196=kept|"),
        ("signature: abc.def", "signature: ***"),
        ("ACCESS-PASSPHRASE: correct horse\nHost: h", "ACCESS-PASSPHRASE: ***\nHost: h"),
        ("{'ACCESS-SIGN': 'AB', 'access-key': 'k y', 'n': '1'}",
         "{'ACCESS-SIGN': '***', 'access-key': '***', 'n': '1'}"),
        ("[(b'ACCESS-KEY', b'k'), (b'Host', b'h')]", "[(b'ACCESS-KEY', '***'), (b'Host', b'h')]"),
        ('{"apiKey":"a\\"b","n":1}', '{"apiKey":"***","n":1}'),
        ('"{\\"api_secret\\": \\"a b\\", \\"n\\": 1}"', '"{\\"api_secret\\": \\"***\\", \\"n\\": 1}"'),
        ("got Authorization: Bearer abc", "got Authorization: ***"),
        ("GET /x?signature=abc&n=1", "GET /x?signature=***&n=1"),
        ("postgresql://me:pw@db/oms", "postgresql://me:***@db/oms"),
        ("header eyJhbGciOi.eyJzdWIi.c2ln end", "header *** end"),
        ('{"symbol":"BTC/USDT","token":"ERC20","price":"0.10"}',
         '{"symbol":"BTC/USDT","token":"ERC20","price":"0.10"}'),
        ("wrong password, then a retry", None),
        ("11=A1|38=1|44=40000.00|58=signatures are fine|", None),
    ],
)  # fmt: skip
def test_secrets_are_known_by_where_they_stand(text: str, wanted: str | None) -> None:
    """Each notation at a door of ours; what is no secret stays to the letter."""
    assert redact(text) == (text if wanted is None else wanted)


# Without the mask's own sign, which a text can hold beside a mask.
_SIGNS = st.text(st.characters(exclude_characters="*"))


@given(_SIGNS.filter(lambda text: len(text) > 3), _SIGNS, _SIGNS)
def test_a_registered_secret_is_in_no_redacted_text(secret: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    forget_secrets()
    register_secrets([secret])
    assert secret not in redact(f"{before}{secret}{after}")


def test_a_secret_is_masked_in_its_escaped_spellings() -> None:
    """A URL and a JSON text spell some signs differently."""
    register_secrets(['pa"ss/word'])
    assert redact('["pa\\"ss/word"]') == '["***"]'
    assert redact("/x?p=pa%22ss%2Fword") == "/x?p=***"


def test_a_short_secret_is_masked_where_it_stands_alone() -> None:
    """A passphrase `ab` does not make every word with these letters unreadable."""
    register_secrets(["ab"])
    assert redact("sent ab, then about") == "sent ***, then about"


def test_the_longer_of_two_secrets_goes_first() -> None:
    """No tail of the longer one stays behind."""
    register_secrets(["abcdef", "abcdef-tail"])
    assert redact("x abcdef-tail y") == "x *** y"


def test_nothing_registered_masks_nothing() -> None:
    register_secrets(["", ""])
    assert redact("plain text") == "plain text"
