"""The legs of the LOTUS'S flow, row by row: when they start, how they end, what is awaited."""

from __future__ import annotations

from typing import Any

import pytest
from tests.story import (
    HOUR,
    MINUTE,
    deviations,
    leg,
    lotus,
    moment,
    placed,
    restaurant,
    said,
    systems,
    told,
)

from orderwatch.core.model import Class, ReceivedEvent
from orderwatch.core.tracking.judge import blind_since

# What has happened before a leg starts, and when the last of it did.
ACCEPTED = [said("commerce_engine", "ACCEPTED", 1)]
PAID = [*ACCEPTED, said("checkout", "CAPTURED", 10)]
PAID_AND_RESERVED = [*PAID, said("stock", "RESERVED", 20)]
HANDED_OVER = [*PAID_AND_RESERVED, said("instore_app", "HANDED_OVER", 100)]
# system, the order's kind, what came before, starts at, threshold
TABLE: list[tuple[str, dict[str, Any], list[ReceivedEvent], int, int]] = [
    ("commerce_engine", {}, [], 0, 30),
    ("checkout", {}, ACCEPTED, 1, 15 * MINUTE),
    ("stock", {}, ACCEPTED, 1, 60),
    ("invoice", {}, PAID, 10, 5 * MINUTE),
    ("instore_app", {"fulfilment": "store"}, PAID_AND_RESERVED, 20, 60 * MINUTE),
    ("highjump", {"fulfilment": "warehouse"}, PAID_AND_RESERVED, 20, 4 * HOUR),
    ("rider_app", {"delivery": "express"}, HANDED_OVER, 100, 2 * HOUR),
    ("loginext", {"delivery": "scheduled"}, HANDED_OVER, 100, 48 * HOUR),
]
ROWS = pytest.mark.parametrize(
    ("system", "kind", "before", "starts", "threshold"), TABLE, ids=[row[0] for row in TABLE]
)
Story = tuple[str, dict[str, Any], list[ReceivedEvent], int, int]


@ROWS
def test_a_leg_is_awaited_from_its_start_and_overdue_at_its_threshold(
    system: str, kind: dict[str, Any], before: list[ReceivedEvent], starts: int, threshold: int
) -> None:
    waiting = leg(told(placed(**kind), *before, now=starts + threshold - 0.000001), system)
    assert (waiting.status, waiting.class_, waiting.overdue) == (None, Class.DELAYED, False)
    assert (waiting.started_at, waiting.deadline) == (moment(starts), moment(starts + threshold))
    late = told(placed(**kind), *before, now=starts + threshold)
    assert leg(late, system).overdue
    assert late.overdue


@ROWS
def test_a_leg_is_not_awaited_before_its_start(
    system: str, kind: dict[str, Any], before: list[ReceivedEvent], starts: int, threshold: int
) -> None:
    assert system not in systems(told(placed(**kind), *before[:-1])) or not before


@ROWS
def test_each_word_ends_the_leg_as_the_template_says(
    system: str, kind: dict[str, Any], before: list[ReceivedEvent], starts: int, threshold: int
) -> None:
    for word, class_ in lotus().leg_words[system].items():
        ended = leg(told(placed(**kind), *before, said(system, word, 200)), system)
        assert (ended.status, ended.class_) == (word, class_)
        assert ended.required
        if class_ is Class.DELAYED:
            assert (ended.ended_at, ended.duration_s) == (None, None)
        else:
            assert ended.ended_at == moment(200)
            assert ended.duration_s == 200 - starts
            assert ended.why.events == (f"/{system}#o-1/{word}@200",)


@ROWS
def test_nobody_awaits_a_leg_of_a_settled_order(
    system: str, kind: dict[str, Any], before: list[ReceivedEvent], starts: int, threshold: int
) -> None:
    done = told(placed(**kind), *before, said("phoenix_oms", "CANCELED", 300))
    assert system not in systems(done)


@ROWS
def test_a_leg_of_a_settled_order_that_spoke_stays_and_is_never_overdue(
    system: str, kind: dict[str, Any], before: list[ReceivedEvent], starts: int, threshold: int
) -> None:
    open_word = lotus().legs[system].in_progress[0]
    done = told(
        placed(**kind),
        *before,
        said(system, open_word, 200),
        said("phoenix_oms", "CANCELED", 300),
        now=1000 * HOUR,
    )
    assert leg(done, system).class_ is Class.DELAYED
    assert not leg(done, system).overdue
    assert done.next_deadline is None


def test_an_order_without_a_kind_needs_none_of_the_four_until_a_system_speaks() -> None:
    awaited = systems(told(placed(), *HANDED_OVER[:-1], now=50))
    assert awaited == ["commerce_engine", "checkout", "stock", "invoice"]
    spoken = told(placed(), *HANDED_OVER[:-1], said("highjump", "PICKING", 30))
    assert "highjump" in systems(spoken)
    assert "instore_app" not in systems(spoken)


def test_a_leg_needs_all_it_starts_from() -> None:
    only_paid = told(placed(fulfilment="store"), *PAID)
    assert "instore_app" not in systems(only_paid)


def test_with_any_the_first_of_them_starts_the_leg() -> None:
    flow = restaurant()
    story = [said("pos_hub", "RECEIVED"), said("card_terminal", "CASH", 5)]
    order = told(*story, said("loyalty", "BOOKED", 9), flow=flow)
    assert leg(order, "loyalty").started_at == moment(5)
    assert "loyalty" not in systems(told(*story, flow=flow)), "nobody needs it"


