"""The classification of the product page, row by row, and the decisions D1, D2, D3 and D5."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.story import (
    DAY,
    HOUR,
    MINUTE,
    deviations,
    folded,
    leg,
    lotus,
    moment,
    placed,
    restaurant,
    said,
    told,
)

from orderwatch.core.model import Class, DeviationKind
from orderwatch.core.tracking.fold import transition
from orderwatch.core.tracking.judge import judge

OMS = "phoenix_oms"
# status, class, threshold in seconds, final, may go to (product.md)
TABLE = [
    ("PENDING", "delayed", 15 * MINUTE, False,
     "PENDING_PAYMENT PAYMENT_REVIEW PROCESSING HOLDED FRAUD CANCELED"),
    ("PENDING_PAYMENT", "delayed", 30 * MINUTE, False,
     "PAYMENT_REVIEW PROCESSING HOLDED FRAUD CANCELED"),
    ("PAYMENT_REVIEW", "delayed", 60 * MINUTE, False,
     "PENDING_PAYMENT PROCESSING HOLDED FRAUD CANCELED"),
    ("PROCESSING", "delayed", 30 * MINUTE, False, "SHIPPING COMPLETE HOLDED FRAUD CANCELED CLOSED"),
    ("HOLDED", "delayed", 24 * HOUR, False, "PROCESSING CANCELED"),
    ("SHIPPING", "delayed", 4 * HOUR, False, "COMPLETE HOLDED CANCELED CLOSED"),
    ("FRAUD", "failed", None, False, "PAYMENT_REVIEW PROCESSING CANCELED"),
    ("CANCELED", "failed", None, True, ""),
    ("COMPLETE", "success", None, False, "CLOSED"),
    ("CLOSED", "success", None, True, ""),
]  # fmt: skip
DELAYED = [(status, threshold) for status, class_, threshold, *_ in TABLE if threshold]


@pytest.mark.parametrize(("status", "class_"), [(row[0], row[1]) for row in TABLE])
def test_a_status_gives_the_order_its_class(status: str, class_: str) -> None:
    order = told(said(OMS, status))
    assert (order.status, order.class_, order.overdue) == (status, class_, False)
    assert order.why.events == (f"/phoenix_oms#o-1/{status}@0",)


@pytest.mark.parametrize(("status", "threshold"), DELAYED)
def test_an_order_waits_until_its_threshold_and_is_overdue_from_then_on(
    status: str, threshold: int
) -> None:
    quiet = [said("commerce_engine", "SENT", due_at=40 * DAY)]  # no other deadline is near
    before = told(said(OMS, status), *quiet, now=threshold - 0.000001)
    assert (before.class_, before.overdue) == (Class.DELAYED, False)
    assert before.deadline == before.next_deadline == moment(threshold)
    after = told(said(OMS, status), *quiet, now=threshold)
    assert (after.class_, after.overdue) == (Class.DELAYED, True)
    assert after.why.rule == f"status.{status}.threshold"
    assert after.why.threshold_s == threshold
    assert after.why.deadline == moment(threshold)


@pytest.mark.parametrize("status", [row[0] for row in TABLE if not row[2]])
def test_a_settled_order_has_no_deadline_and_never_grows_overdue(status: str) -> None:
    order = told(said(OMS, status), said("commerce_engine", "SENT"), now=400 * DAY)
    assert order.deadline is order.next_deadline is None
    assert not order.overdue
    assert not leg(order, "commerce_engine").overdue
    assert order.why.rule == f"status.{status}.class"


@pytest.mark.parametrize(("before", "_c", "_t", "final", "may"), TABLE, ids=lambda v: str(v)[:16])
def test_a_status_may_go_where_the_table_says_and_nowhere_else(
    before: str, _c: str, _t: int | None, final: bool, may: str
) -> None:
    statuses = lotus().statuses
    for after in statuses:
        if after == before:
            continue
        kind = transition(statuses[before], statuses[after], held_from=None)
        if final:
            assert kind is DeviationKind.EVENT_AFTER_FINAL
        else:
            assert (kind is None) == (after in may.split()), after


def test_the_deadline_runs_from_when_the_status_was_entered_not_from_its_repeats() -> None:
    order = told(placed(), said(OMS, "PROCESSING", 60), said(OMS, "PROCESSING", 900, id="again"))
    assert order.status_since == moment(60)
    assert order.deadline == moment(60 + 30 * MINUTE)
    assert order.why.events == ("/phoenix_oms#o-1/PROCESSING@60",)
    assert not order.deviations


def test_a_word_is_the_same_in_any_case_and_in_its_other_spelling() -> None:
    assert told(said(OMS, "cancelled")).status == "CANCELED"
    assert told(said(OMS, "Pending")).status == "PENDING"


# D2 -------------------------------------------------------------------------------------------


def test_a_channel_may_have_its_own_threshold() -> None:
    flow = restaurant()
    for channel, allowed in [("counter", 60), ("table_qr", 180), (None, 180), ("no such", 180)]:
        order = told(said("pos_hub", "RECEIVED", channel=channel), flow=flow)
        assert order.deadline == moment(allowed), channel


def test_a_channel_learned_later_moves_the_deadline() -> None:
    order = told(
        said("pos_hub", "RECEIVED"),
        said("card_terminal", "PRESENTED", 5, channel="counter"),
        flow=restaurant(),
    )
    assert order.channel == "counter"
    assert order.deadline == moment(60)


def test_a_promise_wins_over_the_threshold_of_a_status() -> None:
    order = told(placed(due_at=2 * HOUR), said("commerce_engine", "SENT", due_at=3 * HOUR))
    assert order.deadline == moment(2 * HOUR)
    assert order.why.rule == "status.PENDING.due_at"
    assert order.why.threshold_s is None
    assert not told(placed(due_at=HOUR), said("commerce_engine", "ACCEPTED", 1), now=50).overdue


def test_a_promise_ends_with_its_status() -> None:
    order = told(placed(due_at=2 * HOUR), said(OMS, "PROCESSING", 10))
    assert order.deadline == moment(10 + 30 * MINUTE)


def test_a_repeated_status_may_bring_a_new_promise() -> None:
    order = told(placed(), said(OMS, "PENDING", 60, due_at=HOUR))
    assert order.deadline == moment(HOUR)


def test_a_promise_wins_over_the_threshold_of_a_leg_and_the_newest_promise_counts() -> None:
    order = told(
        placed(),
        said("commerce_engine", "SENT", 1, due_at=300),
        said("commerce_engine", "CHECKING", 2, due_at=600),
        said("commerce_engine", "PRICING_PASSED", 3),
    )
    assert leg(order, "commerce_engine").deadline == moment(600)
    assert leg(order, "commerce_engine").why.rule == "leg.commerce_engine.due_at"


# D1, when_overdue -----------------------------------------------------------------------------


def test_a_status_may_say_that_overdue_is_failed() -> None:
    flow = restaurant()
    story = [
        said("pos_hub", "COOKING"),
        said("kitchen_display", "SHOWN", due_at=3 * DAY),
        said("card_terminal", "CASH"),
    ]
    waiting = told(*story, now=20 * MINUTE - 1, flow=flow)
    assert (waiting.class_, waiting.overdue) == (Class.DELAYED, False)
    failed = told(*story, now=20 * MINUTE, flow=flow)
    assert (failed.class_, failed.overdue) == (Class.FAILED, False)
    assert failed.why.rule == "status.COOKING.when_overdue"
    assert failed.why.threshold_s == 20 * MINUTE
    recovered = told(*story, said("pos_hub", "READY", 21 * MINUTE), flow=flow)
    assert recovered.class_ is Class.DELAYED


# D3 -------------------------------------------------------------------------------------------


def test_a_failed_leg_fails_the_order_and_its_later_success_delays_it_again() -> None:
    story = [placed(), said("commerce_engine", "REJECTED", 5, reason={"code": "PRICING"})]
    failed = told(*story)
    assert (failed.class_, failed.overdue) == (Class.FAILED, False)
    assert failed.why.rule == "leg.commerce_engine.failed"
    assert failed.why.events == ("/commerce_engine#o-1/REJECTED@5",)
    assert failed.why.reason is not None
    assert failed.why.reason.code == "PRICING"
    again = told(*story, said("commerce_engine", "ACCEPTED", 9))
    assert again.class_ is Class.DELAYED
    assert leg(again, "commerce_engine").class_ is Class.SUCCESS


def test_the_first_leg_that_failed_is_the_reason() -> None:
    order = told(
        placed(),
        said("commerce_engine", "ACCEPTED", 1),
        said("checkout", "DECLINED", 8),
        said("stock", "OUT_OF_STOCK", 7),
    )
    assert order.why.rule == "leg.stock.failed"


@pytest.mark.parametrize(
    ("status", "class_"),
    [("COMPLETE", "success"), ("CLOSED", "success"), ("CANCELED", "failed"), ("FRAUD", "failed")],
)
def test_a_leg_that_contradicts_a_settled_order_changes_nothing(status: str, class_: str) -> None:
    for word in ("REJECTED", "ACCEPTED"):
        order = told(said(OMS, status), said("commerce_engine", word, 60), now=DAY)
        assert (order.class_, order.overdue) == (class_, False)
        assert order.why.rule == f"status.{status}.class"


def test_an_order_is_overdue_when_a_leg_of_it_is() -> None:
    order = told(placed(), now=30)
    assert order.overdue
    assert order.why.rule == "leg.commerce_engine.threshold"
    assert order.why.threshold_s == 30


def test_its_own_overdue_status_explains_it_before_any_leg() -> None:
    order = told(placed(), now=HOUR)
    assert order.overdue
    assert order.why.rule == "status.PENDING.threshold"


def test_a_failed_order_is_not_overdue_as_well() -> None:
    order = told(placed(), said("commerce_engine", "REJECTED", 5), now=DAY)
    assert (order.class_, order.overdue) == (Class.FAILED, False)


def test_a_leg_an_order_of_its_kind_does_not_need_cannot_fail_it() -> None:
    """A store order needs no warehouse, whatever the warehouse says (which legs, product.md)."""
    store = placed(fulfilment="store")
    order = told(store, said("highjump", "SHORT_PICKED", 5))
    assert order.class_ is Class.DELAYED
    stray = leg(order, "highjump")
    assert (stray.class_, stray.required) == (Class.FAILED, False)
    late = told(store, said("commerce_engine", "ACCEPTED", 1, due_at=DAY),
                said("highjump", "PICKING", 5, due_at=6), now=7)  # fmt: skip
    assert leg(late, "highjump").overdue
    assert not late.overdue


def test_without_a_kind_an_order_needs_whoever_speaks() -> None:
    order = told(placed(), said("highjump", "SHORT_PICKED", 5))
    assert order.class_ is Class.FAILED
    assert leg(order, "highjump").required


# HOLDED ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "held_from", ["PENDING", "PENDING_PAYMENT", "PAYMENT_REVIEW", "PROCESSING", "SHIPPING"]
)
def test_a_held_order_may_return_to_where_it_was_held_from(held_from: str) -> None:
    order = told(said(OMS, held_from), said(OMS, "HOLDED", 10), said(OMS, held_from, 20, id="x"))
    assert deviations(order) == []
    assert order.status == held_from
    assert order.deadline is not None
    assert order.status_since == moment(20), "its time starts anew"


def test_a_held_order_may_not_go_to_where_it_was_not() -> None:
    order = told(said(OMS, "PENDING"), said(OMS, "HOLDED", 10), said(OMS, "SHIPPING", 20))
    assert deviations(order) == [("unexpected_transition", "HOLDED", "SHIPPING")]
    assert order.status == "SHIPPING"


def test_an_order_held_twice_remembers_the_last_time() -> None:
    order = told(
        placed(),
        said(OMS, "HOLDED", 10),
        said(OMS, "PROCESSING", 20),
        said(OMS, "HOLDED", 30),
        said(OMS, "PENDING", 40),
    )
    assert deviations(order) == [("unexpected_transition", "HOLDED", "PENDING")]


def test_an_order_may_be_held_twice_in_a_row_by_repeats() -> None:
    state = folded(placed(), said(OMS, "HOLDED", 10), said(OMS, "HOLDED", 15, id="again"))
    assert state.held_from == "PENDING"


# D5 -------------------------------------------------------------------------------------------


def test_a_refunded_order_stays_success_and_says_so() -> None:
    refund = {"value": "10.00", "currency": "THB", "kind": "refunded"}
    order = told(
        said(OMS, "COMPLETE", amount="10.00"),
        said("checkout", "REFUNDED", 60, amount=refund),
        said(OMS, "CLOSED", 61),
    )
    assert (order.class_, order.refunded) == (Class.SUCCESS, True)
    assert order.amount is not None
    assert order.amount.value == "10.00", "a refund is not the total"


def test_a_refund_of_nothing_is_none() -> None:
    refund = {"value": "0.00", "currency": "THB", "kind": "refunded"}
    assert not told(said(OMS, "CLOSED", amount=refund)).refunded


@pytest.mark.parametrize("next_", ["PAYMENT_REVIEW", "PROCESSING"])
def test_fraud_can_be_cleared(next_: str) -> None:
    order = told(placed(), said(OMS, "FRAUD", 5), said(OMS, next_, 10))
    assert (order.class_, deviations(order)) == (Class.DELAYED, [])


def test_amounts_are_kept_by_system_and_kind_and_the_last_one_counts() -> None:
    order = told(
        placed(amount="10.00"),
        said(
            "checkout",
            "CAPTURED",
            5,
            amount={"value": "9.99", "currency": "THB", "kind": "captured"},
        ),
        said("invoice", "ISSUED", 6, amount="10.00"),
        said(OMS, "PROCESSING", 7, amount="11.00"),
    )
    assert order.amount is not None
    assert order.amount.value == "11.00"
    assert [(one.system, one.kind, one.value) for one in order.amounts] == [
        (OMS, "order_total", "11.00"),
        ("checkout", "captured", "9.99"),
        ("invoice", "stated", "10.00"),
    ]


def test_the_threshold_of_a_transmission_is_thirty_seconds() -> None:
    assert lotus().legs["commerce_engine"].threshold.of("app") == timedelta(seconds=30)


def test_the_same_state_can_be_judged_at_any_time() -> None:
    state = folded(placed())
    assert not judge(state, lotus(), moment(0)).overdue
    assert judge(state, lotus(), moment(DAY)).overdue
    assert not judge(state, lotus(), moment(0)).overdue
