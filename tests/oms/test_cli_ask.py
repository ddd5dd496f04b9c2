"""The verbs that ask a venue: rows for people and for scripts, refusals with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from oms.asks import QUERIES
from oms.told import row_of
from tests.oms.cli_bench import Bench, idle_bench, oms, running_bench
from tests.oms.told_items import ANSWERS, BALANCE, BOOK, PUBLIC_TRADE, TICKER

MARKET = ("--venue", "plain", "--symbol", "BTC/TRY")
VERBS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ticker": ("ticker", MARKET),
    "book": ("order_book", MARKET),
    "trades": ("trades", MARKET),
    "candles": ("candles", MARKET),
    "currencies": ("currencies", MARKET[:2]),
    "fees": ("fees", MARKET[:2]),
    "account": ("account", MARKET[:2]),
    "deposits": ("deposits", MARKET[:2]),
    "withdrawals": ("withdrawals", MARKET[:2]),
    "transfers": ("transfers", MARKET[:2]),
    "deposit-address": ("deposit_address", ("--venue", "plain", "--asset", "btc")),
}


def answering(bench: Bench) -> Bench:
    """Its venue answers everything."""
    bench.engine.venues["PLAIN"].answers = dict(ANSWERS)
    return bench


def test_every_verb_shows_its_rows(tmp_path: Path) -> None:
    """As JSON what the API gives, field by field; for people a heading and a line each."""
    with running_bench(tmp_path) as bench:
        answering(bench)
        for verb, (query, words) in VERBS.items():
            answer = ANSWERS[query]
            rows = [{"venue": "PLAIN", **row_of(item)} for item in (
                answer if QUERIES[query].many else [answer])]  # fmt: skip
            told = bench.oms(verb, *words, "--json")
            assert told.code == 0, told.err
            assert told.document == (rows if QUERIES[query].many else rows[0]), verb
            shown = bench.oms(verb, *words)
            assert shown.code == 0
            assert len(shown.lines) >= 1 + len(rows), verb


def test_a_ticker_without_a_market_is_all_of_them(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        answering(bench)
        told = bench.oms("ticker", "--venue", "plain", "--json")
        assert told.document == [{"venue": "PLAIN", **row_of(TICKER)}]


def test_a_book_has_its_sides_beside_each_other(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        answering(bench).engine.venues["PLAIN"].answers["order_book"] = BOOK
        assert [line.split() for line in bench.oms("book", *MARKET).lines] == [
            ["BID", "QTY", "BID", "ASK", "ASK", "QTY"],
            ["1.0", "40000.5", "40001", "3"],
            ["2", "40000", "40002", "0.50"],
        ]
        assert bench.oms("book", *MARKET, "--depth", "1").lines[1:] == [
            bench.oms("book", *MARKET).lines[1]
        ]


def test_arguments_reach_the_venue(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        answering(bench)
        since = ("--since", "2026-01-01T00:00Z")
        assert bench.oms("candles", *MARKET, "--period", "1M", *since, "--limit", "3").code == 0
        assert bench.oms("deposits", "--venue", "plain", "--asset", "btc", *since).code == 0
        (_, candles), (_, deposits) = bench.engine.venues["PLAIN"].asked
        assert (candles["period"], candles["limit"]) == ("1M", 3)
        assert candles["since"].isoformat() == "2026-01-01T00:00:00+00:00"
        assert (deposits["asset"], deposits["since"]) == ("BTC", candles["since"])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("ticker", "--venue", "nowhere"), "there is no [venues.*] table NOWHERE"),
        (("ticker", "--venue", "plain", "--symbol", "BTC/XYZ"), "has no market 'BTC/XYZ'"),
        (("candles", *MARKET, "--period", "2h"), "period: '2h' is none of 1m"),
        (("trades", *MARKET, "--limit", "0"), "limit: must be"),
        (("account", "--venue", "native"), "NATIVE does not offer account"),
        (("watch", "weather", "--venue", "plain"), "'weather' can not be watched"),
        (("watch", "ticker", "--venue", "plain"), "symbol: is missing"),
        (("watch", "book", *MARKET), "does not offer order_book"),
    ],
)
def test_a_refusal_has_its_reason(tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    with running_bench(tmp_path) as bench:
        answering(bench)
        told = bench.oms(*words)
        assert told.code in (1, 2)
        assert told.out == ""
        assert reason in told.err


def test_a_watch_tells_line_by_line(tmp_path: Path) -> None:
    """With --json an object a line; else a heading once, and what is emulated is marked."""
    with running_bench(tmp_path) as bench:
        venue = bench.engine.venues["PLAIN"]
        venue.news = [(PUBLIC_TRADE, False, 2), (PUBLIC_TRADE, True, 0)]
        told = bench.oms("watch", "trades", *MARKET, "--count", "2", "--json")
        rows: list[Any] = [json.loads(line) for line in told.lines]
        row = {"venue": "PLAIN", **row_of(PUBLIC_TRADE)}
        assert rows == [
            {**row, "emulated": False, "missed": 2},
            {**row, "emulated": True, "missed": 0},
        ]
        lines = bench.oms("watch", "trades", *MARKET, "--count", "2").lines
        assert lines[0].split()[:2] == ["TIME", "EXCHANGE"]
        assert [line.split()[-2:] for line in lines[1:3]] == [["2", "streamed"], ["in", "turns"]]
        assert len(lines) == 3
        venue.news = [(TICKER, True, 0)]
        assert "40000.5" in bench.oms("watch", "ticker", *MARKET, "--count", "1").lines[1]
        venue.news = [(BALANCE, True, 0)]
        words = ("--venue", "plain", "--count", "1")
        assert "0.7" in bench.oms("watch", "balances", *words).lines[1]


def test_without_an_engine_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    with idle_bench(tmp_path) as bench:
        for words in (("ticker", *MARKET), ("watch", "ticker", *MARKET)):
            told = bench.oms(*words)
            assert (told.code, told.out) == (3, "")
            assert "`oms run` starts the engine" in told.err


def test_the_venues_are_told_without_an_engine_or_a_configuration() -> None:
    """The table as rows, and a paragraph a venue."""
    rows = oms("venues", "--json").document
    shown = oms("venues").lines
    assert [row["venue"] for row in rows] == [line for line in shown if line[0] != " "]
    assert {"ord_types", "limits", "queries", "watches", "emulations"} <= set(rows[0])
    assert any(line.split(": ", 1)[0] == "  client order id" for line in shown)


def test_every_verb_has_json_and_an_example() -> None:
    for verb in (*VERBS, "watch", "venues"):
        told = oms(verb, "--help").out
        assert "--json" in told, verb
        assert f"Example: oms {verb} " in told, verb


def test_what_an_example_asks_is_offered_by_its_venue() -> None:
    """A user's first try is not refused."""
    rows = {row["venue"]: row for row in oms("venues", "--json").document}
    for verb, (query, _) in VERBS.items():
        words = oms(verb, "--help").out.partition("Example: oms ")[2].split()
        assert query in rows[words[words.index("--venue") + 1].upper()]["queries"], words
