"""What FIX 4.2 has a name for is called by that name; the few words of our own are defined."""

import dataclasses
import enum
import inspect
import xml.etree.ElementTree as ET

import pytest

from oms.core import fields, messages
from tests.house.tree import texts
from tools import dialects

OWN_WORDS = ("derived", "fee_currency", "in_doubt", "trade_id")
"""Fields of messages that FIX 4.2 has no field for. Each is defined in docs/index.md."""

STOCK = {
    dialects.snake_case(str(field.get("name"))): field
    for field in dialects.stock().findall("./fields/field")
}
MESSAGES = [
    klass
    for _, klass in inspect.getmembers(messages, dataclasses.is_dataclass)
    if klass.__module__ == messages.__name__
]
ENUMERATIONS = [
    klass
    for _, klass in inspect.getmembers(fields, inspect.isclass)
    if issubclass(klass, enum.Enum) and klass.__module__ == fields.__name__
]


def _strangers(names: set[str]) -> set[str]:
    return names - set(STOCK) - set(OWN_WORDS)


def test_there_is_something_to_test() -> None:
    assert len(MESSAGES) >= 7
    assert len(ENUMERATIONS) >= 9


@pytest.mark.parametrize("message", MESSAGES)
def test_a_messages_fields_are_fix_fields(message: type) -> None:
    names = {field.name for field in dataclasses.fields(message)}
    assert _strangers(names) == set()


def test_a_name_of_a_later_version_is_a_stranger() -> None:
    assert _strangers({"last_qty", "last_shares"}) == {"last_qty"}


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_named_as_the_dictionary_names_it(message: type) -> None:
    root = dialects.stock()
    assert root.findall(f"./messages/message[@name='{message.__name__}']")


@pytest.mark.parametrize("enumeration", ENUMERATIONS)
def test_an_enumeration_is_the_dictionarys(enumeration: type[enum.Enum]) -> None:
    field: ET.Element = STOCK[dialects.snake_case(enumeration.__name__)]
    known = {(value.get("description"), value.get("enum")) for value in field}
    assert {(member.name, member.value) for member in enumeration} - known == set()


@pytest.mark.parametrize("word", OWN_WORDS)
def test_a_word_of_our_own_is_used_and_defined(word: str) -> None:
    used = {field.name for message in MESSAGES for field in dataclasses.fields(message)}
    assert word in used
    assert word not in STOCK
    assert f"\n- `{word}`: " in texts()["docs/index.md"]
