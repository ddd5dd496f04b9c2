"""An engine with scripted venues and a ccxt-shaped exchange object at each of its doors."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import oms.ccxt
from oms.ccxt import Exchange
from oms.client import Client
from oms.web import Web
from tests.oms.lossy_proxy import LossyProxy, lossy_proxy
from tests.oms.small_engine import AS_GRID, TOKENS, SmallEngine, running, within

AT_ONCE: Final = (0.0, 0.0, 0.0)
SYMBOL: Final = "BTC/TRY"


class Bench:
    """An engine, a proxy in front of its API that loses things, and exchange objects over both."""

    def __init__(self, engine: SmallEngine, proxy: LossyProxy, made: list[Exchange]) -> None:
        self.engine = engine
        self.proxy = proxy
        self._made = made

    def exchange(
        self, venue: str = "PLAIN", *, remote: bool = True, door: Any = None, **config: Any
    ) -> Exchange:
        """One that is closed with the bench."""
        remote, door = remote and door is None, door or self.engine.oms("grid-1")
        if remote:
            door = Client(self.proxy.url, AS_GRID, looks_s=AT_ONCE, reconnects_s=AT_ONCE)
        made = oms.ccxt.exchange({"venue": venue, "door": door, "timeout": 5000, **config})
        self._made.append(made)
        return made

    def script(self, script: str, venue: str = "PLAIN") -> None:
        """What the venue does with new orders from now on."""
        self.engine.venues[venue].script = script


def _told(engine: SmallEngine) -> bool:
    return all(engine.doors.instruments(route) for route in engine.venues)


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    """All of it on loopback."""
    made: list[Exchange] = []
    with running(folder) as engine:
        engine.wait_until("the markets are known", partial(_told, engine))
        web = Web(engine.oms, TOKENS)
        await web.start("127.0.0.1", 0)
        async with lossy_proxy(web.address) as proxy:
            yield Bench(engine, proxy, made)
            for exchange in made:
                await exchange.close()
                if isinstance(exchange.door, Client):
                    await exchange.door.close()
        await within("the server to stop", web.stop())


def call(folder: Path, test: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    """Run a test's coroutine on a bench of its own."""

    async def main() -> None:
        async with bench(folder) as made:
            await within("the whole test", test(made))

    asyncio.run(main())
