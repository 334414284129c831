"""Evaluate one tenant's alert rules: take what the ledger noted, decide, write, and leave notices.

One transaction: causes are taken, incidents moved and notices written together or not at all, so
a worker may die anywhere and the next one begins where this one began. Who evaluates a tenant holds
its lock; another worker that comes meanwhile goes away again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.core.alerting.book import Book, Look
from orderwatch.core.alerting.compose import MOST_ORDERS, Brief, Scene, compose, title_of_incident
from orderwatch.core.alerting.evaluate import evaluate
from orderwatch.core.alerting.figures import Finding
from orderwatch.core.alerting.incident import Entry, Incident, IncidentId, Member, Silence
from orderwatch.core.alerting.notice import NewNotice, NoticeKind
from orderwatch.core.alerting.situation import (
    Broken,
    FailedNotice,
    GroupKey,
    Round,
    Situation,
    Telling,
)
from orderwatch.core.flow.template import Template
from orderwatch.core.model import OrderId, System, TenantId
from orderwatch.core.tracking.causes import Cause

MOST_CAUSES: Final = 2_000
"""Causes of one round; what is more comes in the next, at once."""


class Taken(Struct, frozen=True):
    """What the ledger and the senders noted since the last round."""

    causes: list[Cause] = []
    failed_notices: list[FailedNotice] = []

    @property
    def number(self) -> int:
        """How many there were."""
        return len(self.causes) + len(self.failed_notices)


class Stirring(Struct, frozen=True):
    """Whether causes were noted that nobody took yet, and whether anything is under way."""

    causes: bool
    under_way: bool


class AlertTransaction(Protocol):
    """One evaluation of one tenant, whose lock it holds."""

    async def rounds(self) -> Mapping[str, datetime]:
        """When each kind of round was last done."""
        ...

    async def take(self, most: int) -> Taken:
        """Take what was noted, in its order."""
        ...

    async def firing(self) -> list[Incident]:
        """The incidents that go on."""
        ...

    async def members(self, order_ids: Collection[OrderId]) -> list[Member]:
        """The places of these orders in incidents that go on."""
        ...

    async def pending(self) -> dict[GroupKey, datetime]:
        """Conditions that are true, not yet for long enough."""
        ...

    async def silences(self, now: datetime) -> list[Silence]:
        """The silences and maintenance windows that are on."""
        ...

    async def delivered(self, channels: Collection[str]) -> Mapping[str, datetime]:
        """When each of these channels last took a notice."""
        ...

    async def last_words(self) -> Mapping[System, datetime]:
        """When each system was last heard."""
        ...

    async def save(self, round_: Round, pending_before: Mapping[GroupKey, datetime]) -> None:
        """Write incidents (new ones get their id), members, time lines and what is pending."""
        ...

    async def worst(self, incidents: Sequence[IncidentId], most: int) -> list[Member]:
        """Of each incident the orders worth most, those in trouble first."""
        ...

    async def customers(self, incidents: Sequence[IncidentId]) -> Mapping[IncidentId, int]:
        """How many customers each touched, as far as orders name them."""
        ...

    async def timelines(self, incidents: Sequence[IncidentId]) -> Mapping[IncidentId, list[Entry]]:
        """What happened in each."""
        ...

    async def tell(self, notices: Sequence[NewNotice], now: datetime) -> None:
        """Put notices into the outbox; senders hear of it when this is committed."""
        ...

    async def done(self, rounds: Collection[str], now: datetime) -> None:
        """Remember that these rounds were done."""
        ...


class AlertStore(Protocol):
    """Where incidents are kept. Every call raises Unavailable when the database is away."""

    async def stirring(self, tenant: TenantId) -> Stirring:
        """Whether there is anything to evaluate."""
        ...

    def evaluating(self, tenant: TenantId) -> AbstractAsyncContextManager[AlertTransaction | None]:
        """Commits on leaving; None while somebody else evaluates this tenant."""
        ...


class Found(Struct, frozen=True):
    """What the figures say: findings, the looks they answer, and the rounds that makes."""

    findings: list[Finding] = []
    looked: frozenset[Look] = frozenset()
    rounds: tuple[str, ...] = ()


class Figures(Protocol):
    """Counts of windows, silences, schedules: whatever is due."""

    async def look(
        self,
        tenant: TenantId,
        book: Book,
        template: Template,
        done: Mapping[str, datetime],
        now: datetime,
    ) -> Found:
        """What is due since the rounds that were done, and what it says."""
        ...


class Books(Protocol):
    """Where alert books are asked for."""

    async def of(self, tenant: TenantId) -> Book:
        """The tenant's book in force; raises Unavailable."""
        ...


class Commonality(Protocol):
    """What the orders of an incident have in common that others have not."""

    async def of(self, tenant: TenantId, incident: Incident, template: Template) -> str:
        """A clause such as "82 % of them: store TH-0412, usually 3 %"; empty: nothing telling."""
        ...


