"""Reports <-> rows: what a desk or strategy is told, as JSON can say it.

A row has the report's number among its origin's, its MsgType by the dictionary's word, and its
fields by name: decimals and instants as text, enumerations by their words. What a report does not
say is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType, NoneType
from typing import Any, Final, get_args, get_type_hints

from oms.core.errors import MalformedMessage
from oms.core.messages import BusinessMessageReject, ExecutionReport, News, OrderCancelReject
from oms.core.ports import DeskReport
from oms.door import Row

_CLASSES: Final[Mapping[str, type[DeskReport]]] = MappingProxyType(
    {
        "EXECUTION_REPORT": ExecutionReport,
        "ORDER_CANCEL_REJECT": OrderCancelReject,
        "BUSINESS_MESSAGE_REJECT": BusinessMessageReject,
        "NEWS": News,
    }
)
_UNSAID: Final = (None, "", False)
_MSG_TYPES: Final = {cls: word for word, cls in _CLASSES.items()}


def report_row(number: int, report: DeskReport) -> Row:
    """The report, the `number`-th of its origin, as a row."""
    row: Row = {"number": number, "msg_type": _MSG_TYPES[type(report)]}
    for field in fields(report):
        value = getattr(report, field.name)
        if value != field.default or value not in _UNSAID:
            row[field.name] = _plain(value)
    return row


def report_of(row: Row) -> tuple[int, DeskReport]:
    """The number and the report that `report_row` wrote. Raises MalformedMessage for others."""
    told = dict(row)
    try:
        number, cls = told.pop("number"), _CLASSES[told.pop("msg_type")]
        known = _READERS[cls]
        # A newer engine may say more than this side knows of.
        return int(number), cls(**{n: known[n](v) for n, v in told.items() if n in known})
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise MalformedMessage(f"not a report: {error!r}") from None


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.name
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value


def _reader(annotation: Any) -> Callable[[Any], Any]:
    """What turns a plain value into one of that type."""
    kind = next((part for part in get_args(annotation) if part is not NoneType), annotation)
    if issubclass(kind, StrEnum):
        return lambda word: kind[word]
    if kind is datetime:
        return datetime.fromisoformat
    reader: Callable[[Any], Any] = kind
    return reader


_READERS: Final = {
    cls: {name: _reader(hint) for name, hint in get_type_hints(cls).items()}
    for cls in _CLASSES.values()
}
