"""The document's sample answers, and that the simulator answers in just their shape."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.btcturk.tests.btcturk_desk import LAG_MS, Desk, order_body

RECORDED = Path(__file__).parents[1] / "recorded"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))
LATER = {"BA", "side", "order", "orderFund", "requestFund", "precision", "pairsymbolnormalized"}
"""Fields that the venue has added since, or leaves out in one list."""


def read(name: str) -> dict[str, Any]:
    text = (RECORDED / f"{name}.json").read_text()
    parsed: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return parsed


def shape(value: object) -> object:
    """Reduce an answer to its field names and kinds; a list to the kind of its first entry."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key not in LATER}
    if isinstance(value, list):
        return [shape(value[0])]
    if value is None or isinstance(value, bool):
        return type(value).__name__
    return "number" if isinstance(value, int | Decimal) else "str"


def traded() -> Desk:
    """An account with all that the samples show, rows as old as the document."""
    desk = Desk()
    desk.venue.switch("old_rows", True)
    for side, price in (("buy", "1200010"), ("buy", "1000000"), ("sell", "1300000")):
        desk.place(orderType=side, price=price)
    desk.wait(LAG_MS)
    return desk


@pytest.mark.parametrize("name", NAMES)
def test_each_file_names_its_source(name: str) -> None:
    recorded = read(name)
    assert recorded["source"].startswith('BtcTurk API document, section "')
    assert recorded["checked"] == "2026-11-21"
    assert recorded["http_status"] == 200


def test_every_documented_answer_is_there() -> None:
    """Four public ones and eight private ones."""
    assert len(NAMES) == 12


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"order_cancelled"}))
def test_the_simulator_answers_in_the_documents_shape(name: str) -> None:
    """Field by field, text where the document has text; messages may be there or not."""
    recorded = read(name)
    method, _, asked = recorded["request"].partition(" ")
    path, _, query = asked.partition("?")
    body = json.dumps(order_body()).encode() if name == "order_created" else b""
    given = traded().ask(method, path, query, body)
    if isinstance(given, dict):
        assert set(given) == set(recorded["body"])
        assert (given["success"], given["code"]) == (True, 0)
        given, recorded["body"] = given["data"], recorded["body"]["data"]
    assert shape(given) == shape(recorded["body"])
