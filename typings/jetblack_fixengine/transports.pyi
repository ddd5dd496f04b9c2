import asyncio
from collections.abc import AsyncIterator

from jetblack_fixengine.initiator import InitiatorEngine

class FixReadBuffer: ...

def fix_read_async(
    read_buffer: FixReadBuffer, reader: asyncio.StreamReader, blksize: int
) -> AsyncIterator[bytes]: ...
async def fix_stream_processor(
    handler: InitiatorEngine,
    shutdown_timeout: float,
    reader: AsyncIterator[bytes],
    writer: asyncio.StreamWriter,
    cancellation_event: asyncio.Event,
) -> None: ...
