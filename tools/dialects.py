"""Generate the FIX dictionaries of spec/ and the tag numbers of fix/tags.py.

    python -m tools.dialects            write them
    python -m tools.dialects --check    exit 1 if any differs from what would be written

Each dictionary is the stock FIX42.xml that quickfix installs, changed by the facts in DIALECTS and
by nothing else. A fact carries its reason, which is printed into the file that it changes.
"""

import argparse
import re
import sys
import sysconfig
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
STOCK: Final = Path(sysconfig.get_path("data")) / "share" / "quickfix" / "FIX42.xml"

USED_MESSAGES: Final = ("0", "1", "2", "3", "4", "5", "8", "9", "A", "B", "D", "F", "G", "H", "j")
"""The message types whose tag numbers fix/tags.py names."""


@dataclass(frozen=True)
class Value:
    """One more value in a field's enumeration."""

    field: str
    enum: str
    description: str
    why: str


@dataclass(frozen=True)
class Addition:
    """One more field, optional in one message."""

    message: str
    number: int
    name: str
    type: str
    why: str


@dataclass(frozen=True)
class Relaxation:
    """Fields of one message that are no longer required."""

    message: str
    fields: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Openness:
    """Messages whose fields may hold any text: no list of values, no type but those that frame."""

    messages: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Extra:
    """One more message, of fields that the stock dictionary has; `required` are the first ones."""

    msg_type: str
    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    why: str


FRAMING: Final = ("LENGTH", "DATA")
"""Types that say where a field ends."""

Fact = Value | Addition | Relaxation | Openness | Extra


@dataclass(frozen=True)
class Dialect:
    """A dictionary: whom it is for, and how it departs from the stock one."""

    file: str
    purpose: str
    facts: tuple[Fact, ...]


def _post_only(why: str) -> Value:
    return Value("TimeInForce", "7", "POST_ONLY", why)


_DESK_POST_ONLY: Final = _post_only("accepted from desks that speak Apifiny's way of post-only")

_KILL: Final = Extra(
    "U1",
    "KillSwitch",
    ("ClOrdID", "TradSesStatus"),
    ("ExDestination", "TransactTime", "Text"),
    "TradSesStatus 1 turns the kill switch on, 2 off; ExDestination names one route, else all",
)

DIALECTS: Final = (
    Dialect(
        "OMS42.xml",
        "what a desk may send us; what we send it stays within the stock dictionary",
        (_DESK_POST_ONLY, _KILL),
    ),
    Dialect(
        "OMS42X.xml",
        "OMS42.xml and the tags of a desk with extended_tags = true",
        (
            _DESK_POST_ONLY,
            _KILL,
            Addition("ExecutionReport", 5001, "InDoubt", "BOOLEAN", "the order is in doubt"),
            Addition(
                "ExecutionReport", 5002, "Fee", "AMT", "fee of this fill; a rebate is below 0"
            ),
            Addition("ExecutionReport", 5003, "FeeCurrency", "STRING", "the asset the fee is in"),
            Addition("ExecutionReport", 5004, "TradeID", "STRING", "the venue's id of this trade"),
        ),
    ),
    Dialect(
        "APIFINY42.xml",
        "what Apifiny's gateway sends and takes; its document, section FIX API",
        (
            Openness(
                ("ExecutionReport", "OrderCancelReject", "Reject", "BusinessMessageReject"),
                "what our session refuses is lost, so the decoder decides on every value; 59=7 is "
                "PostOnly here",
            ),
            Relaxation(
                "ExecutionReport",
                ("ExecTransType", "LeavesQty", "CumQty", "AvgPx"),
                "Execution Report lists none of them; a stock dictionary rejects every report",
            ),
            Relaxation(
                "ExecutionReport",
                ("Symbol", "Side"),
                "the answer about an order it does not know can not name them",
            ),
            Relaxation(
                "OrderCancelReject",
                ("OrderID", "ClOrdID", "OrigClOrdID", "OrdStatus", "CxlRejResponseTo"),
                "the document names the message and lists no field of it",
            ),
            Relaxation(
                "OrderCancelRequest",
                ("OrigClOrdID", "Side", "Symbol", "TransactTime"),
                "Cancel Order takes 11 (the order's own id), 1, 207 and 58",
            ),
            Relaxation(
                "OrderStatusRequest",
                ("Symbol", "Side"),
                "Query order status takes 11, 1 and 207",
            ),
        ),
    ),
)


def stock() -> ET.Element:
    """The dictionary as quickfix installs it, a fresh copy each time."""
    return ET.parse(STOCK).getroot()  # noqa: S314  a file of our own environment


