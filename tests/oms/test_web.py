"""The control API over real sockets: who may ask what, and what bad input is answered."""

import asyncio
import hmac
import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from oms.api import Oms
from oms.core.errors import ConfigError, OutcomeUnknown
from oms.log import forget_secrets, register_secrets
from oms.web import Web
from tests.oms.api_caller import ORDER, Caller, call, next_row
from tests.oms.small_engine import AS_GRID, AS_OPERATOR, TOKENS


def test_an_order_is_sent_looked_at_and_canceled(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        sent = await caller.post("/api/orders", {**ORDER, "cl_ord_id": "A1"})
        assert sent == {"order_id": "0000000001", "cl_ord_id": "A1", "since": 0}
        for question in ({"id": "1"}, {"id": "grid-1/A1"}, {"cl_ord_id": "A1"}):
            row = await caller.get("/api/order", **question)
            assert (row["order_id"], row["origin"], row["venue"]) == (
                "0000000001", "grid-1", "PLAIN",
            )  # fmt: skip
            assert (row["price"], row["order_qty"]) == ("40000.5", "0.01")
        assert await caller.post("/api/cancel", {"order_id": "1"}) == {}
        async with caller.listen(since="0") as lines:
            types = [(await next_row(lines))["exec_type"] for _ in range(4)]
        assert types == ["PENDING_NEW", "NEW", "PENDING_CANCEL", "CANCELED"]
        assert await caller.get("/api/orders", open="true") == []
        assert [row["ord_status"] for row in await caller.get("/api/orders")] == ["CANCELED"]
        assert (await caller.get("/api/timeline", id="1"))[0]["evidence"] == "STRATEGY"

    call(tmp_path, AS_GRID, test)


def test_every_look_has_its_rows(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        caller.engine.venues["PLAIN"].script = "fill"
        await caller.post("/api/orders", ORDER)
        async with caller.listen() as lines:
            while (await next_row(lines)).get("exec_type") != "FILL":
                pass
        fills = await caller.get("/api/fills", venue="plain")
        assert [(row["last_shares"], row["last_px"]) for row in fills] == [
            ("0.004", "40000.5"), ("0.006", "40000.5"),
        ]  # fmt: skip
        assert await caller.get("/api/fills", venue="native") == []
        assert await caller.get("/api/fills", order_id="1") == fills
        assets = {row["asset"]: row["qty"] for row in await caller.get("/api/positions")}
        assert assets == {"BTC": "0.01", "TRY": "-400.005"}
        assert await caller.get("/api/balances", venue="plain") == [
            {"venue": "PLAIN", "exchange": "", "asset": "BTC", "total": "0.1",
             "available": "0.1", "held": "0"}
        ]  # fmt: skip
        assert (await caller.get("/api/instruments", venue="plain"))[0]["symbol"] == "BTC/TRY"
        assert (await caller.get("/api/status"))["ready"] is True

    call(tmp_path, AS_GRID, test)


def test_the_operator_sees_and_cancels_everybodys_orders_and_a_strategy_its_own(
    tmp_path: Path,
) -> None:
    async def test(operator: Caller) -> None:
        grid = Caller(operator.engine, operator.web, AS_GRID)
        await operator.post("/api/orders", {**ORDER, "cl_ord_id": "A1"})
        await grid.post("/api/orders", {**ORDER, "cl_ord_id": "A1"})
        assert len(await operator.get("/api/orders")) == 2
        assert [row["origin"] for row in await grid.get("/api/orders")] == ["grid-1"]
        for name in ("1", "operator/A1"):
            assert (await grid.refused("GET", "/api/order", params={"id": name}))[:2] == (
                404, "unknown_order",
            )  # fmt: skip
            assert (await grid.refused("POST", "/api/cancel", json={"order_id": name}))[0] == 404
        await operator.post("/api/cancel", {"order_id": "grid-1/A1"})
        await grid.close()

    call(tmp_path, AS_OPERATOR, test)


def test_a_cancel_is_answered_when_it_is_durable_even_if_the_venue_says_nothing(
    tmp_path: Path,
) -> None:
    async def test(caller: Caller) -> None:
        caller.engine.venues["NATIVE"].script = "silence"
        await caller.post("/api/orders", {**ORDER, "venue": "NATIVE"})
        await caller.post("/api/cancel", {"order_id": "1", "cl_ord_id": "C1"})
        assert (await caller.get("/api/order", cl_ord_id="C1"))["order_id"] == "0000000001"

    call(tmp_path, AS_GRID, test)


def test_a_replace_goes_to_a_venue_that_replaces(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        await caller.post("/api/orders", {**ORDER, "venue": "NATIVE"})
        terms = {"order_id": "1", "order_qty": "0.02", "price": 41000}
        await caller.post("/api/replace", terms)
        request = caller.engine.venues["NATIVE"].received[-1].message
        assert (str(request.order_qty), str(getattr(request, "price", None))) == ("0.02", "41000")
        await caller.post("/api/orders", ORDER)
        status, code, text = await caller.refused(
            "POST", "/api/replace", json={"order_id": "2", "order_qty": "0.02"}
        )
        assert (status, code) == (422, "rejected")
        assert "not supported by PLAIN" in text

    call(tmp_path, AS_GRID, test)


def test_a_refusal_is_answered_with_its_reason(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        await caller.post("/api/orders", {**ORDER, "cl_ord_id": "A1"})
        for change, reason in (
            ({"cl_ord_id": "A1"}, "duplicate ClOrdID A1"),
            ({"venue": "nowhere"}, "unknown route 'NOWHERE'"),
            ({"symbol": "BTC/XYZ"}, "unknown symbol"),
            ({"price": "1.001"}, "nearest 1"),
            ({"order_qty": "-1"}, "must be above 0"),
        ):
            status, code, text = await caller.refused(
                "POST", "/api/orders", json={**ORDER, **change}
            )
            assert (status, code) == (422, "rejected")
            assert reason in text

    call(tmp_path, AS_GRID, test)


BAD_BODIES = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b'"text"',
    b"null",
    b"[" * 60_000,
    json.dumps({**ORDER, "prize": "1"}).encode(),
    json.dumps({**ORDER, "price": "1e3"}).encode(),
    json.dumps({**ORDER, "price": "NaN"}).encode(),
    json.dumps({**ORDER, "price": "٣"}).encode(),
    json.dumps({**ORDER, "price": True}).encode(),
    json.dumps({**ORDER, "price": ["1"]}).encode(),
    json.dumps({**ORDER, "price": 10**70}).encode(),
    json.dumps({**ORDER, "price": "1" * 65}).encode(),
    json.dumps({**ORDER, "symbol": None}).encode(),
    json.dumps({**ORDER, "symbol": "BTC/TRY\x0149=X"}).encode(),
    json.dumps({**ORDER, "symbol": "B" * 65}).encode(),
    json.dumps({**ORDER, "side": "LONG"}).encode(),
    json.dumps({**ORDER, "ord_type": "PEGGED"}).encode(),
    json.dumps({**ORDER, "time_in_force": "FOREVER"}).encode(),
    json.dumps({**ORDER, "post_only": "no"}).encode(),
    json.dumps({**ORDER, "cl_ord_id": ""}).encode(),
    json.dumps({**ORDER, "cl_ord_id": 7}).encode(),
    json.dumps({**ORDER, "cl_ord_id": "Ğ"}).encode(),
    json.dumps({"venue": "PLAIN", "symbol": "BTC/TRY"}).encode(),
    json.dumps(ORDER).replace('"40000.50"', "NaN").encode(),
    json.dumps(ORDER).replace('"40000.50"', "1e400").encode(),
    json.dumps(ORDER).replace('"40000.50"', "1e-999999999").encode(),
    json.dumps(ORDER).replace('"40000.50"', "1" * 5000).encode(),
    json.dumps(ORDER).replace("}", ', "price": "1"}').encode(),
]


def test_a_bad_body_is_a_400_with_a_reason_and_moves_nothing(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        before = caller.engine.reader.counts()
        for body in BAD_BODIES:
            status, code, text = await caller.refused("POST", "/api/orders", content=body)
            assert (status, code) in {(400, "malformed_message"), (400, "invalid_order")}, body
            assert 0 < len(text) < 500, body
        assert caller.engine.reader.counts() == before

    call(tmp_path, AS_GRID, test)


BAD_QUERIES: list[tuple[str, Any]] = [
    ("/api/orders", {"open": "yes"}),
    ("/api/orders", {"status": "NEW"}),
    ("/api/order", {}),
    ("/api/order", {"id": "1", "cl_ord_id": "A"}),
    ("/api/balances", {}),
    ("/api/reports", {"since": "-1"}),
    ("/api/reports", {"since": "1" * 19}),
    ("/api/reports", {"from": "1"}),
    ("/api/orders", [("venue", "A"), ("venue", "B")]),
]


def test_a_bad_query_is_a_400(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        for path, params in BAD_QUERIES:
            refused = await caller.refused("GET", path, params=params)
            assert refused[:2] == (400, "malformed_message"), (path, params)

    call(tmp_path, AS_GRID, test)


def test_numbers_without_quotes_are_taken_exactly(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        body = json.dumps(ORDER).replace('"40000.50"', "40000.10").replace('"0.01"', "0.0110")
        await caller.post("/api/orders", {**ORDER, "cl_ord_id": "quoted"})
        sent = await caller.post_raw("/api/orders", body)
        row = await caller.get("/api/order", id=sent["order_id"])
        assert (row["price"], row["order_qty"]) == ("40000.1", "0.011")

    call(tmp_path, AS_GRID, test)


def test_what_is_no_route_or_no_method_or_too_long_is_refused_in_json(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        assert (await caller.refused("GET", "/api/secrets"))[:2] == (404, "not_found")
        assert (await caller.refused("DELETE", "/api/orders"))[:2] == (405, "method_not_allowed")
        assert (await caller.refused("POST", "/api/reports"))[:2] == (405, "method_not_allowed")
        refused = await caller.refused("POST", "/api/orders", content=b"x" * 70_000)
        assert refused[:2] == (413, "request_entity_too_large")

    call(tmp_path, AS_GRID, test)


BAD_HEADERS = [
    "",
    "Bearer",
    "Bearer wrong",
    f"Basic {AS_GRID}",
    f"Bearer {AS_GRID}x",
    "Bearer \xff",
]


def test_without_a_token_that_is_known_nothing_is_told(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        given = [{}, *({b"Authorization": header.encode("latin-1")} for header in BAD_HEADERS)]
        async with httpx.AsyncClient(base_url=caller.web.url) as http:
            for headers in given:
                for path in ("/api/status", "/api/reports", "/no/such/path"):
                    response = await http.get(path, headers=headers)
                    assert response.status_code == 401, (path, headers)
                    assert response.headers["WWW-Authenticate"] == "Bearer"
                    assert response.json()["error"]["code"] == "not_authorised"

    call(tmp_path, AS_GRID, test)


def test_every_token_is_compared_in_constant_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def note(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return real(one, other)

    async def test(caller: Caller) -> None:
        monkeypatch.setattr(hmac, "compare_digest", note)
        await caller.get("/api/status")
        assert compared == [token.encode() for token in TOKENS]

    call(tmp_path, AS_OPERATOR, test)


def test_a_fault_of_ours_is_a_500_without_a_traceback_or_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(caller: Caller) -> None:
        async def fail(self: Oms) -> None:
            raise RuntimeError(f"with {AS_OPERATOR}")

        monkeypatch.setattr(Oms, "status", fail)
        status, code, text = await caller.refused("GET", "/api/status")
        assert (status, code) == (500, "internal")
        assert AS_OPERATOR not in text
        assert "request failed" in caplog.text

    call(tmp_path, AS_OPERATOR, test)


def test_an_error_text_is_redacted_and_an_unknown_outcome_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(caller: Caller) -> None:
        async def fail(self: Oms, venue: str) -> None:
            raise OutcomeUnknown("no answer to hush-hush")

        monkeypatch.setattr(Oms, "balances", fail)
        register_secrets(["hush-hush"])
        refused = await caller.refused("GET", "/api/balances", params={"venue": "PLAIN"})
        assert refused == (504, "outcome_unknown", "no answer to ***")

    try:
        call(tmp_path, AS_OPERATOR, test)
    finally:
        forget_secrets()


def test_a_venues_trouble_has_its_own_status(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        caller.engine.venues["PLAIN"].script = "silence"
        refused = await caller.refused("GET", "/api/balances", params={"venue": "plain"})
        assert refused[:2] == (503, "venue_unavailable")
        refused = await caller.refused("GET", "/api/instruments", params={"venue": "plane"})
        assert refused[:2] == (422, "not_supported")

    call(tmp_path, AS_OPERATOR, test)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])  # noqa: S104
def test_it_refuses_to_listen_where_other_machines_reach_it(host: str) -> None:
    async def test() -> None:
        with pytest.raises(ConfigError, match="not a loopback address"):
            await Web(lambda _: pytest.fail("nobody asks"), {}).start(host, 0)

    asyncio.run(test())


def test_a_port_that_is_taken_is_an_error_of_the_configuration() -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(ConfigError, match=f"127.0.0.1:{port}: .*in use"):
                await Web(lambda _: pytest.fail("nobody asks"), {}).start("127.0.0.1", port)

    asyncio.run(test())
