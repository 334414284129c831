"""What is irregular is kept and recorded, never dropped, and never crashes (D4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.story import (
    DAY,
    HOUR,
    MINUTE,
    arriving,
    deviations,
    folded,
    leg,
    moment,
    placed,
    restaurant,
    said,
    told,
)

from orderwatch.core.model import Class, DeviationKind, ReceivedEvent
from orderwatch.core.tracking.deviations import MOST_DEVIATIONS, MOST_EARLY
from orderwatch.core.tracking.facts import MOST_REFS

OMS = "phoenix_oms"
Y1948, Y2199 = datetime(1948, 5, 1, tzinfo=UTC), datetime(2199, 5, 1, tzinfo=UTC)


def oms(*words: str) -> list[ReceivedEvent]:
    """The OMS says these, a minute apart."""
    return [said(OMS, word, n * MINUTE) for n, word in enumerate(words)]


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("PENDING PROCESSING SHIPPING COMPLETE CLOSED", []),
        ("PENDING PENDING_PAYMENT PAYMENT_REVIEW PENDING_PAYMENT PROCESSING COMPLETE", []),
        ("PENDING SHIPPING", [("skipped_step", "PENDING", "SHIPPING")]),
        ("PENDING COMPLETE", [("skipped_step", "PENDING", "COMPLETE")]),
        ("PENDING_PAYMENT CLOSED", [("skipped_step", "PENDING_PAYMENT", "CLOSED")]),
        ("SHIPPING PROCESSING", [("regression", "SHIPPING", "PROCESSING")]),
        ("COMPLETE SHIPPING", [("regression", "COMPLETE", "SHIPPING")]),
        ("CLOSED PROCESSING", [("event_after_final", "CLOSED", "PROCESSING")]),
        ("CANCELED PENDING", [("event_after_final", "CANCELED", "PENDING")]),
        ("CANCELED CANCELLED", []),
        ("FRAUD COMPLETE", [("unexpected_transition", "FRAUD", "COMPLETE")]),
        ("COMPLETE CANCELED", [("unexpected_transition", "COMPLETE", "CANCELED")]),
        ("SHIPPING FRAUD", [("unexpected_transition", "SHIPPING", "FRAUD")]),
    ],
)
def test_a_transition_is_allowed_or_its_irregularity_has_a_name(
    words: str, kinds: list[tuple[str, str, str]]
) -> None:
    assert deviations(told(*oms(*words.split()))) == kinds


def test_steps_of_the_same_rank_have_no_order() -> None:
    story = [said("pos_hub", "PICKED_UP"), said("pos_hub", "SERVED", 5)]
    assert deviations(told(*story, flow=restaurant())) == [
        ("unexpected_transition", "PICKED_UP", "SERVED")
    ]


@pytest.mark.parametrize(
    ("words", "status", "class_"),
    [
        ("SHIPPING PROCESSING", "PROCESSING", Class.DELAYED),
        ("COMPLETE PROCESSING", "PROCESSING", Class.DELAYED),
        ("PENDING COMPLETE", "COMPLETE", Class.SUCCESS),
        ("CLOSED PROCESSING", "CLOSED", Class.SUCCESS),
        ("CANCELED COMPLETE", "CANCELED", Class.FAILED),
    ],
)
def test_the_last_word_decides_unless_the_order_had_ended(
    words: str, status: str, class_: Class
) -> None:
    order = told(*oms(*words.split()))
    assert (order.status, order.class_) == (status, class_)


def test_a_word_after_the_end_moves_nothing_but_is_told() -> None:
    order = told(*oms("PENDING", "CLOSED"), said(OMS, "PROCESSING", HOUR, due_at=2 * HOUR))
    assert order.status_since == moment(MINUTE)
    assert order.deadline is None
    assert order.event_count == 3
    assert order.deviations[-1].event == f"/phoenix_oms#o-1/PROCESSING@{HOUR}"
    assert order.deviations[-1].at == moment(HOUR)


# Words nobody knows ---------------------------------------------------------------------------


def test_an_unknown_word_is_shown_and_the_last_known_one_stays_in_force() -> None:
    order = told(placed(), said(OMS, "AWAITING_MOON", 60), now=15 * MINUTE)
    assert deviations(order) == [("unknown_status", "PENDING", "AWAITING_MOON")]
    assert order.status == "AWAITING_MOON"
    assert (order.class_, order.overdue) == (Class.DELAYED, True)
    assert order.deadline == moment(15 * MINUTE)
    assert order.status_since == moment(0)


def test_after_an_unknown_word_the_known_ones_go_on_where_they_were() -> None:
    order = told(placed(), said(OMS, "AWAITING_MOON", 60), said(OMS, "PROCESSING", 120))
    assert order.status == "PROCESSING"
    assert [kind for kind, *_ in deviations(order)] == ["unknown_status"]


def test_an_order_that_begins_with_an_unknown_word_is_delayed_and_says_why() -> None:
    order = told(said(OMS, "AWAITING_MOON"), now=10)
    assert (order.status, order.class_, order.overdue) == ("AWAITING_MOON", Class.DELAYED, False)
    assert order.deadline is None
    assert order.why.rule == "status.unknown"
    assert order.why.events == ("/phoenix_oms#o-1/AWAITING_MOON@0",)
    assert order.placed_at == moment(0)
    assert deviations(order) == [("unknown_status", None, "AWAITING_MOON")]


def test_even_then_its_legs_are_judged() -> None:
    unknown = said(OMS, "AWAITING_MOON")
    assert told(unknown, now=30).overdue
    failed = told(unknown, said("commerce_engine", "REJECTED", 5))
    assert failed.class_ is Class.FAILED
    assert failed.why.rule == "leg.commerce_engine.failed"


def test_the_first_known_word_after_it_starts_the_clock() -> None:
    order = told(said(OMS, "AWAITING_MOON"), said(OMS, "PROCESSING", 60))
    assert (order.status, order.status_since) == ("PROCESSING", moment(60))


def test_an_unknown_word_of_a_leg_keeps_it_as_it_was() -> None:
    order = told(
        placed(), said("commerce_engine", "ACCEPTED", 5), said("commerce_engine", "SHRUGGED", 6)
    )
    assert deviations(order) == [("unknown_status", "ACCEPTED", "SHRUGGED")]
    engine = leg(order, "commerce_engine")
    assert (engine.status, engine.class_, engine.ended_at) == ("SHRUGGED", Class.SUCCESS, moment(5))


def test_a_leg_that_begins_with_an_unknown_word_is_open() -> None:
    order = told(placed(), said("commerce_engine", "SHRUGGED", 5))
    assert leg(order, "commerce_engine").class_ is Class.DELAYED
    assert leg(order, "commerce_engine").deadline == moment(30)


def test_a_system_nobody_knows_is_kept_and_recorded_and_its_facts_are_taken() -> None:
    order = told(placed(), said("mainframe", "HELLO", 5, refs={"tape": "T-9"}))
    assert deviations(order) == [("unknown_system", None, "HELLO")]
    assert order.event_count == 2
    assert order.refs == {"tape": "T-9"}


# Times nobody believes ------------------------------------------------------------------------


@pytest.mark.parametrize("at", [Y1948, Y2199], ids=["1948", "2199"])
def test_a_time_nobody_believes_neither_places_nor_freezes_an_order(at: datetime) -> None:
    order = told(placed(), said(OMS, "CANCELED", at, received=30), said(OMS, "PROCESSING", 60))
    assert deviations(order) == [("impossible_time", None, None)]
    assert order.deviations[0].at == at
    assert (order.status, order.placed_at) == ("PROCESSING", moment(0))


@pytest.mark.parametrize("at", [Y1948, Y2199], ids=["1948", "2199"])
def test_an_order_known_only_by_such_a_time_counts_from_its_arrival(at: datetime) -> None:
    order = told(said(OMS, "PENDING", at, received=30), now=31)
    assert (order.placed_at, order.status_since) == (moment(30), moment(30))
    assert order.deadline == moment(30 + 15 * MINUTE)
    assert deviations(order) == [("impossible_time", None, None)]


def test_the_first_believed_word_starts_such_an_order_anew_and_is_no_transition() -> None:
    order = told(said(OMS, "CLOSED", Y1948, received=30), said(OMS, "PENDING", 0))
    assert order.status == "PENDING"
    assert order.status_since == moment(0)
    assert deviations(order) == [("impossible_time", None, None)]


def test_a_leg_before_the_order_was_placed_is_recorded_beyond_the_skew() -> None:
    story = [said("stock", "RESERVED", -3), said("checkout", "CAPTURED", -1), placed()]
    order = told(*story)
    assert [(one.kind, one.system, one.at) for one in order.deviations] == [
        ("impossible_time", "stock", moment(-3))
    ]
    assert leg(order, "stock").class_ is Class.SUCCESS, "it counts all the same"


def test_the_skew_is_the_templates() -> None:
    story = [said("card_terminal", "CASH", -60), said("pos_hub", "RECEIVED")]
    assert deviations(told(*story, flow=restaurant())) == []
    late = [said("card_terminal", "CASH", -61), said("pos_hub", "RECEIVED")]
    assert deviations(told(*late, flow=restaurant())) == [("impossible_time", None, None)]


def test_an_order_is_placed_when_the_oms_first_gives_an_initial_status() -> None:
    order = told(
        said(OMS, "PROCESSING", 0), said(OMS, "PENDING", 1), said(OMS, "PENDING", 9, id="x")
    )
    assert order.placed_at == moment(1)
    assert told(said(OMS, "PROCESSING", 4)).placed_at == moment(4)


# Too much -------------------------------------------------------------------------------------


def test_a_runaway_sender_does_not_fill_the_order() -> None:
    storm = [said(OMS, f"NOISE-{n}", n + 1, refs={f"r{n}": "x"}) for n in range(300)]
    order = told(placed(), *storm)
    assert len(order.deviations) == MOST_DEVIATIONS
    assert order.deviation_count == 300
    assert order.event_count == 301
    assert len(order.refs) == MOST_REFS
    early = [said("stock", "CHECKING", n - 1000, id=str(n)) for n in range(MOST_EARLY + 20)]
    assert told(*early, placed()).deviation_count == MOST_EARLY


def test_its_noise_in_pieces_is_the_same_as_at_once() -> None:
    storm = [placed(), *(said(OMS, f"NOISE-{n}", n + 1) for n in range(150))]
    assert arriving([*([one] for one in storm[2::-1]), storm]) == folded(*storm)


@pytest.mark.parametrize(
    "word", [" ", "\u202e", "💥" * 40, "@held_from", "status.unknown", "__class__", "pending "]
)
def test_garbage_is_only_another_unknown_word(word: str) -> None:
    order = told(placed(), said(OMS, word, 1), said("commerce_engine", word, 2), now=DAY)
    assert [kind for kind, *_ in deviations(order)] == ["unknown_status", "unknown_status"]


def test_a_promise_for_the_year_2199_is_recorded_and_not_believed() -> None:
    state = folded(
        placed(),
        said("loginext", "IN_TRANSIT", at=10, due_at="2199-01-01T00:00:00+00:00"),
    )
    assert state.legs["loginext"].due_at is None
    assert [(one.kind, one.to) for one in state.deviations] == [
        (DeviationKind.IMPOSSIBLE_TIME, "due_at 2199")
    ]
