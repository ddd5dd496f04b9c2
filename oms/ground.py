"""What an engine stands on: time, chance, its loop, the network and the store.

The product's own by default. Whoever runs a whole engine on a clock and a network of its own, as
to replay one from a seed, gives others.
"""

from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from typing import Protocol

from adapters.loop import Loop
from adapters.ways import NETWORK, Ways
from fix.session import Role, Roles
from oms.clock import Clock, SystemClock, draw_digits
from oms.core.decide import Draw
from oms.core.values import frozen
from oms.store.queries import Reader
from oms.store.store import Store
from oms.worker import Workers, threads


class OpenStore(Protocol):
    """Takes a store over. Raises StoreLocked, ConfigError, StoreUnavailable."""

    def __call__(self, url: str, *, owner: str, now: datetime) -> Store:
        """`owner` says who."""


@frozen(kw_only=True)
class Ground:
    """One engine's: never shared by two. `draw` gives random digits."""

    clock: Clock = field(default_factory=SystemClock)
    draw: Draw = draw_digits
    loop: Loop = field(default_factory=Loop)
    workers: Workers = threads
    ways: Ways = NETWORK
    roles: Roles = Role
    open_store: OpenStore = Store.open
    open_reader: Callable[[str], Reader] = Reader.open
