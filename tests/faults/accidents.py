"""The known accidents of order-management engines, as scripts for a scene.

Each script does what went wrong elsewhere and waits until the order is over; what must hold
afterwards is the verdict's to say, and the tests'. A script needs nothing of its venue but that it
trades by REST, unless it says so.
"""

from collections.abc import Callable
from typing import Final

from adapters.simserver import SimResponse
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import OrderEntered, RequestEntered
from oms.core.ports import Record, ToVenue
from tests.faults.road import Fault
from tests.faults.scene import Scene

Script = Callable[[Scene], None]

HIDE: Final = {
    "andx": ("hide_orders_ms", 60_000),
    "bitexbit": ("hide_orders_ms", 4_000),
    "btcturk": ("hide_orders_ms", 50_000),
    "cryptex": ("hide_orders", 8_000),
}
"""By venue: how it is made to list new orders late, and by how many ms: less than its fence."""

AFTER_S: Final = 80.0
"""How long a scene goes on when its orders are over: a late fill would come in that time."""


def doubted(scene: Scene, order_id: str) -> None:
    """Wait until nobody knows what became of the order."""
    scene.until(lambda: scene.order(order_id).in_doubt is not None, "the doubt")


def over(scene: Scene, *order_ids: str) -> None:
    """Wait until the orders are over."""
    for order_id in order_ids:
        scene.until(lambda name=order_id: scene.order(name).closed, f"the end of order {order_id}")  # type: ignore[misc]  # a lambda's default


def acknowledged(scene: Scene, order_id: str) -> None:
    """Wait until the venue has named the order."""
    scene.until(lambda: bool(scene.order(order_id).secondary_order_id), "the acknowledgement")


def part_filled(scene: Scene) -> str:
    """An order that has filled in part and rests; the market stands still."""
    scene.moving = False
    order_id = scene.take("3")
    scene.until(lambda: bool(scene.order(order_id).cum_qty), "the first fill")
    return order_id


# One order


def timeout_then_fill(scene: Scene) -> None:
    """The answer to a new order does not come; the order fills."""
    scene.on_the_way.append(Fault(op="new", answered=False))
    order_id = scene.take()
    doubted(scene, order_id)
    over(scene, order_id)


def retry_after_accept(scene: Scene) -> None:
    """The venue takes the order, and what comes back says that it failed."""
    for status in (500, 502, 504, 307):
        headers = {"Location": "http://venue/again"} if status == 307 else {}
        spoilt = SimResponse(status, b"<html>try again</html>", headers)
        scene.on_the_way.append(Fault(op="new", spoilt=spoilt))
        order_id = scene.place()
        acknowledged(scene, order_id)
        scene.cancel(order_id)
        over(scene, order_id)


def rejected_by_timer_then_filled(scene: Scene) -> None:
    """The answer is lost, and the venue's lists show the order much later."""
    scene.simulator.switch(*HIDE[scene.kind])
    scene.on_the_way.append(Fault(op="new", answered=False))
    order_id = scene.take()
    doubted(scene, order_id)
    over(scene, order_id)


def cancel_lost_after_fill(scene: Scene) -> None:
    """A cancel is lost, and so are the next; the order fills meanwhile."""
    order_id = part_filled(scene)
    scene.on_the_way += [Fault(op="cancel", arrives=False)] * 30
    scene.cancel(order_id)
    doubted(scene, order_id)
    scene.moving = True
    over(scene, order_id)


def cancel_answer_lost(scene: Scene) -> None:
    """The venue has cancelled what was left, and nobody hears of it."""
    order_id = part_filled(scene)
    scene.on_the_way.append(Fault(op="cancel", answered=False))
    scene.cancel(order_id)
    over(scene, order_id)


def partial_then_canceled(scene: Scene) -> None:
    """The last fill of a canceled order is listed after its end."""
    if scene.kind != "andx":
        scene.simulator.switch("delay_trades", 1_500)
    order_id = part_filled(scene)
    scene.cancel(order_id)
    over(scene, order_id)


def fill_reported_only_by_trade_list(scene: Scene) -> None:
    """A filled order leaves the list of open ones and is not known by its id; Cryptex."""
    scene.simulator.switch("forget_ended", True)
    order_id = part_filled(scene)
    scene.moving = True
    over(scene, order_id)


def fills_seen_by_stream_and_poll(scene: Scene) -> None:
    """Each fill is streamed, some twice, and listed; Bitexbit and BtcTurk with their streams."""
    resting = scene.place()
    acknowledged(scene, resting)
    scene.run(5.0)  # the stream has begun to listen
    scene.simulator.switch("duplicate", 3)
    over(scene, scene.take("3"))
    scene.cancel(resting)
    over(scene, resting)


def late_answer_after_restart(scene: Scene) -> None:
    """The process dies with the order on its way."""
    scene.on_the_way.append(Fault(op="new", dies=True))
    order_id = scene.take()
    scene.until(lambda: scene.process.dead, "the end of the process")
    scene.restart()
    over(scene, order_id)


