"""Alive is not ready: the database has to answer, with this version's schema."""

from __future__ import annotations

import time

import psycopg
from litestar import Litestar
from litestar.testing import AsyncTestClient

from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.readiness import PostgresReadiness
from orderwatch.app.check_readiness import Readiness
from orderwatch.core.errors import Unavailable
from orderwatch.entrypoints.api.health import health_handlers


class ToldDatabase:
    """A database that is down, not migrated, or well, as the test says; counts the questions."""

    def __init__(self) -> None:
        self.down = False
        self.lacks: list[str] = []
        self.questions = 0

    async def ping(self) -> None:
        self.questions += 1
        if self.down:
            raise Unavailable("The database does not answer.")

    async def pending(self) -> list[str]:
        return self.lacks


async def test_not_ready_until_the_database_answers_and_is_migrated() -> None:
    database, now = ToldDatabase(), [0.0]
    database.down, database.lacks = True, ["0002-reading"]
    readiness = Readiness(database, lambda: now[0])
    async with AsyncTestClient(Litestar(health_handlers(readiness))) as client:
        assert (await client.get("/healthz")).status_code == 200
        away = await client.get("/readyz")
        assert (away.status_code, away.headers["retry-after"]) == (503, "1")
        assert away.headers["content-type"] == "application/problem+json"
        database.down = False
        now[0] += 1
        old = await client.get("/readyz")
        assert old.status_code == 503
        assert "orderwatch migrate" in old.json()["detail"]
        database.lacks = []
        now[0] += 1
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        database.down = True
        now[0] += 1
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_asking_often_costs_one_question_a_second() -> None:
    database, now = ToldDatabase(), [0.0]
    readiness = Readiness(database, lambda: now[0])
    for _ in range(50):
        assert await readiness.obstacle() is None
    assert database.questions == 1


async def test_a_real_database_is_ready_once_its_migrations_are_done(database_url: str) -> None:
    database = Database(database_url, size=2)
    await database.open()
    readiness = Readiness(PostgresReadiness(database, database_url), time.monotonic)
    assert await readiness.obstacle() is None
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("delete from _yoyo_migration where migration_id = '0002-reading'")
    again = Readiness(PostgresReadiness(database, database_url), time.monotonic)
    obstacle = await again.obstacle()
    assert obstacle is not None
    assert "0002-reading" in obstacle
    await database.close()
