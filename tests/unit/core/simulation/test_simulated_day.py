"""A day without faults: believable, repeatable, and all of it understood."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.core.simulation.days import MIDNIGHT, day, decode, told, understood

from orderwatch.core.simulation.faults import DEMO_FAULTS
from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O, demo_plan
from orderwatch.core.simulation.plan import paced
from orderwatch.core.simulation.simulate import simulate
from orderwatch.core.simulation.truth import Truth

REPOSITORY = Path(__file__).resolve().parents[4]


def test_the_same_seed_gives_the_same_messages_and_another_seed_others() -> None:
    first, again = (list(simulate(day(50), 9, MIDNIGHT, DEMO_FAULTS)) for _ in range(2))
    assert first == again
    assert first != list(simulate(day(50), 10, MIDNIGHT, DEMO_FAULTS))


def test_messages_come_in_the_order_of_sending_and_none_before_its_order() -> None:
    sent = list(simulate(day(300), 4, MIDNIGHT, DEMO_FAULTS))
    assert all(one.send_at <= other.send_at for one, other in pairwise(sent))
    first = {message.order_id: message.send_at for message in reversed(sent)}
    for story in told(300, seed=4):
        assert first[story.truth.order_id] >= story.truth.placed_at


def test_simulate_gives_exactly_the_messages_of_the_stories() -> None:
    sent = Counter(message.body for message in simulate(day(80), 5, MIDNIGHT))
    assert sent == Counter(m.body for story in told(80) for m in story.messages)


def test_the_truth_of_an_order_is_known_when_its_first_message_is() -> None:
    known: list[str] = []
    for message in simulate(day(60), 1, MIDNIGHT, (), lambda truth: known.append(truth.order_id)):
        assert message.order_id in known
    assert len(known) == len(set(known)) == 60


def test_a_seed_is_not_negative() -> None:
    with pytest.raises(ValueError, match="from 0 up"):
        next(simulate(day(1), -1, MIDNIGHT))


def test_an_endless_day_is_lazy() -> None:
    endless = replace(LOTUS_O2O, orders=None, per_minute=60.0)
    assert len(list(islice(simulate(endless, 1, MIDNIGHT), 1000))) == 1000


def test_every_message_keeps_the_published_schema() -> None:
    path = REPOSITORY.parent / "shared" / "spec" / "order-event.v1.schema.json"
    if not path.is_file():
        pytest.skip(f"no schema at {path}")
    validator = jsonschema.Draft202012Validator(
        json.loads(path.read_text()), format_checker=jsonschema.FormatChecker()
    )
    for story in told(150):
        for message in story.messages:
            validator.validate(json.loads(message.body))


def test_all_nine_systems_speak_and_event_identities_are_unique() -> None:
    events = [decode(m.body) for story in told(400) for m in story.messages]
    assert {event.data.system for event in events} == set(LOTUS_O2O.systems)
    assert len(LOTUS_O2O.systems) == 9
    assert len({event.ref for event in events}) == len(events)
    assert all(event.source == "/" + event.data.system.replace("_", "-") for event in events)


def test_each_leg_speaks_only_for_orders_that_need_it() -> None:
    for story in told(400):
        systems = {event.data.system for event in understood(story)}
        truth = story.truth
        assert ("instore_app" in systems) <= (truth.fulfilment == "store")
        assert ("highjump" in systems) <= (truth.fulfilment == "warehouse")
        assert ("rider_app" in systems) <= (truth.delivery == "express")
        assert ("loginext" in systems) <= (truth.delivery == "scheduled")


def test_without_faults_nothing_is_lost_repeated_or_at_odds() -> None:
    for story in told(400):
        expected = story.truth.expected
        assert story.truth.faults == ()
        assert expected.events == len(story.messages)
        assert (expected.duplicates, expected.dead_letters) == (0, 0)
        assert (expected.deviations, expected.mismatches) == ((), ())
        assert expected.class_ is not None
        assert not expected.overdue


def test_the_natural_courses_end_as_their_names_say() -> None:
    endings = {
        "plain": "COMPLETE",
        "closed": "CLOSED",
        "refunded": "CLOSED",
        "held": "COMPLETE",
        "customer_canceled": "CANCELED",
        "fraud": "CANCELED",
        "fraud_cleared": "COMPLETE",
        "second_attempt": "COMPLETE",
        "returned": "CANCELED",
    }
    seen = set()
    for story in told(4000):
        natural = story.truth.natural
        if natural in endings:
            assert story.truth.expected.status == endings[natural]
            assert story.truth.expected.refunded == (natural == "refunded")
            seen.add(natural)
    assert seen == set(endings)


def test_lunch_is_busier_than_the_night() -> None:
    hours = Counter((story.truth.placed_at + timedelta(hours=7)).hour for story in told(4000))
    assert hours[12] > 5 * max(1, hours[3])
    assert hours[18] > 5 * max(1, hours[4])


def test_shops_pick_in_their_opening_hours_and_night_orders_carry_a_promise() -> None:
    waited = 0
    for story in told(4000):
        for event in understood(story):
            if event.data.system == "instore_app" and event.data.status == "PICKING":
                local = event.time + timedelta(hours=7)
                # Whoever starts before closing time finishes the step, which takes minutes.
                assert 8 * 60 <= local.hour * 60 + local.minute <= 22 * 60 + 5
                if event.time - story.truth.placed_at > timedelta(hours=2):
                    waited += 1
                    assert event.data.due_at is not None
                    assert event.data.due_at > event.time
    assert waited > 20


def test_an_even_rate_is_kept() -> None:
    plan = replace(LOTUS_O2O, orders=3000, per_minute=120.0)
    placed: list[datetime] = []
    for _ in simulate(plan, 2, MIDNIGHT, (), lambda truth: placed.append(truth.placed_at)):
        pass
    minutes = (placed[-1] - placed[0]) / timedelta(minutes=1)
    assert 110 < len(placed) / minutes < 130


def test_pace_leaves_short_steps_alone_and_divides_the_rest() -> None:
    assert paced(0.4, 90) == 0.4
    assert paced(2 + 90, 90) == 3
    assert paced(500, 1) == 500


def test_in_the_demo_most_orders_complete_within_minutes_and_the_past_is_not_empty() -> None:
    now = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    plan = replace(demo_plan(now, per_minute=60), orders=200)
    past, done = set(), Counter[bool]()
    for message in simulate(plan, 1, now):
        event = decode(message.body)
        if message.send_at < now:
            past.add(message.order_id)
        if event.data.status == "COMPLETE" and message.order_id not in past:
            done[message.send_at < now + timedelta(minutes=6)] += 1
    assert len(past) > 240
    assert done[True] > 0.6 * 200
    assert len({message.order_id for message in simulate(plan, 1, now)}) == 450


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**64),
    orders=st.integers(1, 30),
    pace=st.sampled_from((0.5, 1.0, 10.0, 1000.0)),
    rate=st.one_of(st.none(), st.floats(0.1, 10_000)),
    start=st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - aware below
)
def test_any_plan_at_any_time_is_understood(
    seed: int, orders: int, pace: float, rate: float | None, start: datetime
) -> None:
    plan = replace(day(orders), pace=pace, per_minute=rate)
    truths: list[Truth] = []
    messages = list(simulate(plan, seed, start.replace(tzinfo=UTC), (), truths.append))
    assert len(truths) == orders
    assert sum(truth.expected.events for truth in truths) == len(messages)
    for message in messages:
        event = decode(message.body)
        assert event.order_id == message.order_id
        assert event.time <= message.send_at
    assert msgspec.json.decode(msgspec.json.encode(truths))
