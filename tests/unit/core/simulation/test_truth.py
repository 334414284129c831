"""The truth file and the ledger, made without each other, come to the same conclusion."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from tests.unit.core.simulation.days import MIDNIGHT, day, told, understood

from orderwatch.core.flow.parse import parse_template
from orderwatch.core.flow.template import Template
from orderwatch.core.model import Order, ReceivedEvent
from orderwatch.core.simulation.faults import DEMO_FAULTS, KINDS, FaultRule
from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O
from orderwatch.core.simulation.simulate import Story, stories
from orderwatch.core.tracking.fold import fold, in_order
from orderwatch.core.tracking.judge import judge

TEMPLATE = Path(__file__).resolve().parents[4] / "templates" / "lotus-o2o.yaml"


@pytest.fixture(scope="module")
def template() -> Template:
    read = parse_template(TEMPLATE.read_text())
    assert isinstance(read, Template)
    return read


def concluded(story: Story, template: Template) -> Order | None:
    """What the ledger's own fold makes of the story, a month later."""
    received = [ReceivedEvent(event, event.time, Raw(b"")) for event in understood(story)]
    if not received:
        return None
    state = fold(None, in_order(received, template), template)
    return judge(state, template, MIDNIGHT + timedelta(days=30)) if state.announced else None


def agree(story: Story, template: Template) -> None:
    order, expected = concluded(story, template), story.truth.expected
    if order is None:
        assert expected.status is None
        return
    assert order.status == expected.status
    assert order.class_ is expected.class_
    assert order.overdue == expected.overdue
    assert order.refunded == expected.refunded
    assert order.event_count == expected.events
    legs = {leg.system: (leg.status, leg.class_) for leg in order.legs if leg.status}
    assert legs == {name: (leg.status, leg.class_) for name, leg in expected.legs.items()}
    assert {deviation.kind.value for deviation in order.deviations} >= set(expected.deviations)


def test_the_ledger_agrees_about_a_day_without_faults_and_finds_nothing_irregular(
    template: Template,
) -> None:
    for story in told(1500):
        agree(story, template)
        order = concluded(story, template)
        assert order is not None
        assert order.deviations == ()


def test_the_ledger_agrees_about_a_bad_day(template: Template) -> None:
    for story in told(1500, *DEMO_FAULTS):
        agree(story, template)


def test_a_healthy_order_never_passes_a_deadline(template: Template) -> None:
    for story in told(1500):
        state = None
        for place in in_order(
            [ReceivedEvent(event, event.time, Raw(b"")) for event in understood(story)], template
        ):
            at = place[1].event.time
            if state is not None:
                order = judge(state, template, at - timedelta(milliseconds=1))
                assert not order.overdue, (story.truth.natural, order.why)
            state = fold(state, [place], template)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kinds=st.lists(st.sampled_from([kind for kind in KINDS if kind != "silent"]), max_size=5),
)
def test_the_ledger_agrees_whatever_is_done_to_an_order(seed: int, kinds: list[str]) -> None:
    template = parse_template(TEMPLATE.read_text())
    assert isinstance(template, Template)
    rules = tuple(FaultRule(kind=kind, rate=0.8) for kind in kinds)  # type: ignore[arg-type]
    for story in stories(day(10), seed, MIDNIGHT, rules):
        agree(story, template)


def test_the_plan_says_the_words_of_the_template(template: Template) -> None:
    meaning = LOTUS_O2O.meaning
    for step in LOTUS_O2O.steps:
        if step.system == template.oms:
            status = template.status_words[step.status]
            assert status.class_ is meaning.oms_classes[step.status]
            assert status.final == (step.status in meaning.final)
        else:
            class_ = template.leg_words[step.system][step.status]
            known = meaning.leg_classes[step.system].get(step.status)
            assert class_ is (known or class_.DELAYED)
