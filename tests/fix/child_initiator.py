"""An initiator in a process of its own, with the core's real decisions and no store behind it.

Run as a script: `child_initiator.py FOLDER`. FOLDER holds quickfix.cfg and venue.json. Commands
come as JSON lines on stdin, answers, posts and link moves go out as JSON lines on stdout.
"""

import dataclasses
import json
import logging
import os
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

from fix.initiator import Initiator, VenueLogin
from oms.clock import SystemClock
from oms.core.book import Book, Changes
from oms.core.decide import decide
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.messages import NewOrderSingle, OrderCancelReplaceRequest, OrderCancelRequest
from oms.core.notes import Instruments, KillSwitch, RouteStatus
from oms.core.ports import Evidence, Inbound, Message, ToVenue
from oms.core.venue import Capabilities, ClientId, Instrument

ROUTE = "APIFINY"
EXCHANGES = ("BINANCE", "COINBASEPRO", "GBBO")


class Child:
    """The initiator, a book that it moves, and the pipe to the test."""

    def __init__(self, folder: Path) -> None:
        self.clock = SystemClock()
        self.failing = 0
        self._saying = threading.Lock()
        self._deciding = threading.Lock()
        self.book = Book(
            {
                ROUTE: Capabilities(
                    ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT}),
                    time_in_force=frozenset(
                        {TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL}
                    ),
                    post_only=True,
                    market_buy_by_cash=False,
                    client_id=ClientId.STAMPED,
                    client_id_digits="00000001",
                    exchanges=frozenset(EXCHANGES),
                )
            },
            {"DESK1": frozenset({"*"})},
        )
        tick, step = Decimal("0.01"), Decimal("0.00001")
        markets = tuple(
            Instrument(
                symbol="BTC/USDT",
                venue_symbol="BTCUSDT",
                tick=tick,
                step=step,
                security_exchange=exchange,
            )
            for exchange in EXCHANGES
        )
        self.book.learn(Instruments(route=ROUTE, instruments=markets))
        self._folder = folder
        self.initiator = self._build()

    def _build(self) -> Initiator:
        venue = json.loads((self._folder / "venue.json").read_text())
        return Initiator(
            self._folder / "quickfix.cfg",
            ROUTE,
            VenueLogin(**venue["login"]),
            self.post,
            self.book,
            self.link_moved,
            self.clock,
            link_tore=self.link_tore,
            overrides=venue["overrides"],
            max_wait_s=venue["max_wait_s"],
        )

    def say(self, **what: Any) -> None:
        with self._saying:
            sys.stdout.write(json.dumps(what, default=str) + "\n")
            sys.stdout.flush()

    def link_moved(self, up: bool, text: str) -> None:
        status = RouteStatus(route=ROUTE, up=up, ready=up, text=text, lost_answers=not up)
        self.post(Inbound(source=ROUTE, message=status, evidence=Evidence.POLICY))

    def link_tore(self) -> None:
        self.say(post="LinkTore", source=ROUTE, message={})

    def post(self, inbound: Inbound) -> None:
        if self.failing:
            self.failing -= 1
            raise RuntimeError("a mistake of ours, on purpose")
        self.decide(inbound)
        kind = type(inbound.message).__name__
        fields = dataclasses.asdict(inbound.message)
        self.say(
            post=kind,
            source=inbound.source,
            raw=inbound.raw,
            evidence=inbound.evidence,
            message={key: str(value) for key, value in fields.items()},
        )

    def decide(self, inbound: Inbound) -> None:
        """What the engine's one thread does, without the commit."""
        with self._deciding:
            records = decide(self.book, inbound, self.clock.now(), lambda digits: "7" * digits)
            for record in records:
                self.book.apply(record, Changes())
        for record in records:
            for outbound in record.outbound:
                if isinstance(outbound, ToVenue):
                    self.initiator.send(outbound)

    def ask(self, message: Message) -> None:
        self.decide(Inbound(source="DESK1", message=message, evidence=Evidence.DESK))

    def new(self, cl_ord_id: str, changes: dict[str, str]) -> None:
        order = NewOrderSingle(
            cl_ord_id=cl_ord_id,
            symbol="BTC/USDT",
            side=Side(changes.get("side", "1")),
            ord_type=OrdType(changes.get("ord_type", "2")),
            ex_destination=ROUTE,
            security_exchange=changes.get("security_exchange", "BINANCE"),
            order_qty=Decimal(changes.get("order_qty", "1")),
            price=Decimal(changes["price"]) if changes.get("price") else None,
            time_in_force=TimeInForce(changes.get("time_in_force", "1")),
            exec_inst=changes.get("exec_inst", ""),
        )
        self.ask(order)

    def cancel(self, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        self.ask(OrderCancelRequest(cl_ord_id=cl_ord_id, orig_cl_ord_id=orig_cl_ord_id))

    def send_past_the_core(
        self, kind: str, security_exchange: str = "BINANCE", cl_ord_id: str = ""
    ) -> None:
        """What the core would not send: the route is down, the order over, the kind not offered.

        `cl_ord_id` names an order of the books that a cancel is for.
        """
        request: NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest
        if kind == "D":
            request = NewOrderSingle(
                cl_ord_id="forced",
                symbol="BTCUSDT",
                side=Side.BUY,
                ord_type=OrdType.LIMIT,
                order_qty=Decimal(1),
                price=Decimal(1),
                security_exchange=security_exchange,
            )
        elif kind == "F":
            request = OrderCancelRequest(cl_ord_id="x", orig_cl_ord_id="forced")
        else:
            request = OrderCancelReplaceRequest(
                cl_ord_id="x",
                orig_cl_ord_id="forced",
                symbol="BTCUSDT",
                side=Side.BUY,
                ord_type=OrdType.LIMIT,
            )
        order = self.book.own("DESK1", cl_ord_id)
        self.initiator.send(ToVenue(ROUTE, order.order_id if order else "", request))

    def kill(self) -> None:
        switch = KillSwitch(on=True, route=ROUTE, origin="operator", cl_ord_id="k1")
        self.decide(Inbound(source="operator", message=switch, evidence=Evidence.OPERATOR))

    def fail(self, times: int) -> None:
        self.failing = times

    def order(self, cl_ord_id: str) -> dict[str, Any] | None:
        order = self.book.own("DESK1", cl_ord_id)
        if order is None:
            return None
        names = ("order_id", "venue_cl_ord_id", "secondary_order_id", "cum_qty", "avg_px", "text")
        told = {name: str(getattr(order, name)) for name in names}
        doubt = order.in_doubt.request if order.in_doubt else ""
        return told | {"status": order.ord_status.name, "in_doubt": doubt}

    def status(self) -> list[dict[str, Any]]:
        return [dataclasses.asdict(one) for one in self.initiator.sessions_status()]

    def stop(self) -> None:
        self.initiator.stop()

    def restart(self) -> None:
        """As a program does that has the engine in it: all gone, and all anew."""
        self.initiator.stop()
        self.initiator.drop()
        self.initiator = self._build()
        self.initiator.start()

    def run(self) -> None:
        self.initiator.start()
        self.say(ready=True)
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            self.say(done=name, result=getattr(self, name)(*arguments))


if __name__ == "__main__":
    logging.basicConfig(filename=Path(sys.argv[1]) / "log.txt", level=logging.INFO)
    Child(Path(sys.argv[1])).run()
    os._exit(0)
