# The part of asyncfix 1.0.1 that the tests use, typed as they use it.
import asyncio
from collections.abc import Mapping
from enum import IntEnum, StrEnum

from asyncfix.protocol import FIXProtocolBase

class FMsg(StrEnum):
    LOGON = "A"

class FIXMessage:
    tags: dict[str, str]
    def __init__(self, msg_type: FMsg | str, tags: Mapping[int, str] | None = None) -> None: ...

class ConnectionState(IntEnum):
    DISCONNECTED_WCONN_TODAY = 2
    RESENDREQ_AWAITING = 12
    ACTIVE = 17

class Journaler:
    def __init__(self, filename: str | None = None) -> None: ...

class AsyncFIXClient:
    _socket_reader: asyncio.StreamReader | None
    _socket_writer: asyncio.StreamWriter | None
    _aio_task_socket_read: asyncio.Task[None]
    _aio_task_heartbeat: asyncio.Task[None]
    def __init__(
        self,
        protocol: FIXProtocolBase,
        sender_comp_id: str,
        target_comp_id: str,
        journaler: Journaler,
        host: str,
        port: int,
        heartbeat_period: int = 30,
    ) -> None: ...
    @property
    def connection_state(self) -> ConnectionState: ...
    async def connect(self) -> None: ...
    async def disconnect(
        self, disconn_state: ConnectionState, logout_message: str | None = None
    ) -> None: ...
    async def send_msg(self, msg: FIXMessage) -> None: ...
