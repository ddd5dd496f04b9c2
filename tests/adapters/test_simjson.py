"""JSON with exact numbers, as the simulators write it."""

import json
from decimal import Decimal

import pytest

from adapters.simjson import writer


def test_a_document_is_read_as_it_was_meant() -> None:
    value = {
        "text": 'a "quoted" ₺\n',
        "exact": Decimal("0.10000000"),
        "tiny": Decimal("1E-8"),
        "whole": 3,
        "yes": True,
        "no": False,
        "nothing": None,
        "rows": [{"px": Decimal(40_000)}, {}, []],
        "pair": (1, "1"),
    }
    for ensure_ascii in (True, False):
        write = writer(", ", ": ", "{:f}".format, ensure_ascii=ensure_ascii)
        text = write(value)
        assert text.isascii() == ensure_ascii
        assert json.loads(text, parse_float=Decimal) == {**value, "pair": [1, "1"]}
        assert '"exact": 0.10000000, "tiny": 0.00000001' in text


def test_a_venue_says_how_it_writes() -> None:
    write = writer(",", ":", "{:E}".format)
    assert write([Decimal(1200), {"a": 1}, 0, False]) == '[1.200E+3,{"a":1},0,false]'


def test_a_float_is_not_written() -> None:
    write = writer(",", ":", str)
    with pytest.raises(KeyError, match="float"):
        write({"px": [0.1]})
