"""Frozen values do what the standard library's frozen dataclasses do."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from oms.core.values import frozen, replaced


@frozen(kw_only=True)
class Named:
    """Fields of every kind."""

    name: str
    secret: str = field(default="", repr=False)
    parts: Mapping[str, int] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """The same, by the standard library."""

    name: str
    secret: str = field(default="", repr=False)
    parts: Mapping[str, int] = field(default_factory=dict)
    note: str | None = None


@frozen
class Placed:
    """Fields by their place."""

    left: int
    right: int = 7


@frozen
class Single:
    """One field: a comparison of bare facts would hash like the fact."""

    only: str


@frozen
class Bare:
    """No field at all."""


FACTS: list[dict[str, Any]] = [
    {"name": "a"},
    {"name": "a", "secret": "s", "parts": {"x": 1}, "note": "n"},
    {"name": "b", "note": None},
]


@pytest.mark.parametrize("facts", FACTS)
def test_a_value_is_made_as_the_standard_library_makes_it(facts: dict[str, Any]) -> None:
    ours, standard = Named(**facts), Standard(**facts)
    assert type(ours) is Named
    assert asdict(ours) == asdict(standard)
    assert repr(ours) == repr(standard).replace("Standard", "Named")
    assert [f.name for f in fields(ours)] == [f.name for f in fields(standard)]
    assert Named.__match_args__ == Standard.__match_args__
    assert is_dataclass(Named)


@pytest.mark.parametrize(
    ("make", "facts"),
    [
        (Named, {}),
        (Named, {"name": "a", "other": 1}),
        (Placed, {"left": 1, "other": 1}),
        (Placed, {}),
    ],
)
def test_a_wrong_field_is_refused(make: Any, facts: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        make(**facts)


def test_fields_are_named_where_the_class_says_so() -> None:
    unnamed: Any = Named
    with pytest.raises(TypeError):
        unnamed("a")
    assert Placed(1, 2) == Placed(left=1, right=2)
    assert Placed(1) == Placed(1, 7)


def test_a_value_never_changes() -> None:
    value: Any = Named(name="a")
    with pytest.raises(AttributeError, match="immutable"):
        value.name = "b"
    with pytest.raises(AttributeError, match="immutable"):
        value.other = "b"
    with pytest.raises(AttributeError, match="immutable"):
        del value.name
    assert value == Named(name="a")
    assert not hasattr(value, "__dict__")


def test_no_two_values_share_what_a_factory_makes() -> None:
    assert Named(name="a").parts is not Named(name="a").parts
    assert Named(name="a", parts={"x": 1}).parts == {"x": 1}


def any_other(thing: object) -> object:
    """Of a type that the checker does not know, so that it lets it be compared."""
    return thing


def test_values_are_equal_by_their_fields_and_their_class() -> None:
    assert Placed(1, 2) == Placed(1, 2)
    assert Placed(1, 2) != Placed(1, 3)
    assert Single("a") == Single("a")
    assert Single("a") != Single("b")
    assert Bare() == Bare()
    assert Bare() != any_other(Single("a"))
    assert Placed(1, 2) != any_other((1, 2))
    assert len({Placed(1, 2), Placed(1, 2), Placed(2, 2), Single("a"), Single("a"), Bare()}) == 4
    with pytest.raises(TypeError, match="unhashable"):
        hash(Named(name="a"))  # a dict is among its fields


@pytest.mark.parametrize("value", [Named(name="a", note="n"), Placed(1, 2), Single("a"), Bare()])
def test_a_value_is_copied_and_pickled(value: Any) -> None:
    for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301
        assert other == value
        assert type(other) is type(value)
        with pytest.raises(AttributeError, match="immutable"):
            other.name = "b"


def test_a_value_with_changes_is_another_one() -> None:
    value = Named(name="a", secret="s", parts={"x": 1})  # noqa: S106  no secret
    changed = replaced(value, name="b", note="n")
    assert changed == Named(name="b", secret="s", parts={"x": 1}, note="n")  # noqa: S106
    assert value == Named(name="a", secret="s", parts={"x": 1})  # noqa: S106
    assert type(changed) is Named
    assert changed == replace(value, name="b", note="n")
    assert replaced(value) == value
    wrong: Any = {"other": 1}
    with pytest.raises(TypeError, match="other"):
        replaced(value, **wrong)
    frozen_still: Any = changed
    with pytest.raises(AttributeError, match="immutable"):
        frozen_still.name = "c"


def test_what_a_value_can_not_be_is_refused_when_it_is_written() -> None:
    class Lively:
        def __post_init__(self) -> None:
            pass

    with pytest.raises(AssertionError, match="no base"):
        frozen(type("Derived", (Single,), {}))
    with pytest.raises(AssertionError, match="its fields"):
        frozen(Lively)
