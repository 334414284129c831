"""Silence, and what is only night."""

from __future__ import annotations

from datetime import timedelta

from tests.story import lotus
from tests.unit.core.alerting.shop import MINUTE, NOON, book, only_channel, rule, watch

from orderwatch.core.alerting.book import Look, Scope
from orderwatch.core.alerting.facts import FACTS
from orderwatch.core.alerting.figures import Figures
from orderwatch.core.alerting.find import find

SYSTEMS = watch(Look.SILENCE)
ORDERS = watch(Look.SILENCE, of="orders")
ENGINE = "commerce_engine"


def test_a_system_that_owes_an_answer_and_says_nothing_is_silent_since_its_limit() -> None:
    last = NOON - 12 * MINUTE
    [seen] = find(
        book(rule(SYSTEMS)), lotus(), Figures(words={ENGINE: last}, open={ENGINE: 3}), NOON
    )
    assert seen.facts.keys() == FACTS["silence"].keys()
    assert (seen.group, seen.about) == (ENGINE, {"system": ENGINE})
    assert (seen.facts["quiet_s"], seen.facts["waiting"], seen.facts["expected"]) == (720, 3, True)
    assert seen.cause_at == last + 10 * MINUTE


def test_nobody_misses_a_system_for_which_nothing_waits_or_that_may_be_quiet_so_long() -> None:
    words = {ENGINE: NOON - 12 * MINUTE, "rider_app": NOON - 12 * MINUTE}
    figures = Figures(words=words, open={"rider_app": 5})
    found = find(book(rule(SYSTEMS)), lotus(), figures, NOON)
    assert [(seen.group, seen.facts["expected"]) for seen in found] == [
        (ENGINE, False),
        ("rider_app", False),
    ]


def test_the_oms_is_waited_for_by_whole_orders() -> None:
    figures = Figures(words={"phoenix_oms": NOON - 20 * MINUTE}, open={"": 7})
    [seen] = find(book(rule(SYSTEMS)), lotus(), figures, NOON)
    assert (seen.facts["waiting"], seen.facts["expected"]) == (7, True)


def test_nobody_misses_the_oms_while_each_open_order_waits_for_somebody_else() -> None:
    words = {"phoenix_oms": NOON - 20 * MINUTE, "instore_app": NOON, "rider_app": NOON}
    figures = Figures(words=words, open={"": 7, "instore_app": 4, "rider_app": 3})
    oms = find(book(rule(SYSTEMS)), lotus(), figures, NOON)[0]
    assert (oms.group, oms.facts["waiting"], oms.facts["expected"]) == ("phoenix_oms", 0, False)


def test_a_rules_own_limit_says_since_when_and_its_scope_says_of_whom() -> None:
    words = {ENGINE: NOON - 12 * MINUTE, "stock": NOON}
    own = rule(SYSTEMS, limits={"quiet_s": 60.0}, scope=Scope(systems=frozenset({ENGINE})))
    [seen] = find(book(own), lotus(), Figures(words=words), NOON)
    assert seen.cause_at == NOON - 11 * MINUTE


def test_no_order_for_six_minutes_within_hours_is_six_minutes_of_silence() -> None:
    figures = Figures(newest=NOON - 6 * MINUTE)
    by_day = rule(ORDERS, hours="shops", limits={"quiet_s": 300.0})
    [seen] = find(book(by_day), lotus(), figures, NOON)
    assert (seen.group, seen.about, seen.facts["quiet_s"]) == ("", {}, 360)
    assert (seen.facts["expected"], seen.cause_at) == (True, NOON - MINUTE)


def test_the_night_does_not_count_when_the_shops_have_just_opened() -> None:
    figures = Figures(newest=NOON - timedelta(hours=14))
    ten = NOON - timedelta(hours=2)
    by_day = book(rule(ORDERS, hours="shops"))
    [seen] = find(by_day, lotus(), figures, ten + 3 * MINUTE)
    assert seen.facts["quiet_s"] == 180
    assert find(by_day, lotus(), figures, ten - MINUTE) == []


def test_a_system_is_not_silent_for_the_night_when_the_rule_has_hours() -> None:
    figures = Figures(words={ENGINE: NOON - timedelta(hours=14)}, open={ENGINE: 3})
    ten = NOON - timedelta(hours=2)
    by_day = book(rule(SYSTEMS, hours="shops"))
    [early] = find(by_day, lotus(), figures, ten + 3 * MINUTE)
    assert (early.facts["quiet_s"], early.facts["expected"]) == (180, False)
    [late] = find(by_day, lotus(), figures, ten + 11 * MINUTE)
    assert (late.facts["quiet_s"], late.facts["expected"]) == (660, True)


def test_each_channel_can_fall_silent_by_itself() -> None:
    newest = {"app": NOON - MINUTE, "website": NOON - 9 * MINUTE}
    figures = Figures(newest=NOON - MINUTE, newest_of=newest)
    each = rule(watch(Look.SILENCE, of="orders", per="channel"))
    app, website = find(book(each), lotus(), figures, NOON)
    assert (app.facts["quiet_s"], website.facts["quiet_s"]) == (60, 540)
    of_web = rule(ORDERS, scope=only_channel("website"))
    [seen] = find(book(of_web), lotus(), figures, NOON)
    assert seen.facts["quiet_s"] == 540


def test_of_a_tenant_without_orders_none_is_missed() -> None:
    assert find(book(rule(ORDERS, SYSTEMS)), lotus(), Figures(), NOON) == []


def test_no_order_is_missed_of_a_time_the_oms_has_not_told_of_yet() -> None:
    """After an outage it tells what happened meanwhile, the oldest first."""
    figures = Figures(
        newest=NOON - 40 * MINUTE,
        words={"phoenix_oms": NOON},
        spoke_of={"phoenix_oms": NOON - 39 * MINUTE},
    )
    [seen] = find(book(rule(ORDERS)), lotus(), figures, NOON)
    assert seen.facts["quiet_s"] == 60


def test_an_oms_that_falls_silent_while_it_catches_up_is_missed_from_then_on() -> None:
    figures = Figures(
        newest=NOON - 40 * MINUTE,
        words={"phoenix_oms": NOON - 6 * MINUTE},
        spoke_of={"phoenix_oms": NOON - 39 * MINUTE},
    )
    [seen] = find(book(rule(ORDERS)), lotus(), figures, NOON)
    assert seen.facts["quiet_s"] == 7 * 60


def test_an_oms_whose_clock_runs_ahead_hides_no_silence() -> None:
    figures = Figures(
        newest=NOON - 6 * MINUTE,
        words={"phoenix_oms": NOON - 6 * MINUTE},
        spoke_of={"phoenix_oms": NOON + 60 * MINUTE},
    )
    [seen] = find(book(rule(ORDERS)), lotus(), figures, NOON)
    assert seen.facts["quiet_s"] == 360
