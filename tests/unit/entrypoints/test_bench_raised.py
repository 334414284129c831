"""Truth and incidents side by side: what is found, what was missed, what is a false alarm."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.story import lotus

from orderwatch.core.model import Amount, Class, OrderId
from orderwatch.core.simulation.truth import Expected, Fault, Truth
from orderwatch.entrypoints.cli.bench.raised import Raised, by_kind, false_alarms, missed

AT = datetime(2026, 1, 5, 5, tzinfo=UTC)


def fault(kind: str, **more: Any) -> Fault:
    return Fault(kind=kind, system=more.pop("system", "commerce_engine"), at=AT, **more)


def truth(name: str, *faults: Fault, natural: str | None = "plain", stays: bool = False) -> Truth:
    """An order; with `stays` it is open and overdue in the end."""
    class_ = Class.DELAYED if stays else Class.SUCCESS
    return Truth(
        order_id=OrderId(name),
        placed_at=AT,
        natural=natural,
        channel="app",
        fulfilment="store",
        delivery="express",
        payment="card",
        location="TH-0101",
        amount=Amount("100.00", "THB"),
        faults=faults,
        expected=Expected("COMPLETE", class_, stays, False, {}, (), (), 1, 0, 0),
    )


def raised(rule: str, *orders: str) -> Raised:
    return Raised(rule, frozenset(map(OrderId, orders)))


def test_a_fault_is_found_by_a_rule_that_is_meant_to_see_it_and_by_no_other() -> None:
    truths = [truth("o-1", fault("rejected")), truth("o-2", fault("rejected"))]
    told = [raised("order_failed", "o-1"), raised("order_overdue", "o-2")]
    found = by_kind(truths, told, lotus())["rejected"]
    assert (found.wanted, found.seen, found.recall, found.precision) == (2, 1, 0.5, 1.0)
    assert missed(truths, told, lotus()) == [("rejected", "o-2")]


def test_an_order_that_nothing_explains_is_a_false_alarm() -> None:
    truths = [truth("o-1", fault("rejected")), truth("o-2"), truth("o-3", natural="returned")]
    told = [raised("order_failed", "o-1", "o-2", "o-3")]
    assert false_alarms(truths, told) == {"order_failed": (3, ["o-2"])}
    found = by_kind(truths, told, lotus())["rejected"]
    assert (found.told, found.explained) == (3, 2)


def test_a_lost_message_matters_when_its_order_stays_open() -> None:
    lost = fault("lost", event="e-1")
    truths = [truth("o-1", lost), truth("o-2", lost, stays=True)]
    found = by_kind(truths, [raised("order_overdue", "o-2")], lotus())["lost"]
    assert (found.orders, found.wanted, found.recall) == (2, 1, 1.0)


def test_slowness_matters_when_the_answer_takes_longer_than_is_allowed() -> None:
    slow = [fault("slow", status=word, delay_s=s) for word, s in (
        ("ACCEPTED", 29.0), ("ACCEPTED", 31.0), ("CHECKING", 31.0))]  # fmt: skip
    truths = [truth(f"o-{n}", one) for n, one in enumerate(slow)]
    assert by_kind(truths, [], lotus())["slow"].wanted == 1


def test_what_another_fault_swallowed_nobody_can_see() -> None:
    truths = [truth("o-1", fault("rejected", event="e-1"), fault("lost", event="e-1"))]
    assert by_kind(truths, [], lotus())["rejected"].wanted == 0


def test_what_changes_no_verdict_is_not_wanted() -> None:
    found = by_kind([truth("o-1", fault("duplicate", event="e-1"))], [], lotus())["duplicate"]
    assert (found.orders, found.wanted, found.recall, found.precision) == (1, 0, None, None)
