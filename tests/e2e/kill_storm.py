"""A kill in the middle of a storm: orders pour in, answers come late or never, the switch is turned.

Afterwards the certificate is compared with each venue's own ledger, order by order:

    python -m tests.e2e.kill_storm --rounds 10 --orders 60 --seed 1

Everything is real but the venues: `oms run`, `oms kill`, SQLite, HTTP and FIX on loopback. The same
seed sends the same orders and switches the same troubles; timing differs.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from oms.client import Client
from oms.core.errors import OrderRejected
from tests.e2e.installation import Installation, Row

SETTLE_S: Final = 60.0

ANDX_TROUBLES: Final[Mapping[str, object]] = {
    "lose_reply": 3,
    "lose_request": 2,
    "error_500": 2,
    "error_500_before": 1,
    "async_reject": 2,
    "throttle": 4,
    "hide_orders_ms": 400,
    "cancel_delay_ms": 250,
    "refuse": {"n": 3, "on": "cancel"},
    "garble": 1,
}
APIFINY_TROUBLES: Final[Mapping[str, object]] = {
    "lose_new": 1,
    "lose_new_ack": 2,
    "refuse": 2,
    "reject_cancel": 3,
    "lose_fill": 2,
    "duplicate_report": 3,
    "fill_before_ack": 2,
    "slow_ack_ms": 150,
    "cut_fix": 1,
}
TROUBLES: Final = {"andx": ANDX_TROUBLES, "apifiny": APIFINY_TROUBLES}
QUIET: Final = {
    "andx": {"hide_orders_ms": 0, "cancel_delay_ms": 100, "slow_s": 0},
    "apifiny": {"slow_ack_ms": 0},
}

_LEDGER: Final = {"CANCELED": "CANCELED", "FILLED": "FILLED", "REJECTED": "REJECTED"}


@dataclass(slots=True)
class Round:
    """What one round has shown."""

    seed: int
    orders: int = 0
    exit_code: int = 0
    seconds: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    in_doubt: int = 0
    waited_for: list[str] = field(default_factory=list)
    """What kept the first certificate from being done."""
    wrong: list[str] = field(default_factory=list)
    """What the certificate and the ledgers did not agree on."""

    def __str__(self) -> str:
        """A line for a person."""
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        return (
            f"seed {self.seed}: exit {self.exit_code} after {self.seconds:.1f} s; {self.orders} "
            f"orders under the kill: {ends}, {self.in_doubt} in doubt; "
            f"{'; '.join(self.wrong) or 'the certificate equals the ledgers'}"
        )


class Storm:
    """One installation, and the troubles and orders of one seed."""

    def __init__(self, installation: Installation, seed: int, orders: int, timeout_s: int) -> None:
        self._there = installation
        self._timeout_s = timeout_s
        self._rng = Random(seed)  # noqa: S311  a storm, not a secret
        self._orders = orders
        self._moment = self._rng.randint(orders // 3, orders * 2 // 3)
        self._busy = asyncio.Event()
        self.told = Round(seed)

    async def blow(self) -> Round:
        """Trade, kill at a moment in the middle, wait for the certificate, compare."""
        api = self._there.settings.api
        async with Client(f"http://{api.listen}", api.token.get_secret_value()) as operator:
            trading = asyncio.create_task(self._trade(operator))
            await self._busy.wait()
            before = time.monotonic()
            done = await asyncio.to_thread(
                self._there.oms, "kill", "on", "--json", "--timeout", str(self._timeout_s)
            )
            self.told.seconds = time.monotonic() - before
            self.told.exit_code = done.returncode
            assert done.returncode in (0, 1, 4), done.stderr
            self.told.waited_for = waited_for(json.loads(done.stdout))
            await trading
            await self._calm()
            await self._settle(operator)
        return self.told

    async def _trade(self, operator: Client) -> None:
        tasks = []
        for number in range(self._orders):
            if number % 7 == 3:
                await self._trouble()
            tasks.append(asyncio.create_task(self._order(operator, number)))
            if number == self._moment:
                self._busy.set()
            await asyncio.sleep(self._rng.uniform(0.0, 0.04))
        await asyncio.gather(*tasks)

    async def _order(self, operator: Client, number: int) -> None:
        venue = self._rng.choice(("andx", "apifiny"))
        price = {
            "andx": ("1000000.00", "1200000.02", "1200000.50"),
            "apifiny": ("30000.00", "40000.02", "40000.50"),
        }[venue]
        terms: dict[str, Any] = {
            "venue": venue,
            "symbol": "BTC/TRY" if venue == "andx" else "BTC/USDT",
            "side": "BUY",
            "order_qty": f"0.{self._rng.randint(1, 30):02d}",
            "price": self._rng.choice(price),
            "exchange": "" if venue == "andx" else "BINANCE",
        }
        with suppress(OrderRejected):
            await operator.submit(**terms, cl_ord_id=f"storm-{self.told.seed}-{number}")

    async def _trouble(self) -> None:
        venue = self._rng.choice(("andx", "apifiny"))
        name = self._rng.choice(sorted(TROUBLES[venue]))
        await asyncio.to_thread(self._there.switch, venue, name, TROUBLES[venue][name])

    async def _calm(self) -> None:
        for venue, switches in QUIET.items():
            for name, value in switches.items():
                await asyncio.to_thread(self._there.switch, venue, name, value)

    async def _settle(self, operator: Client) -> None:
        """Until the certificate is done and equals the ledgers, or it has had time enough."""
        until = time.monotonic() + SETTLE_S
        while True:
            told = await operator.kill_certificate()
            ledgers = {name: await asyncio.to_thread(self._there.ledger, name) for name in TROUBLES}
            self.told.wrong = compare(told, ledgers)
            if not told["done"]:
                self.told.wrong.append(f"not done: {json.dumps(told['venues'])}")
            if not self.told.wrong or time.monotonic() > until:
                break
            await asyncio.sleep(0.2)
        self.told.orders = len(told["orders"])
        self.told.ends = Counter(row["ord_status"] for row in told["orders"] if not row["in_doubt"])
        self.told.in_doubt = told["in_doubt"]


def waited_for(told: Row) -> list[str]:
    """What a certificate says that is not done yet."""
    found = [
        f"{row['order_id']} {row['venue']} {row['ord_status']}: {row['waiting']}"
        for row in told["orders"]
        if row["open"] and not row["in_doubt"]
    ]
    return found + [f"{row['venue']}: {row['text']}" for row in told["venues"] if row["text"]]


def compare(told: Row, ledgers: Mapping[str, Sequence[Row]]) -> list[str]:
    """Every way in which the certificate is not what the venues' ledgers say."""
    rows = {(row["venue"], row["venue_cl_ord_id"]): row for row in told["orders"]}
    entries = {
        (venue.upper(), str(entry["client_id"])): entry
        for venue, ledger in ledgers.items()
        for entry in ledger
    }
    wrong = []
    if len(entries) < sum(map(len, ledgers.values())):
        wrong.append("an id is there twice: something was sent twice")
    wrong += [
        f"{key} {said}" for key, row in rows.items() if (said := _differs(row, entries.get(key)))
    ]
    wrong += [
        f"{key} is open there and not named here"
        for key, entry in entries.items()
        if entry["status"] == "OPEN" and key not in rows
    ]
    return wrong


