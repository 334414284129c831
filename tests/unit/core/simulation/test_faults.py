"""Faults: each kind does to an order what the truth says, and to no other order anything."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.unit.core.simulation.days import MIDNIGHT, day, decode, hit, told, understood

from orderwatch.core.model import Class
from orderwatch.core.simulation.breakage import WAYS
from orderwatch.core.simulation.faults import DEMO_FAULTS, KINDS, FaultRule
from orderwatch.core.simulation.simulate import simulate

BUSY = (10 * 3600.0, 14 * 3600.0)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("silent", "slow")])
def test_a_fault_happens_about_as_often_as_its_rate(kind: str) -> None:
    found = told(1000, FaultRule(kind=kind, rate=0.2))  # type: ignore[arg-type]
    able = len(found)
    if kind == "declined":
        able = sum(story.truth.payment != "cod" for story in found)
    assert 0.15 * able < len(hit(found, kind)) < 0.25 * able


@pytest.mark.parametrize("kind", list(KINDS))
def test_an_order_without_the_fault_is_exactly_as_it_would_have_been(kind: str) -> None:
    rule = FaultRule(kind=kind, rate=0.1, system=SYSTEM.get(kind), since=BUSY[0], until=BUSY[1])  # type: ignore[arg-type]
    for story, healthy in zip(told(400, rule), told(400), strict=True):
        if not story.truth.faults:
            assert story == healthy


SYSTEM = {"silent": "stock", "slow": "stock"}


@pytest.mark.parametrize(
    ("kind", "system", "word"),
    [
        ("rejected", "commerce_engine", "REJECTED"),
        ("declined", "checkout", "DECLINED"),
        ("out_of_stock", "stock", "OUT_OF_STOCK"),
    ],
)
def test_a_setback_is_told_with_its_reason_and_fails_the_order(
    kind: str, system: str, word: str
) -> None:
    found = hit(told(1000, FaultRule(kind=kind, rate=0.2)), kind)  # type: ignore[arg-type]
    statuses = Counter(story.truth.expected.status for story in found)
    assert statuses["CANCELED"] > 10
    assert statuses.total() > statuses["CANCELED"] + 10
    for story in found:
        [fault] = story.truth.faults
        [said] = [event.data for event in understood(story) if event.id == fault.event]
        assert (said.system, said.status) == (system, word)
        assert said.reason is not None
        assert fault.reason == said.reason.code
        assert story.truth.natural is None
        assert story.truth.expected.class_ is Class.FAILED
        assert story.truth.expected.legs[system].class_ is Class.FAILED
        assert "DELIVERED" not in {event.data.status for event in understood(story)}


def test_a_stuck_order_stays_open_and_nothing_follows_the_lost_hand_over() -> None:
    rule = FaultRule(kind="stuck", rate=0.3, system="commerce_engine", status="ACCEPTED")
    found = hit(told(500, rule), "stuck")
    assert len(found) > 100
    for story in found:
        words = {event.data.status for event in understood(story)}
        assert words <= {"PENDING", "RECEIVED", "RETRYING"}
        assert story.truth.expected.class_ is Class.DELAYED
        assert story.truth.expected.overdue


def test_a_slow_system_takes_its_factor_longer_and_delays_what_follows() -> None:
    rule = FaultRule(kind="slow", rate=1.0, system="stock", factor=50, since=BUSY[0], until=BUSY[1])
    slowed = 0
    for story, healthy in zip(told(300, rule), told(300), strict=True):
        [reserved, before] = [
            [e.time for e in understood(s) if e.data.system == "stock"] for s in (story, healthy)
        ]
        for fault in story.truth.faults:
            assert fault.delay_s is not None
            late = timedelta(seconds=fault.delay_s)
            assert abs(reserved[0] - before[0] - late) < timedelta(milliseconds=5)
            slowed += 1
    assert slowed > 80


def test_a_wrong_total_is_stated_by_one_system_and_known_as_a_mismatch() -> None:
    for story in hit(told(500, FaultRule(kind="wrong_total", rate=0.3)), "wrong_total"):
        [fault], [mismatch] = story.truth.faults, story.truth.expected.mismatches
        assert (fault.stated, fault.owed) == (mismatch.stated, mismatch.owed)
        assert mismatch.owed == story.truth.amount.value != mismatch.stated
        [event] = [event for event in understood(story) if event.id == fault.event]
        assert event.data.amount is not None
        assert event.data.amount.value == mismatch.stated


def test_a_skewed_clock_moves_event_times_and_not_the_sending() -> None:
    rule = FaultRule(kind="clock_skew", rate=0.3, system="checkout", offset=-300.0)
    for story, healthy in zip(told(300, rule), told(300), strict=True):
        skewed = bool(story.truth.faults)
        assert [m.send_at for m in story.messages] == [m.send_at for m in healthy.messages]
        before = {event.id: event.time for event in understood(healthy)}
        for event in understood(story):
            off = skewed and event.data.system == "checkout"
            assert event.time - before[event.id] == timedelta(seconds=-300 if off else 0)
        assert story.truth.expected.status == healthy.truth.expected.status


def test_a_regression_steps_back_and_the_order_still_ends_as_it_would() -> None:
    rule = FaultRule(kind="regression", rate=0.3)
    for story, healthy in zip(told(500, rule), told(500), strict=True):
        if story.truth.faults:
            assert len(story.messages) == len(healthy.messages) + 1
            assert story.truth.expected.deviations == ("regression",)
        assert story.truth.expected.status == healthy.truth.expected.status


def test_a_lost_message_is_missing_and_nothing_else() -> None:
    rule = FaultRule(kind="lost", rate=0.4, system="invoice")
    found = hit(told(300, rule), "lost")
    assert len(found) > 80
    for story in found:
        assert "invoice" not in story.truth.expected.legs
        assert "invoice" not in {event.data.system for event in understood(story)}


def test_an_order_whose_oms_is_not_heard_has_no_verdict() -> None:
    night = FaultRule(kind="silent", rate=1, system="phoenix_oms", since=0, until=86_399)
    found = told(50, replace(night, backlog="lost"))
    assert {story.truth.expected.status for story in found} == {None}
    assert {story.truth.expected.class_ for story in found} == {None}


def test_malformed_messages_are_broken_in_every_way_and_never_understood() -> None:
    found = hit(told(3000, FaultRule(kind="malformed", rate=0.3)), "malformed")
    ways = Counter(fault.how for story in found for fault in story.truth.faults)
    assert set(ways) == set(WAYS)
    for story in found:
        assert story.truth.expected.dead_letters == 1
        assert len(understood(story)) == len(story.messages) - 1
        assert all(b"\n" not in message.body for message in story.messages)


def test_a_duplicate_is_the_same_bytes_again_later() -> None:
    rule = FaultRule(kind="duplicate", rate=0.3, copies=3)
    for story in hit(told(300, rule), "duplicate"):
        bodies = Counter(message.body for message in story.messages)
        assert sorted(bodies.values())[-2:] == [1, 4]
        assert story.truth.expected.duplicates == 3
        assert story.truth.expected.events == len(bodies)


def test_shuffled_messages_say_the_same_in_another_order() -> None:
    rule = FaultRule(kind="shuffled", rate=0.5, spread=600.0)
    moved = 0
    for story, healthy in zip(told(300, rule), told(300), strict=True):
        assert understood(story) == understood(healthy)
        assert story.truth.expected == healthy.truth.expected
        moved += [m.body for m in story.messages] != [m.body for m in healthy.messages]
    assert moved > 100


def test_a_silent_system_sends_its_backlog_when_it_is_back() -> None:
    rule = FaultRule(kind="silent", rate=1, system="stock", since=BUSY[0], until=BUSY[1])
    silence = (MIDNIGHT + timedelta(seconds=BUSY[0]), MIDNIGHT + timedelta(seconds=BUSY[1]))
    found = told(500, rule)
    for story, healthy in zip(found, told(500), strict=True):
        assert story.truth.expected == healthy.truth.expected
        for message in story.messages:
            if decode(message.body).data.system == "stock":
                assert not silence[0] <= message.send_at < silence[1]
    assert len(hit(found, "silent")) > 100


def test_a_rule_with_hours_hits_only_orders_placed_in_them() -> None:
    rule = FaultRule(kind="rejected", rate=0.5, since=BUSY[0], until=BUSY[1])
    for story in hit(told(500, rule), "rejected"):
        assert 10 <= (story.truth.placed_at + timedelta(hours=7)).hour < 14


def test_all_faults_at_once_are_survived_and_told() -> None:
    truths = {}
    for _ in simulate(
        day(3000), 1, MIDNIGHT, DEMO_FAULTS, lambda t: truths.update({t.order_id: t})
    ):
        pass
    kinds = {fault.kind for truth in truths.values() for fault in truth.faults}
    assert kinds == {rule.kind for rule in DEMO_FAULTS}
