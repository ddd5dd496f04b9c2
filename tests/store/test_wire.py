"""Messages stand in the journal exactly as they were."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from json import loads
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.core.facts import Leg, PendingRequest
from oms.core.fields import ExecTransType, ExecType, OrdType, Side
from oms.core.messages import ExecutionReport, NewOrderSingle, News
from oms.core.notes import Answered, Doubt, OrderEntered, Request
from oms.core.ports import Recorded
from oms.core.values import replaced
from oms.store import wire
from tests.store.messages_of import HARD_NUMBERS, built, exactly

ORDER = NewOrderSingle(cl_ord_id="a", symbol="X/Y", side=Side.BUY, ord_type=OrdType.LIMIT)
NEWS = News(headline="h")

KEPT = sorted(
    {*get_args(Recorded), *get_args(wire.Sent), PendingRequest, Leg}, key=lambda cls: cls.__name__
)
"""Every class that can stand in the store by itself."""

messages = st.one_of([built(cls) for cls in KEPT])


def plain(message: Any) -> Any:
    """As a reader sees it who knows nothing but JSON."""
    return loads(wire.dump(message))


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
    again = wire.load(type(message), wire.dump(message))
    assert again == message
    assert type(again) is type(message)
    assert numbers_in(again) == numbers_in(message)


@given(st.one_of([built(cls) for cls in get_args(Recorded)]))
def test_a_record_says_which_message_it_is(message: Any) -> None:
    """Any that can be recorded, beside any that can be sent."""
    body = wire.Body(message, [("V", "R", ORDER), ("O", "D", NEWS)])
    again = wire.load(wire.Body, wire.dump(body))
    assert again == body
    assert type(again.m) is type(message)


@pytest.mark.parametrize("number", HARD_NUMBERS, ids=str)
def test_numbers_are_strings_of_their_own_digits(number: Decimal) -> None:
    """JSON has no number that a reader could take for a float."""
    report = ExecutionReport(exec_id="1", exec_type=ExecType.NEW, price=number)
    assert plain(report)["price"] == str(number)
    assert exactly(wire.load(ExecutionReport, wire.dump(report)).price) == exactly(number)


def test_what_has_its_default_is_left_out() -> None:
    """An almost empty report is almost nothing; what differs from the default is told."""
    report = ExecutionReport(exec_id="1", exec_type=ExecType.NEW)
    assert plain(report) == {"type": "ExecutionReport", "exec_id": "1", "exec_type": "0"}
    status = ExecutionReport(
        exec_id="", exec_type=ExecType.FILL, exec_trans_type=ExecTransType.STATUS, derived=True
    )
    assert plain(status) == {
        "type": "ExecutionReport",
        "exec_id": "",
        "exec_type": "2",
        "exec_trans_type": "3",
        "derived": True,
    }


def test_instants_are_exact_to_the_microsecond() -> None:
    """In whatever zone they were told."""
    time = datetime(2025, 3, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=3)))
    report = ExecutionReport(exec_id="1", exec_type=ExecType.NEW, transact_time=time)
    assert plain(report)["transact_time"] == "2025-03-01T12:00:00.000005+03:00"
    assert wire.load(ExecutionReport, wire.dump(report)).transact_time == time
    in_utc = replaced(report, transact_time=time.astimezone(UTC))
    assert plain(in_utc)["transact_time"] == "2025-03-01T09:00:00.000005Z"


def test_messages_in_messages_are_named_too() -> None:
    """Whether a field may hold one class or several."""
    entered = OrderEntered(request=ORDER, origin="D", route="R", venue_cl_ord_id="1")
    answered = Answered(request=ORDER, origin="D")
    for message in (entered, answered):
        assert plain(message)["request"]["type"] == "NewOrderSingle"
        assert plain(message)["request"]["cl_ord_id"] == "a"


def test_what_is_not_text_is_written_out() -> None:
    """A lone surrogate, which no UTF-8 has; the numbers beside it stay what they are."""
    report = ExecutionReport(
        exec_id="1", exec_type=ExecType.NEW, text="\udcff", price=Decimal("1E+3")
    )
    body = wire.Body(report, [("O", "D", report)])
    again = wire.load(wire.Body, wire.dump(body))
    assert again.m == replaced(report, text="\\udcff")
    assert again.out == [("O", "D", again.m)]
    with pytest.raises(ValueError, match="finite"):
        wire.dump(replaced(report, price=Decimal("NaN")))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Doubt, '{"type":"Doubt","cl_ord_id":"1","request":"NEW"}'),
        (Doubt, '{"type":"Doubt","cl_ord_id":"1","request":"EVERYTHING","text":""}'),
        (Doubt, '{"type":"Doubt","cl_ord_id":"1","request":"NEW","text":"","colour":"red"}'),
        (Doubt, '{"type":"Rumour","cl_ord_id":"1","request":"NEW","text":""}'),
        (Doubt, "[]"),
        (Doubt, "no JSON"),
        (OrderEntered, '{"request":null,"origin":"","route":"","venue_cl_ord_id":""}'),
        (ExecutionReport, '{"exec_id":"1","exec_type":"0","price":"many"}'),
        (ExecutionReport, '{"exec_id":"1","exec_type":"0","transact_time":"2025-03-01"}'),
        (wire.Body, '{"m":{"type":"Rumour"},"out":[]}'),
        (
            wire.Body,
            '{"m":{"type":"DeskReturned","origin":"D"},"out":[["V","R",{"type":"Doubt"}]]}',
        ),
    ],
)
def test_what_is_no_message_is_refused(kind: type, text: str) -> None:
    """A field too few, an unknown word, a field from the future, no JSON at all: ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011  its text is the parser's
        wire.load(kind, text)


@pytest.mark.parametrize("number", ["NaN", "-NaN", "sNaN", "NaN1", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_not_written(number: str) -> None:
    """NaN would poison every sum that is read back."""
    report = ExecutionReport(exec_id="1", exec_type=ExecType.NEW, price=Decimal(number))
    with pytest.raises(ValueError, match="finite"):
        wire.dump(report)
    in_words = ExecutionReport(exec_id="1", exec_type=ExecType.NEW, text=number, price=Decimal(1))
    assert wire.load(ExecutionReport, wire.dump(in_words)) == in_words


def test_notes_keep_their_words() -> None:
    """The words of an enumeration of ours are the words themselves."""
    doubt = Doubt(cl_ord_id="1", request=Request.FILLS, text="")
    assert wire.dump(doubt) == '{"type":"Doubt","cl_ord_id":"1","request":"FILLS","text":""}'
