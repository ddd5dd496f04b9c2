"""The verbs, in this process: what they show, where, and how they end."""

from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from oms.cli import VERBS, Verb, act, look, show
from oms.cli.ends import exit_code
from oms.client import Client
from oms.core.errors import OmsError, OutcomeUnknown
from oms.settings import Settings
from tests.oms.cli_bench import LIMIT, ORDER, filled, idle_bench, oms, running_bench, wait_for
from tests.oms.small_engine import AS_OPERATOR

ROWS = {
    "order": "order_id cl_ord_id orig_cl_ord_id origin venue exchange account symbol side ord_type"
    " time_in_force order_qty price stop_px ord_status cum_qty leaves_qty avg_px in_doubt"
    " in_doubt_since in_doubt_request secondary_order_id text created updated",
    "fill": "order_id cl_ord_id venue exec_id trade_id symbol side last_shares last_px fee"
    " fee_currency transact_time",
    "position": "venue exchange account asset qty",
    "balance": "venue exchange asset total available held",
    "status": "ready sessions venues kill in_doubt breaks",
    "event": "time kind evidence text raw",
}


def _has(row: dict[str, object], kind: str) -> bool:
    return set(ROWS[kind].split()) <= set(row)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_help_with_an_example(verb: Verb) -> None:
    told = oms(verb.name, "--help")
    assert told.code == 0
    assert f"Example: {verb.example}" in " ".join(told.out.split())


def test_every_verb_takes_a_configuration_and_every_listing_json() -> None:
    for verb in VERBS:
        assert oms(verb.name, "-c", "oms.toml", "--help").code == 0, verb.name
        assert oms(verb.name, "--no-such-option", "--help").code == 2, verb.name
    listings = [
        "status",
        "orders",
        "order",
        "fills",
        "positions",
        "balances",
        "instruments",
        "replay",
        "demo",
    ]
    for verb in VERBS:
        if verb.name in listings:
            assert "--json" in oms(verb.name, "--help").out


def test_without_a_verb_the_verbs_are_told_and_a_typing_error_is_met_halfway() -> None:
    told = oms()
    assert (told.code, told.out) == (2, "")
    assert "list orders" in told.err
    told = oms("ordrs")
    assert told.code == 2
    assert "Did you mean 'orders'" in told.err


