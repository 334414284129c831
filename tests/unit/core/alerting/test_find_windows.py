"""What windows see: orders active lately, orders of the day, legs that ended."""

from __future__ import annotations

from datetime import timedelta

from tests.story import lotus
from tests.unit.core.alerting.shop import MINUTE, NOON, book, only_channel, rule, watch

from orderwatch.core.alerting.book import Look, Scope
from orderwatch.core.alerting.facts import FACTS
from orderwatch.core.alerting.figures import Counts, EarlierDay, Ended, Figures, FiguresWanted
from orderwatch.core.alerting.find import find
from orderwatch.core.alerting.wanted import wanted_of
from orderwatch.core.tracking.passing import TOOK_CLASSES

TEN = 10 * MINUTE
LATELY = watch(Look.WINDOW, over=TEN)
TODAY = NOON.date()


def _took(place: int, n: int) -> tuple[int, ...]:
    return tuple(n if number == place else 0 for number in range(TOOK_CLASSES))


def test_two_of_forty_orders_active_lately_in_trouble_are_five_percent() -> None:
    active = {TEN: {"website": Counts(30, 1, 8, 0), "app": Counts(overdue=1)}}
    [seen] = find(book(rule(LATELY)), lotus(), Figures(active=active), NOON)
    assert seen.facts["total"] == 40
    assert seen.facts["trouble_share"] == 0.05
    assert seen.facts["success_rate"] == 30 / 31
    assert (seen.group, seen.about, seen.cause_at) == ("", {}, NOON)


def test_every_window_gives_every_fact_a_condition_may_ask_for() -> None:
    watches = (LATELY, watch(Look.WINDOW), watch(Look.WINDOW, over=TEN, per="system"))
    for seen in find(book(rule(*watches)), lotus(), Figures(), NOON):
        assert seen.facts.keys() == FACTS["window"].keys()


def test_each_channel_is_seen_by_itself() -> None:
    active = {TEN: {"website": Counts(success=3), "app": Counts(failed=2)}}
    watches = watch(Look.WINDOW, over=TEN, per="channel")
    app, website = find(book(rule(watches)), lotus(), Figures(active=active), NOON)
    assert (app.group, app.about, app.facts["failed"]) == ("app", {"channel": "app"}, 2)
    assert (website.group, website.facts["success"]) == ("website", 3)


def test_a_rule_for_the_app_does_not_count_the_website() -> None:
    active = {TEN: {"website": Counts(success=3), "app": Counts(failed=2)}}
    of_app = rule(LATELY, scope=only_channel("app"))
    [seen] = find(book(of_app), lotus(), Figures(active=active), NOON)
    assert seen.facts["total"] == 2


def test_nothing_is_seen_of_fewer_orders_than_a_rule_asks_for() -> None:
    few = Figures(active={TEN: {"app": Counts(failed=19)}})
    asks = rule(watch(Look.WINDOW, over=TEN, at_least=20))
    assert find(book(asks), lotus(), few, NOON) == []
    enough = Figures(active={TEN: {"app": Counts(failed=20)}})
    assert len(find(book(asks), lotus(), enough, NOON)) == 1


def test_a_rule_sees_nothing_while_its_hours_are_over_or_it_is_switched_off() -> None:
    night = NOON + timedelta(hours=12)
    by_day = book(rule(LATELY, hours="shops"))
    assert len(find(by_day, lotus(), Figures(), NOON)) == 1
    assert find(by_day, lotus(), Figures(), night) == []
    assert find(book(rule(LATELY, enabled=False)), lotus(), Figures(), NOON) == []


def test_a_rule_for_one_store_sees_nothing_where_stores_are_not_counted() -> None:
    of_store = rule(LATELY, scope=Scope(locations=frozenset({"TH-0412"})))
    assert find(book(of_store), lotus(), Figures(), NOON) == []


def test_legs_are_seen_by_system_with_how_long_they_took_and_may_take() -> None:
    engine = {("commerce_engine", "app"): Ended(8, 2, passed=10, took=_took(8, 10))}
    per_system = rule(watch(Look.WINDOW, over=TEN, per="system"))
    found = find(book(per_system), lotus(), Figures(ended={TEN: engine}), NOON)
    assert [seen.group for seen in found] == [*lotus().legs]
    facts = found[0].facts
    assert (facts["system"], facts["total"], facts["failed"]) == ("commerce_engine", 20, 2)
    assert facts["trouble_share"] == 12 / 20
    assert facts["p50_s"] == 25.0
    assert facts["threshold_s"] == 30.0


def test_the_day_so_far_knows_the_best_it_can_still_reach() -> None:
    day = Figures(
        days={TODAY: {"app": Counts(success=50, failed=10, waiting=20)}},
        earlier={"app": (EarlierDay(70, 20), EarlierDay(75, 900), EarlierDay(60, 10))},
    )
    [seen] = find(book(rule(watch(Look.WINDOW))), lotus(), day, NOON)
    assert seen.facts["best_rate"] == (50 + 20 + 20) / (50 + 20 + 10 + 20)
    assert seen.facts["goal"] == 0.95


def test_a_round_wants_what_its_rules_look_at_and_no_more() -> None:
    none = wanted_of(book(rule(watch(Look.ORDER))), lotus(), NOON)
    assert none == FiguresWanted(now=NOON, today=none.today, systems=none.systems)
    some = wanted_of(
        book(
            rule(LATELY),
            rule(watch(Look.WINDOW, over=5 * MINUTE, per="system"), name="legs"),
            rule(watch(Look.WINDOW, over=2 * MINUTE), name="off", enabled=False),
            rule(watch(Look.WINDOW, over=timedelta(hours=2)), name="too long"),
        ),
        lotus(),
        NOON,
    )
    assert some.active == {TEN}
    assert some.ended == {5 * MINUTE}
    assert some.days == {}


def test_the_day_is_that_of_the_shop_and_so_are_the_weekdays_before_it() -> None:
    early = NOON - timedelta(hours=11)  # one in the morning in Bangkok, the day before in London
    wanted = wanted_of(book(rule(watch(Look.WINDOW))), lotus(), early)
    [(day, (starts, ends))] = wanted.days.items()
    assert day == TODAY
    assert (starts, ends) == (early - timedelta(hours=1), early + timedelta(hours=23))
    assert wanted.earlier[0] == tuple(at - timedelta(days=7) for at in (starts, early, ends))
