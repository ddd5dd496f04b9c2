"""The control API: JSON over HTTP on loopback, the token says who asks.

Each route is a method of `oms.api.Oms` for the token's origin: GET routes look and take their
arguments from the query, POST routes act and take a JSON object. Errors are
`{"error": {"code", "text"}}`. `/api/reports` and `/api/watch/...` are streams (oms.web.streams).
"""

import hmac
import ipaddress
from collections.abc import AsyncGenerator, Callable, Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from oms.api import Oms
from oms.asks import WATCHES
from oms.core.errors import (
    ConfigError,
    EngineUnavailable,
    InvalidOrder,
    MalformedMessage,
    NotAuthorised,
    NotSupported,
    OmsError,
    OrderRejected,
    OutcomeUnknown,
    StoreUnavailable,
    UnknownOrder,
    VenueError,
    VenueRefused,
    VenueUnavailable,
)
from oms.log import redact, room
from oms.told import Row
from oms.web.asked import BODY_BYTES_MAX, flag, known, read_fields, read_query, whole
from oms.web.listening import listen
from oms.web.routes import REPORTS, WATCH, find
from oms.web.streams import Streams, news_lines, report_lines

_CLOSE_S: Final = 0.5  # what a request in progress gets when the server stops

_log = room("web")

_STATUSES: Final[tuple[tuple[type[OmsError], HTTPStatus], ...]] = (
    (MalformedMessage, HTTPStatus.BAD_REQUEST),
    (InvalidOrder, HTTPStatus.BAD_REQUEST),
    (NotAuthorised, HTTPStatus.UNAUTHORIZED),
    (UnknownOrder, HTTPStatus.NOT_FOUND),
    (OrderRejected, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotSupported, HTTPStatus.UNPROCESSABLE_ENTITY),
    (VenueRefused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (VenueUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (EngineUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (OutcomeUnknown, HTTPStatus.GATEWAY_TIMEOUT),
    (VenueError, HTTPStatus.BAD_GATEWAY),
)
"""What an error means in HTTP; the first line that fits. Any other is our own fault."""


class Web:
    """The server. All methods on one event loop."""

    def __init__(self, oms: Callable[[str], Oms], tokens: Mapping[str, str]) -> None:
        """`oms(origin)` is an origin's view of the engine; `tokens`: token -> origin."""
        self._origins = tuple((token.encode(), origin) for token, origin in tokens.items())
        self._oms = {origin: oms(origin) for origin in tokens.values()}
        self._streams = Streams()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 lets the kernel choose.

        Raises ConfigError for an address that other machines reach, or that can not be had.
        """
        demand_loopback(host)
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.router.add_route("*", "/{path:.*}", self._answer)
        application.on_shutdown.append(self._streams.end)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_CLOSE_S)
        await runner.setup()
        try:
            for one in listen(host, port):
                await web.SockSite(runner, one).start()
        except OSError as error:
            await runner.cleanup()
            reason = error.strerror or error
            raise ConfigError(f"[api] listen: can not listen on {host}:{port}: {reason}") from None
        self._runner = runner

    async def stop(self) -> None:
        """Stop listening; requests in progress get half a second, streams end now."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        assert self._runner is not None, "start first"
        host, port = self._runner.addresses[0][:2]
        return host, port

    @property
    def url(self) -> str:
        """`http://host:port`."""
        host, port = self.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            oms = self._oms[self._origin(request)]
            if (lines := self._lines(request, oms)) is not None:
                return await self._streams.tell(request, lines)
            call = find(request)
            told = await call(oms, await read_fields(request))
        except OmsError as error:
            return _refusal(_status(error), error.code, str(error))
        except web.HTTPException as error:
            code = HTTPStatus(error.status).name.lower()
            return _refusal(HTTPStatus(error.status), code, error.text or "", error.headers)
        except Exception as fault:  # noqa: BLE001  no fault's traceback reaches a caller
            _log.exception("request failed", fault, path=request.path)
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", _INTERNAL)
        return web.json_response(told)

    def _origin(self, request: web.Request) -> str:
        """Whose token it is. All are compared, so that time tells nothing about any."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        given = token.strip().encode("utf-8", "surrogateescape")
        found = [origin for known, origin in self._origins if hmac.compare_digest(known, given)]
        if scheme.lower() != "bearer" or not found:
            raise NotAuthorised("send the header Authorization: Bearer TOKEN, with a token that is")
        return found[0]

    def _lines(self, request: web.Request, oms: Oms) -> AsyncGenerator[Row, None] | None:
        """What the request listens to; None where it is a question or a deed."""
        if request.method != "GET":
            return None
        if request.path == REPORTS:
            asked = known(read_query(request), {"since", "follow"})
            return report_lines(oms, whole("since", asked.get("since", "0")), flag(asked, "follow"))
        if request.path.startswith(WATCH) and (kind := request.path.removeprefix(WATCH)) in WATCHES:
            asked = read_query(request)
            known(asked, {"venue", *WATCHES[kind].takes}, {"venue", *WATCHES[kind].needs})
            return news_lines(oms.watch(kind, **asked))
        return None


_INTERNAL: Final = "the engine failed on this request; its log says how"


def demand_loopback(host: str) -> None:
    """Raise ConfigError for an address that other machines reach."""
    if not _is_loopback(host):
        raise ConfigError(
            f"[api] listen: {host} is not a loopback address, and the control API has no "
            "encryption; write 127.0.0.1 and reach it from elsewhere through a tunnel"
        )


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _status(error: OmsError) -> HTTPStatus:
    fits = (status for kind, status in _STATUSES if isinstance(error, kind))
    return next(fits, HTTPStatus.INTERNAL_SERVER_ERROR)


def _refusal(
    status: HTTPStatus, code: str, text: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    allow = {"Allow": headers["Allow"]} if headers and "Allow" in headers else {}
    if status is HTTPStatus.UNAUTHORIZED:
        allow["WWW-Authenticate"] = "Bearer"
    error = {"error": {"code": code, "text": redact(text)}}
    return web.json_response(error, status=status, headers=allow)
