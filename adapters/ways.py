"""The ways out of this process to a venue; whoever has no network gives others."""

from typing import Final

from adapters.http import Transport
from adapters.websocket import Connect, connect
from oms.core.values import frozen


@frozen
class Ways:
    """`transport`: what carries HTTP requests in place of connections of our own, shared by all
    that send; None for the network. It must keep httpx's promises: timeouts and errors. `connect`:
    what opens streams."""

    transport: Transport | None = None
    connect: Connect = connect


NETWORK: Final = Ways()
