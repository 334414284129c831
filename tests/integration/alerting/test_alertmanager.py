"""With a real Alertmanager: our incidents are alerts there, its alerts are incidents here."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
import uvicorn
from litestar import Litestar
from msgspec import Struct
from tests.alertmanager import RunningAlertmanager, alertmanager
from tests.fakes.keys import FakeKeys
from tests.integration.alerting.outbox_stage import KeptInPostgres
from tests.integration.alerting.test_roads_contract import roads
from tests.notices import FixedBooks, message, parcel, resolved
from tests.product import eventually

from orderwatch.adapters import clock
from orderwatch.adapters.notifiers.roads import Roads
from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.external import PostgresExternal
from orderwatch.app.repeat_alerts import repeat_alerts
from orderwatch.app.send_notices import Sending, send_notices
from orderwatch.app.throttle import Throttle
from orderwatch.core.alerting.book import Channel, ChannelKind
from orderwatch.core.alerting.notice import NewNotice, Sent
from orderwatch.core.ingest.limits import Rates
from orderwatch.core.model import TenantId
from orderwatch.entrypoints.api.alertmanager import AlertDoor, alertmanager_handler
from orderwatch.entrypoints.api.problems import EXCEPTION_HANDLERS
from orderwatch.entrypoints.api.protocol import ProblemProtocol

STARTED = datetime.now(UTC) - timedelta(minutes=5)


class Stage(Struct, frozen=True):
    """Two tenants' incidents, the door for alerts as a server, and a real Alertmanager."""

    database: Database
    alice: TenantId
    bob: TenantId
    keys: FakeKeys
    url: str
    manager: RunningAlertmanager
    roads: Roads

    async def rows(self, query: str, tenant: TenantId | None = None) -> list[tuple[Any, ...]]:
        async with self.database.tenant(tenant or self.alice) as connection:
            return await (await connection.execute(query)).fetchall()

    async def until(self, query: str, expected: list[tuple[Any, ...]]) -> None:
        """Wait until Alice sees this."""
        ends = monotonic() + 20
        while (found := await self.rows(query)) != expected:
            assert monotonic() < ends, found
            await asyncio.sleep(0.05)

    def channel(self) -> Channel:
        options: dict[str, str | tuple[str, ...]] = {"url": self.manager.url}
        return Channel(name="am", kind=ChannelKind.ALERTMANAGER, options=options)

    def sending(self) -> Sending:
        outbox, books = KeptInPostgres(self.database), FixedBooks(self.channel())
        by_kind = self.roads.by_kind
        return Sending(outbox=outbox, books=books, roads=by_kind, now=clock.now, chance=lambda: 0.5)


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    database = Database(database_url, size=4)
    await database.open()
    async with database.directory() as connection:
        insert = "insert into tenants (name) values ('alice'), ('bob') returning tenant_id"
        made = await connection.execute(insert)
        alice, bob = [TenantId(row[0]) for row in await made.fetchall()]
    keys = FakeKeys()
    own = Database(database_url, size=2)
    with serving(own, keys) as url:
        key = keys.give(alice, "/alertmanager").text
        with alertmanager(tmp_path, f"{url}/api/v1/alertmanager", key) as running:
            opened = roads()
            yield Stage(database, alice, bob, keys, url, running, opened)
            await opened.close()
    await database.close()


class serving:  # noqa: N801 - reads as what it does
    """The door for alerts, as a server with a loop and a database pool of its own."""

    def __init__(self, database: Database, keys: FakeKeys) -> None:
        throttle = Throttle(Rates(), clock.monotonic)
        door = AlertDoor(keys, throttle, PostgresExternal(database), clock.now)

        async def opened(_: Litestar) -> None:
            await database.open()

        async def closed(_: Litestar) -> None:
            await database.close()

        app = Litestar(
            route_handlers=[alertmanager_handler(door)],
            exception_handlers=EXCEPTION_HANDLERS,
            on_startup=[opened],
            on_shutdown=[closed],
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, http=ProblemProtocol, log_level="error", access_log=False)
        self._server = uvicorn.Server(config)
        sockets = {"sockets": [self._socket]}
        self._thread = threading.Thread(target=self._server.run, kwargs=sockets)

    def __enter__(self) -> str:
        self._thread.start()
        eventually(lambda: self._server.started, "the door is open")
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


def disk_full(**more: Any) -> dict[str, Any]:
    return {
        "labels": {"alertname": "DiskFull", "severity": "critical", "instance": "db-1"},
        "annotations": {"summary": "The disk of db-1 is full"},
        "startsAt": STARTED.isoformat(),
        "generatorURL": "http://prometheus.example/graph",
    } | more