def test_a_leg_that_never_ends_well_is_never_over() -> None:
    """What it starts is not awaited while it has not succeeded."""
    order = told(placed(), said("commerce_engine", "REJECTED", 5), now=HOUR)
    assert systems(order) == ["commerce_engine"]


def test_a_leg_that_speaks_before_its_start_has_started_when_it_spoke() -> None:
    order = told(placed(), said("invoice", "RECEIVED", 3))
    assert leg(order, "invoice").started_at == moment(3)
    assert leg(order, "invoice").deadline == moment(3 + 5 * MINUTE)


def test_further_words_of_the_same_class_do_not_move_the_end() -> None:
    order = told(
        placed(),
        said("commerce_engine", "ACCEPTED", 5),
        said("commerce_engine", "ACCEPTED", 50, id="again"),
    )
    assert leg(order, "commerce_engine").ended_at == moment(5)
    assert leg(order, "commerce_engine").duration_s == 5
    assert deviations(order) == []


def test_a_retry_reopens_the_leg_with_time_of_its_own() -> None:
    story = [
        placed(),
        said("commerce_engine", "SENT", 1),
        said("commerce_engine", "TIMEOUT", 31),
        said("commerce_engine", "RETRYING", 60),
    ]
    again = leg(told(*story), "commerce_engine")
    assert (again.class_, again.ended_at) == (Class.DELAYED, None)
    assert again.deadline == moment(90)
    assert again.attempts == 2
    done = leg(told(*story, said("commerce_engine", "ACCEPTED", 61)), "commerce_engine")
    assert (done.class_, done.attempts, done.duration_s) == (Class.SUCCESS, 2, 61)
    assert done.started_at == moment(0), "the leg began with the order"


def test_the_sender_may_count_the_attempts_itself() -> None:
    order = told(
        placed(),
        said("commerce_engine", "ERROR", 1, attempt=3),
        said("commerce_engine", "ERROR", 2, attempt=2),
        said("commerce_engine", "ACCEPTED", 3, attempt=4),
    )
    assert leg(order, "commerce_engine").attempts == 4


def test_success_after_failure_counts_one_more_attempt() -> None:
    order = told(placed(), said("commerce_engine", "ERROR", 1),
                 said("commerce_engine", "ACCEPTED", 3))  # fmt: skip
    assert leg(order, "commerce_engine").attempts == 2


def test_a_delivered_order_may_come_back() -> None:
    order = told(
        placed(delivery="scheduled"),
        said("loginext", "DELIVERED", 10),
        said("loginext", "RETURNED", 20),
    )
    assert leg(order, "loginext").class_ is Class.FAILED
    assert leg(order, "loginext").ended_at == moment(20)


def test_success_that_is_taken_back_is_a_regression() -> None:
    order = told(placed(), said("stock", "RESERVED", 5), said("stock", "CHECKING", 6))
    assert deviations(order) == [("regression", "RESERVED", "CHECKING")]
    assert leg(order, "stock").class_ is Class.DELAYED


def test_the_reason_of_a_failure_is_kept_and_leaves_with_it() -> None:
    rejected = said("commerce_engine", "REJECTED", 5, reason={"code": "INVENTORY", "text": "none"})
    failed = leg(told(placed(), rejected), "commerce_engine")
    assert failed.reason is not None
    assert failed.why.reason is not None
    assert (failed.reason.code, failed.why.reason.text) == ("INVENTORY", "none")
    assert (
        leg(
            told(placed(), rejected, said("commerce_engine", "ACCEPTED", 9)), "commerce_engine"
        ).reason
        is None
    )


def test_a_time_nobody_believes_does_not_move_a_leg_that_a_believed_word_begins() -> None:
    """Arrival decides nothing (D4): the believed word starts the leg anew."""
    for received in (0, 5 * HOUR):
        order = told(
            placed(),
            said("commerce_engine", "ACCEPTED", moment(-80 * 365 * 86400), received=received),
            said("commerce_engine", "ACCEPTED", 7),
            now=5 * HOUR,
        )
        engine = leg(order, "commerce_engine")
        assert (engine.started_at, engine.ended_at) == (moment(0), moment(7))


# D7 -------------------------------------------------------------------------------------------


def test_an_open_leg_of_a_silent_system_is_blind_since_its_last_word() -> None:
    rule = lotus().legs["commerce_engine"]
    open_ = leg(told(placed(), said("commerce_engine", "SENT", 1)), "commerce_engine")
    words = {"commerce_engine": moment(60)}
    assert blind_since(open_, rule, words, moment(60 + 600 - 1)) is None
    assert blind_since(open_, rule, words, moment(60 + 600)) == moment(60)


def test_a_system_that_never_spoke_is_blind_since_the_leg_began() -> None:
    awaited = leg(told(placed()), "commerce_engine")
    rule = lotus().legs["commerce_engine"]
    assert blind_since(awaited, rule, {}, moment(599)) is None
    assert blind_since(awaited, rule, {}, moment(600)) == moment(0)


def test_nobody_is_blind_to_what_is_over() -> None:
    ended = leg(told(placed(), *ACCEPTED), "commerce_engine")
    assert blind_since(ended, lotus().legs["commerce_engine"], {}, moment(HOUR)) is None


def test_a_system_nobody_expects_to_speak_is_never_blind() -> None:
    flow = restaurant()
    open_ = leg(told(said("pos_hub", "RECEIVED"), flow=flow), "card_terminal")
    assert blind_since(open_, flow.legs["card_terminal"], {}, moment(1000 * HOUR)) is None
