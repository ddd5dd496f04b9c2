"""The engine from another process: `Client` has the methods, rows and errors of `oms.api.Oms`.

A request is sent once. When its answer is lost, the engine is asked for the ClOrdID, which was
drawn before anything left: what it knows is what happened, and while it knows nothing the outcome
is unknown.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from decimal import Decimal
from typing import Any, Final, Self

import httpx

from oms.asks import QUERIES, WATCHES, News
from oms.breaks.there import BreaksThere
from oms.clock import draw_id
from oms.core.errors import (
    BY_CODE,
    EngineUnavailable,
    OmsError,
    OrderRejected,
    OutcomeUnknown,
)
from oms.core.messages import NewOrderSingle
from oms.core.ports import DeskReport
from oms.door import Door, Handle, Row
from oms.report_rows import report_of
from oms.told import item_of, plain
from oms.treasury.there import Lost, MoneyThere

TIMEOUT_S: Final = 35.0
"""Longer than the engine itself waits for its writer."""
SILENCE_S: Final = 35.0
"""A report stream that says nothing for so long, not even that it lives, is cut."""
LOOKS_S: Final = (0.0, 0.1, 0.3, 1.0, 3.0)
"""Pauses before each look for a request whose answer was lost."""
RECONNECTS_S: Final = (0.1, 0.1, 0.3, 1.0, 2.0, 2.0, 5.0, 5.0, 5.0, 10.0)
"""Pauses before each attempt to go on with a report stream that was cut."""

_NOTHING_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)


class Client(MoneyThere, BreaksThere, Door):
    """One origin's orders and reports, over HTTP. Methods are coroutines of one event loop."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        new_cl_ord_id: Callable[[], str] = draw_id,
        looks_s: tuple[float, ...] = LOOKS_S,
        reconnects_s: tuple[float, ...] = RECONNECTS_S,
    ) -> None:
        """`url` is the control API's, like http://127.0.0.1:8080; the token says who asks."""
        super().__init__(new_cl_ord_id)
        self._url = url.rstrip("/")
        self._looks_s = looks_s
        self._reconnects_s = reconnects_s
        # Neither retries nor redirects, and no proxy that the environment names.
        self._http = httpx.AsyncClient(
            headers={b"Authorization": b"Bearer " + token.encode()},
            timeout=httpx.Timeout(TIMEOUT_S, connect=5.0),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.aclose()

    async def order_row(self, order_id: str) -> Row:
        """The order row. Raises UnknownOrder."""
        row: Row = await self._get("/api/order", id=order_id)
        return row

    async def own_order_row(self, cl_ord_id: str) -> Row:
        """The order row by a ClOrdID of the caller's own. Raises UnknownOrder."""
        row: Row = await self._get("/api/order", cl_ord_id=cl_ord_id)
        return row

    async def timeline(self, order_id: str) -> list[Row]:
        """What was asked, sent, told and decided about an order. Raises UnknownOrder."""
        return await self._rows("/api/timeline", id=order_id)

    async def orders(self, *, open: bool = False, venue: str | None = None) -> list[Row]:
        """Order rows of this origin, oldest first; the operator sees everybody's."""
        return await self._rows("/api/orders", open="true" if open else "", venue=venue or "")

    async def fills(self, *, venue: str | None = None, order_id: str = "") -> list[Row]:
        """Fill rows of this origin, oldest first. Raises UnknownOrder."""
        return await self._rows("/api/fills", venue=venue or "", order_id=order_id)

    async def positions(self) -> list[Row]:
        """What the fills have moved, per route, exchange, account and asset."""
        return await self._rows("/api/positions")

    async def balances(self, venue: str) -> list[Row]:
        """The venue's own word on its balances. Raises VenueError, NotSupported."""
        return await self._rows("/api/balances", venue=venue)

    async def instruments(self, venue: str) -> list[Row]:
        """What trades there. Raises NotSupported for an unknown route."""
        return await self._rows("/api/instruments", venue=venue)

    async def capabilities(self, venue: str) -> Row:
        """What a route can do. Raises NotSupported for an unknown route."""
        row: Row = await self._get("/api/capabilities", venue=venue)
        return row

    async def last_report(self) -> int:
        """The number of this origin's latest report, 0 before the first."""
        return int((await self._get("/api/last_report"))["number"])

    async def kill(self, on: bool, venue: str | None = None) -> Row:
        """Turn the kill switch, everywhere or for one route; the certificate as it then is."""
        asked: Row = {"on": on} if venue is None else {"on": on, "venue": venue}
        pauses_s = iter(self._looks_s)
        lost: Lost | None = None
        while True:
            try:
                told: Row = await self._send("POST", "/api/kill", json=asked)
            except Lost as error:
                lost = error
                pause_s = next(pauses_s, None)
                # To turn it on again changes nothing that is on already. To turn it off might
                # undo what another has turned on meanwhile.
                if not on or pause_s is None:
                    raise OutcomeUnknown(f"{lost}; look at the status") from None
                await asyncio.sleep(pause_s)
            except EngineUnavailable:
                if lost is None:
                    raise
                raise OutcomeUnknown(f"{lost}; look at the status") from None
            else:
                return told

    async def kill_certificate(self) -> Row:
        """The proof of every order's end under the kill switch, or that it is in doubt."""
        row: Row = await self._get("/api/kill")
        return row

    async def cancel_all(
        self, venue: str | None = None, *, everybody: bool = False, account_wide: bool = False
    ) -> list[Row]:
        """Ask for the cancellation of all that works; rows of what was asked for."""
        asked = {"venue": venue, "everybody": everybody, "account_wide": account_wide}
        content = {name: value for name, value in asked.items() if value}
        try:
            rows: list[Row] = await self._send("POST", "/api/cancel_all", json=content)
        except Lost as lost:
            raise OutcomeUnknown(f"{lost}; look at the open orders") from None
        return rows

    async def status(self) -> Row:
        """Sessions, venues, doubts: the status row."""
        row: Row = await self._get("/api/status")
        return row

    async def reports(
        self, since: int = 0, follow: bool = True
    ) -> AsyncGenerator[tuple[int, DeskReport], None]:
        """Every report of this origin after number `since`, in order, as they come.

        A stream that was cut is resumed by number. Raises EngineUnavailable when no engine can
        be reached, or not again.
        """
        pauses_s: Iterator[float] = iter(())
        while True:
            try:
                async with aclosing(self._listen(since, follow)) as told:
                    async for number, report in told:
                        pauses_s = iter(self._reconnects_s)
                        if report is not None:
                            since = number
                            yield number, report
                if not follow:
                    return
            except Lost as lost:
                pause_s = next(pauses_s, None)
                if pause_s is None:
                    raise EngineUnavailable(str(lost)) from None
                await asyncio.sleep(pause_s)

    async def _listen(
        self, since: int, follow: bool
    ) -> AsyncGenerator[tuple[int, DeskReport | None], None]:
        """One connection's reports; None in place of a report is a sign of life."""
        params = {"since": str(since), "follow": "true" if follow else "false"}
        async with aclosing(self._lines("/api/reports", params)) as lines:
            async for line in lines:
                yield report_of(_json(line)) if line else (since, None)

    async def _lines(self, path: str, params: dict[str, str]) -> AsyncGenerator[str, None]:
        """What one connection tells, line by line. Raises Lost where it is cut."""
        timeout = httpx.Timeout(SILENCE_S, connect=5.0)
        try:
            async with self._http.stream(
                "GET", f"{self._url}{path}", params=params, timeout=timeout
            ) as response:
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                    self._told(response)
                async for line in response.aiter_lines():
                    yield line
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._failure(error) from None

    async def _answer_to(self, query: str, route: str, asked: Row) -> Any:
        spec = QUERIES[query]
        told = await self._get(f"/api/ask/{query}", venue=route, **_texts(asked))
        return [item_of(spec.kind, row) for row in told] if spec.many else item_of(spec.kind, told)

    async def _news_of(self, kind: str, route: str, asked: Row) -> AsyncGenerator[News, None]:
        """A watch that was cut is begun anew, and what may have been missed is said."""
        params = {"venue": route, **_texts(asked)}
        pauses_s: Iterator[float] = iter(())
        cut = 0
        while True:
            try:
                async with aclosing(self._lines(f"/api/watch/{kind}", params)) as lines:
                    async for line in lines:
                        pauses_s = iter(self._reconnects_s)
                        if line:
                            told = self._news(_json(line))
                            item: Any = item_of(WATCHES[kind].kind, told["item"])
                            yield item, told["emulated"], told["missed"] + cut
                            cut = 0
                raise Lost(f"the engine at {self._url} ended the watch")
            except Lost as lost:
                pause_s = next(pauses_s, None)
                if pause_s is None:
                    raise EngineUnavailable(str(lost)) from None
                cut = 1
                await asyncio.sleep(pause_s)

    def _news(self, told: Row) -> Row:
        if "error" in told:
            raise self._error(told)
        return told

    async def _submit(self, request: NewOrderSingle) -> Handle:
        terms = {
            "venue": request.ex_destination,
            "symbol": request.symbol,
            "side": request.side.name,
            "ord_type": request.ord_type.name,
            "order_qty": _text(request.order_qty),
            "cash_order_qty": _text(request.cash_order_qty),
            "price": _text(request.price),
            "stop_px": _text(request.stop_px),
            "time_in_force": request.time_in_force.name,
            "exchange": request.security_exchange,
            "account": request.account,
            "post_only": bool(request.exec_inst),
            "on_behalf_of": request.on_behalf_of_comp_id,
            "cl_ord_id": request.cl_ord_id,
        }
        try:
            told = await self._send("POST", "/api/orders", json=terms)
        except Lost as lost:
            return self._same(await self._look(request.cl_ord_id, lost), terms)
        return Handle(self, told["order_id"], told["cl_ord_id"], told["since"])

    def _same(self, row: Row, terms: Row) -> Handle:
        """The order that was found for a lost answer. OrderRejected if it is refused or another.

        One of other figures may be the first of two, or ours with the size that the venue gave it
        or that it was replaced to: which, its row can not tell. OutcomeUnknown.
        """
        name = terms["cl_ord_id"]
        fixed = ["venue", "side", "ord_type", *(["symbol"] if "/" in terms["symbol"] else [])]
        if any(row[field].upper() != terms[field].upper() for field in fixed):
            raise OrderRejected(f"duplicate ClOrdID {name}: it names another order")
        if any(_differ(row[field], terms[field]) for field in _FIGURES):
            raise OutcomeUnknown(
                f"ClOrdID {name} names {row['order_id']}, of other figures than were asked for: "
                "look at it, and do not send it again"
            )
        if row["ord_status"] == "REJECTED":
            raise OrderRejected(row["text"])
        return Handle(self, row["order_id"], row["cl_ord_id"])

    async def _cancel(self, order_id: str, cl_ord_id: str) -> None:
        await self._change("/api/cancel", cl_ord_id, order_id=order_id)

    async def _replace(
        self, order_id: str, cl_ord_id: str, order_qty: Decimal, price: Decimal | None
    ) -> None:
        qty, limit = _text(order_qty), _text(price)
        await self._change("/api/replace", cl_ord_id, order_id=order_id, order_qty=qty, price=limit)

    async def _change(self, path: str, cl_ord_id: str, **terms: str | None) -> None:
        try:
            await self._send("POST", path, json={**terms, "cl_ord_id": cl_ord_id})
        except Lost as lost:
            await self._look(cl_ord_id, lost)

    async def _look(self, cl_ord_id: str, lost: Lost) -> Row:
        """The order that a ClOrdID of ours names. OutcomeUnknown while the engine has none."""
        for pause_s in self._looks_s:
            await asyncio.sleep(pause_s)
            try:
                row: Row = await self._get("/api/order", cl_ord_id=cl_ord_id)
            except OmsError:
                continue  # unknown there, or nobody there: it may still be on its way
            return row
        raise OutcomeUnknown(
            f"{lost}; the engine does not know ClOrdID {cl_ord_id} yet: "
            "look for it, and do not send it again"
        )

    async def _rows(self, path: str, **params: str) -> list[Row]:
        rows: list[Row] = await self._get(path, **params)
        return rows

    async def _get(self, path: str, **params: str) -> Any:
        return await self._send("GET", path, params={k: v for k, v in params.items() if v})

    async def _send(self, method: str, path: str, **content: Any) -> Any:
        """The answer's JSON. Raises its error, EngineUnavailable when nothing left, or Lost."""
        try:
            response = await self._http.request(method, f"{self._url}{path}", **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._failure(error) from None
        return self._told(response)

    def _failure(self, error: Exception) -> EngineUnavailable:
        # Never the library's own text: it may quote a header, and one of them is the token.
        if isinstance(error, _NOTHING_SENT):
            return EngineUnavailable(f"no engine answers at {self._url}")
        return Lost(f"the engine at {self._url} gave no answer ({type(error).__name__})")

    def _told(self, response: httpx.Response) -> Any:
        told = _json(response.text)
        if response.status_code == httpx.codes.OK:
            return told
        try:
            raise self._error(told)
        except (KeyError, TypeError):
            raise Lost(f"{self._url} answered HTTP {response.status_code}") from None

    def _error(self, told: Any) -> OmsError:
        """What the engine's error says; Lost for one that this side does not know."""
        code, text = told["error"]["code"], told["error"]["text"]
        known = BY_CODE.get(code)
        return Lost(f"the engine answered {code}: {text}") if known is None else known(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        raise Lost("what answers is not the engine's control API") from None


def _texts(asked: Row) -> dict[str, str]:
    return {name: str(plain(value)) for name, value in asked.items()}


def _differ(told: str | None, asked: str | None) -> bool:
    return None not in (told, asked) and Decimal(told or "") != Decimal(asked or "")


_FIGURES: Final = ("order_qty", "cash_order_qty", "price", "stop_px")


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")
