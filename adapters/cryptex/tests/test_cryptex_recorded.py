"""The document's sample answers, and that the simulator answers in just their shape."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapters.cryptex.tests.cryptex_desk import NEAR, Desk, parsed

RECORDED = Path(__file__).parents[1] / "recorded"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(), parse_float=Decimal)
    return found


def shape(value: object) -> object:
    """Reduce an answer to its names and kinds: map keys that are no names, to their kind."""
    if isinstance(value, dict):
        return {key if key.islower() else "*": shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])]
    return "number" if isinstance(value, int | Decimal) else type(value).__name__


@pytest.mark.parametrize("name", NAMES)
def test_each_file_names_its_source(name: str) -> None:
    recorded = read(name)
    assert recorded["source"].startswith('Cryptex API document, section "')
    assert recorded["checked"] == "2026-11-21"
    assert (recorded["http_status"], recorded["body"]["status"]) == (200, "ok")


def test_every_documented_answer_is_there() -> None:
    """Twelve methods; Info has a second sample, and CouponCreate a second outcome."""
    methods = {read(name)["request"].partition("method=")[2].partition("&")[0] for name in NAMES}
    assert (len(NAMES), len(methods)) == (14, 12)


@pytest.mark.parametrize("name", NAMES)
def test_the_simulator_answers_in_the_documents_shape(name: str) -> None:
    """Name by name, in its order, numbers where the document has numbers."""
    desk = Desk()
    desk.call("Trade", **NEAR)
    number, address = desk.place(), desk.call("GetNewAddress", currency="BTC")["address"]
    desk.venue.switch("deposit", {"currency": "BTC", "amount": 1})
    coupon = desk.call("CouponCreate", currency="USD", amount="100")["code"]
    if name == "coupon_moderated":
        desk.venue.switch("send_to_moderation", 1)
    recorded = read(name)
    asked = parse_qs(recorded["request"].partition(" /api/v1 ")[2])
    ours = {"order_id": str(number), "code": coupon, "address": address}
    fields = {key: ours.get(key, values[0]) for key, values in asked.items()}
    given = parsed(desk.post(fields.pop("method"), **fields))
    assert json.dumps(shape(given)) == json.dumps(shape(recorded["body"]))