class Alerting(Struct, frozen=True):
    """All that evaluating needs."""

    store: AlertStore
    figures: Figures
    commonality: Commonality
    now: Callable[[], datetime]


class Evaluated(Struct, frozen=True):
    """What a round did. `more`: causes wait that did not fit; `busy`: another worker is at it."""

    moved: tuple[IncidentId, ...] = ()
    notices: int = 0
    broken: tuple[Broken, ...] = ()
    more: bool = False
    busy: bool = False


async def evaluate_alerts(
    alerting: Alerting, tenant: TenantId, book: Book, template: Template
) -> Evaluated:
    """One round for one tenant; raises Unavailable, and then nothing of it happened."""
    async with alerting.store.evaluating(tenant) as transaction:
        if transaction is None:
            return Evaluated(busy=True)
        now = alerting.now()
        done = await transaction.rounds()
        found = await alerting.figures.look(tenant, book, template, done, now)
        taken = await transaction.take(MOST_CAUSES)
        situation = await _situation(transaction, taken, found, Scene(book, template, now))
        round_ = evaluate(situation)
        await _describe(alerting.commonality, tenant, round_)
        await transaction.save(round_, situation.pending)
        notices = await _notices(transaction, round_)
        if notices:
            await transaction.tell(notices, now)
        if found.rounds:
            await transaction.done(found.rounds, now)
    moved = tuple(one.id for one in round_.touched.values())
    more = taken.number >= MOST_CAUSES
    return Evaluated(moved, len(notices), tuple(round_.broken.values()), more)


async def _situation(
    transaction: AlertTransaction, taken: Taken, found: Found, scene: Scene
) -> Situation:
    firing = await transaction.firing()
    order_ids = {cause.order_id for cause in taken.causes}
    failing = {str(one.about["channel"]) for one in firing if one.about.get("look") == Look.NOTICE}
    return Situation(
        now=scene.now,
        book=scene.book,
        template=scene.template,
        causes=taken.causes,
        failed_notices=taken.failed_notices,
        firing=firing,
        members=await transaction.members(order_ids) if order_ids and firing else [],
        pending=await transaction.pending(),
        findings=found.findings,
        looked=found.looked,
        silences=await transaction.silences(scene.now) if firing or taken.number else [],
        delivered=await transaction.delivered(failing) if failing else {},
    )


async def _describe(commonality: Commonality, tenant: TenantId, round_: Round) -> None:
    """Put what is told, or has moved, into words."""
    scene = Scene(round_.at.book, round_.at.template, round_.now)
    for telling in round_.told:
        if telling.kind in (NoticeKind.FIRING, NoticeKind.UPDATE, NoticeKind.RESOLVED):
            incident = telling.incident
            incident.common = await commonality.of(tenant, incident, scene.template)
            round_.touch(incident)
    for incident in [*round_.touched.values(), *(one.incident for one in round_.told)]:
        incident.title = title_of_incident(scene, incident)


async def _notices(transaction: AlertTransaction, round_: Round) -> list[NewNotice]:
    if not round_.told:
        return []
    scene = Scene(round_.at.book, round_.at.template, round_.now)
    briefs = await _briefs(transaction, round_)
    notices = []
    for telling in round_.told:
        message = compose(scene, telling, briefs.get(telling.incident.id, Brief()))
        stored = telling.incident.id or None
        notices += [
            NewNotice(channel=name, message=message, due_at=round_.now, incident=stored)
            for name in telling.channels
        ]
    return notices


async def _briefs(transaction: AlertTransaction, round_: Round) -> dict[IncidentId, Brief]:
    ids = sorted({one.incident.id for one in round_.told if one.incident.id})
    children = _children(round_)
    with_orders = sorted({*ids, *(child.id for id_ in ids for child in children.get(id_, ()))})
    worst: dict[IncidentId, list[Member]] = {}
    for member in await transaction.worst(with_orders, MOST_ORDERS):
        worst.setdefault(member.incident, []).append(member)
    customers = await transaction.customers(with_orders)
    timelines = await transaction.timelines(ids) if _summarised(round_.told) else {}
    heard = await transaction.last_words()
    systems = {one.incident.id: str(one.incident.about.get("system", "")) for one in round_.told}
    briefs = {}
    for id_ in ids:
        family = [id_, *(child.id for child in children.get(id_, ()))]
        briefs[id_] = Brief(
            worst=[member for one in family for member in worst.get(one, ())],
            customers=sum(customers.get(one, 0) for one in family),
            timeline=timelines.get(id_, ()),
            children=children.get(id_, ()),
            heard=heard.get(systems[id_]),
        )
    return briefs


def _children(round_: Round) -> dict[IncidentId, list[Incident]]:
    children: dict[IncidentId, list[Incident]] = {}
    for incident in round_.firing:
        if incident.parent is not None:
            children.setdefault(incident.parent, []).append(incident)
    return children


def _summarised(told: Sequence[Telling]) -> bool:
    return any(one.kind is NoticeKind.SUMMARY for one in told)
