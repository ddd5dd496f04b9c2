"""Bitexbit's line in the list of venues: what it offers, and the settings that choose a reading."""

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.bitexbit.client import BitexbitClient
from adapters.bitexbit.settings import BitexbitSettings
from adapters.bitexbit.stream import BitexbitStream
from adapters.bitexbit.tests.bitexbit_bench import config
from adapters.bitexbit.venue import capabilities
from adapters.runner import QUERIES
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import ConfigError
from oms.settings import load_settings
from tests.adapters.one_route import WAIT_S, one_route

D = Decimal
TABLE = """
[api]
token = "operator-token"
[venues.bitexbit]
api_key = "bb-key-0001"
api_secret = "bb-secret-0001"
"""


def settings(folder: Path, more: str = "") -> BitexbitSettings:
    """What a configuration with these lines means."""
    path = folder / "oms.toml"
    path.write_text(TABLE + more)
    path.chmod(0o600)
    found = load_settings(path, {}).venues["BITEXBIT"]
    assert isinstance(found, BitexbitSettings)
    return found


def test_the_documents_limits_are_in_force_unless_others_are_set() -> None:
    private, public = capabilities({}).limits
    assert (private.requests, private.per_seconds, private.scope) == (2, D(1), "account")
    assert (public.requests, public.per_seconds, public.scope) == (100, D(1), "address")
    slower = {"rate_limit": {"requests": 1, "per_seconds": 2}}
    assert [limit.requests for limit in capabilities(slower).limits] == [1, 100]


def test_what_is_offered_is_there_and_what_is_there_is_offered() -> None:
    offered = capabilities({}).offers
    assert offered == {name for name in QUERIES if hasattr(BitexbitClient, name)}
    assert capabilities({}).streams == BitexbitStream.topics | {"orders"}


def test_the_defaults_are_the_recommended_readings(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert (found.base_url, found.stream_url) == ("https://bitexbit.com", "wss://bitexbit.com")
    assert (found.sign_get_params, found.sign_single_order) == (False, True)
    assert (found.book_limit_params, found.socketio_generation) == ("table", "auto")
    assert (found.subscribe_event, found.room_format) == ("subscribe", "book_{pair}")
    assert (found.nonce_floor, found.amount_decimals) == (0, 8)
    assert not found.balance_includes_reserve


@pytest.mark.parametrize(
    "line",
    [
        'socketio_generation = "2"',
        'book_limit_params = "bids"',
        'room_format = "book"',
        'room_format = "{pair}{pair}"',
        "nonce_floor = -1",
        "amount_decimals = 19",
        'stream_url = "https://bitexbit.com"',
    ],
)
def test_a_reading_that_does_not_exist_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match=line.split(" ")[0]):
        settings(tmp_path, line)


@pytest.mark.parametrize("generation", ["3", "4"])
def test_the_settings_reach_the_channel(generation: str) -> None:
    chosen: dict[str, Any] = {"socketio_generation": generation, "subscribe_event": "join"}
    with one_route("bitexbit", **chosen) as route:
        route.there.do(lambda: route.tap.switch("socketio_generation", int(generation)))
        route.until_ready()
        route.spin(lambda: _up(route), "the channel")
        asked = [one.query for one in route.tap.asked if one.path == "/socket.io/"]
        assert f"EIO={generation}&transport=websocket" in asked
        assert not [query for query in asked if f"EIO={generation}" not in query]


def _up(route: Any) -> bool:
    status = route.runner.stream_status()
    return status is not None and status.up


def test_one_private_request_is_under_way_at_a_time() -> None:
    """Of two that overtake each other the venue would turn the older one down."""
    with one_route("bitexbit") as route:
        route.until_ready()
        arrived: list[float] = []

        def note(request: SimRequest, answer: SimResponse) -> SimResponse:
            if "/wallets/" in request.path:
                arrived.append(route.clock.monotonic())
            return answer

        route.tap.change = note
        route.there.do(lambda: route.tap.switch("slow_s", D("0.05")))
        asked = [route.runner.ask("balances") for _ in range(4)]
        for one in asked:
            assert one.result(WAIT_S)
    spans = [later - earlier for earlier, later in pairwise(arrived)]
    assert len(spans) == 3
    assert min(spans) >= 0.05


def test_no_secret_is_in_what_the_journal_keeps() -> None:
    with one_route("bitexbit") as route:
        route.until_ready()
        order_id = route.take(route.bench.LEVEL / 5)
        route.until(lambda: route.order(order_id).closed, "the fill")
        route.there.do(lambda: route.tap.switch("refuse", 1))
        refused = route.place()
        route.until(lambda: route.order(refused).closed, "the refusal")
        told = route.raw_texts()
    signed = {a.headers["x-sign"] for a in route.tap.asked if "x-sign" in a.headers}
    for secret in (*config("")["api_key"].split(), *config("")["api_secret"].split(), *signed):
        assert secret not in told