def test_an_order_is_sent_and_its_story_told(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        told = bench.oms("new", *LIMIT, "--cl-ord-id", "A1", "--json")
        assert told.code == 0
        assert (told.document["order_id"], told.document["origin"]) == ("0000000001", "operator")
        wait_for(bench, "NEW")
        story = bench.oms("order", "operator/A1").lines
        assert story[0] == "0000000001  operator/A1  at PLAIN"
        assert story[1] == "BUY 0.01 BTC/TRY LIMIT @ 40000.5 GOOD_TILL_CANCEL"
        assert story[2] == "NEW: cum 0, leaves 0.01, avg 0"
        heading = story.index("TIME                         WHAT     EVIDENCE       TEXT")
        kinds = [line.split()[1:3] for line in story[heading + 1 :]]
        assert kinds == [
            ["REQUEST", "OPERATOR"],
            ["SENT", "OPERATOR"],
            ["TOLD", "OPERATOR"],
            ["REPORT", "VENUE_MESSAGE"],
            ["TOLD", "VENUE_MESSAGE"],
        ]
        assert not any("raw text" in line for line in story)
        assert "    raw text of ExecutionReport" in bench.oms("order", "1", "--raw").lines
        assert bench.oms("cancel", "1").code == 0
        wait_for(bench, "CANCELED")
        assert bench.oms("cancel", "1").code == 1


def test_a_telephoned_order_is_entered_for_its_owner(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        told = bench.oms("new", *LIMIT, "--for", "grid-1", "--cl-ord-id", "A1", "--json")
        assert told.code == 0
        assert (told.document["origin"], told.document["cl_ord_id"]) == ("grid-1", "")
        assert bench.oms("order", "operator/A1").lines[0] == "0000000001  grid-1/  at PLAIN"
        told = bench.oms("new", *LIMIT, "--for", "NOBODY")
        assert told.code == 1
        assert "no desk or strategy is called 'NOBODY'" in told.err


def test_a_long_list_can_be_cut_to_its_newest_rows(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        for number in range(3):
            assert bench.oms("new", *LIMIT, "--cl-ord-id", f"A{number}").code == 0
        told = bench.oms("orders", "--limit", "2", "--json").document
        assert [row["cl_ord_id"] for row in told] == ["A1", "A2"]
        assert len(bench.oms("orders", "--limit", "0", "--json").document) == 3
        assert bench.oms("orders", "--limit", "-1").code == 2
        bench.engine.venues["PLAIN"].script = "fill"
        for number in range(3, 5):
            assert bench.oms("new", *LIMIT, "--cl-ord-id", f"A{number}").code == 0
        bench.engine.wait_until("two fills", lambda: len(bench.engine.reader.fills()) > 1)
        assert len(bench.oms("fills", "--limit", "1", "--json").document) == 1


def test_every_listing_is_one_json_document_with_the_promised_fields(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        filled(bench)
        assert _has(bench.oms("orders", "--json").document[0], "order")
        assert bench.oms("orders", "--open", "--json").document == []
        assert _has(bench.oms("fills", "--json").document[0], "fill")
        assert _has(bench.oms("positions", "--json").document[0], "position")
        assert _has(bench.oms("balances", "--json").document[0], "balance")
        assert bench.oms("instruments", "--json").document[0]["symbol"] == "BTC/TRY"
        status = bench.oms("status", "--json").document
        assert _has(status, "status")
        assert status["running"] is True
        order = bench.oms("order", "1", "--json").document
        assert _has(order, "order")
        assert len(order["fills"]) == 2
        assert all(_has(fill, "fill") for fill in order["fills"])
        assert all(_has(event, "event") for event in order["timeline"])


def test_the_store_is_read_while_nothing_runs(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        filled(bench)
    with idle_bench(tmp_path) as bench:
        status = bench.oms("status", "--json").document
        assert _has(status, "status")
        assert (status["running"], status["ready"], status["fills"]) == (False, False, 2)
        assert [venue["up"] for venue in status["venues"]] == [False, False]
        assert bench.oms("status").lines[:2] == [
            "not running: 0 open orders of 1, 2 fills",
            "no engine answers at http://127.0.0.1:1",
        ]
        assert len(bench.oms("orders", "--venue", "Plain").lines) == 2
        assert len(bench.oms("fills", "--venue", "native").lines) == 1
        assert len(bench.oms("positions").lines) == 3
        assert bench.oms("order", "operator/A1").code == 0


def test_what_needs_the_engine_says_that_none_runs(tmp_path: Path) -> None:
    with idle_bench(tmp_path) as bench:
        for words in (
            ("new", *LIMIT),
            ("cancel", "1"),
            ("replace", "1", "--qty", "1"),
            ("balances",),
            ("instruments", "--venue", "plain"),
        ):
            told = bench.oms(*words)
            assert (told.code, told.out) == (3, "")
            assert told.err.splitlines() == [
                "oms: no engine answers at http://127.0.0.1:1",
                "oms: `oms run` starts the engine",
            ]


def test_without_a_store_it_is_said_who_makes_one(tmp_path: Path) -> None:
    with idle_bench(tmp_path) as bench:
        for words in (("orders",), ("order", "1"), ("status",), ("replay", "--verify")):
            told = bench.oms(*words)
            assert told.code == 1
            assert "`oms run` makes it" in told.err


def test_a_wrong_configuration_ends_every_verb_with_2_and_names_the_key(tmp_path: Path) -> None:
    config = tmp_path / "oms.toml"
    config.write_text('[api]\ntokn = "hush-hush"\n')
    for words in (
        ("run",), ("check-config",), ("status",), ("orders",), ("order", "1"), ("fills",),
        ("positions",), ("balances",), ("instruments",), ("new", *LIMIT), ("cancel", "1"),
        ("replace", "1", "--qty", "1"), ("replay", "--verify"),
    ):  # fmt: skip
        told = oms(*words, "-c", str(config))
        assert (told.code, told.out) == (2, ""), words
        assert "api.tokn: unknown key" in told.err
        assert "hush-hush" not in told.err


def test_without_a_configuration_it_is_said_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OMS_CONFIG", raising=False)
    told = oms("orders")
    assert told.code == 2
    assert "`oms init` writes" in told.err
    with idle_bench(tmp_path) as bench:
        monkeypatch.setenv("OMS_CONFIG", str(bench.config))
        assert "there is no store" in oms("orders").err


def test_refusals_have_their_reason_and_exit_with_1(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        for words, reason in (
            (("new", *ORDER), "needs Price (44)"),
            (("new", *ORDER, "--price", "1e3"), "price: not a number"),
            (("new", *LIMIT, "--tif", "soon"), "time_in_force: 'soon' is none of"),
            (("cancel", "77"), "no order 77"),
            (("order", "77"), "no order 77"),
        ):
            told = bench.oms(*words)
            assert (told.code, told.out) == (1, "")
            assert reason in told.err
        bench.engine.venues["PLAIN"].script = "silence"
        told = bench.oms("balances", "--json")
        assert told.code == 1
        assert "PLAIN: connection refused" in told.err
        assert [row["venue"] for row in told.document] == ["NATIVE"]
        told = bench.oms("orders", "--venue", "nowhere")
        assert told.code == 2
        assert "there is no [venues.*] table NOWHERE; routes: PLAIN, NATIVE" in told.err


def test_a_replace_is_sent_where_the_venue_replaces(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        bench.oms("new", *LIMIT, "--venue", "NATIVE")
        told = bench.oms("replace", "1", "--order-qty", "0.02", "--price", "41000")
        assert told.code == 0
        request = bench.engine.venues["NATIVE"].received[-1].message
        assert request.order_qty == Decimal("0.02")
        assert bench.oms("new", *LIMIT).code == 0
        told = bench.oms("replace", "2", "--order-qty", "0.02")
        assert told.code == 1
        assert "replace is not supported by PLAIN" in told.err


def test_an_order_in_doubt_says_which_request_since_when_and_what_settles_it(
    tmp_path: Path,
) -> None:
    with running_bench(tmp_path) as bench:
        bench.engine.venues["PLAIN"].script = "doubt"
        bench.oms("new", *LIMIT)
        counts = bench.engine.reader.counts
        bench.engine.wait_until("order 1 is in doubt", lambda: counts()["in_doubt"] == 1)
        told = [line for line in bench.oms("order", "1").lines if line.startswith("IN DOUBT")]
        assert len(told) == 1
        assert (
            "NEW: no answer in 5 s; the venue's lists showing its client id settles it" in told[0]
        )
        assert "in doubt: 1 " in bench.oms("status").out


def test_an_unknown_outcome_has_an_exit_code_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class _Silent(Client):
        async def submit(self, **terms: object) -> None:  # type: ignore[override]  # of any terms
            raise OutcomeUnknown("no answer; look for ClOrdID A1")

    def client_of(_: Settings) -> Client:
        return _Silent("http://127.0.0.1:1", AS_OPERATOR)

    monkeypatch.setattr(act, "client_of", client_of)
    with idle_bench(tmp_path) as bench:
        told = bench.oms("new", *LIMIT)
        assert told.code == 4
        assert told.err == "oms: no answer; look for ClOrdID A1\n"


def test_an_interrupt_while_sending_says_where_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupt(self: Client, **terms: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "submit", interrupt)
    with idle_bench(tmp_path) as bench:
        told = bench.oms("new", *LIMIT, "--cl-ord-id", "A1")
        assert told.code == 4
        assert "it may have been sent" in told.err
        assert "oms order operator/A1" in told.err


def test_what_was_sent_is_sent_even_if_it_can_not_be_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Client, order_id: str) -> None:
        raise OmsError("gone")

    with running_bench(tmp_path) as bench:
        monkeypatch.setattr(Client, "order_row", fail)
        told = bench.oms("new", *LIMIT)
        assert told.code == 0
        assert "sent, but order 0000000001 can not be shown: gone" in told.err


def test_a_fault_of_ours_is_one_line_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Settings) -> None:
        raise ZeroDivisionError(f"with {AS_OPERATOR}")

    monkeypatch.setattr(look, "reader_of", fail)
    with idle_bench(tmp_path) as bench:
        told = bench.oms("orders")
        assert (told.code, told.err) == (1, "oms: internal error: ZeroDivisionError: with ***\n")


@pytest.mark.parametrize("width", [0, 20, 120], ids=["piped", "narrow", "wide"])
def test_tables_lose_nothing_and_texts_can_not_move_the_cursor(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if width:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        console = Console(width=width, force_terminal=True)
        monkeypatch.setattr("rich.console.Console", lambda: console)
    rows = [
        {"venue": "ANDX", "asset": "BTC", "qty": "0.1"},
        {"venue": "APIFINY", "asset": "x\x1b[2J\nx", "qty": "1234567890.12345678"},
    ]
    show.listing(rows, show.POSITIONS)
    told = capsys.readouterr().out
    assert "\x1b[2J" not in told
    assert r"x\x1b[2J\nx" in told
    assert "1234567890.12345678" in told
    if width < 120:
        assert told.splitlines()[:2] == [
            "VENUE    ASSET                        QTY",
            "ANDX     BTC                          0.1",
        ]


def test_every_error_has_an_exit_code_and_only_an_unknown_outcome_has_4() -> None:
    kinds = OmsError.__subclasses__()
    assert {exit_code(kind("text")) for kind in kinds} <= {1, 2, 3}
    assert exit_code(OutcomeUnknown("text")) == 4
    assert exit_code(ValueError("text")) == 1
