"""What a guard is, and how one is taken out."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

Removal = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Guard:
    """What holds a promise. `where`: the function that is it. `cost`: what its absence costs.
    `without()`: a context in which the engine lacks it."""

    where: str
    cost: str
    without: Removal


def in_place_of(owner: Any, name: str, careless: Any) -> Removal:
    """Another function where the engine has its own."""
    return lambda: mock.patch.object(owner, name, careless)


def all_of(*removals: Removal) -> Removal:
    """All of them at once."""

    @contextmanager
    def removed() -> Iterator[None]:
        with ExitStack() as stack:
            for removal in removals:
                stack.enter_context(removal())
            yield

    return removed


def nothing(*_: Any, **__: Any) -> None:
    """In place of something that is not done."""
