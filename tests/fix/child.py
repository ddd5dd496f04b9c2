"""A process under test: started, spoken to in JSON lines, killed, and never waited for in vain."""

import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

WAIT_S = 50.0
"""A process takes a second of one core to start, and far longer where many want the core."""


class Child:
    """A script beside this file that talks JSON lines."""

    def __init__(self, script: str, *arguments: str) -> None:
        """Start it; the first thing it says must be that it is ready."""
        self.posts: list[dict[str, Any]] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._process = subprocess.Popen(  # noqa: S603  our own script
            [sys.executable, str(Path(__file__).with_name(script)), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._words: list[str] = []
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._listen, self._overhear)
        ]
        for thread in self._threads:
            thread.start()
        try:
            self.ready = self._until("ready")
        except BaseException:
            self.close()
            raise

    def call(self, name: str, *arguments: Any) -> Any:
        """Have it do something; what it returns."""
        self.tell(name, *arguments)
        return self.told(name)

    def tell(self, name: str, *arguments: Any) -> None:
        """Have it begin to do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self._process.stdin.flush()

    def told(self, name: str) -> Any:
        """What it returned, once it did."""
        done = self._until("done")
        assert done["done"] == name
        return done["result"]

    def post(self, kind: str, source: str = "", wait_s: float = WAIT_S) -> dict[str, Any]:
        """The next message of that type that it posted, of that source if one is named."""
        while (post := self.posted(kind, source)) is None:
            self._next(f"a post of {kind} {source}", wait_s)
        return post

    def posted(self, kind: str, source: str = "") -> dict[str, Any] | None:
        """The next such post if it is there already."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._sort(self._lines.get_nowait())
        for index, post in enumerate(self.posts):
            if post["post"] == kind and source in ("", post["source"]):
                return self.posts.pop(index)
        return None

    def kill(self) -> None:
        """kill -9."""
        self._process.send_signal(signal.SIGKILL)
        self._end()

    def end(self) -> None:
        """Close its stdin: it leaves by os._exit, and must do so well."""
        self._end()
        assert self._process.returncode == 0, self._fate()

    def close(self) -> None:
        """Whatever happened, it is gone afterwards."""
        if self._process.poll() is None:
            self._process.kill()
        self._end()

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(WAIT_S)
        for thread in self._threads:
            thread.join(WAIT_S)
        self._process.stdout.close()
        self._process.stderr.close()

    def _until(self, key: str) -> dict[str, Any]:
        while True:
            said = self._next(key, WAIT_S)
            if key in said:
                return said

    def _next(self, what: str, wait_s: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=wait_s)
        except queue.Empty:
            raise AssertionError(f"waited {wait_s} s for {what}") from None
        return self._sort(line, what)

    def _sort(self, line: str, what: str = "nothing") -> dict[str, Any]:
        assert line, f"the child ended, waiting for {what}: {self._fate()}"
        said: dict[str, Any] = json.loads(line)
        if "post" in said:
            self.posts.append(said)
        return said

    def _fate(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
            self._threads[1].join(WAIT_S)
        return f"exit {self._process.poll()}: {''.join(self._words)[-2000:]}"

    def _overhear(self) -> None:
        assert self._process.stderr is not None
        self._words += self._process.stderr

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")
