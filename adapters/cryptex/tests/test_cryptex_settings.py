"""[venues.cryptex] as it is written in the file, and what the route makes of it."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.cryptex.tests.cryptex_bench import CREDENTIALS
from adapters.cryptex.tests.cryptex_route import forms
from adapters.cryptex.venue import VENUE, instruments, reading
from oms.core.fields import OrdType
from oms.core.venue import Fence, FillIdentity, Limit
from tests.adapters.one_route import one_route
from tests.oms.configs import COMPLETE, errors, load

D = Decimal
ROUTE = """
[venues.cryptex]
username = "alice"
api_key = "k"
api_secret = "s"
{more}
[venues.cryptex.instruments."BTC/USD"]
tick = "0.01"
step = "0.0001"
min_qty = "0.0001"
[venues.cryptex.instruments."XBT/EUR"]
venue_symbol = "BTC_EUR"
tick = "0.5"
step = "1"
max_qty = "100"
min_notional = "10"
"""


def plain(folder: Path, more: str = "") -> dict[str, Any]:
    """The table as the room gets it."""
    return load(folder, COMPLETE + ROUTE.format(more=more)).venues["CRYPTEX"].plain()


def test_defaults_are_the_recommended_readings(tmp_path: Path) -> None:
    table = plain(tmp_path)
    assert table["base_url"] == "https://cryptex.net/api/v1"
    assert (table["signing_username"], table["method_names"], table["pair_alias"]) == ("", {}, {})
    assert (table["nonce_seed"], table["nonce_step"], table["nonce_floor"]) == ("seconds", 1, 0)
    assert (table["timezone"], table["history_time_format"]) == ("UTC", "calendar")
    assert (table["with_reserves"], table["public_market_data"]) == ("1", False)
    assert (table["active_statuses"], table["amount_is"]) == ((1,), "original")


def test_what_the_route_offers(tmp_path: Path) -> None:
    offered = VENUE.capabilities(plain(tmp_path))
    assert offered.ord_types == {OrdType.LIMIT}
    assert (offered.fence, offered.fill_identity) == (Fence.NONCE, FillIdentity.TRADE_ID)
    assert offered.limits == (Limit("all requests", 1, D(1), "key"),)
    assert {"withdraw", "coupon", "deposits"} <= offered.offers
    assert not offered.offers & {"ticker", "fees", "withdrawals", "transfer", "candles"}
    faster = VENUE.capabilities(plain(tmp_path, "rate_limit = { requests = 5, per_seconds = 2 }"))
    assert [(one.requests, one.per_seconds) for one in faster.limits] == [(5, D(2))]


def test_the_markets_are_those_of_the_table(tmp_path: Path) -> None:
    first, second = instruments(plain(tmp_path))
    assert (first.symbol, first.venue_symbol) == ("BTC/USD", "BTC_USD")
    assert (first.tick, first.step, first.min_qty) == (D("0.01"), D("0.0001"), D("0.0001"))
    assert (first.max_qty, first.min_notional) == (None, D(0))
    assert (second.symbol, second.venue_symbol) == ("XBT/EUR", "BTC_EUR")
    assert (second.min_qty, second.max_qty, second.min_notional) == (D(0), D(100), D(10))


def test_every_reading_can_be_chosen(tmp_path: Path) -> None:
    more = """
        timezone = "Europe/Moscow"
        history_time_format = "epoch"
        pair_alias = { USD_BTC = "BTC_USD" }
        active_statuses = [0, 1]
        amount_is = "remaining"
    """
    table = plain(tmp_path, more)
    chosen = reading(table, instruments(table))
    assert chosen.pairs == {"BTC_USD": "BTC/USD", "BTC_EUR": "XBT/EUR"}
    assert chosen.pair_alias == {"USD_BTC": "BTC_USD"}
    assert datetime(2026, 1, 5, tzinfo=UTC).astimezone(chosen.zone).hour == 3
    assert chosen.history_time_format == "epoch"
    assert (chosen.active, chosen.amount_is) == (frozenset({"0", "1"}), "remaining")


@pytest.mark.parametrize(
    "more",
    [
        'timezone = "Mars/Olympus"',
        'timezone = "../UTC"',
        'history_time_format = "iso"',
        'pair_alias = { "USD/BTC" = "BTC_USD" }',
        "nonce_step = 0",
        "nonce_floor = -1",
        'nonce_seed = "now"',
        'with_reserves = "yes"',
        "active_statuses = []",
        'amount_is = "left"',
        "fence_settle_s = -1",
        "fence_settle_s = nan",
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, more: str) -> None:
    (line, *_) = errors(tmp_path, COMPLETE + ROUTE.format(more=more))
    assert "cryptex" in line


@pytest.mark.parametrize(
    ("settings", "least", "step"),
    [
        ({"nonce_seed": "zero"}, 1, 1),
        ({"nonce_seed": "zero", "nonce_step": 7}, 7, 7),
        ({"nonce_seed": "zero", "nonce_floor": 5000}, 5001, 1),
    ],
)
def test_nonces_begin_and_go_on_as_chosen(settings: Any, least: int, step: int) -> None:
    with one_route("cryptex", **settings) as route:
        route.until_ready()
        route.place(wait=True)
        sent = [int(fields["nonce"]) for fields in forms(route, "ActiveOrders")]
        assert sent[0] in (least, least - 1)
        assert {(nonce - sent[0]) % step for nonce in sent} == {0}


def test_nonces_in_milliseconds_are_more_than_the_simulator_takes() -> None:
    """A column of 32 bits would overflow: the route says what the venue says."""
    with one_route("cryptex", nonce_seed="milliseconds") as route:
        route.until(
            lambda: any("nonce" in str(record.message) and "range" in str(record.message)
                        for record in route.records),
            "the refusal",
        )  # fmt: skip
        assert not route.book.routes[route.route].ready


def test_another_name_can_be_signed() -> None:
    """Here the wrong one: the venue refuses every request."""
    with one_route("cryptex", username="somebody", signing_username="alice") as route:
        route.until_ready()
    assert CREDENTIALS["username"] == "alice"
