"""The learned band: wide enough for chance, not moved by one bad week."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.story import lotus
from tests.unit.core.alerting.shop import NOON, book, rule, watch

from orderwatch.core.alerting.book import Look
from orderwatch.core.alerting.facts import FACTS
from orderwatch.core.alerting.figures import Figures, SpanFigures
from orderwatch.core.alerting.find import find
from orderwatch.core.alerting.find_seasons import season_spans
from orderwatch.core.alerting.season import Band, band_of_counts, band_of_durations
from orderwatch.core.tracking.passing import TOOK_CLASSES

COUNTS = st.lists(st.integers(0, 3000), min_size=9, max_size=18)


def weekly(values: list[int]) -> list[tuple[int, int]]:
    return [(1 + number // 3, value) for number, value in enumerate(values)]


def band(values: list[int]) -> Band:
    found = band_of_counts(weekly(values))
    assert found is not None
    return found


@given(COUNTS)
def test_what_is_usual_is_within_the_band_and_so_is_what_chance_makes_of_it(
    values: list[int],
) -> None:
    found = band(values)
    assert 0 <= found.low <= found.usual <= found.high
    assert not found.leaves_out(found.usual + 3 * found.usual**0.5)
    assert not found.leaves_out(max(0.0, found.usual - 3 * found.usual**0.5))


@given(st.integers(0, 500), st.lists(st.integers(0, 5000), min_size=3, max_size=3))
def test_one_bad_week_of_six_does_not_move_it_more_than_chance_may(
    usual: int, bad: list[int]
) -> None:
    good = [usual] * 15
    assert band([*good, *bad]) == band([*good, *([usual] * 3)])


@given(COUNTS, st.integers(2, 9))
def test_a_busier_shop_has_a_higher_band(values: list[int], times: int) -> None:
    busier = band([value * times for value in values])
    assert busier.high >= band(values).high


def test_a_shop_that_sells_nothing_in_its_busy_hour_is_outside_and_a_quiet_one_is_not() -> None:
    assert band([60, 55, 70, 66, 61, 58, 49, 73, 64]).leaves_out(0)
    assert not band([2, 0, 1, 3, 1, 2, 0, 4, 1]).leaves_out(0)


def test_with_two_weeks_nothing_is_concluded() -> None:
    assert band_of_counts(weekly([50] * 6)) is None
    assert band_of_durations([(1, 5.0), (2, 5.0), (2, 6.0)]) is None


@given(st.lists(st.floats(0.01, 90_000), min_size=3, max_size=18), st.floats(0.01, 90_000))
def test_being_faster_is_never_trouble(seconds: list[float], now: float) -> None:
    found = band_of_durations(list(enumerate(seconds)))
    assert found is not None
    assert not found.leaves_out(found.usual)
    assert found.high >= 2.7 * found.usual
    assert now > found.high or not found.leaves_out(now)


def _took(place: int, n: int) -> tuple[int, ...]:
    return tuple(n if number == place else 0 for number in range(TOOK_CLASSES))


def test_a_season_gives_volume_and_each_systems_latency() -> None:
    shop = book(rule(watch(Look.SEASON)))
    spans = season_spans(shop, NOON)
    usual = SpanFigures(60, {"commerce_engine": _took(5, 100)})
    odd = SpanFigures(3, {"commerce_engine": _took(11, 100)})
    figures = Figures(
        season=tuple((span, usual if span.weeks else odd) for span in spans),
        recorded_since=NOON - timedelta(days=60),
    )
    volume, latency = find(shop, lotus(), figures, NOON)
    assert volume.facts.keys() == latency.facts.keys() == FACTS["season"].keys()
    assert (volume.group, volume.facts["value"], volume.facts["outside"]) == ("volume", 0.2, True)
    assert (latency.group, latency.facts["outside"]) == ("latency commerce_engine", True)
    assert latency.about == {"measure": "latency", "system": "commerce_engine"}
    young = Figures(season=figures.season, recorded_since=NOON - timedelta(days=20))
    assert find(shop, lotus(), young, NOON) == []


def test_weeks_are_counted_by_the_clock_on_the_wall() -> None:
    berlin = book(zone="Europe/Berlin")
    after_change = NOON + timedelta(days=25)  # clocks were put forward meanwhile
    spans = season_spans(berlin, after_change)
    walls = {f"{span.ends.astimezone(berlin.zone):%H:%M}" for span in spans}
    assert walls == {"06:45", "07:00", "07:15"}
