"""Wires the house: the only package that knows which adapter stands behind which port."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from orderwatch.adapters import clock
from orderwatch.adapters.announcements import AllOf
from orderwatch.adapters.logs.ecs import StepLog, set_up_logs
from orderwatch.adapters.metrics.exposition import Exposition
from orderwatch.adapters.postgres.announcing import PostgresAnnouncements
from orderwatch.adapters.postgres.books import PostgresBooks
from orderwatch.adapters.postgres.database import SLOTS, Database
from orderwatch.adapters.postgres.dead_letters import PostgresDeadLetters
from orderwatch.adapters.postgres.directory import PostgresDirectory
from orderwatch.adapters.postgres.embedded import EmbeddedPostgres, running_url
from orderwatch.adapters.postgres.external import PostgresExternal
from orderwatch.adapters.postgres.flow import PostgresFlow
from orderwatch.adapters.postgres.incidents import PostgresIncidents
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.adapters.postgres.metrics import PostgresMetrics
from orderwatch.adapters.postgres.migrate import migrate
from orderwatch.adapters.postgres.notes import PostgresNotes
from orderwatch.adapters.postgres.parked import PostgresParked
from orderwatch.adapters.postgres.readiness import PostgresReadiness
from orderwatch.adapters.postgres.reading import PostgresReading
from orderwatch.adapters.postgres.shelves import PostgresShelves
from orderwatch.adapters.postgres.source_requests import PostgresSourceRequests
from orderwatch.adapters.shipped import shipped_alerts, shipped_templates
from orderwatch.app.administer import create_tenant
from orderwatch.app.announce_changes import Hub
from orderwatch.app.check_readiness import Readiness
from orderwatch.app.group_commit import Limits as CommitLimits
from orderwatch.app.keep_ledger import Ledger
from orderwatch.app.known_books import KnownBooks
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.read_metrics import TenantFigures
from orderwatch.app.receive_events import Door
from orderwatch.app.remember_keys import RememberedKeys
from orderwatch.app.ring_bell import Bell
from orderwatch.app.run_jobs import Jobs
from orderwatch.app.tend_ledger import Tending
from orderwatch.app.throttle import Throttle
from orderwatch.bootstrap.alarms import Alarms, furnish_alarms
from orderwatch.bootstrap.post import Post, furnish_post
from orderwatch.bootstrap.reception import Reception, furnish_reception
from orderwatch.core.alerting.parse import BookError
from orderwatch.core.ingest.limits import Rates
from orderwatch.core.model import TenantId
from orderwatch.settings import SettingHelp, Settings, describe, read_settings

_FRESH_SECRET: Final = secrets.token_bytes(32)
"""Seals sessions when no secret is set: they end with this process."""
_ALERTING: Final = logging.getLogger("orderwatch.alerting")
DEFAULT_TENANT: Final = "default"
DEFAULT_TEMPLATE: Final = "lotus-o2o"


def environment_settings() -> Settings:
    """The settings of this process; raises BadSetting."""
    return read_settings(os.environ)


def explained_settings() -> list[SettingHelp]:
    """Every setting with what is in force; raises BadSetting."""
    return describe(environment_settings())


def log_as_ecs(settings: Settings) -> None:
    """Send this process's log to standard error as ECS lines."""
    set_up_logs(settings.log_level)