def _differs(row: Row, entry: Row | None) -> str:
    """What one row of the certificate says that the ledger does not, "" for nothing."""
    if row["in_doubt"]:
        return "" if entry is None or entry["status"] != "OPEN" else "is open there, in doubt here"
    if entry is None:
        unsent = row["ord_status"] == "REJECTED" and not Decimal(row["cum_qty"])
        return "" if unsent else f"is {row['ord_status']} here and unknown there"
    if _same(row, entry):
        return ""
    there = f"{entry['status']} {entry['cum']}"
    return f"is {there} there, {row['ord_status']} {row['cum_qty']} here"


def _same(row: Row, entry: Row) -> bool:
    return _LEDGER.get(row["ord_status"]) == entry["status"] and Decimal(row["cum_qty"]) == Decimal(
        entry["cum"]
    )


def storm(folder: Path, seed: int, orders: int, timeout_s: int = 8) -> Round:
    """One round on an installation of its own; its journal must agree with its tables."""
    installation = Installation(folder)
    with installation.simulators():
        installation.start()
        try:
            installation.wait_ready()
            told = asyncio.run(Storm(installation, seed, orders, timeout_s).blow())
            verdict = installation.oms("replay", "--verify")
            if verdict.returncode:
                told.wrong.append(f"replay --verify: {verdict.stdout}")
        finally:
            installation.kill()
    return told


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    failed = 0
    for seed in range(asked.seed, asked.seed + asked.rounds):
        with TemporaryDirectory(prefix="oms-kill-") as folder:
            told = storm(Path(folder), seed, asked.orders)
        failed += bool(told.wrong)
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{asked.rounds} rounds, {failed} wrong\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
