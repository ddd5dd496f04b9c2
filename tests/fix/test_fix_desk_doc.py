"""docs/fix-desk.md says what is: samples are transcripts, tables agree with dictionaries and codec."""

import base64
import hashlib
import hmac
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest

from fix.codec import encode
from tests.fix.desk_cases import IN
from tests.fix.report_cases import OUT
from tests.fix.transcripts.notation import read_all
from tests.fix.transcripts.wire import checksum

ROOT = Path(__file__).resolve().parents[2]
DOC = (ROOT / "docs" / "fix-desk.md").read_text(encoding="utf-8")
SCENARIOS = {one.name: one for one in read_all()}

SAMPLES = re.findall(r"^```transcript ([a-z-]+)\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
TABLES = {
    kind: re.findall(r"^\| (\d+) \| (\w+) \| ([YCN]) \| .+ \|$", text, re.MULTILINE)
    for kind, text in re.findall(r"^### (\w+) [^\n]+\n(.*?)(?=^##)", DOC, re.MULTILINE | re.DOTALL)
}
WRONG = DOC.partition("## Answers to what is wrong")[2].partition("\n## ")[0]
ANSWERS = re.findall(r"^\| [^|]+ \| ([^|]+) \| ([a-z]+-[a-z-]+) \|$", WRONG, re.MULTILINE)
HEADER = {"8", "9", "10", "34", "35", "49", "52", "56", "43", "97", "122"}


@pytest.mark.parametrize(("name", "text"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_a_sample_is_a_transcript(name: str, text: str) -> None:
    """As it is played over sockets, but for the look at the books at its end."""
    lines = SCENARIOS[name].text.splitlines()
    assert text.splitlines() == [line for line in lines if not line.startswith("books: ")]


def test_there_are_samples_and_answers() -> None:
    assert len(SAMPLES) >= 7
    assert len(ANSWERS) >= 40
    assert set(TABLES) == {"D", "F", "G", "H", "U1", "8", "9", "j", "3", "B"}


@pytest.mark.parametrize(("answer", "name"), ANSWERS, ids=[row[1] for row in ANSWERS])
def test_an_answer_is_in_its_transcript(answer: str, name: str) -> None:
    """Each `tag=value` of the row stands in what the engine says there."""
    lines = SCENARIOS[name].text.splitlines()
    said = "|".join(line for line in lines if line.startswith("oms"))
    fields = re.findall(r"`([^`]+)`", answer)
    assert [one for one in fields if not re.search(rf"[> |]{re.escape(one)}", said)] == []


def test_the_departures_are_those_of_the_transcripts() -> None:
    listed = DOC.partition("## Where quickfix departs")[2]
    told = dict(re.findall(r"^- (.+)\. \(`([a-z-]+)`\)$", listed, re.MULTILINE))
    pinned = {
        one.head("deviation").rstrip("."): one.name
        for one in SCENARIOS.values()
        if one.head("deviation")
    }
    assert {text[0].upper() + text[1:]: name for text, name in pinned.items()} == told


def test_the_worked_token_is_what_the_recipe_makes() -> None:
    """Recomputed by hand, as the recipe says; the Logon around it is whole."""
    recipe = dict(re.findall(r"^    (secret|header|claims) +(.+)$", DOC, re.MULTILINE))
    head, claims = (_base64url(recipe[part].encode()) for part in ("header", "claims"))
    signed = f"{head}.{claims}"
    mac = hmac.new(recipe["secret"].encode(), signed.encode(), hashlib.sha256).digest()
    token = f"{signed}.{_base64url(mac)}"
    assert f"\n    {token}\n" in DOC
    (logon,) = re.findall(r"^    (8=FIX.4.2\|.+)$", DOC, re.MULTILINE)
    fields = dict(part.split("=", 1) for part in logon.split("|")[:-1])
    assert (fields["96"], fields["95"]) == (token, str(len(token)))
    body = logon[logon.index("35=") : logon.index("10=")]
    assert fields["9"] == str(len(body))
    before = logon[: logon.index("10=")].replace("|", "\x01")
    assert fields["10"] == checksum(before.encode())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _dictionary(name: str) -> Mapping[str, Mapping[str, tuple[str, bool]]]:
    """By MsgType, by tag: the field's name, and whether it is required."""
    root = ET.parse(ROOT / "spec" / name).getroot()  # noqa: S314  our own file
    numbers = {str(f.get("name")): str(f.get("number")) for f in root.iterfind("./fields/field")}
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for message in root.iterfind("./messages/message"):
        # A group is required as such; what is in it stands on its own.
        members = [one for one in message.iter() if one is not message]
        found[str(message.get("msgtype"))] = {
            numbers[str(one.get("name"))]: (str(one.get("name")), one.get("required") == "Y")
            for one in members
        }
    return found


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_agrees_with_the_dictionary(kind: str) -> None:
    """Names and numbers; what FIX requires is there as Y, and nothing else is."""
    known = _dictionary("OMS42X.xml")[kind]
    rows = TABLES[kind]
    assert [(tag, name) for tag, name, _ in rows] == [
        (tag, known.get(tag, ("not in this message", False))[0]) for tag, _, _ in rows
    ]
    required = {tag for tag, (_, is_required) in known.items() if is_required}
    assert {tag for tag, _, need in rows if need == "Y"} == required - {"58"}


def test_every_tag_that_a_desk_may_be_told_is_listed() -> None:
    for case in OUT:
        fields = encode(case.message, extended=True)
        told = {str(tag) for tag, _ in fields[1:]}
        listed = {tag for tag, _, _ in TABLES[fields[0][1]]}
        assert told <= listed, case


def test_every_tag_that_is_read_is_listed() -> None:
    for case in IN:
        fields = dict(part.split("=", 1) for part in case.text.split("|"))
        table = TABLES.get(fields["35"])
        if table is not None:
            assert set(fields) - HEADER <= {tag for tag, _, _ in table}, case
