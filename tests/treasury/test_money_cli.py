"""Money on the command line: nothing leaves unasked, and the exit code says what became of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from oms.cli import app
from oms.core.errors import EngineUnavailable
from tests.oms.cli_bench import Told, oms
from tests.treasury.bank_engine import AS_GRID, AS_OPERATOR, BankEngine, bank_engine, serving

_CONFIG = """
[store]
url = "sqlite:///oms.db"
[api]
listen = "{listen}"
token = "{operator}"
[venues.bank]
kind = "andx"
username = "user-of-the-tests"
passphrase = "pass-of-the-tests"
api_key = "venue-key-of-the-tests"
api_secret = "venue-secret-of-the-tests"
[[strategies]]
name = "grid-1"
token = "{grid}"
"""

WITHDRAW = ("withdraw", "--venue", "bank", "--asset", "BTC", "--amount", "0.5", "--address", "bc1q")
TRANSFER = ("transfer", "--venue", "bank", "--asset", "BTC", "--amount", "1")


class Desk:
    """An engine with a bank, and its configuration."""

    def __init__(self, engine: BankEngine, config: Path) -> None:
        self.engine, self.bank, self.config = engine, engine.bank, str(config)

    def oms(self, *words: str) -> Told:
        """Run a verb."""
        return oms(*words, "-c", self.config)

    def answers(self, answer: str, *words: str) -> Told:
        """Run a verb, and answer what it asks."""
        done = CliRunner().invoke(app, (*words, "-c", self.config), input=answer)
        return Told(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with bank_engine(tmp_path) as engine, serving(engine) as url:
        config = tmp_path / "oms.toml"
        listen = url.removeprefix("http://")
        text = _CONFIG.format(listen=listen, operator=AS_OPERATOR, grid=AS_GRID)
        config.write_text(text, encoding="utf-8")
        yield Desk(engine, config)


def test_without_a_terminal_nothing_is_sent_unless_a_script_says_so(desk: Desk) -> None:
    """Every verb that moves money, and the one that settles."""
    desk.bank.troubles["lose_request"] = 1
    assert desk.oms(*WITHDRAW, "--yes").code == 4
    verbs = (
        WITHDRAW,
        (*TRANSFER, "--from", "A", "--to", "B"),
        ("coupon", "create", "--venue", "bank", "--asset", "BTC", "--amount", "1"),
        ("coupon", "redeem", "--venue", "bank", "SECRET-1"),
        ("settle", "T1", "--as", "done", "--because", "seen"),
    )
    for verb in verbs:
        told = desk.oms(*verb)
        assert told.code == 2, verb
        assert "a script says --yes" in told.err
    assert (desk.bank.asked, desk.engine.rows()) == (1, [("T1", "IN_DOUBT")])


def test_a_person_sees_exactly_what_is_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And may say no."""
    monkeypatch.setattr("oms.cli.money.at_terminal", lambda: True)
    told = desk.answers("n\n", *WITHDRAW, "--memo", "m-1")
    assert told.code == 1
    words = told.err.split()
    for shown in ("withdraw:", "bank", "BTC", "0.5", "bc1q", "m-1"):
        assert shown in words
    assert (desk.bank.asked, desk.engine.rows()) == (0, [])
    told = desk.answers("y\n", *WITHDRAW, "--json")
    assert told.code == 0
    assert json.loads(told.out[told.out.index("{") :])["address"] == "bc1q"
    assert desk.bank.asked == 1


def test_what_was_done_is_listed_and_told(desk: Desk) -> None:
    """As rows and as a story, with and without an engine."""
    told = desk.oms(*WITHDRAW, "--yes", "--cl-ord-id", "W1", "--json")
    assert (told.code, told.document["transfer_id"]) == (0, "T1")
    desk.engine.until_state("DONE")
    listing = desk.oms("moves", "--venue", "bank")
    assert "WITHDRAWAL" in listing.out
    assert "DONE" in listing.out
    assert desk.oms("moves", "--open", "--json").document == []
    for name in ("T1", "operator/W1"):
        story = desk.oms("move", name, "--json").document
        assert [row["kind"] for row in story["timeline"]] == ["REQUEST", "SENT", "MOVED", "MOVED"]
    assert "REQUEST" in desk.oms("move", "t1").out
    assert desk.oms("move", "T9").code == 1
    then = desk.oms("move", "T1", "--json").document["timeline"][2]["time"]
    desk.engine.stop()
    assert "DONE" in desk.oms("moves").out
    (was,) = desk.oms("replay", "--at", then, "--json").document["moves"]
    assert was["state"] == "TAKEN"


