"""The day that the pictures show: a good yesterday, a bad today, and people who act."""

# ruff: noqa: INP001 - beside a program of its own
from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace
from tests.acceptance.browser.furnished import people
from tests.acceptance.browser.stage import Stage, event

from orderwatch.adapters.postgres.alerting import PostgresAlerting
from orderwatch.adapters.postgres.figures import PostgresFigures
from orderwatch.app.evaluate_alerts import Alerting, evaluate_alerts
from orderwatch.app.find_commonality import FoundCommonality
from orderwatch.app.look_at_figures import LookAtFigures
from orderwatch.app.send_notices import send_notices
from orderwatch.core.alerting.incident import IncidentId, IncidentState
from orderwatch.core.alerting.incident_queries import IncidentFilter
from orderwatch.core.ingest.batch import Batch, Refused
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.model import FieldError
from orderwatch.core.people.audit import Actor, ActorKind
from orderwatch.core.simulation.faults import DEMO_FAULTS, FaultRule
from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O
from orderwatch.core.simulation.simulate import simulate
from orderwatch.entrypoints.cli.web import handling_desk

HOURS: Final = 5
SILENT_FOR: Final = timedelta(minutes=37)
SEEN_AGO: Final = timedelta(minutes=18)
NEVER: Final = FieldError("subject", "no order 2000000001 was announced by the OMS within a day")
SOMCHAI: Final = Actor(ActorKind.PERSON, "somchai")


def play(server: Stage, now: datetime) -> IncidentId:
    """Everything that happened; the incident that touches most orders."""
    play_good_day(server, now - timedelta(days=1))
    play_bad_day(server, now)
    worst = raise_alarms(server, now)
    refuse_some(server)
    change_rules(server)
    people(server)
    return worst


def change_rules(server: Stage) -> None:
    """Somebody found 30 seconds of silence of a channel too nervous."""
    house = server.house
    calmer = house.books.default.replace("quiet_s >= 600", "quiet_s >= 900")
    server.run(house.book_store.apply(server.tenant, "default", calmer, 0, SOMCHAI))


def play_good_day(server: Stage, now: datetime) -> None:
    """The same hours of the day before, when nothing was wrong; all of it has ended since."""
    hours = replace(LOTUS_O2O.hours, opens=0, closes=24)
    plan = replace(
        LOTUS_O2O, orders=HOURS * 280, per_minute=280 / 60, hours=hours, first_order=2_100_000_001
    )
    server.replay(simulate(plan, 5, now - timedelta(hours=HOURS)), now + timedelta(hours=12))


def play_bad_day(server: Stage, now: datetime) -> None:
    """Five hours of orders; one system is silent at the end, and many prices are refused."""
    second = (now + LOTUS_O2O.utc_offset).timestamp() % 86_400
    silent_from = (second - SILENT_FOR.total_seconds()) % 86_400
    until = (second + 3600) % 86_400
    faults = (
        *DEMO_FAULTS,
        FaultRule(kind="silent", rate=1, system="invoice", since=silent_from, until=until),
        FaultRule(kind="rejected", rate=0.2, since=(second - 1200) % 86_400, until=until),
    )
    hours = replace(LOTUS_O2O.hours, opens=0, closes=24)
    plan = replace(LOTUS_O2O, orders=HOURS * 300, per_minute=5.0, hours=hours)
    server.replay(simulate(plan, 11, now - timedelta(hours=HOURS), faults), now)


def raise_alarms(server: Stage, now: datetime) -> IncidentId:
    """Evaluate the rules as of a while ago and as of now, and send what is due to the mailbox.

    Somebody takes one incident and writes on it; the id of the one that touches most orders.
    """
    for at in (now - SEEN_AGO, now):
        server.run(evaluate(server, at))
    house, tenant = server.house, server.tenant
    server.run(send_notices(house.post.sending, tenant, "LOTUS'S O2O", "mailbox"))
    query = IncidentFilter(IncidentState.FIRING)
    found = server.run(house.incidents.incidents(tenant, query, 50, None))
    worst = max(found, key=lambda one: (one.rule == "order_failed", one.orders))
    silent = next((one for one in found if one.rule == "system_silent"), worst)
    desk = handling_desk(house, tenant, "somchai", SOMCHAI)
    server.run(desk.acknowledge(silent.id))
    server.run(desk.comment(worst.id, "The vendor sent a price list with empty rows."))
    return worst.id


async def evaluate(server: Stage, at: datetime) -> None:
    """Rounds of all rules at an instant, until nothing that was noted waits."""
    house, tenant = server.house, server.tenant
    figures = PostgresFigures(house.database)
    commonality = FoundCommonality(figures, lambda: at)
    store = PostgresAlerting(house.database)
    alerting = Alerting(store, LookAtFigures(figures), commonality, lambda: at)
    book, template = await house.books.of(tenant), await house.templates.of(tenant)
    while (await evaluate_alerts(alerting, tenant, book, template)).more:
        pass


def refuse_some(server: Stage) -> None:
    """Events that cannot be applied: amounts as numbers, a vendor's type, and no JSON at all."""
    wrong = [event(f"20000{n:05}", "stock", "RESERVED") for n in range(57)]
    for one in wrong:
        one["data"]["amount"] = {"value": 1250, "currency": "THB"}
    strange = [event(f"20001{n:05}", "checkout", "CAPTURED") for n in range(12)]
    bodies = [json.dumps(one | {"type": "com.vendor.payment"}).encode() for one in strange]
    bodies += [json.dumps(one).encode() for one in wrong]
    early = json.dumps(event("2000000001", "rider_app", "DELIVERED")).encode()
    refused = [judge_event(0, body, Limits()) for body in [*bodies, b'{"specversion": "1.0", ']]
    waited = Refused(index=0, code="never_announced", errors=(NEVER,), payload=early)
    batch = Batch([], [one for one in refused if isinstance(one, Refused)])
    batch.rejected.append(replace(waited, system="rider_app"))
    server.run(server.house.ledger.record(server.tenant, batch))