def died_before_commit(scene: Scene) -> None:
    """The process dies while it writes an order down: nobody ever had it."""
    scene.dies_at["before"] = lambda record: isinstance(record.message, OrderEntered)
    scene.place()
    scene.until(lambda: scene.process.dead, "the end of the process")
    scene.restart()


def died_after_commit(scene: Scene) -> None:
    """The process dies when an order is written down and not sent."""
    scene.dies_at["after"] = lambda record: isinstance(record.message, OrderEntered)
    scene.place()
    scene.until(lambda: scene.process.dead, "the end of the process")
    scene.restart()


def nonce_rejected_after_restart(scene: Scene) -> None:
    """The machine's clock is set back an hour while the engine is down."""
    first = scene.place()
    acknowledged(scene, first)
    scene.die()
    scene.loop.back_s = 3600.0
    scene.restart()
    second = scene.take()
    over(scene, second)
    scene.cancel(first)
    over(scene, first)


# More than one


def two_equal_orders_in_doubt(scene: Scene) -> None:
    """Two equal orders at once, and every answer to them is lost."""
    scene.on_the_way += [Fault(op="new", breaks=True)] * 2
    first, second = scene.place(), scene.place()
    for order_id in (first, second):
        settled = lambda name=order_id: (  # noqa: E731  a line that is a name
            scene.order(name).closed or bool(scene.order(name).secondary_order_id)
        )
        scene.until(settled, f"what became of order {order_id}")
        if not scene.order(order_id).closed:
            scene.cancel(order_id)
    over(scene, first, second)


def equal_to_an_older_one(scene: Scene) -> None:
    """An order is lost on its way; somebody else's, entered before, looks just like it; Bitexbit."""
    order = scene.bench.ORDER
    told = {
        "type": order.side.name.lower(),
        "pair": order.symbol.replace("/", "_"),
        "amount": str(order.order_qty),
        "price": str(order.price),
    }
    scene.simulator.switch("outside", told)
    scene.foreign = {str(row["order_id"]) for row in scene.rows()}
    scene.run(40.0)  # the engine has seen it
    scene.on_the_way.append(Fault(op="new", arrives=False))
    order_id = scene.place()
    doubted(scene, order_id)
    scene.run(AFTER_S)


def desk_sends_twice(scene: Scene) -> None:
    """A desk sends its order again, because it has not heard of it."""
    for _ in range(2):
        scene.place(cl_ord_id="again")
    order_id = scene.process.book.used("DESK1", "again") or ""
    acknowledged(scene, order_id)
    scene.cancel(order_id)
    over(scene, order_id)


def order_behind_a_rate_limit(scene: Scene) -> None:
    """The venue is too busy for a while; the order that waited is of another time by then."""
    spoilt = SimResponse(429, b"", {"Retry-After": "30"})
    scene.on_the_way.append(Fault(op="new", spoilt=spoilt, arrives=False))
    scene.place()
    scene.place(price=scene.bench.ORDER.price - scene.bench.TICK)  # type: ignore[operator]  # it has one
    scene.run(AFTER_S)


# Replaces

STEPS: Final[dict[str, Callable[[Scene], None]]] = {
    "the replace is written down": lambda told: told.dies_at.update(
        after=lambda record: isinstance(record.message, RequestEntered)
    ),
    "the venue has the cancel": lambda told: told.on_the_way.append(Fault(op="cancel", dies=True)),
    "the cancel is proven": lambda told: told.dies_at.update(before=_new_leg),
    "the new order is written down": lambda told: told.dies_at.update(after=_new_leg),
    "the venue has the new order": lambda told: told.on_the_way.append(Fault(op="new", dies=True)),
    "the new order is acknowledged": lambda told: told.dies_at.update(before=_replaced),
}
"""Where the process dies in an emulated replace: when, and how that is arranged."""


def _new_leg(record: Record) -> bool:
    return bool(record.order and record.order.legs) and any(
        isinstance(out, ToVenue) and isinstance(out.message, NewOrderSingle)
        for out in record.outbound
    )


def _replaced(record: Record) -> bool:
    message = record.message
    return isinstance(message, ExecutionReport) and message.exec_type is ExecType.REPLACED


def restart_in_an_emulated_replace(scene: Scene, step: str) -> None:
    """The process dies at a step of cancel and new."""
    order_id = scene.place()
    acknowledged(scene, order_id)
    STEPS[step](scene)
    price = scene.bench.ORDER.price
    assert price is not None
    scene.amend(order_id, price=price - scene.bench.TICK)
    scene.until(lambda: scene.process.dead, "the end of the process")
    scene.restart()
    for _ in range(int(AFTER_S)):
        order = scene.order(order_id)
        if not order.requests and order.in_doubt is None:
            break
        scene.run(1.0)
    if not scene.order(order_id).closed:
        scene.cancel(order_id)
