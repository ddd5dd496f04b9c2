"""The demo's child processes: started, waited for with a word, and always ended."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NoReturn

from oms.core.errors import OmsError

_LINE_BYTES_MAX: Final = 16 * 1024 * 1024
_LAST_LINES: Final = 15
KILL_AFTER_S: Final = 8.0
"""What a child gets to end in good order."""


class DemoFailed(OmsError):
    """The demo could not be played: what happened, and where the logs are."""

    code = "demo_failed"


class Child:
    """One child: standard output in FOLDER/name.out, standard error in FOLDER/name.err."""

    def __init__(self, name: str, folder: Path, process: asyncio.subprocess.Process) -> None:
        """Made by `child`."""
        self.name = name
        self._folder = folder
        self._process = process
        self._lines: list[str] = []
        self._moved = asyncio.Event()
        self._ended = False
        self._reading = asyncio.create_task(self._read())

    async def line(self, wanted: Callable[[str], bool], what: str, patience_s: float) -> str:
        """The first line of output that is `wanted`.

        Raises DemoFailed when the child ends without it, or the patience does.
        """
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    self._moved.clear()
                    for line in self._lines:
                        if wanted(line):
                            return line
                    if self._ended:
                        raise DemoFailed(self._story(f"ended without {what}"))
                    await self._moved.wait()
        except TimeoutError:
            raise DemoFailed(self._story(f"gave no {what} in {patience_s:g} s")) from None

    async def leave(self, patience_s: float) -> int:
        """Wait until it ends by itself; DemoFailed when it does not. The exit code."""
        try:
            async with asyncio.timeout(patience_s):
                return await self._process.wait()
        except TimeoutError:
            raise DemoFailed(self._story(f"did not end in {patience_s:g} s")) from None

    async def die(self) -> NoReturn:
        """Wait until it ends, which it should not: DemoFailed with its last words."""
        code = await self._process.wait()
        await self._reading
        raise DemoFailed(self._story(f"ended in the middle, with exit code {code}"))

    async def end(self, kill_after_s: float = KILL_AFTER_S) -> int:
        """SIGTERM, and SIGKILL for who does not heed it; the exit code."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(kill_after_s):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
        code = await self._process.wait()
        await self._reading
        return code

    def _signal(self, number: signal.Signals) -> None:
        # Not Process.terminate(): it polls first, and takes the exit code from whoever waits.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        with (self._folder / f"{self.name}.out").open("wb") as file:
            while line := await self._process.stdout.readline():
                file.write(line)
                file.flush()
                self._lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self._moved.set()
        self._ended = True
        self._moved.set()

    def _story(self, what: str) -> str:
        said = (self._folder / f"{self.name}.err").read_text("utf-8", "replace").splitlines()
        last = "".join(f"\n  {line}" for line in (said or self._lines)[-_LAST_LINES:])
        return f"{self.name} {what}; its logs are {self._folder}/{self.name}.err and .out:{last}"


@asynccontextmanager
async def child(name: str, folder: Path, arguments: Sequence[str]) -> AsyncIterator[Child]:
    """A Python process `-m arguments...` in that folder, ended with the block.

    It has a session of its own: an interrupt from the keyboard reaches the demo alone, which then
    ends its children in order.
    """
    with (folder / f"{name}.err").open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=err,
            cwd=folder,
            limit=_LINE_BYTES_MAX,
            start_new_session=True,
        )
    started = Child(name, folder, process)
    try:
        yield started
    finally:
        await _finish(asyncio.ensure_future(started.end()))


async def _finish(ending: "asyncio.Future[int]") -> None:
    """Wait for the end in spite of interrupts: none may leave a child behind."""
    interrupt: asyncio.CancelledError | None = None
    while not ending.done():
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt
