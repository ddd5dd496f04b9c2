"""Children are waited for with patience, tell why they failed, and never outlive the demo."""

import asyncio
import os
from pathlib import Path

import pytest

from oms.demo.children import Child, DemoFailed, child

PATIENCE_S = 20.0

TALKER = """
import signal, sys
print("one", flush=True)
print("two", flush=True)
signal.pause()
"""
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
signal.pause()
"""
BROKEN = """
import sys
sys.stderr.write("it is the port\\n")
sys.exit(3)
"""


def _module(folder: Path, name: str, text: str) -> list[str]:
    (folder / f"{name}.py").write_text(text)
    return [name]


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _pid(started: Child) -> int:
    return started._process.pid


def test_a_line_that_was_said_before_is_heard_and_the_child_ends_with_the_block(
    tmp_path: Path,
) -> None:
    arguments = _module(tmp_path, "talker_child", TALKER)

    async def scenario() -> int:
        async with child("talker", tmp_path, arguments) as started:
            assert await started.line(lambda line: line == "two", "two", PATIENCE_S) == "two"
            assert await started.line(lambda line: line == "one", "one", PATIENCE_S) == "one"
            return _pid(started)

    assert _gone(asyncio.run(scenario()))
    assert (tmp_path / "talker.out").read_text() == "one\ntwo\n"


def test_a_child_that_ends_early_is_told_with_its_last_words(tmp_path: Path) -> None:
    arguments = _module(tmp_path, "broken_child", BROKEN)

    async def scenario() -> None:
        async with child("oms", tmp_path, arguments) as started:
            await started.line(lambda line: line == "ready", "`ready`", PATIENCE_S)

    with pytest.raises(DemoFailed, match=r"oms ended without `ready`(.|\n)*it is the port"):
        asyncio.run(scenario())


def test_a_child_that_says_nothing_is_told_after_the_patience(tmp_path: Path) -> None:
    arguments = _module(tmp_path, "talker_child", TALKER)

    async def scenario() -> None:
        async with child("sim", tmp_path, arguments) as started:
            await started.line(lambda line: line == "two", "two", PATIENCE_S)
            await started.line(lambda line: line == "three", "word of three", 0.05)

    with pytest.raises(DemoFailed, match=r"sim gave no word of three in 0.05 s"):
        asyncio.run(scenario())


def test_a_child_that_should_have_lived_is_told_with_its_exit_code(tmp_path: Path) -> None:
    arguments = _module(tmp_path, "broken_child", BROKEN)

    async def scenario() -> None:
        async with child("oms", tmp_path, arguments) as started:
            await started.die()

    with pytest.raises(DemoFailed, match=r"in the middle, with exit code 3(.|\n)*it is the port"):
        asyncio.run(scenario())


def test_exit_codes_are_known(tmp_path: Path) -> None:
    broken = _module(tmp_path, "broken_child", BROKEN)
    talker = _module(tmp_path, "talker_child", TALKER)

    async def scenario() -> tuple[int, int]:
        async with child("broken", tmp_path, broken) as started:
            left = await started.leave(PATIENCE_S)
        async with child("talker", tmp_path, talker) as started:
            await started.line(lambda line: line == "two", "two", PATIENCE_S)
            with pytest.raises(DemoFailed, match="did not end in"):
                await started.leave(0.05)
            return left, await started.end()

    assert asyncio.run(scenario()) == (3, -15)


def test_a_child_that_does_not_heed_the_signal_is_killed(tmp_path: Path) -> None:
    arguments = _module(tmp_path, "deaf_child", DEAF)

    async def scenario() -> int:
        async with child("deaf", tmp_path, arguments) as started:
            await started.line(lambda line: line == "deaf", "word", PATIENCE_S)
            return await started.end(kill_after_s=0.05)

    assert asyncio.run(scenario()) == -9


def test_an_interrupt_and_another_one_leave_no_child_behind(tmp_path: Path) -> None:
    arguments = _module(tmp_path, "talker_child", TALKER)
    pids: list[int] = []

    async def play(begun: asyncio.Event) -> None:
        async with child("talker", tmp_path, arguments) as started:
            await started.line(lambda line: line == "two", "two", PATIENCE_S)
            pids.append(_pid(started))
            begun.set()
            await asyncio.Event().wait()

    async def scenario() -> None:
        begun = asyncio.Event()
        playing = asyncio.create_task(play(begun))
        async with asyncio.timeout(PATIENCE_S):
            await begun.wait()
        playing.cancel()
        await asyncio.sleep(0)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing

    asyncio.run(scenario())
    assert _gone(pids[0])
