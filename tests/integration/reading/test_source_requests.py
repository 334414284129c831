"""Pollers report over HTTP; rules and metrics see it, tenant by tenant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import httpx
from tests.fakes.keys import FakeKeys
from tests.fakes.ledger import FakeLedger
from tests.integration.reading.conftest import Story
from tests.story import lotus, moment
from tests.unit.core.alerting.shop import book, rule, watch

from orderwatch.adapters.postgres.figures import PostgresFigures
from orderwatch.adapters.postgres.source_requests import PostgresSourceRequests
from orderwatch.app.receive_events import Door
from orderwatch.app.throttle import Throttle
from orderwatch.core.alerting.book import Look
from orderwatch.core.alerting.figures import Requests
from orderwatch.core.alerting.wanted import wanted_of
from orderwatch.core.ingest.limits import Rates
from orderwatch.core.ingest.source_requests import MOST_CONNECTORS
from orderwatch.core.model import TenantId
from orderwatch.entrypoints.api.app import Doors, create_app
from orderwatch.entrypoints.api.source_requests import source_requests_handler

FIVE = timedelta(minutes=5)
PATH = "/api/v1/source-requests"


def client(story: Story, tenant: TenantId) -> httpx.AsyncClient:
    """A poller of this tenant, with a key that may send."""
    keys = FakeKeys()
    key = keys.give(tenant)
    door = Door(FakeLedger(), keys, Throttle(Rates(), lambda: 0.0), story.clock)
    handler = source_requests_handler(door, PostgresSourceRequests(story.database))
    app = create_app(Doors(door, route_handlers=[handler]))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=cast("Any", app)),
        base_url="http://door.test",
        headers={"Authorization": f"Bearer {key.text}"},
    )


def asked(outcome: str, connector: str = "magento", at: float = 0) -> dict[str, Any]:
    return {
        "connector": connector,
        "outcome": outcome,
        "duration_s": 0.3,
        "at": moment(at).isoformat(),
    }


async def seen(story: Story, tenant: TenantId) -> dict[str, Requests]:
    polls = book(rule(watch(Look.REQUESTS, over=FIVE)))
    wanted = wanted_of(polls, lotus(), story.clock())
    figures = await PostgresFigures(story.database).figures(tenant, wanted)
    return dict(figures.requests[FIVE])


async def test_what_a_poller_reports_is_seen_by_rules_and_in_the_metrics(story: Story) -> None:
    story.clock.set(60)
    async with client(story, story.alice) as poller:
        report = [asked("ok"), asked("ok", at=50), asked("error"), asked("timeout")]
        answer = await poller.post(PATH, json=report)
        assert (answer.status_code, answer.json()) == (202, {"counted": 4})
        await poller.post(PATH, json=[asked("ok", "wms"), asked("ok", at=-20 * 60)])
    assert await seen(story, story.alice) == {
        "magento": Requests(ok=2, error=1, timeout=1),
        "wms": Requests(ok=1),
    }
    assert await seen(story, story.bob) == {}
    async with story.client(None) as reader:
        page = (await reader.get("/metrics")).text
    name = "orderwatch_source_request_duration_seconds_count"
    labels = ('connector="magento"', 'outcome="timeout"', f'tenant="{story.alices_name}"')
    [line] = [
        line
        for line in page.splitlines()
        if line.startswith(name) and all(label in line for label in labels)
    ]
    assert float(line.rpartition(" ")[2]) == 1


async def test_of_a_report_with_a_mistake_nothing_is_counted(story: Story) -> None:
    async with client(story, story.alice) as poller:
        answer = await poller.post(PATH, json=[asked("ok"), asked("late")])
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "[1].outcome", "message": "must be `ok`, `error` or `timeout`"}
    ]
    assert await seen(story, story.alice) == {}


async def test_a_tenant_has_a_hundred_connectors_and_no_more(story: Story) -> None:
    async with client(story, story.bob) as poller:
        many = [asked("ok", f"c-{n:03}") for n in range(MOST_CONNECTORS)]
        assert (await poller.post(PATH, json=many)).status_code == 202
        answer = await poller.post(PATH, json=[asked("ok", "c-000"), asked("ok", "one-more")])
    assert answer.status_code == 422
    assert "one-more" in answer.json()["errors"][0]["message"]
    assert len(await seen(story, story.bob)) == MOST_CONNECTORS


async def test_strangers_and_endless_reports_are_turned_away(story: Story) -> None:
    async with client(story, story.alice) as poller:
        nobody = await poller.post(PATH, json=[asked("ok")], headers={"Authorization": ""})
        assert nobody.status_code == 401
        endless = await poller.post(PATH, content=b"[" + b" " * 600_000)
        assert endless.status_code == 413
        described = (await poller.get("/api/v1/openapi.json")).json()
    assert described["paths"][PATH]["post"]["operationId"] == "reportSourceRequests"
