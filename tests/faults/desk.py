"""Who asks: a strategy with the intents of a plan, that asks again what a crash may have lost."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from oms.core.book import EVERY_ROUTE, OPERATOR
from oms.core.fields import OrdType, Side
from oms.core.messages import NewOrderSingle, OrderCancelReplaceRequest, OrderCancelRequest
from oms.core.notes import KillSwitch
from oms.core.order import Order
from oms.core.ports import Evidence, Inbound
from tests.faults.plan import STRATEGY, Ask, Intent, Plan
from tests.faults.process import Process

_Request = NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest


class Desk:
    """The strategy. A request that is not on record after a restart is asked for once more."""

    def __init__(self, plan: Plan, process: Callable[[], Process | None]) -> None:
        self._process = process
        self._news = {i.order: i for i in plan.intents if i.ask is Ask.NEW}
        self._asked: dict[str, _Request] = {}
        self._waiting: list[Intent] = []
        self._count = 0

    def ask(self, intent: Intent) -> None:
        """Ask for it now, or when there is somebody to ask."""
        process = self._process()
        if process is None:
            self._waiting.append(intent)
            return
        request = self._request(intent, process)
        if request is not None:
            self._post(process, request)

    def ask_again(self, order: int, *, marked: bool) -> None:
        """Ask for an order that was asked for before, as if nobody had heard of it."""
        process, request = self._process(), self._asked.get(f"o{order}")
        if process is not None and isinstance(request, NewOrderSingle):
            self._post(process, replace(request, poss_resend=marked), again=True)

    def come_back(self) -> None:
        """The engine is there again: ask for what it does not know, and for what had to wait."""
        process = self._process()
        assert process is not None, "it is there"
        for name, request in self._asked.items():
            if process.book.used(STRATEGY, name) is None:
                self._post(process, request)
        waiting, self._waiting = self._waiting, []
        for intent in waiting:
            self.ask(intent)

    def cancel_all(self) -> None:
        """Ask that whatever still works ends."""
        process = self._process()
        if process is None:
            return
        for order in process.book.all_working():
            own = order.origin == STRATEGY
            if own and not order.ended and not order.filled and not order.requests:
                self._post(process, self._cancel(order))

    def _post(self, process: Process, request: _Request, *, again: bool = False) -> None:
        if not again:
            self._asked[request.cl_ord_id] = request
        process.post(Inbound(source=STRATEGY, message=request, evidence=Evidence.STRATEGY))

    def _request(self, intent: Intent, process: Process) -> _Request | None:
        if intent.ask is Ask.NEW:
            return NewOrderSingle(
                cl_ord_id=f"o{intent.order}",
                symbol=intent.symbol,
                side=Side[intent.side],
                ord_type=OrdType.LIMIT,
                order_qty=Decimal(intent.qty),
                price=Decimal(intent.price),
                ex_destination=intent.route.upper(),
                security_exchange=intent.exchange,
            )
        order = process.book.own(STRATEGY, f"o{intent.order}")
        if order is None:
            return None
        return self._cancel(order) if intent.ask is Ask.CANCEL else self._replace(order, intent)

    def _cancel(self, order: Order) -> OrderCancelRequest:
        return OrderCancelRequest(
            cl_ord_id=self._name("c"),
            orig_cl_ord_id=order.cl_ord_id,
            symbol=order.symbol,
            side=order.side,
        )

    def _replace(self, order: Order, intent: Intent) -> OrderCancelReplaceRequest:
        return OrderCancelReplaceRequest(
            cl_ord_id=self._name("r"),
            orig_cl_ord_id=order.cl_ord_id,
            symbol=order.symbol,
            side=order.side,
            ord_type=OrdType.LIMIT,
            order_qty=Decimal(intent.qty),
            price=Decimal(intent.price),
        )

    def _name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


class Operator:
    """Who turns the kill switch. While there is no engine it is turned when there is one."""

    def __init__(self, process: Callable[[], Process | None]) -> None:
        self._process = process
        self._on: set[str] = set()
        self._waiting: list[tuple[str, bool]] = []
        self._count = 0

    def turn(self, route: str, *, on: bool) -> None:
        """On or off; `route` empty: everywhere."""
        process = self._process()
        if process is None:
            self._waiting.append((route, on))
            return
        (self._on.add if on else self._on.discard)(route)
        self._count += 1
        note = KillSwitch(
            on=on, route=route or EVERY_ROUTE, origin=OPERATOR, cl_ord_id=f"k{self._count}"
        )
        process.post(Inbound(source=OPERATOR, message=note, evidence=Evidence.OPERATOR))

    def come_back(self) -> None:
        """The engine is there again. What was asked of one that died is asked for once more."""
        process = self._process()
        assert process is not None, "it is there"
        waiting, self._waiting = self._waiting, []
        kills = {name: kill.on for name, kill in process.book.kills.items()}
        shut = {"" if name == EVERY_ROUTE else name for name, on in kills.items() if on}
        for route in sorted(shut ^ self._on):
            self.turn(route, on=route in self._on)
        for route, on in waiting:
            self.turn(route, on=on)

    def end(self) -> None:
        """Nothing is stopped any more."""
        for route in sorted({*self._on, *(route for route, _ in self._waiting)}):
            self.turn(route, on=False)
