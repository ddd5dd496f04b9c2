"""httpx with our timeouts, limits and errors: the one door for its exceptions.

Stock httpx without retries, redirects or proxies, so that a request goes out once or not at all.
Several transports of one connection each: one pool of many halves the throughput, because it looks
at all connections for every request.
"""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from functools import cache, lru_cache
from http import HTTPStatus
from importlib.util import find_spec
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx

from adapters.documents import RAW_CHARACTERS_MAX, parse, redact
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueUnavailable
from oms.core.values import frozen

if find_spec("sniffio") is None:
    # httpcore asks for it four times a request, and Python looks through all its folders each time:
    # a sixth of what a request takes. Said once, that it is not installed.
    cast(dict[str, None], sys.modules)["sniffio"] = None

Transport = httpx.AsyncBaseTransport
"""What carries requests below httpx."""

CONNECTIONS: Final = 4
BODY_BYTES_MAX: Final = 8 * 1024 * 1024
"""An answer above this is not read further."""

NOTHING_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""No connection was there, so nothing left the house."""

SENT: Final = (
    httpx.CloseError,
    httpx.LocalProtocolError,
    httpx.NetworkError,
    httpx.ProtocolError,
    httpx.ProxyError,
    httpx.ReadError,
    httpx.ReadTimeout,
    httpx.RemoteProtocolError,
    httpx.TimeoutException,
    httpx.UnsupportedProtocol,
    httpx.WriteError,
    httpx.WriteTimeout,
)
"""Something may have left the house. Every TransportError is in one of the two lists."""


@cache
def trust() -> ssl.SSLContext:
    """Whom a TLS connection believes: certifi's list, whatever the environment says."""
    # Reading the certificates takes longer than anything else here: once is enough.
    return httpx.create_ssl_context(trust_env=False)


_ALWAYS: Final = (
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", b"gzip, deflate"),
    (b"User-Agent", f"python-httpx/{httpx.__version__}".encode()),
)


def _way() -> Transport:
    """One connection of httpx's own transport.

    Its client above that is for redirects, cookies, proxies and credentials, none of which may
    happen here, and takes longer than the request.
    """
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    return httpx.AsyncHTTPTransport(verify=trust(), limits=limits, retries=0)


@lru_cache(maxsize=512)
def _address(url: str) -> tuple[httpx.URL, str]:
    """An address as httpx takes it, and its path for people. Looks ask for the same ones all day,
    and to take one apart takes longer than all else of a request."""
    return httpx.URL(url), urlsplit(url).path


class Throttled(VenueUnavailable):
    """The venue turned a request away because of its rate limit; it did nothing."""


class Banned(VenueUnavailable):
    """The venue does not listen to us for a while, after too much of something; it did nothing.

    Which answer says so is the venue's document's word.
    """


class Unreachable(VenueUnavailable):
    """No connection to the venue comes about."""


class Unusable(OutcomeUnknown):
    """An answer came that is none: a page, half a document, a redirect, one that never ends.

    `raw` is what there was of it, secrets removed, to be shown to a human.
    """

    def __init__(self, text: str, raw: str) -> None:
        super().__init__(text)
        self.raw = raw


@frozen
class Reply:
    """A status below 500 with what the body said; `document` is None if it was not JSON."""

    status: int
    document: Any
    text: str