def snake_case(name: str) -> str:
    """FIX's name in Python's spelling: a break before each new word, lower case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _only(root: ET.Element, path: str) -> ET.Element:
    """The one element at `path`; AssertionError when a fact names what is not there."""
    found = root.findall(path)
    assert len(found) == 1, f"{path}: {len(found)} in the stock dictionary, 1 expected"
    return found[0]


def _add_message(root: ET.Element, fact: Extra) -> str:
    kind = _only(root, "./fields/field[@name='MsgType']")
    described = snake_case(fact.name).upper()
    ET.SubElement(kind, "value", enum=fact.msg_type, description=described)
    attributes = {"name": fact.name, "msgtype": fact.msg_type, "msgcat": "app"}
    message = ET.SubElement(_only(root, "./messages"), "message", attributes)
    for name in fact.required + fact.optional:
        _only(root, f"./fields/field[@name='{name}']")
        flag = "Y" if name in fact.required else "N"
        ET.SubElement(message, "field", name=name, required=flag)
    return f"{fact.msg_type} {fact.name}: {fact.why}"


def apply(root: ET.Element, fact: Fact) -> str:
    """Change the dictionary by one fact; return the line that tells of it."""
    match fact:
        case Value():
            field = _only(root, f"./fields/field[@name='{fact.field}']")
            assert fact.enum not in [value.get("enum") for value in field], fact
            ET.SubElement(field, "value", enum=fact.enum, description=fact.description)
            tag = field.get("number")
            return f"{tag}={fact.enum} {fact.description}: {fact.why}"
        case Addition():
            number = str(fact.number)
            assert not root.findall(f"./fields/field[@number='{number}']"), fact
            fields = _only(root, "./fields")
            ET.SubElement(fields, "field", number=number, name=fact.name, type=fact.type)
            message = _only(root, f"./messages/message[@name='{fact.message}']")
            ET.SubElement(message, "field", name=fact.name, required="N")
            return f"{number} {fact.name} in {fact.message}: {fact.why}"
        case Extra():
            return _add_message(root, fact)
        case Relaxation():
            path = f"./messages/message[@name='{fact.message}']"
            for name in fact.fields:
                member = _only(root, f"{path}/field[@name='{name}']")
                assert member.get("required") == "Y", (fact.message, name)
                member.set("required", "N")
            return f"{fact.message} does not require {', '.join(fact.fields)}: {fact.why}"
        case Openness():
            for name in _fields_of(root, fact.messages):
                _open(_only(root, f"./fields/field[@name='{name}']"))
            return f"{', '.join(fact.messages)} may hold any text in any field: {fact.why}"


def _open(field: ET.Element) -> None:
    for value in field.findall("value"):
        field.remove(value)
    if field.get("type") not in FRAMING:
        field.set("type", "STRING")


def _fields_of(root: ET.Element, messages: tuple[str, ...]) -> Iterator[str]:
    for message in messages:
        for field in _only(root, f"./messages/message[@name='{message}']").iter("field"):
            yield str(field.get("name"))


def dictionary(dialect: Dialect) -> str:
    """The text of one dictionary."""
    root = stock()
    told = [apply(root, fact) for fact in dialect.facts]
    ET.indent(root, " ")
    lines = [
        f"{dialect.file}: {dialect.purpose}.",
        "Generated by tools/dialects.py from the FIX42.xml of QuickFIX; see NOTICE. Departures:",
        *(f"- {line}" for line in told),
    ]
    assert not any("--" in line for line in lines)
    head = "\n     ".join(lines)
    return f"<!-- {head}\n-->\n{ET.tostring(root, encoding='unicode')}\n"


def used_tags() -> Mapping[str, int]:
    """The numbers of all fields in the header, the trailer and USED_MESSAGES, and of our own."""
    root = stock()
    numbers = {
        str(f.get("name")): int(str(f.get("number"))) for f in root.findall("./fields/field")
    }
    parts = [_only(root, "./header"), _only(root, "./trailer")]
    parts += [_only(root, f"./messages/message[@msgtype='{kind}']") for kind in USED_MESSAGES]
    names = {str(member.get("name")) for part in parts for member in part.iter() if member != part}
    own = {
        fact.name: fact.number
        for dialect in DIALECTS
        for fact in dialect.facts
        if isinstance(fact, Addition)
    }
    names |= set(_KILL.required + _KILL.optional)
    used = {name: numbers[name] for name in names} | own
    return dict(sorted(used.items(), key=lambda item: item[1]))


def tags_module() -> str:
    """The text of fix/tags.py."""
    kinds = " ".join(USED_MESSAGES)
    lines = [
        '"""Tag numbers by FIX name: the header, the trailer and the messages we use.',
        "",
        "Generated by tools/dialects.py from the FIX42.xml of QuickFIX; see NOTICE.",
        f"Messages: {kinds}. From 5001 on: our own, described in spec/OMS42X.xml.",
        '"""',
        "",
        "from typing import Final",
        "",
        *(f"{snake_case(name).upper()}: Final = {number}" for name, number in used_tags().items()),
    ]
    return "\n".join(lines) + "\n"


def generated() -> Iterator[tuple[Path, str]]:
    """Each generated file and the text it must have."""
    for dialect in DIALECTS:
        yield ROOT / "spec" / dialect.file, dictionary(dialect)
    yield ROOT / "fix" / "tags.py", tags_module()


def stale() -> list[Path]:
    """The generated files that are missing or differ from what would be written."""
    return [path for path, text in generated() if not path.exists() or path.read_text() != text]


def main() -> None:
    """Write the files, or say which are stale."""
    parser = argparse.ArgumentParser(
        description="Generate the dictionaries of spec/ and fix/tags.py."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if any is stale"
    )
    if parser.parse_args().check:
        if paths := stale():
            names = ", ".join(str(path.relative_to(ROOT)) for path in paths)
            sys.exit(f"stale: {names}; run python -m tools.dialects")
        print("dialects: fresh")
        return
    for path, text in generated():
        path.write_text(text)
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
