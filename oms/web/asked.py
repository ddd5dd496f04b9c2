"""What a caller sent: queries and JSON objects, taken only when they say one thing."""

import asyncio
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, Final

from aiohttp import web

from oms.core.errors import MalformedMessage

BODY_BYTES_MAX: Final = 65_536
BODY_TIMEOUT_S: Final = 10.0

Fields = Mapping[str, Any]


async def read_fields(request: web.Request) -> Fields:
    """The query of a GET, the JSON object of a POST. Raises MalformedMessage."""
    asked = read_query(request)
    if request.method != "POST":
        return asked
    known(asked, set())
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body did not come") from None
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None
    try:
        told = json.loads(body, parse_float=Decimal, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "nested too deeply"
        raise MalformedMessage(f"the body is not JSON: {reason[:200]}") from None
    if not isinstance(told, dict):
        raise MalformedMessage("the body must be a JSON object")
    return told


def _too_large() -> web.HTTPException:
    return web.HTTPRequestEntityTooLarge(
        BODY_BYTES_MAX, text=f"the body has more than {BODY_BYTES_MAX} bytes"
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object none of whose names is there twice: which one would be meant?"""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is there twice in one object")
    return made


def read_query(request: web.Request) -> Fields:
    """The query's parameters, each once. Raises MalformedMessage."""
    asked = dict(request.query)
    if len(asked) < len(request.query):
        raise MalformedMessage("a parameter is there twice")
    return asked


def known(
    asked: Fields, allowed: AbstractSet[str], required: AbstractSet[str] = frozenset()
) -> Fields:
    """What was asked, when it is allowed and complete. Raises MalformedMessage."""
    for name in asked:
        if name not in allowed:
            names = ", ".join(sorted(allowed)) or "none"
            raise MalformedMessage(f"unknown field {name[:40]!r}; known here: {names}")
    for name in sorted(required):
        if name not in asked:
            raise MalformedMessage(f"field {name!r} is missing")
    return asked


def whole(name: str, text: str) -> int:
    """The number that the text writes. Raises MalformedMessage."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise MalformedMessage(f"{name} must be a whole number")
    return int(text)


def flag(asked: Fields, name: str, default: bool = True) -> bool:
    """`true` or `false` of a query. Raises MalformedMessage."""
    word = asked.get(name, str(default)).lower()
    if word not in ("true", "false"):
        raise MalformedMessage(f"{name} must be true or false")
    return bool(word == "true")
