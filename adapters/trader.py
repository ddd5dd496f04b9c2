"""Orders and cancels by REST: each sent once, and its outcome told as what it is.

Refused, not sent, in doubt, or taken: the four things that can happen to a request. What was
taken is looked at immediately, because the venue may have filled it already.
"""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

from adapters.budget import Stopped, TooLate
from adapters.http import Throttled, Unreachable
from adapters.looks import Looks
from adapters.lost import Lost, is_lost
from adapters.options import Options
from adapters.port import Client, Placed
from adapters.teller import Teller
from adapters.twins import is_twin
from oms.core.errors import OutcomeUnknown, VenueError, VenueRefused, VenueUnavailable
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport, NewOrderSingle, OrderCancelRequest
from oms.core.notes import Doubt, DoubtSettled, NotSent, Request
from oms.core.order import Order
from oms.core.ports import Evidence
from oms.core.reports import KILL_SWITCH
from oms.core.settlements import Waits

NAMED: Final = "the venue's lists showing its client id"
UNNAMED: Final = "the venue's lists showing an order like it that is nobody else's"

TWIN_LOCK: Final = "TWIN LOCK"

PROMPT_S: Final = 2.0
"""An order that was taken over longer ago, and was not even looked at, is not sent any more."""

COMMIT_EVERY_S: Final = 0.002
"""Between two looks at whether a note is committed, in seconds."""

LOOK_EVERY_S: Final = 0.02
"""Between two looks at whether the twin is answered, in seconds."""


