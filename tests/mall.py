"""A mall: two shops with ledgers, the thirteen rules that ship, and people at real channels' ends.

A story says what systems say and lets time pass; mail really arrives at an SMTP server, alerts at
an Alertmanager, webhooks at a web server. The clock is the story's, all else is as in production.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Final

from tests.sinks import HOST, MailSink
from tests.story import Moment, batch, lotus, moment

from orderwatch.adapters.notifiers.hosts import Hosts
from orderwatch.adapters.notifiers.roads import Roads, Surroundings
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.postgres.alerting import PostgresAlerting
from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.directory import PostgresDirectory
from orderwatch.adapters.postgres.figures import PostgresFigures
from orderwatch.adapters.postgres.incident_rows import incident_of
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.adapters.postgres.outbox import PostgresOutbox
from orderwatch.app.evaluate_alerts import Alerting, evaluate_alerts
from orderwatch.app.find_commonality import FoundCommonality
from orderwatch.app.look_at_figures import LookAtFigures
from orderwatch.app.record_events import record_events
from orderwatch.app.send_notices import Sending, send_notices
from orderwatch.app.watch_deadlines import watch_deadlines
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.incident import Incident
from orderwatch.core.alerting.parse import parse_book
from orderwatch.core.model import ReceivedEvent, TenantId

REPOSITORY: Final = Path(__file__).resolve().parent.parent
TICK: Final = timedelta(seconds=30)
_CHANNELS: Final = """\
channels:
  mailbox:
    kind: mailbox
  mail:
    kind: email
    host: {host}
    port: {port}
    tls: none
    from: orderwatch@shop.example
    to: [shift@shop.example]
    most: 500
"""


def default_book(mail_port: int, more: str = "") -> Book:
    """The book that ships, with everything going to a mail server as well as to the mailbox."""
    source = (REPOSITORY / "templates" / "alerts" / "default.yaml").read_text("utf-8")
    channels = _CHANNELS.format(host=HOST, port=mail_port)
    source = source.replace("channels:\n  mailbox:\n    kind: mailbox\n", channels + more)
    source = source.replace("to: [mailbox]", "to: [mailbox, mail]")
    read = parse_book(source, lotus())
    assert isinstance(read, Book), read
    return read


class Mall:
    """One tenant as it lives."""

    def __init__(self, database: Database, tenant: TenantId, mails: MailSink, book: Book) -> None:
        self.database = database
        self.tenant = tenant
        self.mails = mails
        self.book = book
        self.now = moment(0)
        self.ledger = PostgresLedger(database)
        self.figures = PostgresFigures(database)
        self.outbox = PostgresOutbox(database)
        hosts, secrets = Hosts([HOST]), ChannelSecrets({})
        about = Surroundings(hosts=hosts, secrets=secrets, public_url="https://watch.example")
        self.roads = Roads(about)
        self._alerting = Alerting(
            PostgresAlerting(database),
            LookAtFigures(self.figures),
            FoundCommonality(self.figures, lambda: self.now),
            lambda: self.now,
        )
        self._sending = Sending(
            self.outbox, self, self.roads.by_kind, lambda: self.now, lambda: 0.5
        )

    async def of(self, _: TenantId) -> Book:
        """The port Books: this story's."""
        return self.book

    def forget(self, _: TenantId) -> None:
        """There is nothing newer."""

    async def hear(self, *events: ReceivedEvent) -> None:
        """Systems speak, one after the other as time goes on."""
        for event in sorted(events, key=lambda one: one.event.time):
            if event.event.time > self.now:
                await self._let_deadlines_pass(event.event.time)
                self.now = event.event.time
            await self._record([event])
        await self.round()

    async def hear_together(self, events: Sequence[ReceivedEvent], at: Moment) -> None:
        """Many events arrive at once."""
        self.now = max(self.now, moment(at))
        await self._record(events)
        await self.round()

    async def wait_until(self, at: Moment) -> None:
        """Time passes; deadlines are seen as they do, rules are looked at every thirty seconds."""
        end = moment(at)
        while self.now < end:
            tick = min(self.now + TICK, end)
            await self._let_deadlines_pass(tick)
            self.now = tick
            await self.round()

    async def jump(self, at: Moment) -> None:
        """Time passes in which nothing is looked at: the worker was away."""
        self.now = max(self.now, moment(at))

    async def round(self) -> None:
        """Rules are looked at, and what is to be told is sent."""
        while (await evaluate_alerts(self._alerting, self.tenant, self.book, lotus())).more:
            pass
        for channel in await self.outbox.due(self.tenant, self.now):
            await send_notices(self._sending, self.tenant, "mall", channel)

    async def _record(self, events: Iterable[ReceivedEvent]) -> None:
        await record_events(self.ledger, self.tenant, lotus(), [batch(*events)], self.now)

    async def _let_deadlines_pass(self, end: datetime) -> None:
        while (due := await self._next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            while await watch_deadlines(self.ledger, self.tenant, lotus(), self.now):
                pass
            await self.round()

    async def _next_deadline(self) -> datetime | None:
        async with self.database.tenant(self.tenant) as connection:
            found = await connection.execute("select min(next_deadline) from orders")
            row = await found.fetchone()
        assert row is not None
        due: datetime | None = row[0]
        return due

    @property
    def mailed(self) -> list[str]:
        """The subjects of all mail that arrived, without the state's shape."""
        subjects = []
        for envelope in self.mails.got:
            content = envelope.original_content
            assert isinstance(content, bytes)
            subject = str(make_header(decode_header(message_from_bytes(content)["Subject"])))
            subjects.append(subject.partition(" ")[2])
        return subjects

    async def incidents(self, rule: str = "") -> list[Incident]:
        """Every episode so far, of one rule or of all."""
        async with self.database.tenant(self.tenant) as connection:
            found = await connection.execute(
                "select incident_id, rule, group_key, priority, team, title, about::text,"
                " labels::text, runbook, state, cause_at, fired_at, last_joined_at, well_since,"
                " resolved_at, orders, still_open, money, currency, tally::text, common, told_at,"
                " told_orders, quiet, acknowledged_at, acknowledged_by, assigned_to, escalated_at,"
                " parent, previous, external::text from incidents order by incident_id"
            )
            every = [incident_of(row) for row in await found.fetchall()]
        return [one for one in every if rule in ("", one.rule)]

    async def the(self, rule: str) -> Incident:
        """The only incident of a rule."""
        (incident,) = await self.incidents(rule)
        return incident


async def open_mall(
    database: Database, name: str, mails: MailSink, book: Book | None = None
) -> Mall:
    """A new tenant with a mall of its own."""
    tenant = await PostgresDirectory(database).create_tenant(name)
    assert tenant is not None
    return Mall(database, tenant, mails, book or default_book(mails.port))
