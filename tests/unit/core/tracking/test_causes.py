"""What a changed order gives the alert rules to look at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.story import lotus, moment, placed, said, told

from orderwatch.core.model import ReceivedEvent
from orderwatch.core.tracking.causes import Cause, causes_of
from orderwatch.core.tracking.counting import FAILED_BUCKETS, standing


def causes(
    *after: ReceivedEvent, before: tuple[ReceivedEvent, ...] = (), now: float | None = None
) -> list[Cause]:
    """What moves between two moments of an order."""
    was = standing(told(*before)) if before else None
    order = told(*before, *after, now=now)
    return causes_of(was, order, standing(order), lotus())


def test_an_order_that_is_well_causes_nothing() -> None:
    assert causes(placed(0), said("commerce_engine", "ACCEPTED", 1)) == []


def test_a_leg_that_fails_fails_its_order_and_both_say_so() -> None:
    rejected = said("commerce_engine", "REJECTED", 5, reason={"code": "pricing"})
    order, leg = causes(rejected, before=(placed(0, channel="app", location="TH-0412"),))
    assert (order.what, order.mark, order.system) == ("status", "status", "commerce_engine")
    assert (leg.what, leg.mark) == ("leg", "leg:commerce_engine")
    assert order.reason == leg.reason == "pricing"
    assert (order.channel, order.location, order.before) == ("app", "TH-0412", "waiting")
    assert order.at == moment(5)
    assert order.is_trouble
    assert not order.final


def test_a_cancelled_order_failed_for_good() -> None:
    (order,) = causes(said("phoenix_oms", "CANCELED", 9), before=(placed(0),))
    assert (order.system, order.status, order.final) == ("phoenix_oms", "CANCELED", True)


def test_a_passed_deadline_is_caused_when_it_passed_and_not_when_it_was_seen() -> None:
    order, leg = causes(before=(placed(0),), now=31.5)
    assert order.at == leg.at == moment(30)
    assert order.overdue
    assert order.deadline == moment(30)


def test_an_order_that_is_well_again_says_so() -> None:
    failed = (placed(0), said("commerce_engine", "REJECTED", 5))
    order, leg = causes(said("commerce_engine", "ACCEPTED", 9), before=failed)
    assert not order.is_trouble
    assert not leg.is_trouble
    assert order.before == "failed"


def test_nothing_moved_causes_nothing() -> None:
    failed = (placed(0), said("commerce_engine", "REJECTED", 5))
    assert causes(before=failed) == []


def test_cash_on_delivery_is_told_from_the_amounts() -> None:
    cash = {"value": "90.00", "currency": "THB", "kind": "cod_expected"}
    stated = said("checkout", "PENDING", 2, amount=cash)
    order, *_ = causes(said("commerce_engine", "REJECTED", 5), before=(placed(0), stated))
    assert order.payment == "cod"


WORDS = st.sampled_from(
    [
        ("phoenix_oms", "PROCESSING"),
        ("phoenix_oms", "CANCELED"),
        ("phoenix_oms", "COMPLETE"),
        ("commerce_engine", "ACCEPTED"),
        ("commerce_engine", "REJECTED"),
        ("checkout", "DECLINED"),
        ("checkout", "CAPTURED"),
        ("stock", "RESERVED"),
    ]
)


@given(st.lists(st.tuples(WORDS, st.integers(1, 5_000)), max_size=8))
def test_whatever_is_said_the_marks_in_trouble_are_those_of_the_order(
    told_words: list[tuple[tuple[str, str], int]],
) -> None:
    """Adding up causes, one event after the other, gives what of the order is in trouble."""
    events = [placed(0)]
    before = standing(told(*events))
    marks: set[str] = set()
    for at, ((system, status), gap) in enumerate(told_words):
        events.append(said(system, status, at * 6_000 + gap, id=f"{at}"))
        order = told(*events)
        after = standing(order)
        for cause in causes_of(before, order, after, lotus()):
            (marks.add if cause.is_trouble else marks.discard)(cause.mark)
        before = after
    expected = {
        f"leg:{system}" for system, (bucket, _) in before.legs.items() if bucket in FAILED_BUCKETS
    } | ({"status"} if before.bucket in FAILED_BUCKETS else set())
    assert marks - expected == set()
    assert expected - marks == set()