class Http:
    """Sends exactly the bytes it is given, once.

    Raises Unreachable or VenueUnavailable when nothing was sent, Throttled for 429,
    OutcomeUnknown for every other loss: broken connections, timeouts, 5xx, and as Unusable 3xx
    and a 2xx that is not JSON.
    """

    def __init__(
        self,
        timeout_s: float,
        connections: int = CONNECTIONS,
        *,
        hide: Iterable[str] = (),
        transport: Transport | None = None,
    ) -> None:
        """`timeout_s`: for connecting, for each read or write, and for a free connection; three
        times as much for the whole exchange. `hide`: secrets that no text may show. `transport`
        carries all requests in place of these connections."""
        self._timeout_s = timeout_s
        self._hide = tuple(hide)
        self._ways = [transport or _way() for _ in range(connections)]
        self._busy = [0] * connections
        self._extensions = {"timeout": httpx.Timeout(timeout_s).as_dict()}

    async def close(self) -> None:
        """Close all connections."""
        for way in self._ways:
            await way.aclose()

    async def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """Ask for `url`, query string included."""
        return await self._exchange("GET", url, headers, None)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send `body` to `url`."""
        return await self._exchange("POST", url, headers, body)

    async def delete(self, url: str, headers: Mapping[str, str]) -> Reply:
        """Ask that `url` be gone."""
        return await self._exchange("DELETE", url, headers, None)

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        address, path = _address(url)
        what = f"{method} {path}"
        index = min(range(len(self._busy)), key=self._busy.__getitem__)
        self._busy[index] += 1
        try:
            async with asyncio.timeout(3 * self._timeout_s):
                request = self._request(method, address, headers, body)
                return await self._send(self._ways[index], what, request)
        except httpx.PoolTimeout:
            raise VenueUnavailable(f"{what}: no connection became free") from None
        except NOTHING_SENT as error:
            raise Unreachable(f"{what}: {type(error).__name__}") from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise OutcomeUnknown(f"{what}: {type(error).__name__}") from None
        finally:
            self._busy[index] -= 1

    def _request(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None
    ) -> httpx.Request:
        told = [(name.encode(), value.encode()) for name, value in headers.items()]
        sent = [(b"Host", url.netloc), *_ALWAYS, *told]
        if body is not None:
            sent.append((b"Content-Length", str(len(body)).encode()))
        # With a stream httpx adds no headers of its own, and does not copy ours for that twice.
        stream = httpx.ByteStream(body or b"")
        return httpx.Request(method, url, headers=sent, stream=stream, extensions=self._extensions)

    async def _send(self, way: Transport, what: str, request: httpx.Request) -> Reply:
        async with aclosing(await way.handle_async_request(request)) as response:
            status = response.status_code
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                raise Throttled(f"{what}: HTTP 429", _retry_after_s(response))
            if HTTPStatus.MULTIPLE_CHOICES <= status < 400:
                where = response.headers.get("Location", "nowhere")
                raise Unusable(f"{what}: HTTP {status}", redact(f"to {where}", self._hide))
            if status < HTTPStatus.OK or status >= 500:
                raise OutcomeUnknown(f"{what}: HTTP {status}")
            content = bytearray()
            async for chunk in _chunks(response):
                content += chunk
                if len(content) > BODY_BYTES_MAX:
                    text = f"{what}: the answer is above {BODY_BYTES_MAX} bytes"
                    raise Unusable(text, _shown(content, self._hide))
        return reply_of(what, status, bytes(content), self._hide)


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes. Where nothing is to be unpacked, as almost always, without httpx's
    decoders, which take longer than the reading."""
    stream = response.stream
    if "Content-Encoding" in response.headers or not isinstance(stream, httpx.AsyncByteStream):
        return response.aiter_bytes()
    return aiter(stream)


def reply_of(what: str, status: int, content: bytes, hide: Iterable[str] = ()) -> Reply:
    """What an answer says. Unusable for a 2xx that is not JSON."""
    try:
        return Reply(status, parse(content), content.decode("utf-8", "replace"))
    except MalformedMessage:
        if status >= HTTPStatus.BAD_REQUEST:
            return Reply(status, None, content.decode("utf-8", "replace"))
        raise Unusable(f"{what}: the answer is not JSON", _shown(content, hide)) from None


def _shown(content: bytes | bytearray, hide: Iterable[str]) -> str:
    # A secret that the end cuts in two would not be found: what is shown ends well before.
    text = content[: 2 * RAW_CHARACTERS_MAX].decode("utf-8", "replace")
    return redact(text, hide) or "an empty body"


def _retry_after_s(response: httpx.Response) -> int | None:
    told = response.headers.get("Retry-After", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 6 else None
