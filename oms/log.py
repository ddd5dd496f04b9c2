"""One clear line for each event, on standard error: text for people, JSON for machines.

`room("writer").info("order accepted", cl_ord_id="A1")` gives
`2026-01-31T12:00:00.000000Z INFO writer order accepted cl_ord_id=A1`. Every line is redacted.
Tracebacks are for DEBUG; above it an exception is its type and text, on the event's own line.
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, TextIO

from oms.clock import EPOCH
from oms.redaction import forget_secrets, redact, register_secrets

__all__ = [
    "Room",
    "catch_uncaught",
    "configure_logging",
    "forget_secrets",
    "redact",
    "register_secrets",
    "room",
]

_FIELDS: Final = "oms_fields"
_BASE: Final = ("time", "level", "room", "message")
# Libraries that put whole URLs, or their own housekeeping, into INFO.
_CHATTY: Final = ("httpx", "httpcore", "aiohttp.access", "alembic", "asyncio")


class Room:
    """The log of one part of the system; keywords become `key=value`."""

    def __init__(self, logger: logging.Logger) -> None:
        """`logger`: the standard logger that carries the lines."""
        self._logger = logger

    def debug(self, message: str, **fields: object) -> None:
        """Detail for whoever looks for a fault."""
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Something happened as it should."""
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Something is not as it should be, and the engine copes."""
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Something is wrong and a person should look."""
        self._write(logging.ERROR, message, fields)

    def exception(self, message: str, error: BaseException, **fields: object) -> None:
        """As `error`, with the exception's type and text; its traceback at DEBUG."""
        self._write(logging.ERROR, message, fields, error)

    def _write(
        self,
        level: int,
        message: str,
        fields: Mapping[str, object],
        error: BaseException | None = None,
    ) -> None:
        self._logger.log(level, "%s", message, extra={_FIELDS: fields}, exc_info=error)


def room(name: str) -> Room:
    """The log of the room of that name, like "writer" or "fix.session"."""
    return Room(logging.getLogger(name))


class _Lines(logging.Formatter):
    """Records as redacted lines; subclasses choose the notation."""

    def __init__(self, *, with_traceback: bool) -> None:
        super().__init__()
        self._with_traceback = with_traceback

    def format(self, record: logging.LogRecord) -> str:
        """One line without its line end."""
        return self.render({name: redact(text) for name, text in self._texts(record).items()})

    def render(self, event: Mapping[str, str]) -> str:
        """The notation of an event that is already redacted."""
        raise NotImplementedError

    def _texts(self, record: logging.LogRecord) -> dict[str, str]:
        """The event's texts by name: time, level, room and message first."""
        event = {
            "time": _utc(record.created),
            "level": record.levelname,
            "room": record.name.removeprefix("oms."),
            "message": _message(record),
        }
        fields: Mapping[str, object] = getattr(record, _FIELDS, {})
        for name, value in fields.items():
            event[f"{name}_" if name in _BASE else name] = _named_text(name, value)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            event["error"] = f"{type(error).__name__}: {error}"
            if self._with_traceback:
                event["traceback"] = "".join(traceback.format_exception(error))
        return event


def _named_text(name: str, value: object) -> str:
    """A field's value as text. Redaction recognises secrets by name, so it sees the name too."""
    text = str(value)
    marked = redact(f'{name}="{text}"')
    return "***" if marked == f'{name}="***"' else text


def _utc(created: float) -> str:
    """A record's time, which the logging module reads itself, in ISO 8601."""
    instant = EPOCH + timedelta(seconds=created)
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    """The record's message; when its arguments do not fit, the bare text rather than nothing."""
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} (with arguments that do not fit it)"


class _TextLines(_Lines):
    """time level room message key=value ..."""

    def render(self, event: Mapping[str, str]) -> str:
        """Values with spaces or signs in quotes; line ends escaped, but for a traceback's own."""
        head = " ".join(_one_line(event[name]) for name in _BASE)
        rest = [
            f"{name}={_quoted(text)}"
            for name, text in event.items()
            if name not in (*_BASE, "traceback")
        ]
        line = " ".join([head, *rest])
        return f"{line}\n{event['traceback'].rstrip()}" if "traceback" in event else line


def _one_line(text: str) -> str:
    """Control characters escaped, so that nobody's text can forge a line."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]", lambda m: ascii(m[0])[1:-1], text)


def _quoted(text: str) -> str:
    """`text` bare when that is unambiguous, else in double quotes."""
    bare = re.fullmatch(r"[^\s=\"\\]+", text) is not None and text.isprintable()
    return text if bare else json.dumps(text, ensure_ascii=not text.isprintable())


class _JsonLines(_Lines):
    """One JSON object on a line; all values are texts."""

    def render(self, event: Mapping[str, str]) -> str:
        """The object on one line."""
        return json.dumps(event)


class _Stream(logging.StreamHandler[TextIO]):
    """A stream that, when it can not be written, costs the line and nothing else."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Say nothing: the standard handler would print a traceback with the arguments."""


def configure_logging(
    *,
    json_lines: bool = False,
    level: int = logging.INFO,
    stream: TextIO | None = None,
    secrets: Iterable[str] = (),
) -> None:
    """Send all logs of the process to `stream` (standard error), at `level` and above.

    `secrets` are registered for redaction. Earlier handlers of the root logger are removed.
    """
    register_secrets(secrets)
    notation = _JsonLines if json_lines else _TextLines
    handler = _Stream(sys.stderr if stream is None else stream)
    handler.setFormatter(notation(with_traceback=level <= logging.DEBUG))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def catch_uncaught() -> None:
    """Have exceptions that nobody caught, in any thread, logged as one line each.

    For the command line's own process; an embedding program keeps its hooks.
    """
    log = room("process")

    def of_process(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            log.info("interrupted")
        else:
            log.exception("uncaught exception", error.with_traceback(trace))

    def of_thread(failure: Any) -> None:
        if failure.exc_value is not None:
            thread = failure.thread.name if failure.thread else "unknown"
            log.exception("uncaught exception", failure.exc_value, thread=thread)

    sys.excepthook = of_process
    threading.excepthook = of_thread
    logging.captureWarnings(capture=True)
