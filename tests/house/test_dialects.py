"""The dictionaries of spec/ are what their facts say, and quickfix loads them."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
import quickfix

from fix import tags
from tools import dialects


def _load(name: str) -> quickfix.DataDictionary:
    return quickfix.DataDictionary(str(dialects.ROOT / "spec" / name))


def test_what_is_committed_is_what_the_facts_generate() -> None:
    assert dialects.stale() == []


def test_a_stale_file_fails_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "ROOT", tmp_path)
    assert {path.name for path in dialects.stale()} == {
        "OMS42.xml", "OMS42X.xml", "APIFINY42.xml", "tags.py",
    }  # fmt: skip


def test_the_check_is_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.dialects", "--check"],
        cwd=dialects.ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "dialects: fresh\n")


@pytest.mark.parametrize("name", ["OMS42.xml", "OMS42X.xml"])
def test_all_take_post_only_and_the_stock_one_does_not(name: str) -> None:
    assert _load(name).isFieldValue(59, "7")
    assert not quickfix.DataDictionary(str(dialects.STOCK)).isFieldValue(59, "7")


def test_only_the_extended_dialect_knows_our_own_tags() -> None:
    for tag in (5001, 5002, 5003, 5004):
        assert _load("OMS42X.xml").isMsgField("8", tag)
        assert not _load("OMS42.xml").isMsgField("8", tag)
        assert not _load("OMS42X.xml").isMsgField("D", tag)


# Tags as the venue's document prints them, section FIX API: New Order, Cancel Order, Query order
# status, Execution Report.
VENUE_MESSAGES = {
    "D": "11=a 55=BTCUSDT 21=1 40=2 59=7 60=20261121-00:00:00.000 54=1 44=1 1=b 38=1 207=V 58=t",
    "F": "11=a 1=b 207=V 58=t",
    "H": "11=a 1=b 207=V",
    "8": "37=o 17=e 55=BTCUSDT 54=1 32=1 44=1 38=1 60=20261121-00:00:00 150=1 39=1",
    "9": "11=a 39=0",
}


def _message(msg_type: str, fields: str) -> quickfix.Message:
    head = f"8=FIX.4.2 35={msg_type} 49=A 56=B 34=1 52=20261121-00:00:00 "
    return quickfix.Message((head + fields + " ").replace(" ", "\x01"), False)


@pytest.mark.parametrize("msg_type", VENUE_MESSAGES)
def test_the_venues_own_messages_pass_its_dialect_alone(msg_type: str) -> None:
    message = _message(msg_type, VENUE_MESSAGES[msg_type])
    # A message of the session layer has length and checksum; toString fills them in.
    whole = quickfix.Message(message.toString(), False)
    _load("APIFINY42.xml").validate(whole)
    with pytest.raises(quickfix.FIXException):
        quickfix.DataDictionary(str(dialects.STOCK)).validate(whole)


@pytest.mark.parametrize(
    "told",
    [
        "39=Z",
        "39=10",
        "150=K",
        "103=99",
        "59=7",
        "54=x",
        "38=half",
        "44=1,5",
        "60=yesterday",
        "20=9",
    ],
)
def test_no_value_of_the_venues_is_refused_before_it_is_read(told: str) -> None:
    """What our session refuses is lost; what can not be read is kept, and its order asked for."""
    report = " ".join(
        f for f in VENUE_MESSAGES["8"].split() if f.split("=")[0] != told.split("=")[0]
    )
    message = _message("8", f"{report} {told}")
    whole = quickfix.Message(message.toString(), False)
    _load("APIFINY42.xml").validate(whole)


def test_what_frames_a_message_keeps_its_type() -> None:
    """A count or a length that is text would tear the message apart."""
    root = ET.parse(dialects.ROOT / "spec" / "APIFINY42.xml").getroot()  # noqa: S314  our own file
    kinds = {field.get("name"): field.get("type") for field in root.findall("./fields/field")}
    assert (kinds["EncodedTextLen"], kinds["EncodedText"]) == ("LENGTH", "DATA")
    assert (kinds["NoContraBrokers"], kinds["OrdStatus"]) == ("INT", "STRING")


@pytest.mark.parametrize(
    ("name", "new_elements"), [("OMS42.xml", 1 + 7), ("OMS42X.xml", 1 + 7 + 4 + 4)]
)
def test_nothing_else_departs_from_the_stock_dictionary(name: str, new_elements: int) -> None:
    """One element for a value or a relaxed field, two for a field of our own; the kill message
    is itself, its five fields and a value of MsgType."""
    ours = _count(ET.parse(dialects.ROOT / "spec" / name).getroot())  # noqa: S314  our own file
    stock = _count(dialects.stock())
    assert (ours - stock).total() == new_elements
    assert {element.replace("'Y'", "'N'") for element in stock - ours} <= set(ours)


def _count(root: ET.Element) -> Counter[str]:
    """How often each element occurs, by its parents' names and its own attributes."""
    seen: Counter[str] = Counter()

    def walk(element: ET.Element, path: str) -> None:
        seen[f"{path}/{element.tag}{sorted(element.attrib.items())}"] += 1
        for child in element:
            walk(child, f"{path}/{element.tag}[{element.get('name', '')}]")

    walk(root, "")
    return seen


def test_a_fact_about_what_is_not_there_is_an_error() -> None:
    wrong = dialects.Relaxation("ExecutionReport", ("LastQty",), "FIX 4.3's name")
    with pytest.raises(AssertionError, match="LastQty"):
        dialects.apply(dialects.stock(), wrong)


def test_tags_are_named_by_the_mechanical_rule() -> None:
    assert tags.CL_ORD_ID == 11
    assert tags.NO_CONTRA_BROKERS == 382
    assert tags.SECONDARY_ORDER_ID == 198
    assert tags.RAW_DATA == 96
    assert tags.IN_DOUBT == 5001
    names = [str(field.get("name")) for field in dialects.stock().findall("./fields/field")]
    assert len({dialects.snake_case(name) for name in names}) == len(names) == 405
