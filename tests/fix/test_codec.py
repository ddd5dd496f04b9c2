"""The desk's FIX and the core's messages, both directions from one list of cases."""

import pytest

from fix import codec
from oms.core.errors import MalformedMessage
from oms.core.messages import ExecutionReport
from tests.fix.desk_cases import IN, WRONG, In, fields_of
from tests.fix.dictionary import EXTENDED, STOCK, validate
from tests.fix.report_cases import OUT, Out


@pytest.mark.parametrize("case", IN, ids=lambda case: case.name)
def test_what_a_desk_sends_becomes_a_message(case: In) -> None:
    assert codec.decode(fields_of(case.text), "DESK1") == case.message


@pytest.mark.parametrize(("what", "text", "tag"), WRONG, ids=[name for name, _, _ in WRONG])
def test_what_is_wrong_names_its_tag(what: str, text: str, tag: int) -> None:
    with pytest.raises(MalformedMessage) as refused:
        codec.decode(fields_of(text), "DESK1")
    assert refused.value.ref_tag_id == tag, what
    assert refused.value.business is None
    assert str(refused.value).isascii()


@pytest.mark.parametrize("case", OUT, ids=lambda case: case.name)
def test_what_the_core_tells_becomes_fields(case: Out) -> None:
    said = codec.encode(case.message)
    assert sorted(said) == sorted(fields_of(case.text))
    assert said[0][0] == 35


@pytest.mark.parametrize("case", OUT, ids=lambda case: case.name)
def test_a_stock_client_with_every_validation_on_takes_it(case: Out) -> None:
    validate(codec.encode(case.message), STOCK)


@pytest.mark.parametrize("case", OUT, ids=lambda case: case.name)
def test_more_tags_come_only_to_a_desk_that_wants_them(case: Out) -> None:
    extended = codec.encode(case.message, extended=True)
    added = sorted(set(extended) - set(codec.encode(case.message)))
    assert added == (sorted(fields_of(case.extension)) if case.extension else [])
    assert bool(added) == isinstance(case.message, ExecutionReport)
    validate(extended, EXTENDED)