async def test_an_incident_is_an_alert_there_until_it_is_resolved(stage: Stage) -> None:
    road = stage.roads.by_kind[ChannelKind.ALERTMANAGER]
    began = datetime.now(UTC) - timedelta(minutes=2)
    told = message(starts_at=began)
    assert await road.send(stage.channel(), parcel(told)) == Sent()
    (alert,) = stage.manager.alerts()
    labels = alert["labels"]
    assert labels["alertname"] == "transmission_failed"
    assert (labels["priority"], labels["team"]) == ("high", "fulfilment")
    assert (labels["tenant"], labels["group"]) == ("alice", "commerce_engine, PRICE_CHECK")
    assert labels["region"] == "north"
    assert alert["annotations"]["summary"] == "47 orders failed at Commerce Engine"
    assert alert["generatorURL"] == "https://orders.example/incidents/7"
    over = resolved(starts_at=began, ends_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await road.send(stage.channel(), parcel(over)) == Sent()
    assert stage.manager.alerts() == []


async def test_what_goes_on_is_repeated_and_what_is_over_is_not(stage: Stage) -> None:
    """An Alertmanager takes for over what it does not hear of for `resolve_timeout`."""
    sending = stage.sending()
    now = datetime.now(UTC)
    told = message(starts_at=now - timedelta(minutes=1), cause_at=now)
    async with stage.database.tenant(stage.alice) as connection:
        made = await connection.execute(
            "insert into incidents (tenant_id, rule, group_key, priority, team, title, about,"
            " labels, state, cause_at, fired_at, orders, still_open, money, currency, tally,"
            " common, told_orders, quiet, external) values (bound_tenant(),"
            " 'transmission_failed', 'g', 'high', 'ops', 't', '{}', '{}', 'firing', now(), now(),"
            " 0, 0, 0, '', '{}', '', 0, '', '{}') returning incident_id"
        )
        row = await made.fetchone()
        assert row is not None
    outbox = KeptInPostgres(stage.database)
    new = NewNotice(channel="am", message=told, due_at=now, incident=row[0])
    await outbox.add(stage.alice, new, now)
    assert await send_notices(sending, stage.alice, "alice", "am") == 1
    (first,) = stage.manager.alerts()
    assert await repeat_alerts(sending, outbox, stage.alice, "alice") == 1
    (again,) = stage.manager.alerts()
    assert again["fingerprint"] == first["fingerprint"]
    assert again["startsAt"] == first["startsAt"]
    assert again["endsAt"] > first["endsAt"]
    assert await repeat_alerts(sending, outbox, stage.bob, "bob") == 0
    async with stage.database.tenant(stage.alice) as connection:
        await connection.execute("update incidents set state = 'resolved', resolved_at = now()")
    assert await repeat_alerts(sending, outbox, stage.alice, "alice") == 0


async def test_what_prometheus_raised_is_in_the_same_history(stage: Stage) -> None:
    stage.manager.post(disk_full())
    query = "select rule, priority, state, title from incidents order by incident_id"
    firing = ("alertmanager:DiskFull", "high", "firing", "The disk of db-1 is full")
    await stage.until(query, [firing])
    stage.manager.post(disk_full(endsAt=datetime.now(UTC).isoformat()))
    await stage.until(query, [(firing[0], firing[1], "resolved", firing[3])])
    lines = await stage.rows("select kind from incident_log order by entry_id")
    assert lines == [("fired",), ("resolved",)]
    assert await stage.rows("select 1 from incidents", stage.bob) == []


async def test_what_we_sent_there_does_not_come_back(stage: Stage) -> None:
    road = stage.roads.by_kind[ChannelKind.ALERTMANAGER]
    began = datetime.now(UTC) - timedelta(minutes=2)
    await road.send(stage.channel(), parcel(message(starts_at=began)))
    stage.manager.post(disk_full())
    await stage.until("select rule from incidents", [("alertmanager:DiskFull",)])
    assert len(stage.manager.alerts()) == 2


async def test_strangers_and_nonsense_are_told_what_is_wrong(stage: Stage) -> None:
    url = f"{stage.url}/api/v1/alertmanager"
    reader = stage.keys.give(stage.bob, "/checkout").text
    good = stage.keys.give(stage.bob, "/", seed="good").text
    async with httpx.AsyncClient() as client:
        assert (await client.post(url, json={})).status_code == 401
        assert (await client.get(url)).status_code == 405
        foreign = await client.post(url, json={}, headers={"Authorization": f"Bearer {reader}"})
        assert foreign.status_code == 403
        mine = {"Authorization": f"Bearer {good}"}
        bad = await client.post(url, json={"version": "4", "alerts": [{}]}, headers=mine)
        assert bad.status_code == 422
        assert "alerts[0].startsAt" in {one["field"] for one in bad.json()["errors"]}
        empty = await client.post(url, json={"version": "4", "alerts": []}, headers=mine)
        assert empty.json() == {"opened": 0, "resolved": 0, "known": 0, "own": 0}


async def test_the_same_request_from_two_at_once_makes_one_incident(stage: Stage) -> None:
    body = {
        "version": "4",
        "alerts": [disk_full(status="firing", fingerprint="f00", endsAt="0001-01-01T00:00:00Z")],
    }
    headers = {"Authorization": f"Bearer {stage.keys.give(stage.alice, '/', seed='two').text}"}
    async with httpx.AsyncClient(headers=headers) as client:
        url = f"{stage.url}/api/v1/alertmanager"
        answers = await asyncio.gather(*(client.post(url, json=body) for _ in range(4)))
    assert sorted(one.json()["opened"] for one in answers) == [0, 0, 0, 1]
    assert await stage.rows("select count(*) from incidents") == [(1,)]
