"""Incidents as episodes: they fire, grow, are told of, end and come again."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace
from tests.alerts import (
    ALWAYS,
    BOX,
    ORDER_FAILED,
    ORDER_OVERDUE,
    OpenShop,
    When,
    book,
    finding,
    impossible,
    rule,
)
from tests.story import DAY, HOUR, MINUTE, moment, placed, said

from orderwatch.core.alerting.book import Look, Route, Scope
from orderwatch.core.alerting.condition import ConditionFailed
from orderwatch.core.alerting.incident import IncidentState, Silence, SilenceKind
from orderwatch.core.alerting.situation import FailedNotice
from orderwatch.core.model import ReceivedEvent


def oddly() -> bool:
    """What a condition comes to that cannot be decided."""
    raise ConditionFailed("no such thing")


def rejected(at: float, order: str = "o-1", code: str = "pricing") -> ReceivedEvent:
    return said("commerce_engine", "REJECTED", at, order=order, reason={"code": code})


async def test_an_order_that_fails_is_told_at_once(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED))
    await shop.hear(placed(0), rejected(5))
    assert (await shop.told()) == [
        "firing order_failed: 1 order failed at Commerce Engine: pricing"
    ]
    (incident,) = await shop.incidents()
    assert incident.cause_at == moment(5)
    assert (incident.orders, incident.still_open) == (1, 1)


async def test_orders_that_fail_alike_are_one_incident_and_others_another(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(book(ORDER_FAILED))
    await shop.hear(
        *(one for n in range(5) for one in (placed(n, order=f"o-{n}"), rejected(9, f"o-{n}"))),
        placed(0, order="p"),
        rejected(9, "p", "inventory"),
    )
    assert sorted(await shop.told()) == [
        "firing order_failed: 1 order failed at Commerce Engine: inventory",
        "firing order_failed: 5 orders failed at Commerce Engine: pricing",
    ]


async def test_a_growing_incident_is_told_anew_only_every_five_minutes(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED))
    for n in range(10):
        await shop.hear(placed(n * MINUTE, order=f"o-{n}"), rejected(n * MINUTE, f"o-{n}"))
    assert (await shop.told()) == [
        "firing order_failed: 1 order failed at Commerce Engine: pricing",
        "update order_failed: 6 orders failed at Commerce Engine: pricing",
    ]


async def test_an_incident_is_told_anew_when_it_doubled(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED))
    for n in range(40):
        at = n * 6 * MINUTE
        await shop.hear(placed(at, order=f"o-{n}"), rejected(at, f"o-{n}"))
    assert [line.split()[2] for line in await shop.told()] == ["1", "2", "4", "8", "16", "32"]


async def test_a_failure_that_is_mended_ends_the_incident_when_no_other_came(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(book(ORDER_FAILED))
    await shop.hear(placed(0), rejected(5))
    await shop.hear(said("commerce_engine", "ACCEPTED", 2 * MINUTE))
    assert (await shop.incidents())[0].still_open == 0
    await shop.wait_until(9 * MINUTE)
    assert (await shop.incidents())[0].is_firing
    await shop.wait_until(11 * MINUTE)
    assert (await shop.incidents())[0].state is IncidentState.RESOLVED
    assert (await shop.told())[-1] == (
        "resolved order_failed: Resolved: 1 order failed at Commerce Engine: pricing"
    )


async def test_a_cancelled_order_stays_failed_and_does_not_keep_the_incident_open(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(book(replace(ORDER_FAILED, group_by=("system",))))
    await shop.hear(placed(0), said("phoenix_oms", "CANCELED", MINUTE))
    assert ((await shop.incidents())[0].orders, (await shop.incidents())[0].still_open) == (1, 0)
    await shop.wait_until(12 * MINUTE)
    assert not (await shop.incidents())[0].is_firing


async def test_a_recurrence_is_a_new_incident_linked_to_the_last(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED))
    await shop.hear(placed(0), rejected(5))
    await shop.hear(said("commerce_engine", "ACCEPTED", 6))
    await shop.wait_until(HOUR)
    await shop.hear(placed(HOUR, order="o-2"), rejected(HOUR + 5, "o-2"))
    first, second = await shop.incidents()
    assert second.previous == first.id
    assert second.is_firing
    assert len([line for line in (await shop.told()) if line.startswith("firing")]) == 2


async def test_an_overdue_leg_is_told_at_its_deadline_and_ends_when_it_is_done(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(book(ORDER_OVERDUE))
    await shop.hear(placed(0))
    await shop.wait_until(29)
    assert (await shop.told()) == []
    await shop.wait_until(30)
    assert (await shop.told()) == ["firing order_overdue: 1 order overdue at Commerce Engine"]
    assert (await shop.incidents())[0].cause_at == moment(30)
    await shop.hear(said("commerce_engine", "ACCEPTED", 45))
    assert (await shop.told())[-1].startswith("resolved order_overdue")


async def test_an_overdue_order_that_fails_changes_its_incident(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED, ORDER_OVERDUE))
    await shop.hear(placed(0))
    await shop.wait_until(31)
    await shop.hear(rejected(40))
    overdue, failed = await shop.incidents()
    assert (overdue.rule, overdue.state) == ("order_overdue", IncidentState.RESOLVED)
    assert (failed.rule, failed.still_open) == ("order_failed", 1)


async def test_history_that_is_imported_alarms_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED, ORDER_OVERDUE))
    await shop.hear(placed(0), rejected(5), at=2 * DAY)
    await shop.wait_until(2 * DAY + HOUR)
    assert [line for line in (await shop.told()) if "order_failed" in line] == []


async def test_overdue_orders_at_a_silent_system_are_told_as_its_silence(
    open_shop: OpenShop,
) -> None:
    silent = rule(
        "system_silent", Look.SILENCE, ALWAYS, team="development", text="{system_title} is silent"
    )
    shop = open_shop(book(ORDER_OVERDUE, silent))
    await shop.hear(*(placed(n, order=f"o-{n}") for n in range(20)))
    await shop.wait_until(60)
    found = finding("system_silent", "commerce_engine", about={"system": "commerce_engine"})
    await shop.find(600, found, looks=(Look.SILENCE,))
    overdue, silence = await shop.incidents()
    assert overdue.parent == silence.id
    assert overdue.quiet == "told with its cause"
    await shop.hear(*(placed(610 + n, order=f"p-{n}") for n in range(20)))
    await shop.find(1000, found, looks=(Look.SILENCE,))
    assert [line.split(":")[0] for line in (await shop.told())] == [
        "firing order_overdue",
        "firing system_silent",
    ]
    told = (await shop.notices())[-1].message
    assert "Because of it: 20 orders overdue at Commerce Engine." in told.text


async def test_a_condition_fires_only_when_it_held_for_its_time(open_shop: OpenShop) -> None:
    shop = open_shop(book(rule("failure_rate", Look.WINDOW, ALWAYS, hold=60)))
    seen = finding("failure_rate", total=30)
    await shop.find(0, seen, looks=(Look.WINDOW,))
    await shop.find(30, seen, looks=(Look.WINDOW,))
    assert (await shop.incidents()) == []
    await shop.find(60, seen, looks=(Look.WINDOW,))
    assert len(await shop.incidents()) == 1


async def test_a_pending_condition_that_ends_starts_anew(open_shop: OpenShop) -> None:
    shop = open_shop(book(rule("failure_rate", Look.WINDOW, ALWAYS, hold=60)))
    seen = finding("failure_rate")
    await shop.find(0, seen, looks=(Look.WINDOW,))
    await shop.find(30, looks=(Look.WINDOW,))
    await shop.find(60, seen, looks=(Look.WINDOW,))
    assert (await shop.incidents()) == []


async def test_a_round_that_looks_at_something_else_leaves_pending_what_it_is(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(book(rule("anomaly", Look.SEASON, ALWAYS, hold=60)))
    await shop.find(0, finding("anomaly"), looks=(Look.SEASON,))
    await shop.find(30, looks=(Look.WINDOW,))
    await shop.find(60, finding("anomaly"), looks=(Look.SEASON,))
    assert len(await shop.incidents()) == 1


async def test_a_window_that_is_well_again_ends_the_incident_after_its_calm(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(
        book(rule("failure_rate", Look.WINDOW, When(lambda f: f["bad"] is True), calm=60))
    )
    await shop.find(0, finding("failure_rate", bad=True), looks=(Look.WINDOW,))
    await shop.find(30, finding("failure_rate", bad=False), looks=(Look.WINDOW,))
    assert (await shop.incidents())[0].is_firing
    await shop.find(60, finding("failure_rate", bad=True), looks=(Look.WINDOW,))
    await shop.find(90, finding("failure_rate", bad=False), looks=(Look.WINDOW,))
    await shop.find(150, finding("failure_rate", bad=False), looks=(Look.WINDOW,))
    assert not (await shop.incidents())[0].is_firing


async def test_a_round_that_looks_at_something_else_ends_nothing(open_shop: OpenShop) -> None:
    shop = open_shop(book(rule("failure_rate", Look.WINDOW, ALWAYS)))
    await shop.find(0, finding("failure_rate"), looks=(Look.WINDOW,))
    await shop.find(30, looks=(Look.SEASON,))
    await shop.wait_until(60)
    assert (await shop.incidents())[0].is_firing


async def test_a_wrong_rule_stops_no_other(open_shop: OpenShop) -> None:
    shop = open_shop(book(rule("broken", Look.ORDER, When(impossible)), ORDER_FAILED))
    evaluated = await shop.hear(placed(0), rejected(5))
    assert [(one.rule, one.times) for one in evaluated.broken] == [("broken", 2)]
    assert len(await shop.told()) == 1


async def test_what_cannot_be_decided_leaves_what_was_concluded(open_shop: OpenShop) -> None:
    verdicts = iter([True])
    shop = open_shop(
        book(rule("odd", Look.WINDOW, When(lambda _: next(verdicts, None) or oddly())))
    )
    await shop.find(0, finding("odd"), looks=(Look.WINDOW,))
    for at in range(30, 300, 30):
        await shop.find(at, finding("odd"), looks=(Look.WINDOW,))
    assert (await shop.incidents())[0].is_firing


async def test_an_order_whose_rule_cannot_be_decided_any_more_stays_where_it_is(
    open_shop: OpenShop,
) -> None:
    decidable = When(lambda facts: facts["status"] == "REJECTED" or oddly())
    shop = open_shop(book(rule("odd", Look.ORDER, decidable)))
    await shop.hear(placed(0), rejected(5))
    await shop.hear(said("phoenix_oms", "CANCELED", 60))
    (incident,) = await shop.incidents()
    assert (incident.orders, incident.is_firing) == (1, True)


async def test_a_silence_keeps_people_quiet_and_its_end_tells_them(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED))
    await shop.keeper.silence(
        Silence(
            id=1,
            kind=SilenceKind.SILENCE,
            matches={"rule": "order_failed"},
            starts_at=moment(0),
            ends_at=moment(HOUR),
            why="price list is being mended",
            author="alice",
            made_at=moment(0),
        )
    )
    await shop.hear(placed(0), rejected(5))
    assert (await shop.told()) == []
    assert (await shop.incidents())[0].quiet == "silenced: price list is being mended"
    await shop.wait_until(HOUR)
    assert len(await shop.told()) == 1


async def test_what_nobody_acknowledges_goes_to_somebody_else_once(open_shop: OpenShop) -> None:
    routes = (Route(to=(BOX,), escalate_after=timedelta(minutes=15), escalate_to=("boss",)),)
    shop = open_shop(book(ORDER_FAILED, routes=routes))
    await shop.hear(placed(0), rejected(5))
    await shop.wait_until(14 * MINUTE)
    assert len(await shop.told()) == 1
    for minutes in (16, 17, 18):
        await shop.wait_until(minutes * MINUTE)
    assert [one.channel for one in (await shop.notices())] == [BOX, "boss"]


async def test_an_acknowledged_incident_is_not_escalated(open_shop: OpenShop) -> None:
    routes = (Route(to=(BOX,), escalate_after=timedelta(minutes=15), escalate_to=("boss",)),)
    shop = open_shop(book(ORDER_FAILED, routes=routes))
    await shop.hear(placed(0), rejected(5))
    await shop.keeper.acknowledge(moment(60))
    await shop.wait_until(20 * MINUTE)
    assert len(await shop.told()) == 1


async def test_the_end_of_a_high_incident_is_summarised_for_management(open_shop: OpenShop) -> None:
    ended = When(lambda facts: facts["state"] == "resolved" and facts["priority"] == "high")
    summary = rule("incident_summary", Look.INCIDENT, ended, team="management", priority="medium")
    shop = open_shop(book(ORDER_FAILED, summary))
    await shop.hear(placed(0, amount="120.00"), rejected(5))
    await shop.hear(said("commerce_engine", "ACCEPTED", 60))
    await shop.wait_until(HOUR)
    assert [line.split(":")[0] for line in (await shop.told())] == [
        "firing order_failed",
        "resolved order_failed",
        "summary incident_summary",
    ]
    message = (await shop.notices())[-1].message
    assert message.team == "management"
    assert dict(message.figures)["Orders"] == "1"


async def test_a_notice_nobody_took_is_an_incident_until_the_channel_takes_one(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(book(rule("delivery_failed", Look.NOTICE, ALWAYS, text="{channel} is away")))
    await shop.keeper.note_failed(FailedNotice(BOX, "email", 9, "47 orders failed"))
    await shop.wait_until(0)
    assert (await shop.told()) == ["firing delivery_failed: box is away"]
    await shop.wait_until(HOUR)
    assert (await shop.incidents())[0].is_firing
    await shop.keeper.took(BOX, moment(HOUR + 1))
    await shop.wait_until(HOUR + 2)
    assert not (await shop.incidents())[0].is_firing


async def test_a_rule_that_is_switched_off_lets_go_of_its_incidents(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED))
    await shop.hear(placed(0), rejected(5))
    shop.book = book(replace(ORDER_FAILED, enabled=False))
    await shop.wait_until(MINUTE)
    assert not (await shop.incidents())[0].is_firing


async def test_many_kinds_of_failure_do_not_make_many_incidents(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED))
    events = [
        one
        for n in range(100)
        for one in (placed(0, order=f"o-{n}"), rejected(5, f"o-{n}", f"code-{n}"))
    ]
    await shop.hear(*events)
    assert len(await shop.incidents()) == 21
    assert sum(one.orders for one in (await shop.incidents())) == 100


async def test_the_same_event_twice_is_told_once(open_shop: OpenShop) -> None:
    shop = open_shop(book(ORDER_FAILED))
    for _ in range(3):
        await shop.hear(placed(0), rejected(5))
    assert len(await shop.told()) == 1
    assert (await shop.incidents())[0].orders == 1


async def test_scope_leaves_other_channels_alone(open_shop: OpenShop) -> None:
    scoped = replace(ORDER_FAILED, scope=Scope(channels=frozenset({"app"})))
    shop = open_shop(book(scoped))
    await shop.hear(placed(0, channel="website"), rejected(5))
    await shop.hear(placed(0, order="o-2", channel="app"), rejected(5, "o-2"))
    assert [one.orders for one in (await shop.incidents())] == [1]
