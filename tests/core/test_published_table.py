"""The state table is a published page: a change of one is a change of the other."""

from tools.order_states import PAGE, render


def test_the_page_is_the_table() -> None:
    """spec/order-states.md is what the code renders."""
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m tools.order_states"
