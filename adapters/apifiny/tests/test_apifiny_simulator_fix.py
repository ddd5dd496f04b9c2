"""What the simulator's FIX gateway does with orders, without a socket."""

from decimal import Decimal

import pytest

from adapters.apifiny.tests.apifiny_fix_desk import REPORT_TAGS, events, logged_on

HEADER = {35, 34, 49, 52, 56}


def test_an_accepted_order_is_acknowledged_with_the_documents_fields_only() -> None:
    desk = logged_on()
    order_id = desk.new_id()
    (ack,) = desk.order(order_id)
    assert set(ack) == HEADER | REPORT_TAGS
    assert (ack[11], ack[150], ack[39], ack[32]) == (order_id, "0", "0", "0")
    assert (ack[44], ack[38], ack[54], ack[55]) == ("39000.00", "0.0800", "1", "BTCUSDT")


def test_fills_name_the_order_by_37_alone_and_give_their_price_in_44() -> None:
    desk = logged_on()
    ack, first, second = desk.order(t44="40001.00")
    assert events([first, second]) == [("1", "0.05", "40000.01"), ("2", "0.0300", "40000.02")]
    assert set(first) == set(second) == HEADER | REPORT_TAGS - {11}
    assert ack[37] == first[37] == second[37]
    assert ack[37] != ack[11]
    assert len({ack[17], first[17], second[17]}) == 3
    assert (first[39], second[39]) == ("1", "2")


def test_fills_carry_11_when_switched() -> None:
    desk = logged_on()
    desk.sim.switch("fill_clordid", True)
    order_id = desk.new_id()
    assert {report[11] for report in desk.order(order_id, t44="40001.00")} == {order_id}


def test_a_resting_order_is_filled_by_the_flow_and_its_fills_are_pushed() -> None:
    desk = logged_on()
    desk.pass_ms(0)
    (ack,) = desk.order(t44="39999.99")
    pushed = [message for _ in range(20) for message in desk.pass_ms(1000) if message[35] == "8"]
    assert len(pushed) > 1
    assert [report[150] for report in pushed] == ["1"] * (len(pushed) - 1) + ["2"]
    assert sum(Decimal(report[32]) for report in pushed) == Decimal("0.0800")
    assert {report[37] for report in pushed} == {ack[37]}


@pytest.mark.parametrize(
    ("tif", "price", "expected"),
    [
        ("3", "40000.01", ["0", "1", "4"]),
        ("3", "39000.00", ["0", "4"]),
        ("3", "40001.00", ["0", "1", "2"]),
        ("7", "40000.01", ["8"]),
        ("7", "39000.00", ["0"]),
    ],
)
def test_times_in_force_end_as_they_should(tif: str, price: str, expected: list[str]) -> None:
    reports = logged_on().order(t59=tif, t44=price)
    assert [report[150] for report in reports] == expected
    assert [report[39] for report in reports] == expected
    assert (58 in reports[-1]) == (expected == ["8"])


def test_a_market_sale_needs_no_price_and_shows_none_before_it_trades() -> None:
    ack, fill = logged_on().order(t40="1", t44="", t54="2", t38="0.0100")
    assert 44 not in ack
    assert (fill[150], fill[44]) == ("2", "39999.99")


def test_a_market_buy_is_refused_for_fix_has_no_field_for_its_total() -> None:
    (report,) = logged_on().order(t40="1", t44="")
    assert (report[150], report[58].split(":")[0]) == ("8", "65562")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"t11": "free-form-id"}, "327978"),
        ({"t11": "000000011660000000000123"}, "327834"),
        ({"t55": "BTCEUR"}, "262202"),
        ({"t21": "3"}, "65562"),
        ({"t40": "3"}, "65562"),
        ({"t59": "0"}, "65562"),
        ({"t54": "5"}, "327786"),
        ({"t44": "39000.001"}, "65562"),
        ({"t38": "0.00015"}, "65562"),
        ({"t38": "100000"}, "65562"),
        ({"t1": "STA-00000002"}, "131115"),
        ({"t207": "NOWHERE"}, "327741"),
    ],
)
def test_a_refused_order_gets_a_report_with_11_and_the_reason(
    changed: dict[str, str], code: str
) -> None:
    desk = logged_on()
    order_id = changed.pop("t11", desk.new_id())
    (report,) = desk.order(order_id, **changed)
    assert (report[35], report[150], report[39], report[32]) == ("8", "8", "8", "0")
    assert (report[11], report[37], report[58].split(":")[0]) == (order_id, "NONE", code)
    assert desk.sim.ledger()["orders"] == []


