"""How far something long has come: a bar on a terminal, now and then a line elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import typer

from oms.clock import SystemClock

LINE_EVERY_S: Final = 10.0

Told = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""


@contextmanager
def progress(*, silent: bool) -> Iterator[Told | None]:
    """What to call. On standard error, so that the answer stays alone on standard output."""
    if silent:
        yield None
    elif sys.stderr.isatty():
        with _bar() as told:
            yield told
    else:
        yield _lines(SystemClock().monotonic)


@contextmanager
def _bar() -> Iterator[Told]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many a second."""

        def render(self, task: Task) -> Text:
            """As a whole number; nothing until there is one."""
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    tasks: dict[str, TaskID] = {}

    def told(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=of)
        bar.update(tasks[what], completed=done)

    with bar:
        yield told


def _lines(monotonic: Callable[[], float]) -> Told:
    begun: dict[str, float] = {}
    last = monotonic()

    def told(what: str, done: int, of: int) -> None:
        nonlocal last
        now = monotonic()
        since = begun.setdefault(what, last)
        if now - last < LINE_EVERY_S:
            return
        last = now
        left_s = (now - since) / done * (of - done) if done else 0
        typer.echo(f"{done:,} of {of:,} {what}, {left_s:.0f} s left", err=True)

    return told
