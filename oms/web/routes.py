"""The routes: each a method of `Oms`, its arguments by their names."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web

from oms import words
from oms.api import Oms
from oms.asks import QUERIES, WATCHES
from oms.core.errors import MalformedMessage
from oms.door import Door, Row
from oms.told import row_of
from oms.treasury.door import MoveHandle
from oms.web.asked import Fields, flag, known, whole

Call = Callable[[Oms, Fields], Awaitable[Row | list[Row]]]

REPORTS: Final = "/api/reports"
"""GET: a stream, which the server itself writes."""

ASK: Final = "/api/ask/"
"""GET: a question to a venue, by its name in `oms.asks.QUERIES`."""

WATCH: Final = "/api/watch/"
"""GET: a stream of news, by its kind in `oms.asks.WATCHES`."""


async def _status_of(oms: Oms, asked: Fields) -> Row:
    known(asked, set())
    return await oms.status()


async def _orders(oms: Oms, asked: Fields) -> list[Row]:
    known(asked, {"open", "venue"})
    return await oms.orders(open=flag(asked, "open", default=False), venue=asked.get("venue"))


async def _order(oms: Oms, asked: Fields) -> Row:
    return await oms.order_row(_order_name(oms, asked))


async def _timeline(oms: Oms, asked: Fields) -> list[Row]:
    return await oms.timeline(_order_name(oms, asked))


async def _fills(oms: Oms, asked: Fields) -> list[Row]:
    known(asked, {"venue", "order_id"})
    return await oms.fills(venue=asked.get("venue"), order_id=asked.get("order_id", ""))


async def _kill(oms: Oms, asked: Fields) -> Row:
    known(asked, {"on", "venue"}, {"on"})
    return await oms.kill(asked["on"], asked.get("venue"))


async def _kill_certificate(oms: Oms, asked: Fields) -> Row:
    known(asked, set())
    return await oms.kill_certificate()


async def _cancel_all(oms: Oms, asked: Fields) -> list[Row]:
    return await oms.cancel_all(**known(asked, {"venue", "everybody", "account_wide"}))


async def _positions(oms: Oms, asked: Fields) -> list[Row]:
    known(asked, set())
    return await oms.positions()


async def _balances(oms: Oms, asked: Fields) -> list[Row]:
    return await oms.balances(known(asked, {"venue"}, {"venue"})["venue"])


async def _instruments(oms: Oms, asked: Fields) -> list[Row]:
    return await oms.instruments(known(asked, {"venue"}, {"venue"})["venue"])


async def _capabilities(oms: Oms, asked: Fields) -> Row:
    return await oms.capabilities(known(asked, {"venue"}, {"venue"})["venue"])


async def _last_report(oms: Oms, asked: Fields) -> Row:
    known(asked, set())
    return {"number": await oms.last_report()}


async def _submit(oms: Oms, asked: Fields) -> Row:
    known(asked, _SUBMIT, {"venue", "symbol", "side"})
    handle = await oms.submit(**asked)
    return {"order_id": handle.order_id, "cl_ord_id": handle.cl_ord_id, "since": handle.since}


async def _cancel(oms: Oms, asked: Fields) -> Row:
    known(asked, {"order_id", "cl_ord_id"}, {"order_id"})
    await oms.cancel(_order_id(asked), cl_ord_id=asked.get("cl_ord_id"))
    return {}


async def _replace(oms: Oms, asked: Fields) -> Row:
    known(asked, {"order_id", "cl_ord_id", "order_qty", "price"}, {"order_id", "order_qty"})
    await oms.replace(
        _order_id(asked),
        order_qty=asked["order_qty"],
        price=asked.get("price"),
        cl_ord_id=asked.get("cl_ord_id"),
    )
    return {}


def _asking(query: str) -> Call:
    async def ask(oms: Oms, asked: Fields) -> Row | list[Row]:
        spec = QUERIES[query]
        known(asked, {"venue", *spec.takes}, {"venue", *spec.needs})
        told = await oms.ask(query, **asked)
        route = asked["venue"].upper()
        rows = [{"venue": route, **row_of(item)} for item in (told if spec.many else [told])]
        return rows if spec.many else rows[0]

    return ask


async def _withdraw(oms: Oms, asked: Fields) -> Row:
    known(asked, _WITHDRAW, {"venue", "asset", "amount"})
    return _handle(await oms.withdraw(**asked))


async def _transfer(oms: Oms, asked: Fields) -> Row:
    known(asked, _TRANSFER, {"venue", "asset", "amount", "exchange", "to_exchange"})
    return _handle(await oms.transfer(**asked))


async def _coupon(oms: Oms, asked: Fields) -> Row:
    known(asked, _COUPON, {"venue", "asset", "amount"})
    return _handle(await oms.create_coupon(**asked))


async def _redeem(oms: Oms, asked: Fields) -> Row:
    known(asked, {"venue", "code", "cl_ord_id"}, {"venue", "code"})
    return _handle(await oms.redeem_coupon(**asked))


async def _moves(oms: Oms, asked: Fields) -> list[Row]:
    known(asked, {"open", "venue"})
    return await oms.moves(open=flag(asked, "open", default=False), venue=asked.get("venue"))


async def _move(oms: Oms, asked: Fields) -> Row:
    known(asked, {"id", "wait_s"}, {"id"})
    if "wait_s" not in asked:
        return await oms.move_row(asked["id"])
    return await oms.outcome(asked["id"], min(whole("wait_s", asked["wait_s"]), _WAIT_S_MAX))


async def _move_timeline(oms: Oms, asked: Fields) -> list[Row]:
    return await oms.move_timeline(known(asked, {"id"}, {"id"})["id"])


async def _coupon_code(oms: Oms, asked: Fields) -> Row:
    return {"code": await oms.coupon_code(known(asked, {"id"}, {"id"})["id"])}


async def _settle(oms: Oms, asked: Fields) -> Row:
    if "as" in asked:
        known(asked, _SETTLE_ORDER, {"order_id", "as", "by", "because"})
        verdict = words.text("as", asked["as"])
        said: dict[str, Any] = {name: asked.get(name) for name in ("by", "because", "qty", "px")}
        return await oms.settle(_order_id(asked), verdict=verdict, **said)
    known(asked, _SETTLE, _SETTLE)
    name = words.text("transfer_id", asked["transfer_id"], longest=_NAME_LENGTH_MAX)
    return await oms.settle(name, done=asked["done"], by=asked["by"], because=asked["because"])


async def _breaks(oms: Oms, asked: Fields) -> list[Row]:
    known(asked, {"venue", "closed"})
    return await oms.breaks(venue=asked.get("venue"), closed=flag(asked, "closed", default=False))


async def _foreign_orders(oms: Oms, asked: Fields) -> list[Row]:
    known(asked, {"venue", "ended"})
    ended = flag(asked, "ended", default=False)
    return await oms.foreign_orders(venue=asked.get("venue"), ended=ended)


async def _close_break(oms: Oms, asked: Fields) -> Row:
    known(asked, {"break_id", "by", "because"}, {"break_id", "by", "because"})
    await oms.close_break(asked["break_id"], by=asked["by"], because=asked["because"])
    return {}


async def _reconcile(oms: Oms, asked: Fields) -> list[Row]:
    return await oms.reconcile(known(asked, {"venue"}).get("venue"))


def _handle(handle: MoveHandle) -> Row:
    return {"transfer_id": handle.transfer_id, "cl_ord_id": handle.cl_ord_id}


_WITHDRAW: Final = set(inspect.signature(Door.withdraw).parameters) - {"self"}
_TRANSFER: Final = set(inspect.signature(Door.transfer).parameters) - {"self"}
_COUPON: Final = set(inspect.signature(Door.create_coupon).parameters) - {"self"}
_SETTLE: Final = {"transfer_id", "done", "by", "because"}
_SETTLE_ORDER: Final = {"order_id", "as", "by", "because", "qty", "px"}
_WAIT_S_MAX: Final = 20
"""How long one request may wait for an outcome, in seconds."""

_SUBMIT: Final = set(inspect.signature(Door.submit).parameters) - {"self"}

ROUTES: Final[Mapping[str, Mapping[str, Call]]] = MappingProxyType(
    {
        "/api/status": {"GET": _status_of},
        "/api/orders": {"GET": _orders, "POST": _submit},
        "/api/order": {"GET": _order},
        "/api/timeline": {"GET": _timeline},
        "/api/fills": {"GET": _fills},
        "/api/positions": {"GET": _positions},
        "/api/balances": {"GET": _balances},
        "/api/instruments": {"GET": _instruments},
        "/api/capabilities": {"GET": _capabilities},
        "/api/last_report": {"GET": _last_report},
        "/api/cancel": {"POST": _cancel},
        "/api/replace": {"POST": _replace},
        "/api/cancel_all": {"POST": _cancel_all},
        "/api/kill": {"GET": _kill_certificate, "POST": _kill},
        "/api/withdraw": {"POST": _withdraw},
        "/api/transfer": {"POST": _transfer},
        "/api/coupon": {"POST": _coupon},
        "/api/redeem": {"POST": _redeem},
        "/api/moves": {"GET": _moves},
        "/api/move": {"GET": _move},
        "/api/move_timeline": {"GET": _move_timeline},
        "/api/coupon_code": {"GET": _coupon_code},
        "/api/settle": {"POST": _settle},
        "/api/breaks": {"GET": _breaks},
        "/api/foreign_orders": {"GET": _foreign_orders},
        "/api/close_break": {"POST": _close_break},
        "/api/reconcile": {"POST": _reconcile},
        REPORTS: {},
        **{f"{ASK}{query}": {"GET": _asking(query)} for query in QUERIES},
        **{f"{WATCH}{kind}": {} for kind in WATCHES},
    }
)


def find(request: web.Request) -> Call:
    """The route's function. Raises the HTTP error for what is none."""
    methods = ROUTES.get(request.path)
    if methods is None:
        raise web.HTTPNotFound(text=f"no such route; there are {', '.join(ROUTES)}")
    if request.method not in methods:
        raise web.HTTPMethodNotAllowed(request.method, [*methods] or ["GET"])
    return methods[request.method]


def _order_name(oms: Oms, asked: Fields) -> str:
    """The order by `id`, or by the caller's own `cl_ord_id`."""
    known(asked, {"id", "cl_ord_id"})
    if len(asked) != 1:
        raise MalformedMessage("send id or cl_ord_id")
    return asked["id"] if "id" in asked else f"{oms.origin}/{asked['cl_ord_id']}"


def _order_id(asked: Fields) -> str:
    return words.text("order_id", asked["order_id"], longest=_NAME_LENGTH_MAX)


_NAME_LENGTH_MAX: Final = 200  # ORIGIN/ClOrdID, generously
