"""Messages stand in the journal exactly as they were."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.core.fields import ExecTransType, ExecType, OrdType, Side
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import Answered, Doubt, OrderEntered, Request
from oms.core.ports import DeskReport, Recorded, VenueRequest
from oms.store import wire
from tests.store.messages_of import HARD_NUMBERS, built, exactly

ORDER = NewOrderSingle(cl_ord_id="a", symbol="X/Y", side=Side.BUY, ord_type=OrdType.LIMIT)

messages = st.one_of([built(cls) for cls in wire.CLASSES.values()])


def numbers_in(message: Any) -> list[Any]:
    """All decimals of a message, nested ones as well, to the last zero."""
    found: list[Any] = []
    for field in fields(message):
        value = getattr(message, field.name)
        if isinstance(value, Decimal):
            found.append((field.name, exactly(value)))
        elif hasattr(value, "__dataclass_fields__"):
            found += numbers_in(value)
    return found


@given(messages)
def test_what_is_read_is_what_was_written(message: Any) -> None:
    """Any message, of any class, with any values its annotations allow."""
    again = wire.load(type(message).__name__, wire.dump(message))
    assert again == message
    assert type(again) is type(message)
    assert numbers_in(again) == numbers_in(message)


def test_every_class_that_can_stand_in_the_journal_is_known() -> None:
    """Recorded messages, reports to desks and requests to venues."""
    for cls in get_args(Recorded) + get_args(DeskReport) + get_args(VenueRequest):
        assert wire.CLASSES[cls.__name__] is cls


@pytest.mark.parametrize("number", HARD_NUMBERS, ids=str)
def test_numbers_are_strings_of_their_own_digits(number: Decimal) -> None:
    """JSON has no number that a reader could take for a float."""
    report = ExecutionReport(exec_id="1", exec_type=ExecType.NEW, price=number)
    assert orjson.loads(wire.dump(report))["price"] == str(number)
    assert exactly(wire.load("ExecutionReport", wire.dump(report)).price) == exactly(number)


def test_what_has_its_default_is_left_out() -> None:
    """An almost empty report is almost nothing; what differs from the default is told."""
    report = ExecutionReport(exec_id="1", exec_type=ExecType.NEW)
    assert wire.plain(report) == {"exec_id": "1", "exec_type": "0"}
    status = ExecutionReport(
        exec_id="", exec_type=ExecType.FILL, exec_trans_type=ExecTransType.STATUS, derived=True
    )
    assert wire.plain(status) == {
        "exec_id": "",
        "exec_type": "2",
        "exec_trans_type": "3",
        "derived": True,
    }


def test_instants_are_utc_to_the_microsecond() -> None:
    """Whatever the zone, the text is one in UTC, and the instant is the same."""
    time = datetime(2025, 3, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=3)))
    report = ExecutionReport(exec_id="1", exec_type=ExecType.NEW, transact_time=time)
    assert wire.plain(report)["transact_time"] == "2025-03-01T09:00:00.000005Z"
    again = wire.load("ExecutionReport", wire.dump(report))
    assert again.transact_time == time
    assert again.transact_time.tzinfo is UTC


def test_one_of_several_classes_is_named() -> None:
    """A field of one class needs no name, a field of several has it."""
    entered = OrderEntered(request=ORDER, origin="D", route="R", venue_cl_ord_id="1")
    answered = Answered(request=ORDER, origin="D")
    assert wire.plain(entered)["request"]["cl_ord_id"] == "a"
    assert wire.plain(answered)["request"][0] == "NewOrderSingle"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("Doubt", '{"cl_ord_id":"1","request":"NEW"}'),
        ("Doubt", '{"cl_ord_id":"1","request":"EVERYTHING","text":""}'),
        ("Doubt", '{"cl_ord_id":"1","request":"NEW","text":"","colour":"red"}'),
        ("Doubt", "[]"),
        ("Doubt", "no JSON"),
        ("Rumour", "{}"),
        ("OrderEntered", '{"request":null,"origin":"","route":"","venue_cl_ord_id":""}'),
        ("ExecutionReport", '{"exec_id":"1","exec_type":"0","price":"many"}'),
        ("ExecutionReport", '{"exec_id":"1","exec_type":"0","transact_time":"2025-03-01"}'),
    ],
)
def test_what_is_no_message_is_refused(kind: str, text: str) -> None:
    """A field too few, an unknown word, a field from the future, no JSON at all: ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011  its text is the parser's
        wire.load(kind, text)


def test_a_number_that_is_none_is_not_written() -> None:
    """NaN would poison every sum that is read back."""
    report = ExecutionReport(exec_id="1", exec_type=ExecType.NEW, price=Decimal("NaN"))
    with pytest.raises(ValueError, match="finite"):
        wire.dump(report)


def test_notes_keep_their_words() -> None:
    """The words of an enumeration of ours are the words themselves."""
    doubt = Doubt(cl_ord_id="1", request=Request.FILLS, text="")
    assert wire.dump(doubt) == b'{"cl_ord_id":"1","request":"FILLS","text":""}'
