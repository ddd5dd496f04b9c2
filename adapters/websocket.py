"""aiohttp's WebSocket client with our timeouts, limits and errors: the one door for its exceptions.

A connection is opened once, without redirects, proxies or cookies, and is not opened again: that
is for the stream that knows what it has missed.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import Final, Protocol, Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from adapters.http import Throttled, Unreachable, trust
from oms.core.errors import VenueUnavailable

TEXT_BYTES_MAX: Final = 8 * 1024 * 1024
"""A longer text ends the connection."""

CLOSE_S: Final = 1.0
"""What the venue gets to answer our good-bye, in seconds."""

_WORDS_MAX: Final = 120  # of the venue's own reason for closing, in characters


class WebSocket:
    """An open connection: `async for text in socket`. One reader; made by `connect`.

    The iteration never ends by itself: VenueUnavailable says why the connection has.
    """

    def __init__(
        self, what: str, socket: "aiohttp.ClientWebSocketResponse", silence_s: float | None
    ) -> None:
        self._what = what
        self._socket = socket
        self._silence_s = silence_s

    async def send(self, text: str) -> None:
        """Send one text. Raises VenueUnavailable when the connection is over."""
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise self._over(type(error).__name__) from None

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> str:
        """The next text. Raises VenueUnavailable for every end of the connection."""
        try:
            message = await self._socket.receive(self._silence_s)
        except TimeoutError:
            raise self._over(f"silent for {self._silence_s} s") from None
        if message.type is aiohttp.WSMsgType.TEXT:
            text: str = message.data
            return text
        if message.type is aiohttp.WSMsgType.BINARY:
            raise self._over("bytes where only text is known")
        if message.type is aiohttp.WSMsgType.CLOSE:
            reason = str(message.extra or "")[:_WORDS_MAX]
            raise self._over(f"closed by the venue, {message.data} {reason}".rstrip())
        if message.type is aiohttp.WSMsgType.ERROR:
            raise self._over(f"{type(message.data).__name__}, code {self._socket.close_code}")
        raise self._over("cut off")

    def _over(self, why: str) -> VenueUnavailable:
        return VenueUnavailable(f"{self._what}: {why}")


class Connect(Protocol):
    """What opens connections: `connect`, or a stand-in that keeps its promises."""

    def __call__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float = 10.0,
        silence_s: float | None = None,
    ) -> AbstractAsyncContextManager[WebSocket]:
        """As `connect`."""


@asynccontextmanager
async def connect(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    timeout_s: float = 10.0,
    silence_s: float | None = None,
) -> AsyncIterator[WebSocket]:
    """Open a connection to `url` (ws, wss; sent as it is written), and close it at the end of the block.

    `timeout_s`: for opening it; `silence_s`: a connection on which nothing came for so long, no
    ping either, is over. Raises Unreachable when no connection comes about, Throttled for 429,
    VenueUnavailable when the venue answers otherwise. No error quotes a header or a query.
    """
    what = f"WebSocket {urlsplit(url).path or '/'}"
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust()),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        trust_env=False,
        middlewares=[_stay_here],
    ) as session:
        socket = await _open(session, what, url, headers or {}, timeout_s)
        try:
            yield WebSocket(what, socket, silence_s)
        finally:
            await socket.close()


async def _open(
    session: aiohttp.ClientSession,
    what: str,
    url: str,
    headers: Mapping[str, str],
    timeout_s: float,
) -> "aiohttp.ClientWebSocketResponse":
    try:
        return await session.ws_connect(
            URL(url, encoded=True),
            headers=headers,
            max_msg_size=TEXT_BYTES_MAX,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
        )
    except aiohttp.WSServerHandshakeError as error:
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Throttled(f"{what}: HTTP 429") from None
        raise VenueUnavailable(f"{what}: HTTP {error.status}") from None
    except (aiohttp.ClientConnectorError, TimeoutError) as error:
        raise Unreachable(f"{what}: {type(error).__name__}") from None
    except (aiohttp.ClientError, ConnectionError) as error:
        raise VenueUnavailable(f"{what}: {type(error).__name__}") from None


async def _stay_here(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Turn a redirect into a refusal: what signs a request is for the host it was made for."""
    response = await handler(request)
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        response.close()
        raise aiohttp.ClientError(f"HTTP {response.status}")
    return response
