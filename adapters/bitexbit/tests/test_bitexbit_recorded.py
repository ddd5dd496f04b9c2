"""The document's sample answers, and that the simulator answers in just their shape."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.bitexbit.tests.bitexbit_desk import FAR, Desk

RECORDED = Path(__file__).parents[1] / "recorded"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))
EVENTS = {"new_order_event": 0, "cancel_event": 1}


def read(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return parsed


def shape(value: object) -> object:
    """Reduce an answer to its field names and kinds; a list to the kind of its first entry.

    A number is a number with or without a point: the document writes them both ways.
    """
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


@pytest.mark.parametrize("name", NAMES)
def test_each_file_names_its_source(name: str) -> None:
    recorded = read(name)
    assert recorded["source"].startswith('Bitexbit API v1 document, section "')
    assert recorded["checked"] == "2026-11-21"
    assert (recorded["request"].split(" ")[0] == "WS") != ("http_status" in recorded)


def test_every_documented_sample_is_there() -> None:
    """Twelve calls, of which the order book's has two forms, and two events."""
    assert len(NAMES) == 15


@pytest.mark.parametrize("name", [name for name in NAMES if name not in EVENTS])
def test_the_simulator_answers_in_the_documents_shape(name: str) -> None:
    desk = Desk()
    desk.place(price="40000.001")
    order_id = desk.place()["oid"]
    method, _, path = read(name)["request"].replace("53189", str(order_id)).partition(" ")
    if method == "POST":
        crossing = {**FAR, "price": "40000.001"}
        fields = crossing if path.endswith("/order/") else {"order": order_id}
        answer = desk.post(path.removeprefix("/api/v1/"), fields)
    else:
        answer = desk.send(desk.request(path.removeprefix("/api/"), base="/api/"))
    assert answer.status == 200
    assert shape(json.loads(answer.body)) == shape(read(name)["body"])


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_the_channel_speaks_in_the_documents_shape(name: str) -> None:
    desk = Desk()
    client = desk.listen()
    order_id = desk.place(price="40000.001", amount="0.07")["oid"]
    desk.post("order-cancel/", {"order": order_id})
    desk.wait(0)
    told = [text for text in client.drain(desk.now_ms) if text.startswith("42")]
    event = json.loads(told[EVENTS[name]][2:])[1]
    assert shape(event) == shape(read(name)["body"])
