"""A plain FIX 4.2 counterparty as a kind of route: what it offers, and the markets it has.

Its session carries everything; there is nothing beside it that could be asked. So the markets are
those of the configuration, told once.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Final

from adapters.port import Listening, StreamStatus, VenueSpec
from oms.core.errors import NotSupported
from oms.core.fields import OrdType, TimeInForce
from oms.core.market import Topic
from oms.core.notes import Instruments, NoncesReserved
from oms.core.ports import Evidence, Inbound, Post, ToMarket, ToTreasury, ToVenue, VenueGateway
from oms.core.venue import Capabilities, ClientId, Fence, FillIdentity, Instrument


def capabilities(config: Mapping[str, Any]) -> Capabilities:
    """All of FIX 4.2, as far as the configuration says that the counterparty has it."""
    return Capabilities(
        ord_types=frozenset(OrdType),
        time_in_force=frozenset(TimeInForce),
        post_only=True,
        market_buy_by_cash=False,
        client_id=ClientId.STAMPED,
        client_id_queryable=config["status_on_logon"],
        client_id_unique=True,
        can_replace=True,
        chains_requests=config["takes_requests_in_line"],
        tells_pending=config["tells_pending"],
        cancel_before_ack=True,
        cancel_final=True,
        fence=Fence.SEQUENCE if config["status_on_logon"] else Fence.NOTHING,
        fill_identity=FillIdentity.EXEC_ID,
    )


def instruments(config: Mapping[str, Any]) -> tuple[Instrument, ...]:
    """The markets of the configuration."""
    return tuple(
        Instrument(
            symbol=symbol,
            venue_symbol=table["venue_symbol"] or symbol,
            **{name: value for name, value in table.items() if name != "venue_symbol"},
        )
        for symbol, table in config["instruments"].items()
    )


class Markets:
    """The part of the route that is no session: its markets."""

    def __init__(self, route: str, markets: tuple[Instrument, ...], post: Post) -> None:
        self._route = route
        self._markets = markets
        self._post = post

    def start(self) -> None:
        """Tell the engine the markets."""
        note = Instruments(route=self._route, instruments=self._markets)
        self._post(Inbound(source=self._route, message=note, evidence=Evidence.POLICY))

    def stop(self, grace_s: float = 1.0) -> None:
        """Nothing runs."""

    def link_moved(self, up: bool, text: str) -> None:
        """The session tells the engine by itself."""

    def link_tore(self) -> None:
        """As above."""

    def trade_through(self, gateway: VenueGateway) -> None:
        """Nothing is sent here."""

    @property
    def slowed(self) -> str:
        """Nothing is asked that could be too much."""
        return ""

    def send(self, outbound: ToVenue) -> None:
        """Never called: the session is the route's gateway."""
        raise AssertionError("requests of this route go to its session")

    def quote(self, outbound: ToMarket) -> None:
        """Never called: such a counterparty takes market orders."""
        raise AssertionError("no price is asked for here")

    def move(self, outbound: ToTreasury) -> None:
        """Never called: such a counterparty moves no money."""
        raise AssertionError("no money is moved here")

    def grant(self, nonces: NoncesReserved) -> None:
        """Never called: a session counts by itself."""
        raise AssertionError("no nonces are asked for here")

    def listen(self, topic: Topic, wake: Callable[[], None]) -> Listening:
        """Raises NotSupported: there is nobody to listen to."""
        raise NotSupported(f"{self._route} does not offer {topic.kind}")

    def stream_status(self) -> StreamStatus | None:
        """There is none."""
        return None

    def ask(self, query: str, **parameters: Any) -> Future[Any]:
        """Fails with NotSupported: there is nobody to ask."""
        answer: Future[Any] = Future()
        answer.set_exception(NotSupported(f"{self._route} does not offer {query}"))
        return answer


def build(config: Mapping[str, Any], *, route: str, post: Post, **_: Any) -> Markets:
    """The route's markets, not told yet."""
    return Markets(route, instruments(config), post)


VENUE: Final = VenueSpec(name="fix42", capabilities=capabilities, build=build, trades_here=False)