def test_an_id_that_was_used_is_refused() -> None:
    desk = logged_on()
    order_id = desk.new_id()
    desk.order(order_id)
    (report,) = desk.order(order_id)
    assert (report[150], report[58].split(":")[0]) == ("8", "327722")


@pytest.mark.parametrize("name", [11, 21, 55, 40, 59, 60, 54, 44, 1, 38, 207])
def test_a_missing_field_is_rejected_by_number(name: int) -> None:
    (reject,) = logged_on().order(
        None if name != 11 else "", **({} if name == 11 else {f"t{name}": ""})
    )
    assert (reject[35], reject[371], reject[372], reject[373]) == ("3", str(name), "D", "1")
    assert reject[45] == "2"


@pytest.mark.parametrize(
    ("name", "value"), [(44, "4E4"), (44, "-1"), (38, "many"), (60, "2025-10-09T08:53:20Z")]
)
def test_a_field_of_the_wrong_form_is_rejected_by_number(name: int, value: str) -> None:
    (reject,) = logged_on().order(**{f"t{name}": value})
    assert (reject[35], reject[371], reject[373]) == ("3", str(name), "6")


@pytest.mark.parametrize("kind", ["F", "H"])
@pytest.mark.parametrize("missing", [11, 1, 207])
def test_f_and_h_need_their_three_fields(kind: str, missing: int) -> None:
    desk = logged_on()
    fields = {11: "x", 1: "STA-00000001", 207: "BINANCE"}
    del fields[missing]
    (reject,) = desk.send(kind, *fields.items())
    assert dict(reject)[371] == str(missing)


@pytest.mark.parametrize("kind", ["G", "V", "AE"])
def test_other_messages_are_answered_with_a_business_reject(kind: str) -> None:
    (reject,) = logged_on().send(kind, (11, "x"))
    assert dict(reject).items() >= {35: "j", 372: kind, 380: "3", 45: "2"}.items()


def test_a_cancel_of_a_working_order_is_reported_without_11() -> None:
    desk = logged_on()
    order_id = desk.new_id()
    ack, _partial = desk.order(order_id, t44="40000.01")
    (report,) = desk.about("F", order_id)
    assert set(report) == HEADER | REPORT_TAGS - {11}
    assert (report[37], report[150], report[39], report[32]) == (ack[37], "4", "4", "0")


def test_a_cancel_that_comes_too_late_is_rejected_with_37_and_the_status() -> None:
    desk = logged_on()
    order_id = desk.new_id()
    ack, *_fills = desk.order(order_id, t44="40001.00")
    (reject,) = desk.about("F", order_id)
    assert set(reject) == HEADER | {11, 37, 39, 58}
    assert (reject[35], reject[11], reject[37], reject[39]) == ("9", order_id, ack[37], "2")


def test_a_cancel_of_an_unknown_order_is_rejected_without_37() -> None:
    desk = logged_on()
    (reject,) = desk.about("F", "000000011760000000000999")
    assert set(reject) == HEADER | {11, 39, 58}
    assert (reject[35], reject[39]) == ("9", "8")
    order_id = desk.new_id()
    desk.order(order_id)
    (reject,) = desk.about("F", order_id, venue="COINBASEPRO")
    assert 37 not in reject


def test_a_status_request_mirrors_the_state_and_moves_nothing() -> None:
    desk = logged_on()
    order_id = desk.new_id()
    ack, fill = desk.order(order_id, t44="40000.01")
    (status,) = desk.about("H", order_id)
    assert (status[11], status[37]) == (order_id, ack[37])
    assert (status[150], status[39], status[32], status[44]) == ("1", "1", "0", "40000.01")
    assert status[17] not in {ack[17], fill[17]}
    desk.about("F", order_id)
    (status,) = desk.about("H", order_id)
    assert (status[150], status[39]) == ("4", "4")


def test_the_status_of_an_unknown_order_is_rejected() -> None:
    (status,) = logged_on().about("H", "000000011760000000000999")
    assert set(status) == HEADER | {11, 37, 17, 32, 60, 150, 39, 58}
    assert (status[150], status[39], status[37]) == ("8", "8", "NONE")


def test_what_the_client_rejects_is_counted() -> None:
    desk = logged_on()
    assert desk.send("3", (45, "2"), (58, "Required tag missing")) == []
    assert desk.sim.ledger()["rejected_by_client"] == 1
