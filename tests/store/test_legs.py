"""The legs of an emulated order, in the store and back."""

from oms.core.fields import ExecType
from oms.core.legs import at_venue
from tests.store.trading_day import REST, Firm, replace_by_cancel


def test_an_order_with_legs_comes_back_as_it_was(firm: Firm) -> None:
    """Its names, its legs, and which of them each execution was."""
    order = firm.enter()
    firm.report(order, ExecType.NEW)
    firm.fill(order, "0.25")
    order = replace_by_cancel(firm, order, "R-1")
    firm.fill(order, "0.5")
    before = firm.order(order.order_id)
    firm.restart()
    after = firm.order(order.order_id)
    assert after == before
    assert [execution.leg for execution in after.executions.values()] == [0, 1]
    assert at_venue(after).cum_qty == at_venue(before).cum_qty


def test_a_closed_order_is_found_by_the_names_of_its_legs(firm: Firm) -> None:
    """A late fill of an earlier leg belongs to it, long after it has left memory."""
    order = firm.enter()
    firm.report(order, ExecType.NEW)
    first = order.venue_cl_ord_id
    order = replace_by_cancel(firm, order, "R-1")
    firm.report(order, ExecType.CANCELED)
    names = [(leg.venue_cl_ord_id, leg.secondary_order_id) for leg in order.legs]
    assert names[0][0] == first
    history = firm.store.history
    for ours, theirs in names:
        for found in (
            history.by_venue_id(REST, ours, ""),
            history.by_venue_id(REST, "", theirs),
        ):
            assert found is not None
            assert found.order_id == order.order_id
    assert history.by_venue_id(REST, "never", "never") is None


def test_the_ids_of_legs_count(firm: Firm) -> None:
    """Counted ids only grow, over a restart too: two orders by one id could not be told apart."""
    order = firm.enter()
    firm.report(order, ExecType.NEW)
    order = replace_by_cancel(firm, order, "R-1")
    drawn = int(order.venue_cl_ord_id)
    assert firm.loaded().last_client_ids[REST] == drawn
