"""The document's sample answers, and that the simulator answers in just their shape."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.andx.tests.andx_desk import Desk, order_body

RECORDED = Path(__file__).parents[1] / "recorded"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))
WITHDRAWAL = {"currency_code": "XRP", "amount": "100.25", "alias": "alias_name"}
BODIES = {
    ("POST", "orders/"): json.dumps(order_body()).encode(),
    ("POST", "withdrawal/request/"): json.dumps(WITHDRAWAL).encode(),
}


def read(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return parsed


def shape(value: object) -> object:
    """Reduce an answer to its field names and kinds; a list to the kind of its first entry."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])]
    return type(value).__name__


@pytest.mark.parametrize("name", NAMES)
def test_each_file_names_its_source(name: str) -> None:
    """Section and date are there, no number has lost digits on the way through a float."""
    recorded = read(name)
    assert recorded["source"].startswith('ANDX API document, section "')
    assert recorded["checked"] == "2026-11-21"
    assert recorded["http_status"] == 200
    assert "float" not in json.dumps(shape(recorded["body"]))


def test_every_documented_answer_is_there() -> None:
    """Six reads of which two have two forms, and three writes with two outcomes each."""
    assert len(NAMES) == 14


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("_refused")])
def test_the_simulator_answers_in_the_documents_shape(name: str) -> None:
    """Field by field, in its order, text where the document has text."""
    desk = Desk()
    desk.place(order_type="market", price="0")
    number = desk.place()
    recorded = read(name)
    method, _, path = recorded["request"].replace("122", str(number)).partition(" /api/v1/")
    body = BODIES.get((method, path), b"")
    given = json.loads(desk.send(desk.request(method, path, body)).body)
    assert json.dumps(shape(given)) == json.dumps(shape(recorded["body"]))


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("order_refused", "orders/", order_body(account_name="Other")),
        ("cancel_refused", "cancel_order/122/", None),
        ("withdrawal_refused", "withdrawal/request/", {**WITHDRAWAL, "alias": "other"}),
    ],
)
def test_the_simulator_refuses_in_the_documents_words(
    name: str, path: str, body: dict[str, object] | None
) -> None:
    """The three numbered errors, to the letter."""
    assert json.loads(Desk().post(path, body).body) == read(name)["body"]
