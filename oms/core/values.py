"""Frozen values, cheap to make: what `dataclass(frozen=True, slots=True)` gives at a fraction of its cost.

A frozen class refuses assignment, so the standard __init__ calls object.__setattr__ for each field:
5 us for a report, and 13 us for `dataclasses.replace` of one. Here a value is written as a draft,
whose slots are plain, and becomes a value by taking its class: 1.2 and 1.4 us.

What makes a class's values is compiled when the first one is made, not when the class is imported;
comparing, printing and pickling need no code of its own for each class.
"""

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar, dataclass_transform, overload

__all__ = ["frozen", "replaced"]

_T = TypeVar("_T")


@overload
def frozen(cls: type[_T], /) -> type[_T]: ...
@overload
def frozen(*, kw_only: bool) -> Callable[[type[_T]], type[_T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[Any] | None = None, /, *, kw_only: bool = False) -> Any:
    """A class of frozen values with slots, known to `dataclasses` as one of its own.

    Values are equal, and hash, by all their fields. The class has no base and no __post_init__.
    """
    return _frozen(cls, kw_only) if cls is not None else lambda plain: _frozen(plain, kw_only)


def _frozen(plain: type[Any], kw_only: bool) -> type[Any]:
    assert plain.__bases__ == (object,), f"{plain.__name__}: a value's class has no base"
    assert not hasattr(plain, "__post_init__"), f"{plain.__name__}: a value is its fields"
    cls: type[Any] = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(plain)
    for method in (_init, _eq, _hash, _repr, _setattr, _delattr, _getstate, _setstate):
        setattr(cls, f"_{method.__name__}__", method)
    return cls


if TYPE_CHECKING:
    from dataclasses import replace as replaced
else:

    def replaced(value, /, **changes):
        """The value with some fields changed: `dataclasses.replace`, for values alone."""
        return _MAKERS[value.__class__][1](value, changes)


# What all values do


def _init(self: Any, *facts: Any, **named: Any) -> None:
    # Only for the first value of a class: from then on it has a constructor of its own.
    cls = self.__class__
    cls.__init__ = _MAKERS[cls][0]
    cls.__init__(self, *facts, **named)


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _FACTS[self.__class__](self) == _FACTS[self.__class__](other)


def _hash(self: Any) -> int:
    return hash(_FACTS[self.__class__](self))


def _repr(self: Any) -> str:
    told = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{self.__class__.__qualname__}({', '.join(told)})"


def _setattr(self: Any, name: str, fact: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _setstate(self: Any, facts: list[Any]) -> None:
    for name, fact in zip(self.__slots__, facts, strict=True):
        object.__setattr__(self, name, fact)


# What is made for each class, when it is asked for first


class _Facts(dict[type, Callable[[Any], Any]]):
    """By class: all fields of a value in one comparable."""

    def __missing__(self, cls: type[Any]) -> Callable[[Any], Any]:
        found = self[cls] = attrgetter(*cls.__slots__) if cls.__slots__ else lambda value: ()
        return found


class _Makers(dict[type, tuple[Callable[..., None], Callable[[Any, dict[str, Any]], Any]]]):
    """By class: its __init__, and what makes of a value one with changes."""

    def __missing__(self, cls: type[Any]) -> Any:
        draft = type(f"{cls.__name__}'s draft", (), {"__slots__": cls.__slots__})
        names: dict[str, Any] = {"cls": cls, "draft": draft, "create": object.__new__}
        names |= {"become": object.__dict__["__class__"].__set__, "unsaid": object()}
        for f in fields(cls):
            names[f"default_{f.name}"] = f.default
            names[f"factory_{f.name}"] = f.default_factory
        # As dataclasses makes __init__: the text comes from the classes, never from outside.
        exec(compile(_source(cls), f"<value: {cls.__name__}>", "exec"), names)  # noqa: S102
        names["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
        made = self[cls] = names["__init__"], names["changed"]
        return made


def _source(cls: type[Any]) -> str:
    parameters, init, changed = ["self", *(["*"] if _kw_only(cls) else [])], [], []
    for f in fields(cls):
        name, fact = f.name, f.name
        if f.default_factory is not MISSING:
            parameters.append(f"{name}=unsaid")
            fact = f"factory_{name}() if {name} is unsaid else {name}"
        else:
            parameters.append(name if f.default is MISSING else f"{name}=default_{name}")
        init.append(f" self.{name} = {fact}")
        changed.append(f" new.{name} = old.{name}")
    lines = [f"def __init__({', '.join(parameters)}):", " become(self, draft)", *init]
    lines += [
        " self.__class__ = cls",
        "def changed(old, changes):",
        " new = create(draft)",
        *changed,
    ]
    lines += [" for name, fact in changes.items():", "  setattr(new, name, fact)"]
    return "\n".join([*lines, " new.__class__ = cls", " return new"])


def _kw_only(cls: type[Any]) -> bool:
    return any(f.kw_only for f in fields(cls))


_FACTS: Final = _Facts()
_MAKERS: Final = _Makers()
