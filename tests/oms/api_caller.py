"""A caller of the control API, and an engine that serves it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from oms.web import Web
from tests.oms.small_engine import TOKENS, WITHIN_S, SmallEngine, running, within

ORDER: Final = {
    "venue": "plain",
    "symbol": "BTC/TRY",
    "side": "buy",
    "order_qty": "0.01",
    "price": "40000.50",
}


class Caller:
    """An HTTP client with a token."""

    def __init__(self, engine: SmallEngine, web: Web, token: str) -> None:
        self.engine = engine
        self.web = web
        self._http = httpx.AsyncClient(
            base_url=web.url, headers={"Authorization": f"Bearer {token}"}, timeout=WITHIN_S
        )

    async def get(self, path: str, **params: str) -> Any:
        """The rows of a look that must succeed."""
        response = await self._http.get(path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, fields: dict[str, Any]) -> Any:
        """The answer to a request that must succeed."""
        response = await self._http.post(path, json=fields)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, method: str, path: str, **content: Any) -> tuple[int, str, str]:
        """Status, code and text of a request that must fail, as the only thing in its body."""
        response = await self._http.request(method, path, **content)
        told = response.json()
        assert list(told) == ["error"]
        return response.status_code, told["error"]["code"], told["error"]["text"]

    @asynccontextmanager
    async def listen(self, **params: str) -> AsyncIterator[AsyncIterator[str]]:
        """The lines of the report stream."""
        async with self._http.stream("GET", "/api/reports", params=params) as response:
            assert response.status_code == 200
            yield response.aiter_lines()

    async def post_raw(self, path: str, body: str) -> Any:
        """As `post`, with a body that was written by hand."""
        response = await self._http.post(path, content=body)
        assert response.status_code == 200, response.text
        return response.json()

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.aclose()


@asynccontextmanager
async def serving(folder: Path, token: str) -> AsyncIterator[Caller]:
    """An engine with its API, and a caller of that token."""
    with running(folder) as engine:
        web = Web(engine.oms, TOKENS)
        await web.start("127.0.0.1", 0)
        caller = Caller(engine, web, token)
        try:
            yield caller
        finally:
            await caller.close()
            await within("the server to stop", web.stop())


def call(folder: Path, token: str, test: Callable[[Caller], Coroutine[Any, Any, None]]) -> None:
    """Run a test's coroutine against an engine of its own."""

    async def main() -> None:
        async with serving(folder, token) as caller:
            await within("the whole test", test(caller))

    asyncio.run(main())


async def next_row(lines: AsyncIterator[str]) -> Any:
    async for line in lines:
        if line:
            return json.loads(line)
    raise AssertionError("the stream ended")
