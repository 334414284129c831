"""Why, in a sentence a shift leader would say (D6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.random_stories import RECEIVED, flows, histories
from tests.story import DAY, HOUR, MINUTE, folded, leg, lotus, moment, placed, said, told

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Order
from orderwatch.core.tracking.explain import clock_time, english, explain, leg_sentence, spoken
from orderwatch.core.tracking.judge import judge

BANGKOK = ZoneInfo("Asia/Bangkok")


def why(order: Order, now: float) -> str:
    return explain(order, moment(now), BANGKOK).why.sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (0.41, "0.4 s"),
        (-3, "3.0 s"),
        (12, "12 s"),
        (60, "1 min"),
        (12 * 60 + 10, "12 min"),
        (90 * 60, "1 h 30 min"),
        (4 * HOUR, "4 h"),
        (26 * HOUR, "1 d 2 h"),
        (3 * DAY, "3 d"),
        (3 * 365 * DAY, "1095 d"),
    ],
)
def test_a_duration_is_said_in_the_unit_a_person_would_use(seconds: float, words: str) -> None:
    assert spoken(timedelta(seconds=seconds)) == words


def test_a_time_of_another_day_has_its_date() -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert clock_time(now, now, BANGKOK) == "16:00"
    assert clock_time(now - timedelta(days=1), now, BANGKOK) == "01 Mar 16:00"
    assert clock_time(now.replace(year=2017), now, BANGKOK) == "02 Mar 2017 16:00"


def test_an_order_says_what_it_waits_for_and_how_long_it_may() -> None:
    order = told(placed(), said("commerce_engine", "SENT", due_at=DAY), now=20 * MINUTE)
    assert why(order, 20 * MINUTE) == (
        "Delayed: in PENDING since 16:00, allowed 15 min, overdue by 5 min"
    )


def test_a_failed_leg_is_named_with_its_reason() -> None:
    order = told(placed(), said("commerce_engine", "REJECTED", 60, reason={"code": "PRICING"}))
    assert why(order, 60) == "Failed: commerce_engine said REJECTED (PRICING) at 16:01"


def test_a_system_that_has_not_answered_is_named() -> None:
    assert why(told(placed(), now=60), 60) == (
        "Delayed: commerce_engine has not answered since 16:00, allowed 30 s, overdue by 30 s"
    )


def test_a_promise_is_said_as_one() -> None:
    order = told(placed(due_at=2 * HOUR), said("commerce_engine", "ACCEPTED", 1))
    assert why(order, 2) == "Delayed: in PENDING since 16:00, promised by 18:00"


def test_a_settled_order_says_since_when_and_whether_it_was_refunded() -> None:
    refund = {"value": "5", "currency": "THB", "kind": "refunded"}
    order = told(said("phoenix_oms", "CLOSED", amount=refund))
    assert why(order, 0) == "Success: CLOSED since 16:00, refunded"


def test_an_unknown_word_is_said_as_it_came() -> None:
    assert why(told(said("phoenix_oms", "MOON")), 1) == "Delayed: in MOON since 16:00"


def test_a_leg_that_cannot_be_seen_says_since_when() -> None:
    open_ = leg(told(placed()), "commerce_engine")
    blind = replace(open_, blind_since=moment(-600))
    assert leg_sentence(blind, moment(1), english(moment(1), BANGKOK)).endswith(
        "; blind since 15:50"
    )


def test_a_system_may_have_a_dot_in_its_name() -> None:
    flow = lotus()
    dotted = {
        name: replace(rule, system="engine.v2") if name == "commerce_engine" else rule
        for name, rule in flow.legs.items()
    }
    legs = {rule.system: rule for rule in dotted.values()}
    order = told(placed(), said("engine.v2", "REJECTED", 60), flow=replace(flow, legs=legs))
    assert why(order, 60) == "Failed: engine.v2 said REJECTED at 16:01"


@settings(max_examples=50, deadline=None)
@given(st.data(), flows(), st.integers(0, 400 * DAY))
def test_every_verdict_has_a_sentence(data: st.DataObject, flow: Template, later: int) -> None:
    state = folded(*data.draw(histories(flow)), flow=flow)
    at = moment(RECEIVED + later)
    told_ = explain(judge(state, flow, at), at, BANGKOK)
    assert told_.why.sentence.startswith(told_.class_.title() + ": ")
    for one in told_.legs:
        assert one.why.sentence.startswith(one.class_.title() + ": ")
