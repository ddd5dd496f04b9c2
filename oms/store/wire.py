"""Messages <-> JSON: how they stand in the journal.

Every class gets its own pair of functions, written and compiled when this module is loaded: no
field is looked up at run time. Decimals are strings, instants ISO 8601 with microseconds,
enumerations the characters of the wire; what has its default is left out. A field that may hold
one of several classes is a pair of name and fields.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, NoReturn, get_args, get_type_hints

import orjson

from oms.core.facts import Leg, PendingRequest
from oms.core.funding import Transfer
from oms.core.messages import QuoteRequest
from oms.core.ports import DeskReport, Recorded, VenueRequest
from oms.store.types import decimal_text, utc_text, utc_time

Plain = dict[str, Any]
"""What JSON can say of a message."""


def dump(message: Any) -> bytes:
    """The message as JSON, without its class."""
    return orjson.dumps(plain(message))


def load(kind: str, text: bytes | str) -> Any:
    """The message of class `kind`. Raises ValueError when the text is not one."""
    return revive(kind, orjson.loads(text))


def plain(message: Any) -> Plain:
    """The message as what JSON can say."""
    return _DUMP[message.__class__](message)


def revive(kind: str, fields_of: Plain) -> Any:
    """The message that `plain` was made of. Raises ValueError when it is none of that class."""
    try:
        return _LOAD[kind](fields_of)
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"not a {kind}: {error!r}") from error


# The compiler


@dataclass(frozen=True, slots=True)
class _Slot:
    """One field of a message: how its value `v` becomes plain and comes back."""

    name: str
    default: Any
    """MISSING where there is none."""
    encode: str
    decode: str
    names: dict[str, Any]
    """What the two expressions use."""


def _slot(field: Field[Any], annotation: Any) -> _Slot:
    assert field.default_factory is MISSING, "messages have plain defaults"
    parts = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    kinds = [part for part in parts if part is not NoneType]
    assert len(kinds) == len(parts) or field.default is None, f"{field.name}: None is the default"
    encode, decode, names = _expressions(kinds, f"words_{field.name}")
    return _Slot(field.name, field.default, encode, decode, names)


def _expressions(kinds: list[Any], words: str) -> tuple[str, str, dict[str, Any]]:
    kind = kinds[0]
    if len(kinds) > 1:
        return "[v.__class__.__name__, plain(v)]", "revive(*v)", {}
    if kind in (str, int, bool):
        return "v", "v", {}
    if kind is Decimal:
        return "decimal_text(v)", "Decimal(v)", {}
    if kind is datetime:
        return "utc_text(v)", "utc_time(v)", {}
    if issubclass(kind, StrEnum):
        return "v._value_", f"{words}[v]", {words: {str(member): member for member in kind}}
    return "plain(v)", f"revive({kind.__name__!r}, v)", {}


def _is_told(slot: _Slot) -> str:
    """The condition under which a value is written: it is not the default."""
    if slot.default is None:
        return "v is not None"
    return "v" if slot.default in ("", 0) else f"v is not default_{slot.name}"


def _dump_lines(slots: list[_Slot]) -> list[str]:
    lines = ["def dump(m):", " out = {}"]
    for slot in slots:
        condition = "" if slot.default is MISSING else f"if {_is_told(slot)}: "
        lines += [f" v = m.{slot.name}", f" {condition}out[{slot.name!r}] = {slot.encode}"]
    return [*lines, " return out"]


def _load_lines(slots: list[_Slot]) -> list[str]:
    # Slots are set directly: the __init__ of a frozen class costs as much as all the rest.
    lines = ["def load(p):", " if not p.keys() <= known: reject(p.keys() - known)"]
    lines += [" m = new(cls)", " get = p.get"]
    for slot in slots:
        name = slot.name
        if slot.default is MISSING:
            lines += [f" v = p[{name!r}]", f" set_{name}(m, {slot.decode})"]
        else:
            lines.append(f" v = get({name!r})")
            lines.append(f" set_{name}(m, default_{name} if v is None else {slot.decode})")
    return [*lines, " return m"]


def _reject(unknown: set[str]) -> NoReturn:
    raise ValueError(f"unknown fields {sorted(unknown)}: written by a newer version?")


def _compile(cls: type) -> tuple[Callable[[Any], Plain], Callable[[Plain], Any]]:
    assert not hasattr(cls, "__post_init__"), f"{cls.__name__}: load sets its slots one by one"
    hints = get_type_hints(cls)
    slots = [_slot(field, hints[field.name]) for field in fields(cls)]
    names: dict[str, Any] = {
        "cls": cls,
        "new": object.__new__,
        "known": frozenset(slot.name for slot in slots),
        "reject": _reject,
        "plain": plain,
        "revive": revive,
        "decimal_text": decimal_text,
        "Decimal": Decimal,
        "utc_text": utc_text,
        "utc_time": utc_time,
    }
    for slot in slots:
        names |= slot.names
        names[f"default_{slot.name}"] = slot.default
        names[f"set_{slot.name}"] = cls.__dict__[slot.name].__set__
    source = "\n".join([*_dump_lines(slots), *_load_lines(slots)])
    # As dataclasses makes __init__: the text comes from the classes, never from outside.
    exec(compile(source, f"<wire: {cls.__name__}>", "exec"), names)  # noqa: S102
    return names["dump"], names["load"]


def _classes() -> set[type]:
    return {
        *get_args(Recorded),
        *get_args(DeskReport),
        *get_args(VenueRequest),
        QuoteRequest,
        Transfer,
    }


def _parts(cls: type) -> set[type]:
    """The dataclasses among the fields of a class."""
    found: set[type] = set()
    for annotation in get_type_hints(cls).values():
        for part in get_args(annotation) or (annotation,):
            if isinstance(part, type) and hasattr(part, "__dataclass_fields__"):
                found.add(part)
    return found


CLASSES: Final[dict[str, type]] = {
    cls.__name__: cls
    for cls in _classes() | {PendingRequest, Leg} | {p for c in _classes() for p in _parts(c)}
}
"""Every class that can stand in the store, by its name."""

_COMPILED: Final = {cls: _compile(cls) for cls in CLASSES.values()}
_DUMP: Final = {cls: dumper for cls, (dumper, _) in _COMPILED.items()}
_LOAD: Final = {cls.__name__: loader for cls, (_, loader) in _COMPILED.items()}
