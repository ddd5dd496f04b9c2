"""What README prints works as printed: the commands, and the FIX client that is not quickfix."""

import asyncio
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import quickfix

from oms.demo.children import child
from oms.demo.ports import find_layout, port_base

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STOCK = Path(sys.prefix, "share", "quickfix", "FIX42.xml")
WAIT_S = 60.0
SOH = "\x01"


def _commands() -> list[list[str]]:
    """The `oms` commands of the walk's block, in their order."""
    (block,) = re.findall(r"^```\n(oms sim .*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [shlex.split(part) for line in block.splitlines() for part in line.split("&&")]


def _client() -> str:
    (block,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(block)


async def _walk(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Walk it; the ports alone are not README's."""
    layout = find_layout()
    at = ["--port-base", str(port_base(layout))]
    sim, init, run = _commands()
    (folder / "desk.py").write_text(_client().replace("18250", str(layout.desk)))
    async with child("sim", folder, [*sim, *at]) as sims:
        await sims.line(lambda line: '"andx"' in line, "line of andx", WAIT_S)
        async with child("init", folder, [*init, *at]) as started:
            assert await started.leave(WAIT_S) == 0
        async with child("run", folder, run) as engine:
            await engine.line(lambda line: "ready" in line, "`ready`", WAIT_S)
            return await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "desk.py"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=WAIT_S,
                check=False,
            )


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the client prints, one message a line."""
    done = asyncio.run(_walk(tmp_path_factory.mktemp("walk")))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_client_trades_at_both_venues(printed: list[str]) -> None:
    messages = [dict(part.split("=", 1) for part in line.split("|")) for line in printed]
    kinds = [message["35"] for message in messages]
    assert kinds[0] == "A"
    assert set(kinds[1:]) == {"8"}
    for cl_ord_id, route in (("A1", "APIFINY"), ("A2", "ANDX")):
        mine = [m for m in messages if m.get("11") == cl_ord_id]
        assert {m["76"] for m in mine} == {route}
        assert (mine[0]["150"], mine[-1]["39"], mine[-1]["14"]) == ("0", "2", "0.01")


def test_every_message_satisfies_the_stock_dictionary_with_every_validation_on(
    printed: list[str],
) -> None:
    """Fields out of order, without a value, user-defined or unknown are refused by default."""
    dictionary = quickfix.DataDictionary(str(STOCK))
    for line in printed:
        message = quickfix.Message(line.replace("|", SOH) + SOH, True)
        dictionary.validate(message)


def test_the_stock_dictionary_does_refuse_what_is_not_its_own(printed: list[str]) -> None:
    """Else the test above could not fail."""
    dictionary = quickfix.DataDictionary(str(STOCK))
    report = next(line for line in printed if "|35=8|" in line)
    for broken in (
        report.replace("|10=", "|5001=N|10="),
        re.sub(r"\|14=[^|]*", "", report),
        re.sub(r"\|150=[^|]*", "|150=Z", report),
    ):
        message = quickfix.Message(broken.replace("|", SOH) + SOH, False)
        with pytest.raises(quickfix.FIXException):
            dictionary.validate(message)


def test_the_walk_names_the_three_processes_in_order() -> None:
    assert [command[:2] for command in _commands()] == [
        ["oms", "sim"],
        ["oms", "init"],
        ["oms", "run"],
    ]