@pytest.mark.parametrize(
    ("trouble", "code", "text"),
    [
        ("refuse", 1, "refused: not enough"),
        ("throttle", 1, "not sent: "),
        ("lose_request", 4, "Do not do it again; look: oms move T1"),
    ],
)
def test_the_exit_code_says_what_became_of_it(
    desk: Desk, trouble: str, code: int, text: str
) -> None:
    """Refused and not sent are 1, unknown is 4."""
    desk.bank.troubles[trouble] = 1
    told = desk.oms(*WITHDRAW, "--yes")
    assert told.code == code
    assert text in told.err


def test_what_can_not_be_sent_says_why(desk: Desk) -> None:
    """In one line."""
    told = desk.oms("withdraw", "--venue", "bank", "--asset", "BTC", "--amount", "1", "--yes")
    assert (told.code, "address: BANK sends to an address" in told.err) == (1, True)
    told = desk.oms("coupon", "create", "--venue", "bank", "--yes")
    assert (told.code, "--asset and --amount" in told.err) == (2, True)
    told = desk.oms("coupon", "redeem", "--venue", "bank", "--yes")
    assert (told.code, "which coupon?" in told.err) == (2, True)
    told = desk.oms("coupon", "redeem", "C", "--venue", "bank", "--asset", "BTC", "--yes")
    assert (told.code, "give its code alone" in told.err) == (2, True)
    told = desk.oms(*TRANSFER, "--from", "A", "--to", "B", "--yes")
    assert (told.code, "does not offer this transfer" in told.err) == (1, True)


def test_a_coupons_code_is_shown_by_its_flag_alone(desk: Desk) -> None:
    """When it is made, and later."""
    made = ("coupon", "create", "--venue", "bank", "--asset", "BTC", "--yes", "--amount")
    told = desk.oms(*made, "2")
    assert (told.code, "***" in told.out, "SECRET" in told.out + told.err) == (0, True, False)
    assert desk.oms(*made, "3", "--json", "--reveal-code").document["code"] == "SECRET-2"
    assert "SECRET" not in desk.oms("moves").out + desk.oms("move", "T1").out
    assert desk.oms("move", "T1", "--json", "--reveal-code").document["code"] == "SECRET-1"
    told = desk.answers("SECRET-9\n", "coupon", "redeem", "-", "--venue", "bank", "--yes")
    assert (told.code, "SECRET" in told.out + told.err) == (0, False)
    assert desk.oms("move", "T3", "--json", "--reveal-code").document["code"] == "SECRET-9"


def test_an_operator_settles_with_a_name_and_a_reason(desk: Desk) -> None:
    """On record; what is settled is not settled again."""
    desk.bank.troubles["lose_request"] = 1
    desk.oms(*WITHDRAW, "--yes")
    assert "money in doubt: 1" in desk.oms("status").out
    words = ("settle", "t1", "--as", "refused", "--because", "not on their ledger", "--yes")
    told = desk.oms(*words, "--by", "ann", "--json")
    assert (told.code, told.document["state"], told.document["settled_by"]) == (0, "REFUSED", "ann")
    story = desk.oms("move", "T1").out
    assert "REFUSED by ann: not on their ledger" in story
    told = desk.oms(*words)
    assert (told.code, "nothing is to be settled" in told.err) == (1, True)
    told = desk.oms("settle", "17", "--as", "done", "--because", "seen", "--yes")
    assert (told.code, "only transfers, like T17" in told.err) == (2, True)


def test_an_interrupt_says_where_to_look(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been sent."""

    async def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("oms.client.Client.withdraw", interrupted)
    told = desk.oms(*WITHDRAW, "--yes", "--cl-ord-id", "W7")
    assert (told.code, "oms move operator/W7" in told.err) == (4, True)


def test_what_was_sent_and_can_not_be_shown_is_no_failure(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that is gone a moment later has sent it: no exit code says that nothing was."""

    async def gone(*_: object, **__: object) -> None:
        raise EngineUnavailable("no engine answers")

    for look, verb in (
        ("outcome", WITHDRAW),
        ("coupon_code", ("coupon", "create", "--venue", "bank", "--asset", "BTC", "--amount", "1")),
    ):
        monkeypatch.setattr(f"oms.client.Client.{look}", gone)
        flags = ("--reveal-code",) if look == "coupon_code" else ()
        told = desk.oms(*verb, "--yes", *flags)
        monkeypatch.undo()
        assert (told.code, told.out) == (4, "")
        assert "Do not do it again; look: oms move T" in told.err
        assert "starts the engine" not in told.err
    assert desk.bank.asked == 2
