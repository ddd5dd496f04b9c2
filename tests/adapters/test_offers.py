"""What a venue's capabilities claim, its client has, and nothing else."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import pytest

from adapters import VENUES, venue
from adapters.loop import Loop
from adapters.runner import CANCEL_ALL, QUERIES, Runner
from oms.asks import QUERIES as API
from oms.clock import SystemClock
from oms.core.legs import VenueBooks
from oms.core.market import TopicKind
from oms.core.venue import Capabilities
from oms.scaffold import sample_table
from oms.settings_venues import KINDS
from oms.venue_table import MOVES
from tests.core.desk_of_one import DeskOfOne


@contextmanager
def built(kind: str, **settings: Any) -> Iterator[tuple[Capabilities, Any]]:
    """The capabilities of a venue at its defaults, and the runner that goes with them."""
    config = KINDS[kind].model_validate({**sample_table(kind), **settings}).plain()
    loop = Loop()
    loop.start()
    runner = venue(kind).build(
        config,
        route=kind.upper(),
        post=lambda inbound: None,
        books=VenueBooks(DeskOfOne().book),
        clock=SystemClock(),
        loop=loop,
        speed=1.0,
    )
    try:
        yield venue(kind).capabilities(config), runner
    finally:
        runner.stop()
        loop.stop()


@pytest.mark.parametrize("kind", VENUES)
def test_a_client_has_what_its_venue_offers(kind: str) -> None:
    """Every question and call that is claimed is a method, and every method is claimed."""
    with built(kind) as (told, runner):
        assert isinstance(runner, Runner)
        client = runner._client
        asked = {*QUERIES, CANCEL_ALL}
        assert told.offers <= asked | set(MOVES)
        assert sorted(told.offers & asked) == sorted(n for n in asked if hasattr(client, n))
        moves = bool(told.offers & set(MOVES))
        assert hasattr(client, "move") == moves
        assert moves or not hasattr(client, "moved")


@pytest.mark.parametrize("kind", VENUES)
def test_a_stream_follows_what_its_venue_claims_to_stream(kind: str) -> None:
    """Kinds of topics by name; `orders` wherever there is a stream that tells of them."""
    with built(kind) as (told, runner):
        stream = runner._stream
        assert told.streams <= {*get_args(TopicKind), "orders"}
        assert told.streams - {"orders"} == (stream.topics if stream is not None else frozenset())


_PARAMETERS = {
    "ticker": ["instrument"],
    "order_book": ["instrument", "depth"],
    "trades": ["instrument", "limit"],
    "candles": ["instrument", "period", "since", "until", "limit"],
    "fees": ["instrument"],
    "deposits": ["asset", "since"],
    "withdrawals": ["asset", "since"],
    "transfers": ["asset", "since"],
    "activities": ["since", "until"],
    "deposit_address": ["asset", "security_exchange"],
    "own_trades": ["since", "instrument"],
}


@pytest.mark.parametrize("kind", VENUES)
def test_a_client_is_asked_by_the_names_that_all_share(kind: str) -> None:
    """Each question takes its parameters by name and in order, and is a coroutine."""
    with built(kind) as (told, runner):
        for query in told.offers & {query.asks or name for name, query in API.items()}:
            method = getattr(runner._client, query)
            assert inspect.iscoroutinefunction(method), query
            names, told_how = _PARAMETERS.get(query, []), inspect.signature(method)
            assert told_how.bind(*names).arguments == dict(zip(names, names, strict=True)), query
            assert told_how.bind(**dict.fromkeys(names)), query
