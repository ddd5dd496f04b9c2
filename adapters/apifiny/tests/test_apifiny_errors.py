"""The whole table of Apifiny's codes: what each leaves of a new order, a cancel, a move, a query."""

from pathlib import Path
from typing import Any, Final

import pytest

from adapters.apifiny import mapping
from adapters.apifiny.errors import VERDICTS, WORDS, Operation, Verdict, error_for, verdict
from adapters.documents import parse
from adapters.http import Throttled
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueError, VenueRefused
from oms.core.errors import VenueUnavailable as Unavailable
from oms.core.fields import CxlRejReason, OrdRejReason

RECORDED: Final = Path(__file__).parents[1] / "recorded"
PRINTED: Final[list[list[str]]] = parse((RECORDED / "error_codes.json").read_bytes())["answer"]

WANTED: Final = """
65548 01000C UUUU
65562 01001A NNNN
65579 01002B UUUU
65595 01003B ULUL
65658 01007A NNNN
131098 02001A NNNN
131099 02001B NNNN
131114 02002A SSSS
131115 02002B NNNN
131130 02003A NNNN
131162 02005A NNNN
131178 02006A UUUN
196634 03001A NNNN
196650 03002A NNNN
196666 03003A NNNN
196682 03004A NNNN
196698 03005A NNNN
262170 04001A NNNN
262186 04002A NNNN
262202 04003A NNNN
262218 04004A NNNN
262250 04006A NNNN
262266 04007A NNNN
262299 04009B UNUL
262427 04011B UUUU
262443 04012B NNNN
5243242 050016A UNUN
327706 05001A NNUN
327722 05002A UNUN
327723 05002B UNUN
327738 05003B UNUN
327738 05003A UNUN
327741 05003D NNNN
327754 05004A ULUN
327755 05004B UUUU
327786 05005A UUUU
327786 05006B NNNN
327786 05006A NNNN
327802 05007B UNUN
327802 05007A UNUN
327818 05008A NNNN
327818 05008A UUUU
327834 05009A NNNN
327836 05009C UUUU
327946 05010A UNUN
327948 05010C UUUU
327962 05011A NNNN
327978 05012A NNNN
328010 05014A UUUN
328026 05015A ULUN
328042 05016A UUUU
328058 05017A UUUU
328074 05018A NNNN
393242 06001A NNNN
393242 06001B NNNN
393258 06002A NNNN
393274 06003A NNNN
393290 06004A NNNN
393306 06005A UUUU
393322 06006A UNUN
393338 06007A UNUL
393354 06008A NNNN
393355 06008B UNUN
393372 06009C UNUN
393482 06010A UUUU
393514 06012A UNUN
393530 06013A NNNN
2097162 20000A NNNN
2097163 20000B NNNN
2097178 20001A NNNN
"""
"""Decimal and hexadecimal as printed, then for NEW, CANCEL, MOVE and QUERY: a NO, LATER, SLOWER or
UNKNOWN. Judged by hand, row by row, from the texts."""

LETTERS: Final = {word[0]: word for word in Verdict}
CASES: Final = [line.split() for line in WANTED.split("\n") if line]


def test_the_table_is_the_documents() -> None:
    """Every printed row, and no other; no code is judged that is not printed."""
    assert [(row[0], row[1]) for row in CASES] == [(d, h[2:]) for d, _, h in PRINTED]
    by_hex = {int(h, 16) for _, _, h in PRINTED}
    assert set(VERDICTS) == {int(d) for d, _, _ in PRINTED} | (by_hex & set(VERDICTS))
    assert set(WORDS) <= set(VERDICTS)


@pytest.mark.parametrize("number", range(len(CASES)))
@pytest.mark.parametrize("place", range(4))
def test_what_a_code_leaves(number: int, place: int) -> None:
    decimal, text, hexadecimal = PRINTED[number]
    operation, wanted = list(Operation)[place], LETTERS[CASES[number][2][place]]
    for code in (int(decimal), decimal, hexadecimal):
        told, message = mapping.error_of({"code": code, "message": text})
        assert verdict(told, message, operation) is wanted, code


@pytest.mark.parametrize(
    ("code", "operation", "wanted"),
    [
        (327786, Operation.NEW, Verdict.UNKNOWN),
        (327786, Operation.CANCEL, Verdict.UNKNOWN),
        (327802, Operation.NEW, Verdict.UNKNOWN),
        (327802, Operation.CANCEL, Verdict.NO),
        (327818, Operation.NEW, Verdict.NO),
        (327818, Operation.CANCEL, Verdict.UNKNOWN),
        (327738, Operation.CANCEL, Verdict.NO),
        (327738, Operation.QUERY, Verdict.NO),
        (327738, Operation.NEW, Verdict.UNKNOWN),
        (393242, Operation.MOVE, Verdict.NO),
    ],
)
def test_a_code_of_several_meanings_without_its_words(
    code: int, operation: Operation, wanted: Verdict
) -> None:
    assert verdict(code, "", operation) is wanted


def test_the_words_about_the_limit_need_no_code() -> None:
    said = "Rate limit is exceeded"
    assert {verdict(65562, said, each) for each in Operation} == {Verdict.SLOWER}


def test_a_code_that_is_not_listed_says_nothing_about_what_was_done() -> None:
    told = {each: verdict(999_999, "new one", each) for each in Operation}
    assert told.pop(Operation.QUERY) is Verdict.NO
    assert set(told.values()) == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("code", "operation", "kind"),
    [
        (65562, Operation.NEW, VenueRefused),
        (65579, Operation.NEW, OutcomeUnknown),
        (65595, Operation.CANCEL, Unavailable),
        (131114, Operation.NEW, Throttled),
    ],
)
def test_what_is_raised(code: int, operation: Operation, kind: type[VenueError]) -> None:
    error = error_for(code, "", operation, "words")
    assert type(error) is kind
    assert str(error) == "words"


@pytest.mark.parametrize("code", [327706, 327738, 327739, 5243242])
def test_the_codes_of_an_order_that_is_not_there(code: int) -> None:
    error = error_for(code, "", Operation.QUERY, "words")
    assert isinstance(error, VenueRefused)
    assert error.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER
    assert error.cxl_rej_reason is CxlRejReason.UNKNOWN_ORDER


def test_the_reasons_that_fix_has_words_for() -> None:
    def reason(code: int) -> OrdRejReason:
        error = error_for(code, "too many open orders", Operation.NEW, "")
        assert isinstance(error, VenueRefused)
        return error.ord_rej_reason

    assert reason(262202) is OrdRejReason.UNKNOWN_SYMBOL
    assert reason(327741) is OrdRejReason.EXCHANGE_CLOSED
    assert reason(327786) is OrdRejReason.ORDER_EXCEEDS_LIMIT
    assert reason(65562) is OrdRejReason.BROKER_CREDIT


@pytest.mark.parametrize("code", [True, 1.5, "x", "", None, [1], "0xzz"])
def test_a_code_that_is_none(code: Any) -> None:
    with pytest.raises(MalformedMessage, match="a code is wanted"):
        mapping.error_of({"code": code, "message": "m"})
