"""The figures of alert rules: sums of counters that agree with the orders, tenant by tenant."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.postgres.conftest import House
from tests.story import DAY, HOUR, MINUTE, Moment, lotus, moment, placed, said
from tests.unit.core.alerting.shop import book, only_channel, rule, watch

from orderwatch.adapters.postgres.figures import PostgresFigures
from orderwatch.core.alerting.book import Look
from orderwatch.core.alerting.figures import Counts, EarlierDay, Figures
from orderwatch.core.alerting.share import Usual
from orderwatch.core.alerting.wanted import wanted_of
from orderwatch.core.model import TenantId

MIN = timedelta(minutes=1)
ACTIVE = rule(watch(Look.WINDOW, over=10 * MIN), watch(Look.WINDOW, over=2 * MIN))


async def seen(
    house: House, *rules: object, now: Moment, tenant: TenantId | None = None
) -> Figures:
    wanted = wanted_of(book(*rules), lotus(), moment(now))  # type: ignore[arg-type]
    return await PostgresFigures(house.database).figures(tenant or house.alice, wanted)


async def test_orders_active_in_a_window_are_counted_once_as_they_stand_now(house: House) -> None:
    for n in range(4):
        await house.hear(placed(n * MINUTE, order=f"o-{n}", channel="app"), now=n * MINUTE)
    await house.hear(said("commerce_engine", "ACCEPTED", 181, order="o-3"), now=181)
    await house.hear(said("commerce_engine", "REJECTED", 185, order="o-0"), now=185)
    figures = await seen(house, ACTIVE, now=190)
    assert figures.active == {
        10 * MIN: {"app": Counts(failed=1, waiting=3)},
        2 * MIN: {"app": Counts(failed=1, waiting=2)},
    }
    assert (await seen(house, ACTIVE, now=190, tenant=house.bob)).active == {
        10 * MIN: {},
        2 * MIN: {},
    }


async def test_an_order_the_watcher_marks_is_active_again(house: House) -> None:
    await house.hear(placed(channel="app"), said("stock", "CHECKING", 3), now=3)
    await house.watch(now=25 * MINUTE)
    figures = await seen(house, ACTIVE, now=9 * MINUTE)
    assert figures.active[10 * MIN] == {"app": Counts(overdue=1)}


async def test_minutes_nobody_asks_for_any_more_are_dropped(house: House) -> None:
    await house.hear(placed(), now=0)
    await house.ledger.forget_activity(house.alice, moment(0) - MIN)
    assert await house.one("select sum(waiting)::int from activity") == 1
    await house.ledger.forget_activity(house.alice, moment(0) + MIN)
    assert await house.rows("select minute from activity") == []


@pytest.mark.parametrize("over", [10 * MIN, None])
async def test_legs_that_ended_are_counted_with_how_long_they_took(
    house: House, over: timedelta | None
) -> None:
    for n, word in enumerate(("ACCEPTED", "ACCEPTED", "REJECTED")):
        await house.hear(
            placed(order=f"o-{n}", channel="app"),
            said("commerce_engine", word, 4, order=f"o-{n}"),
            now=4,
        )
    await house.hear(placed(order="o-9", channel="app"), now=4)
    await house.watch(now=40)
    figures = await seen(house, rule(watch(Look.WINDOW, over=over, per="system")), now=50)
    engine = figures.ended[over]["commerce_engine", "app"]
    assert (engine.success, engine.failed, engine.passed) == (2, 1, 1)
    assert sum(engine.took) == 3


async def test_the_day_is_known_beside_the_same_weekdays_before(house: House) -> None:
    for weeks in (0, 1, 2):
        start = -7 * DAY * weeks
        await house.hear(placed(start, order=f"early-{weeks}", channel="app"), now=0)
        await house.hear(placed(start + 2 * HOUR, order=f"late-{weeks}"), now=3 * HOUR)
    await house.hear(placed(-21 * DAY, order="first"), now=0)  # not a whole day
    await house.hear(placed(-400 * DAY, order="stray"), now=0)
    figures = await seen(house, rule(watch(Look.WINDOW)), now=HOUR)
    [(_, by_channel)] = figures.days.items()
    assert sum(counts.total for counts in by_channel.values()) == 2
    assert figures.earlier == {
        "app": (EarlierDay(1, 0), EarlierDay(1, 0)),
        "": (EarlierDay(0, 1), EarlierDay(0, 1)),
    }


async def test_who_spoke_when_and_what_waits_for_whom(house: House) -> None:
    await house.hear(placed(-DAY, order="yesterday", channel="website"), now=0)
    await house.hear(placed(5, channel="app"), said("commerce_engine", "ACCEPTED", 6), now=70)
    await house.hear(placed(9 * HOUR, order="tomorrow", channel="app"), now=9 * HOUR)
    by_channel = watch(Look.SILENCE, of="orders", per="channel")
    figures = await seen(house, rule(watch(Look.SILENCE), by_channel), now=HOUR)
    assert figures.words["commerce_engine"] == moment(70)
    assert figures.open["stock"] == 1
    assert figures.newest == moment(5)
    assert figures.newest_of == {"app": moment(5), "website": moment(-DAY)}
    of_app = rule(watch(Look.SILENCE, of="orders"), scope=only_channel("app"))
    assert (await seen(house, of_app, now=HOUR)).newest_of["app"] == moment(5)
    assert (await seen(house, rule(watch(Look.SILENCE)), now=HOUR)).newest_of == {}


async def test_a_season_is_read_quarter_by_quarter(house: House) -> None:
    for weeks in range(5):
        then = -7 * DAY * weeks + 10 * MINUTE
        await house.hear(
            placed(then, order=f"o-{weeks}"),
            said("commerce_engine", "ACCEPTED", then + 3, order=f"o-{weeks}"),
            now=11 * MINUTE,
        )
    figures = await seen(house, rule(watch(Look.SEASON)), now=15 * MINUTE)
    at_the_time = {
        span.weeks: found.placed
        for span, found in figures.season
        if span.ends.astimezone().minute == moment(15 * MINUTE).minute
    }
    assert at_the_time == {0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 0}
    assert sum(figures.season[0][1].took["commerce_engine"]) == 1
    assert figures.recorded_since is not None


async def test_open_mismatches_are_counted_by_type(house: House) -> None:
    money = {"value": "20", "currency": "THB", "kind": "captured"}
    for n in range(2):
        await house.hear(
            placed(order=f"o-{n}", amount="25"),
            said("checkout", "CAPTURED", 4, order=f"o-{n}", amount=money),
            now=4,
        )
    await house.hear(
        said("checkout", "CAPTURED", 9, order="o-0", amount=money | {"value": "25"}), now=9
    )
    figures = await seen(house, rule(watch(Look.MISMATCHES)), now=HOUR)
    assert {type_: n for type_, n in figures.mismatches.items() if n} == {"total": 1}


async def test_what_orders_usually_are_like_is_told_by_the_latest_of_them(house: House) -> None:
    cash = {"value": "20", "currency": "THB", "kind": "cod_expected"}
    for n in range(5):
        await house.hear(
            placed(n, order=f"o-{n}", channel=("app", "website")[n % 2], location="TH-0001"),
            now=n,
        )
    await house.hear(said("checkout", "COD", 6, order="o-4", amount=cash), now=6)
    figures = PostgresFigures(house.database)
    usual = await figures.usual(house.alice, moment(10), 4)
    assert usual == Usual(
        4,
        {
            "channel": {"app": 2, "website": 2},
            "location": {"TH-0001": 4},
            "payment": {"cod": 1},
        },
    )
    assert await figures.usual(house.bob, moment(10), 4) == Usual(0, {})
