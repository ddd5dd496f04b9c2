"""Somebody else on the same account, who enters orders that look like ours."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tests.faults.far import Far
from tests.faults.faults import BEFORE, Faults
from tests.faults.plan import Fault, Kind, Plan


class Strangers:
    """Those of one scenario."""

    def __init__(
        self,
        plan: Plan,
        faults: Faults,
        far: Mapping[str, Far],
        now_ms: Callable[[], int],
        note: Callable[[Fault], None],
    ) -> None:
        """`note` takes a fault that came about."""
        self._plan = plan
        self._faults = faults
        self._far = far
        self._now_ms = now_ms
        self._note = note

    def come_before(self) -> None:
        """The engine has not begun."""
        for fault in self._faults.of(BEFORE):
            like = self._plan.terms_of(fault.route, fault.ordinal)
            if like is not None:
                terms = {name: getattr(like, name) for name in ("symbol", "side", "qty", "price")}
                self._enter(fault, terms)

    def come_after(self, fault: Fault, ours: Mapping[str, Any]) -> None:
        """An order of ours is there."""
        if self._faults.calm or ours["price"] is None or self._faults.of({Kind.VENUE_CANCEL}):
            return
        if self._plan.asks_once(fault.route, ours["side"], Decimal(ours["price"])):
            self._enter(fault, ours)

    def go(self) -> None:
        """They want nothing any more."""
        for far in self._far.values():
            far.let_go(self._now_ms())

    def _enter(self, fault: Fault, terms: Mapping[str, Any]) -> None:
        if self._far[fault.route].enter(terms, self._now_ms()):
            self._note(fault)