def default_template() -> str:
    """The YAML text of the template a first tenant gets."""
    return shipped_templates()[DEFAULT_TEMPLATE].read_text()


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """A database that answers: the one that was set, or an embedded one for as long as we need it.

    When a server runs on the same data directory already, it is that server's.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    running = running_url(settings.data_dir)
    if running is not None:
        yield running
        return
    with embedded_url(settings.data_dir) as url:
        yield url


@contextmanager
def embedded_url(data_dir: Path | None) -> Iterator[str]:
    """An embedded database in a folder, or in a temporary one that goes with it."""
    server = EmbeddedPostgres(data_dir) if data_dir else EmbeddedPostgres.temporary()
    with server:
        yield server.url


def demo_settings() -> Settings:
    """The settings of a demo: those of the environment, but a quiet terminal."""
    return replace(environment_settings(), log_steps=False, log_level="warning")


def bring_up_to_date(settings: Settings, url: str) -> list[str]:
    """Migrate; the names of what was applied."""
    return migrate(settings.migration_url or url)


async def first_tenant(directory: PostgresDirectory) -> TenantId:
    """The tenant `default` of an empty database, or the first there is."""
    tenants = await directory.tenants()
    for tenant in tenants:
        if tenant.name == DEFAULT_TENANT:
            return tenant.tenant_id
    if tenants:
        return tenants[0].tenant_id
    return await create_tenant(directory, DEFAULT_TENANT, default_template())


class Scraping(Struct, frozen=True):
    """Where metrics come from, and how they are written."""

    store: PostgresMetrics
    render: Callable[[Sequence[TenantFigures]], bytes]


class House(Struct, frozen=True):
    """The parts of a running Orderwatch, opened."""

    settings: Settings
    database: Database
    directory: PostgresDirectory
    store: PostgresLedger
    templates: KnownTemplates
    books: KnownBooks
    book_store: PostgresBooks
    post: Post
    ledger: Ledger
    tending: Tending
    door: Door
    reading: PostgresReading
    flow: PostgresFlow
    dead_letters: PostgresDeadLetters
    notes: PostgresNotes
    readiness: Readiness
    scraping: Scraping
    reception: Reception
    keys: RememberedKeys
    hub: Hub
    announcements: PostgresAnnouncements
    parked: PostgresParked
    jobs: Jobs
    incidents: PostgresIncidents
    external: PostgresExternal
    source_requests: PostgresSourceRequests
    alarms: Alarms

    @property
    def session_secret(self) -> bytes:
        """What seals the console's sessions."""
        given = self.settings.session_secret
        return given.encode() if given else _FRESH_SECRET

    @property
    def settings_in_force(self) -> list[SettingHelp]:
        """The settings of this process, secrets only as set or not."""
        return describe(self.settings)

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock."""
        return clock.now


@asynccontextmanager
async def open_house(settings: Settings, url: str) -> AsyncIterator[House]:
    """Everything wired on an open database; the ledger's writers run until it is left."""
    database = Database(url, size=settings.database_connections)
    # The writers have connections of their own: nobody's question keeps an event waiting.
    writing = Database(url, size=settings.writers, first_slot=secrets.randbelow(SLOTS))
    await database.open()
    try:
        await writing.open()
        house = _furnish(settings, database, writing, url)
        house.ledger.start()
        try:
            async with house.announcements.running():
                yield house
        finally:
            await house.jobs.stop()
            await house.post.roads.close()
            await house.ledger.stop()
            house.reception.passwords.close()
    finally:
        await writing.close()
        await database.close()


def _furnish(settings: Settings, database: Database, writing: Database, url: str) -> House:
    directory = PostgresDirectory(database)
    store = PostgresLedger(database)
    templates = KnownTemplates(directory, clock.monotonic)
    book_store = PostgresBooks(database)
    books = KnownBooks(book_store, templates, shipped_alerts(), clock.monotonic, _record_misfits)
    hub = Hub()
    others = PostgresAnnouncements(url, hub, secrets.token_hex(8))
    bell = Bell()
    announcements = AllOf(others, bell, *([StepLog()] if settings.log_steps else []))
    ledger = Ledger(
        PostgresLedger(writing),
        templates,
        announcements,
        clock.now,
        CommitLimits(writers=settings.writers, most_waiting_events=settings.waiting_events),
    )
    keys = RememberedKeys(directory, clock.monotonic)
    rates = Rates(requests=settings.key_requests_per_second, events=settings.key_events_per_second)
    return House(
        settings=settings,
        database=database,
        directory=directory,
        store=store,
        templates=templates,
        books=books,
        book_store=book_store,
        post=furnish_post(settings, database, url, books),
        ledger=ledger,
        tending=Tending(
            store=store,
            shelves=PostgresShelves(database),
            directory=directory,
            templates=templates,
            announcements=announcements,
            now=clock.now,
            retention=settings.retention,
        ),
        door=Door(ledger, keys, Throttle(rates, clock.monotonic), clock.now),
        reading=PostgresReading(database),
        flow=PostgresFlow(database),
        dead_letters=PostgresDeadLetters(database),
        notes=PostgresNotes(database),
        readiness=Readiness(
            PostgresReadiness(database, settings.migration_url or url), clock.monotonic
        ),
        scraping=Scraping(PostgresMetrics(database), Exposition().render),
        reception=furnish_reception(settings, database),
        keys=keys,
        hub=hub,
        announcements=others,
        parked=PostgresParked(database),
        incidents=PostgresIncidents(database),
        external=PostgresExternal(database),
        source_requests=PostgresSourceRequests(database),
        alarms=furnish_alarms(database, bell),
        jobs=Jobs(clock.now, partial(secrets.token_hex, 8), _record_fault),
    )


def _record_misfits(tenant: TenantId, problems: Sequence[BookError]) -> None:
    said = "; ".join(f"{one.field}: {one.message}" for one in problems)
    _ALERTING.warning("alert rules of tenant %s that do not fit are left out: %s", tenant, said)


def _record_fault(error: Exception) -> None:
    logging.getLogger("orderwatch.jobs").error("a job failed", exc_info=error)
