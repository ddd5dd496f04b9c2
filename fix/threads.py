"""quickfix's threads. It does not say which they are: they are known by the name they inherit.

A thread of Linux passes its name on to those that it begins, so a name that is borne while
quickfix starts is borne by all that it will ever begin.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Final

_TASKS: Final = Path("/proc/self/task")

_numbers = count(1)


class Lineage:
    """The threads that one role's quickfix objects begin, and those that these begin."""

    def __init__(self) -> None:
        self._name = f"quickfix {next(_numbers)}"  # Linux keeps 15 characters

    @contextmanager
    def founding(self) -> Iterator[None]:
        """What is begun inside belongs to it."""
        own = _TASKS / str(threading.get_native_id()) / "comm"
        before = own.read_text()
        own.write_text(self._name)
        try:
            yield
        finally:
            own.write_text(before)

    def alive(self) -> list[int]:
        """The native ids of those that have not ended."""
        found = []
        for task in _TASKS.iterdir():
            with suppress(OSError):  # it ended meanwhile
                if (task / "comm").read_text().rstrip("\n") == self._name:
                    found.append(int(task.name))
        return found