class Trader:
    """Sends a route's requests. All calls on the adapters' loop."""

    def __init__(
        self,
        client: Client,
        teller: Teller,
        looks: Looks,
        options: Options,
        lost: Lost,
        *,
        up: Callable[[], bool],
        suspect: Callable[[], None],
        fall: Callable[[str], None],
    ) -> None:
        """`up()`: whether the route is up; `suspect()`: something makes that doubtful; `fall(why)`:
        it is not."""
        self._client = client
        self._teller = teller
        self._looks = looks
        self._options = options
        self._lost = lost
        self._up = up
        self._suspect = suspect
        self._fall = fall
        self._counted = count(1)
        self._numbers: dict[str, int] = {}

    async def place(self, order_id: str, request: NewOrderSingle, since: float) -> None:
        """Send a new order and tell what came of it. `since`: when it was handed over to the
        route, by the clock's monotonic seconds."""
        try:
            self._demand_prompt(since)
            await self._be_alone(order_id, request)
            await self._be_marked(order_id, request)
            self._lost.sending(order_id)
            placed = await self._client.place(request)
        except TooLate as error:
            self._not_sent(request.cl_ord_id, Request.NEW, error, too_late=True)
        except Stopped as error:
            self._not_sent(request.cl_ord_id, Request.NEW, error)
        except VenueUnavailable as error:
            self._not_sent(request.cl_ord_id, Request.NEW, error)
            self._weigh(error)
        except VenueRefused as error:
            self._refused(request, error)
        except OutcomeUnknown as error:
            evidence = NAMED if self._options.repeats_client_id else UNNAMED
            text = f"{error} after the order was sent; {evidence} settles it"
            self._doubt(request.cl_ord_id, Request.NEW, text)
            self._teller.show(error)
            self._suspect()
        else:
            self._taken(order_id, request, placed)
            await self._look(order_id, placed.secondary_order_id)

    async def cancel(self, order_id: str, request: OrderCancelRequest) -> None:
        """Ask to cancel until the venue has answered, or provably has not been asked."""
        failures = 0
        while (order := self._cancelable(order_id, request)) is not None:
            try:
                raw = await self._client.cancel(request)
            except VenueUnavailable as error:
                failures += 1
                self._weigh(error)
                if not self._up():
                    self._not_sent(request.orig_cl_ord_id, Request.CANCEL, error)
                    return
                await asyncio.sleep(self._options.back_off_s(failures))
                continue
            except VenueRefused as error:
                self._looks.refuse(order_id, request, error)
            except OutcomeUnknown as error:
                text = f"{error} after the cancel was sent; the order's state there settles it"
                self._doubt(request.orig_cl_ord_id, Request.CANCEL, text)
                self._teller.show(error)
                self._suspect()
                return
            else:
                self._received(order, raw)
            await self._look(order_id)
            return

    def _demand_prompt(self, since: float) -> None:
        # The process may have been stopped meanwhile, for as long as anybody liked.
        waited_s = self._teller.clock.monotonic() - since
        if waited_s > PROMPT_S:
            raise TooLate(f"it waited {waited_s:.1f} s to be sent")

    async def _be_alone(self, order_id: str, request: NewOrderSingle) -> None:
        """Wait while an order like this one may be at the venue and is not answered.

        If both got lost, nothing would tell whose an order there is. Whoever owns this one is told
        once the other is in doubt; that it has not left is on record, and so is that it leaves.
        Raises VenueUnavailable where it is not to be sent any more.
        """
        if self._options.repeats_client_id:
            return
        self._number(request.cl_ord_id)
        waiting = ""
        while (twin := self._twin(order_id, request.cl_ord_id)) is not None:
            self._demand_wanted(order_id, request)
            if twin.in_doubt is not None and not waiting:
                waiting = f"{TWIN_LOCK}: order {twin.order_id} is its equal and is in doubt"
                self._tell_waiting(request, waiting)
            await asyncio.sleep(LOOK_EVERY_S * (10 if waiting else 1))
        if waiting:
            await self._until_told(order_id, request, waiting)
            self._tell_waiting(request, "")
            await self._until_told(order_id, request, "")

    def _tell_waiting(self, request: NewOrderSingle, text: str) -> None:
        self._teller.post(Waits(cl_ord_id=request.cl_ord_id, text=text), Evidence.POLICY)

    async def _until_told(self, order_id: str, request: NewOrderSingle, text: str) -> None:
        """Until the engine has committed that the order waits, or that it leaves."""
        while (order := self._teller.books.order(order_id)) is None or order.waits != text:
            self._demand_wanted(order_id, request)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _be_marked(self, order_id: str, request: NewOrderSingle) -> None:
        """Have it on record which ids at the venue can not be the order's, where nothing else says
        so once its answer is lost. Raises VenueUnavailable where it is not to be sent any more."""
        if self._options.repeats_client_id:
            return
        note = self._lost.leaves(request.cl_ord_id)
        self._teller.post(note, Evidence.POLICY)
        while True:
            if self._still(order_id, request).above == note.above:
                return
            await asyncio.sleep(COMMIT_EVERY_S)

    def _demand_wanted(self, order_id: str, request: NewOrderSingle) -> None:
        """Raises VenueUnavailable for an order that is not to be sent any more."""
        order = self._still(order_id, request)
        if any(pending.kind is Request.CANCEL for pending in order.requests):
            raise VenueUnavailable("canceled before it was sent")
        if self._teller.books.killed(self._teller.route):
            raise Stopped(KILL_SWITCH)
        if not self._up():
            raise VenueUnavailable("the route went down before it was sent")

    def _still(self, order_id: str, request: NewOrderSingle) -> Order:
        """The order, as it is to be sent. Raises VenueUnavailable where it is over."""
        order = self._teller.books.order(order_id)
        if order is None or order.ended or order.venue_cl_ord_id != request.cl_ord_id:
            raise VenueUnavailable("it was over before it was sent")
        return order

    def _number(self, name: str) -> None:
        """Count the orders as they come to be sent; who is answered needs no number any more."""
        working = self._teller.books.working(self._teller.route)
        unanswered = {order.venue_cl_ord_id for order in working if not order.acknowledged}
        self._numbers = {n: number for n, number in self._numbers.items() if n in unanswered}
        self._numbers[name] = next(self._counted)

    def _twin(self, order_id: str, name: str) -> Order | None:
        books = self._teller.books
        order, number = books.order(order_id), self._numbers[name]
        if order is None:
            return None
        alike = (other for other in books.working(order.route) if is_twin(order, other))
        return next((other for other in alike if self._is_open(other, number)), None)

    def _is_open(self, other: Order, number: int) -> bool:
        """Whether it may be at the venue without an answer: lost, or sent before the `number`-th."""
        if is_lost(other):
            return True
        earlier = self._numbers.get(other.venue_cl_ord_id, number) < number
        return earlier and not other.acknowledged and not other.ended

    def _weigh(self, error: VenueUnavailable) -> None:
        if isinstance(error, Unreachable):
            self._fall(str(error))
        if not isinstance(error, Throttled):
            self._suspect()

    def _cancelable(self, order_id: str, request: OrderCancelRequest) -> Order | None:
        order = self._teller.books.order(order_id)
        if order is None or order.closed or not order.requests:
            return None
        # What the order was at the venue when the cancel was asked for may be over meanwhile.
        return order if order.venue_cl_ord_id == request.orig_cl_ord_id else None

    async def _look(self, order_id: str, secondary_order_id: str = "") -> None:
        order = self._teller.books.order(order_id)
        if order is None:
            return
        if secondary_order_id:
            order = order.evolve(secondary_order_id=secondary_order_id)
        try:
            await self._looks.look(order)
        except VenueError:
            self._suspect()

    def _taken(self, order_id: str, request: NewOrderSingle, placed: Placed) -> None:
        theirs = placed.secondary_order_id
        self._lost.took(theirs)
        report = ExecutionReport(
            exec_id=f"{theirs}:NEW",
            exec_type=ExecType.NEW,
            cl_ord_id=request.cl_ord_id,
            order_id=theirs,
            secondary_order_id=theirs,
            transact_time=placed.transact_time,
        )
        self._teller.post(report, Evidence.VENUE_MESSAGE, placed.raw)
        order = self._teller.books.order(order_id)
        if order is not None:
            order = order.evolve(secondary_order_id=theirs)
            for trade in placed.trades:
                self._teller.traded(order, trade)

    def _refused(self, request: NewOrderSingle, error: VenueRefused) -> None:
        report = ExecutionReport(
            exec_id=f"{request.cl_ord_id}:REFUSED",
            exec_type=ExecType.REJECTED,
            cl_ord_id=request.cl_ord_id,
            ord_rej_reason=error.ord_rej_reason,
            transact_time=self._teller.clock.now(),
            text=str(error),
        )
        self._teller.post(report, Evidence.VENUE_MESSAGE, str(error))

    def _received(self, order: Order, raw: str) -> None:
        if order.in_doubt is not None and order.in_doubt.request is Request.CANCEL:
            note = DoubtSettled(cl_ord_id=order.venue_cl_ord_id, text="the venue took the cancel")
            self._teller.post(note, Evidence.VENUE_MESSAGE, raw)

    def _doubt(self, cl_ord_id: str, request: Request, text: str) -> None:
        note = Doubt(cl_ord_id=cl_ord_id, request=request, text=text)
        self._teller.post(note, Evidence.POLICY)

    def _not_sent(
        self, cl_ord_id: str, request: Request, error: VenueUnavailable, *, too_late: bool = False
    ) -> None:
        note = NotSent(cl_ord_id=cl_ord_id, request=request, text=str(error), too_late=too_late)
        self._teller.post(note, Evidence.POLICY)
