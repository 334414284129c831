"""The thirteen rules that ship: each fires and resolves in a story, told by real mail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.mall import Mall, open_mall
from tests.sinks import MailSink
from tests.story import DAY, HOUR, MINUTE, placed, said

from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.source_requests import PostgresSourceRequests
from orderwatch.app.count_requests import count_source_requests
from orderwatch.core.alerting.incident import IncidentState
from orderwatch.core.model import ReceivedEvent

FIRING, RESOLVED = IncidentState.FIRING, IncidentState.RESOLVED


@pytest.fixture
def mails() -> Iterator[MailSink]:
    sink = MailSink()
    with sink.running(None):
        yield sink


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, size=4)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def mall(database: Database, mails: MailSink) -> Mall:
    return await open_mall(database, "alice", mails)


def order(name: str, at: float, *, fails: bool = False, took: float = 1) -> list[ReceivedEvent]:
    """An order the engine answers after `took` seconds."""
    if not fails:
        answer = said("commerce_engine", "ACCEPTED", at + took, order=name)
    else:
        why = {"code": "pricing"}
        answer = said("commerce_engine", "REJECTED", at + took, order=name, reason=why)
    return [placed(at, order=name, amount="100.00"), answer]


def done(n: int) -> list[ReceivedEvent]:
    """The nth order of a minute, which is done at once."""
    return completed(f"o-{n}", n * 2)


def completed(name: str, at: float) -> list[ReceivedEvent]:
    """An order that is done a second later."""
    return [placed(at, order=name), said("phoenix_oms", "COMPLETE", at + 1, order=name)]


async def test_order_failed(mall: Mall) -> None:
    # An order is placed, and the engine rejects its price.
    await mall.hear(*order("o-1", 0, fails=True))
    # Operations have mail at once.
    assert mall.mailed == ["1 order failed at Commerce Engine: pricing"]
    # The price is mended and the engine accepts; a quarter of an hour later it is over.
    await mall.hear(said("commerce_engine", "ACCEPTED", 30, order="o-1"))
    await mall.hear(said("phoenix_oms", "COMPLETE", 31, order="o-1"))
    await mall.wait_until(20 * MINUTE)
    assert (await mall.the("order_failed")).state is RESOLVED
    assert "Resolved: 1 order failed at Commerce Engine: pricing" in mall.mailed


async def test_failure_rate(mall: Mall) -> None:
    # Thirty orders come within a minute, two of them fail: more than one in twenty.
    for n in range(30):
        await mall.hear(*(order(f"o-{n}", n * 2, fails=True) if n in (7, 8) else done(n)))
    await mall.wait_until(90)
    incident = await mall.the("failure_rate")
    assert incident.state is FIRING
    assert incident.title == "6.7 % of the last 30 orders failed or are overdue"
    # Both are mended; after five minutes without trouble it is over.
    for n in (7, 8):
        await mall.hear(said("phoenix_oms", "COMPLETE", 100 + n, order=f"o-{n}"))
    await mall.wait_until(6 * MINUTE)
    assert (await mall.the("failure_rate")).state is FIRING
    await mall.wait_until(8 * MINUTE)
    assert (await mall.the("failure_rate")).state is RESOLVED


async def test_no_orders(mall: Mall) -> None:
    # The last order came at four in the afternoon; five minutes later somebody is told.
    await mall.hear(*completed("o-1", 0))
    await mall.wait_until(4 * MINUTE)
    assert await mall.incidents("no_orders") == []
    await mall.wait_until(6 * MINUTE)
    assert (await mall.the("no_orders")).state is FIRING
    # An order comes.
    await mall.hear(*completed("o-2", 7 * MINUTE))
    await mall.wait_until(8 * MINUTE)
    assert (await mall.the("no_orders")).state is RESOLVED


async def test_order_overdue(mall: Mall) -> None:
    # An order is placed and the engine does not answer within its thirty seconds.
    await mall.hear(placed(0, order="o-1"))
    await mall.wait_until(31)
    incident = await mall.the("order_overdue")
    assert incident.title == "1 order past the deadline at Commerce Engine"
    assert (incident.fired_at - incident.cause_at).total_seconds() < 1
    # It answers, and nothing else happens.
    await mall.hear(*completed("o-1", 60)[1:])
    await mall.wait_until(7 * MINUTE)
    assert (await mall.the("order_overdue")).state is RESOLVED


async def test_slow_processing(mall: Mall) -> None:
    # The engine takes 45 seconds an order where 30 are allowed.
    for n in range(25):
        name = f"o-{n}"
        done = said("phoenix_oms", "COMPLETE", n + 46, order=name)
        await mall.hear_together([*order(name, n, took=45), done], n + 47)
    await mall.wait_until(2 * MINUTE)
    slow = [one for one in await mall.incidents("slow_processing") if one.is_firing]
    assert [one.about["system"] for one in slow] == ["commerce_engine"]
    # Ten minutes later the slow ones are out of the window.
    await mall.wait_until(20 * MINUTE)
    assert (await mall.the("slow_processing")).state is RESOLVED


async def test_system_silent(mall: Mall) -> None:
    # The engine speaks for the last time, then orders wait for it.
    await mall.hear(*order("o-0", 0), said("phoenix_oms", "COMPLETE", 2, order="o-0"))
    for n in range(1, 8):
        await mall.hear(placed(n * 100, order=f"o-{n}"))
    await mall.wait_until(12 * MINUTE)
    silence = await mall.the("system_silent")
    assert silence.state is FIRING
    assert silence.about["system"] == "commerce_engine"
    # What is overdue there is told as its silence.
    assert (await mall.the("order_overdue")).parent == silence.id
    assert silence.orders == 6  # the seventh has some seconds left
    # It speaks again.
    for n in range(1, 8):
        await mall.hear(said("phoenix_oms", "COMPLETE", 13 * MINUTE, order=f"o-{n}"))
    await mall.hear(said("commerce_engine", "ACCEPTED", 13 * MINUTE, order="o-7"))
    await mall.wait_until(20 * MINUTE)
    assert (await mall.the("system_silent")).state is RESOLVED


async def test_low_success_rate(mall: Mall) -> None:
    # Half of the day's orders are cancelled: the day can no longer reach its goal.
    for n in range(40):
        word = "CANCELED" if n % 2 else "COMPLETE"
        await mall.hear(placed(n, order=f"o-{n}"), said("phoenix_oms", word, n + 1, order=f"o-{n}"))
    await mall.wait_until(3 * MINUTE)
    (today,) = await mall.incidents("low_success_rate")
    assert today.title.startswith("Today's goal of 95.0 % is out of reach")
    # At eight the next morning the day before is told as well; the new day begins well.
    await mall.jump(16 * HOUR)
    await mall.wait_until(16 * HOUR + 20 * MINUTE)
    today, yesterday = await mall.incidents("low_success_rate")
    assert today.state is RESOLVED
    assert yesterday.title == "Yesterday 50.0 % of the orders succeeded, the goal is 95.0 %"
    # The day after that was a good one.
    for n in range(40):
        await mall.hear(*completed(f"p-{n}", DAY - 6 * HOUR + n))
    await mall.jump(DAY + 16 * HOUR)
    await mall.wait_until(DAY + 16 * HOUR + 20 * MINUTE)
    assert [one.state for one in await mall.incidents("low_success_rate")] == [RESOLVED, RESOLVED]


async def test_incident_summary(mall: Mall) -> None:
    # A high incident is over; management reads what it was.
    await mall.hear(*order("o-1", 0, fails=True))
    await mall.hear(said("commerce_engine", "ACCEPTED", 30, order="o-1"))
    await mall.hear(said("phoenix_oms", "COMPLETE", 31, order="o-1"))
    await mall.wait_until(20 * MINUTE)
    assert "Summary: 1 order failed at Commerce Engine: pricing" in mall.mailed


async def test_report(mall: Mall) -> None:
    # Three orders one afternoon; at eight the next morning there is a report, and only one.
    for n in range(3):
        await mall.hear(*completed(f"o-{n}", n))
    await mall.jump(16 * HOUR)
    await mall.wait_until(16 * HOUR + 5 * MINUTE)
    reports = [subject for subject in mall.mailed if subject.startswith("Yesterday: 3 orders")]
    assert reports == ["Yesterday: 3 orders, 100 % success, 0 failed, 0 overdue"]
    assert await mall.incidents("report") == []


async def test_delivery_failed(mall: Mall) -> None:
    # The rider cannot deliver.
    await mall.hear(
        placed(0, order="o-1", delivery="express"),
        said("rider_app", "NOT_DELIVERED", 60, order="o-1", reason={"code": "nobody_home"}),
    )
    incident = await mall.the("delivery_failed")
    assert incident.title == "1 order could not be delivered by Rider App: nobody_home"
    # He tries again.
    await mall.hear(said("rider_app", "DELIVERED", 20 * MINUTE, order="o-1"))
    await mall.hear(said("phoenix_oms", "COMPLETE", 20 * MINUTE, order="o-1"))
    await mall.wait_until(40 * MINUTE)
    assert (await mall.the("delivery_failed")).state is RESOLVED


async def test_a_channel_that_refuses_is_told_through_another(mall: Mall) -> None:
    # The mail server turns everything away for good.
    mall.mails.answer = "550 no such shop"
    await mall.hear(*order("o-1", 0, fails=True))
    await mall.round()
    incident = await mall.the("delivery_failed")
    assert incident.title == "Notices through mail cannot be delivered"
    # It is mended; the next notice gets through, and the incident is over.
    mall.mails.answer = "250 taken"
    await mall.hear(*order("o-2", 60, fails=True), placed(61, order="o-3"))
    await mall.wait_until(20 * MINUTE)
    assert (await mall.the("delivery_failed")).state is RESOLVED


async def test_system_unhealthy(mall: Mall) -> None:
    # A poller reports that every other request failed.
    counts = PostgresSourceRequests(mall.database)

    async def report(outcome: str, times: int) -> None:
        at = mall.now.isoformat()
        one = f'{{"connector": "magento", "outcome": "{outcome}", "duration_s": 0.2, "at": "{at}"}}'
        body = f"[{', '.join([one] * times)}]".encode()
        assert await count_source_requests(counts, mall.tenant, body, mall.now) == times

    await mall.wait_until(30)
    await report("ok", 10)
    await report("timeout", 10)
    await mall.wait_until(90)
    incident = await mall.the("system_unhealthy")
    assert incident.title == "50.0 % of the last 20 requests to magento failed or timed out"
    # It answers again.
    await mall.wait_until(6 * MINUTE)
    await report("ok", 20)
    await mall.wait_until(9 * MINUTE)
    assert (await mall.the("system_unhealthy")).state is RESOLVED


async def test_mismatch(mall: Mall) -> None:
    # The invoice is over another amount than the order.
    wrong = {"value": "90.00", "currency": "THB", "kind": "invoiced"}
    await mall.hear(
        placed(0, order="o-1", amount="100.00"),
        said("phoenix_oms", "COMPLETE", 5, order="o-1"),
        said("invoice", "ISSUED", 4, order="o-1", amount=wrong),
    )
    await mall.wait_until(60)
    incident = await mall.the("mismatch")
    assert (incident.state, incident.about["type"]) == (FIRING, "total")
    # It is issued again, over the right one.
    right = wrong | {"value": "100.00"}
    await mall.hear(said("invoice", "ISSUED", 70, order="o-1", id="again", amount=right))
    await mall.wait_until(3 * MINUTE)
    assert (await mall.the("mismatch")).state is RESOLVED


async def test_anomaly(mall: Mall) -> None:
    # Five Mondays in a row an order comes every twenty seconds for an hour and a half.
    def afternoon(since: float, name: str, minutes: int) -> list[ReceivedEvent]:
        every = range(0, minutes * MINUTE, 20)
        return [event for n in every for event in completed(f"{name}-{n}", since + n)]

    for week in range(5):
        begin = week * 7 * DAY
        await mall.hear_together(afternoon(begin, f"w{week}", 90), begin + 91 * MINUTE)
    # On the sixth it begins like that, and then they stay away although the shop is open.
    sixth = 5 * 7 * DAY
    await mall.hear_together(afternoon(sixth, "w6", 30), sixth + 30 * MINUTE)
    await mall.wait_until(sixth + 55 * MINUTE)
    anomalies = [one for one in await mall.incidents("anomaly") if one.is_firing]
    assert [one.about["measure"] for one in anomalies] == ["volume"]
    # Then they come after all.
    since = sixth + 56 * MINUTE
    await mall.hear_together(afternoon(since, "late", 15), since + 15 * MINUTE)
    await mall.wait_until(since + 24 * MINUTE)
    assert (await mall.the("anomaly")).resolved_at is not None


async def test_what_happens_at_alices_is_not_told_at_bobs(mall: Mall, database: Database) -> None:
    other = MailSink()
    with other.running(None):
        bob = await open_mall(database, "bob", other)
        await mall.hear(*order("o-1", 0, fails=True))
        bob.now = mall.now
        await bob.round()
        assert bob.mailed == []
        assert await bob.incidents() == []


async def test_a_quiet_night_makes_no_notice(mall: Mall) -> None:
    # The last order of the evening is done; the shop closes at ten (T0 is four in the afternoon).
    await mall.hear(*completed("o-1", 6 * HOUR - MINUTE))
    before = len(mall.mailed)
    await mall.wait_until(6 * HOUR)
    for hour in range(7, 15):
        await mall.jump(hour * HOUR)
        await mall.wait_until(hour * HOUR + 2 * MINUTE)
    assert mall.mailed[before:] == []


async def test_ten_thousand_failures_in_a_minute_make_a_handful_of_notices(mall: Mall) -> None:
    codes = ("pricing", "inventory", "eligibility")
    for part in range(20):
        events = []
        for n in range(500):
            name, at = f"o-{part}-{n}", part * 3
            code = {"code": codes[n % 3]}
            events += [
                placed(at, order=name),
                said("commerce_engine", "REJECTED", at + 1, order=name, reason=code),
            ]
        await mall.hear_together(events, part * 3 + 2)
    await mall.wait_until(2 * MINUTE)
    failed = await mall.incidents("order_failed")
    assert sum(one.orders for one in failed) == 10_000
    assert len(mall.mailed) <= 5
