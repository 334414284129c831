"""What the systems of one order disagree about: its end, and its money."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Raw
from tests.story import HOUR, MINUTE, folded, lotus, moment, placed, said, told
from tests.unit.core.simulation.days import told as simulated
from tests.unit.core.simulation.days import understood
from tests.unit.core.tracking.test_counting import Ledger

from orderwatch.core.model import Class, Mismatch, ReceivedEvent
from orderwatch.core.simulation.faults import FaultRule
from orderwatch.core.tracking.counting import Total
from orderwatch.core.tracking.judge import judge


def worth(value: str, kind: str = "order_total", currency: str = "THB") -> dict[str, Any]:
    return {"amount": {"value": value, "currency": currency, "kind": kind}}


def test_a_leg_that_failed_contradicts_the_omss_success_and_changes_no_class() -> None:
    order = told(
        placed(),
        said("commerce_engine", "REJECTED", 5),
        said("phoenix_oms", "PROCESSING", 9),
        said("phoenix_oms", "COMPLETE", HOUR),
    )
    assert order.class_ is Class.SUCCESS
    assert order.mismatches == (
        Mismatch("status", "commerce_engine", "status", "REJECTED", "COMPLETE", since=moment(HOUR)),
    )


def test_while_the_order_is_open_a_failed_leg_is_a_failure_and_no_mismatch() -> None:
    assert told(placed(), said("commerce_engine", "REJECTED", 5)).mismatches == ()


def test_goods_that_are_packed_after_the_order_was_canceled_contradict_it() -> None:
    events = [
        placed(fulfilment="store"),
        said("commerce_engine", "ACCEPTED", 5),
        said("stock", "RESERVED", 6),
        said("phoenix_oms", "CANCELED", 10 * MINUTE),
    ]
    assert told(*events).mismatches == ()
    [mismatch] = told(*events, said("instore_app", "HANDED_OVER", HOUR)).mismatches
    assert (mismatch.system, mismatch.says, mismatch.expected) == (
        "instore_app", "HANDED_OVER", "CANCELED",
    )  # fmt: skip
    assert mismatch.since == moment(HOUR)


@pytest.mark.parametrize("kind", ["authorized", "captured", "invoiced", "cod_collected"])
def test_another_amount_than_the_orders_total_is_a_mismatch(kind: str) -> None:
    order = told(placed(**worth("250.00")), said("checkout", "CAPTURED", 9, **worth("205", kind)))
    assert order.mismatches == (Mismatch("total", "checkout", kind, "205 THB", "250.00 THB"),)


def test_the_same_amount_written_otherwise_is_none_but_another_currency_is() -> None:
    def systems(**amount: Any) -> list[str]:
        order = told(placed(**worth("250.00")), said("invoice", "ISSUED", 9, **amount))
        return [one.system for one in order.mismatches]

    assert systems(**worth("250", "invoiced")) == []
    assert systems(**worth("250.00", "invoiced", "USD")) == ["invoice"]


def test_a_part_of_the_money_may_be_given_back_but_not_more_than_all() -> None:
    def refunded(value: str) -> int:
        closed = said("phoenix_oms", "CLOSED", HOUR, **worth(value, "refunded"))
        return len(told(placed(**worth("250.00")), closed).mismatches)

    assert (refunded("40.00"), refunded("250.00"), refunded("250.01")) == (0, 0, 1)


def test_without_a_total_from_the_oms_nothing_differs_from_it() -> None:
    order = told(placed(), said("checkout", "CAPTURED", 9, **worth("205", "captured")))
    assert order.mismatches == ()


def test_the_running_total_counts_a_mismatch_while_it_is_open() -> None:
    ledger = Ledger(lotus())
    key = Total("mismatches_open", ("total", "checkout"))
    ledger.hear([placed(**worth("250")), said("checkout", "X", 3, **worth("20", "captured"))], 3)
    assert ledger.totals[key] == 1
    ledger.hear([said("checkout", "CAPTURED", 8, **worth("250", "captured"))], 8)
    assert ledger.totals[key] == 0


def test_what_the_simulator_got_wrong_is_found_and_nothing_else() -> None:
    """Less given back than was paid is a part of it: the simulator cannot know that."""
    found = 0
    for story in simulated(600, FaultRule(kind="wrong_total", rate=0.3)):
        events = understood(story)
        later = events[-1].time
        state = folded(*(ReceivedEvent(event, later, Raw(b"{}")) for event in events))
        order = judge(state, lotus(), later)
        assert {(one.type, one.system, one.of, one.says) for one in order.mismatches} == {
            ("total", one.system, one.kind, f"{one.stated} THB")
            for one in story.truth.expected.mismatches
            if one.kind != "refunded" or float(one.stated) > float(one.owed)
        }
        found += len(order.mismatches)
    assert found > 100
