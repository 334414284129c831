"""Read incidents: a page of them, one with all that belongs to it, and the orders behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from orderwatch.app.read_orders import OrderStore, read_these
from orderwatch.core.alerting.incident import Entry, Incident, IncidentId, Member
from orderwatch.core.alerting.incident_queries import (
    IncidentFilter,
    IncidentPlace,
    IncidentQuery,
    MemberFilter,
    MemberPlace,
    MemberQuery,
    incident_cursor,
    member_cursor,
)
from orderwatch.core.alerting.notice import NoticeId, NoticeKind, NoticeState
from orderwatch.core.flow.template import Template
from orderwatch.core.model import Order, OrderId, TenantId


class NoticeLine(Struct, frozen=True, kw_only=True):
    """A notice and what became of it; of its message only the title."""

    id: NoticeId
    channel: str
    kind: NoticeKind
    title: str
    state: NoticeState
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None
    attempts: int
    problem: str | None
    incident: IncidentId | None
    merged_into: NoticeId | None


class Opened(Struct, frozen=True, kw_only=True):
    """One incident and all that belongs to it, but its orders.

    `episodes` are the others of its group, newest first; `entries` its time line, oldest first.
    `customers` is how many different ones it touched, of the orders that name theirs.
    """

    incident: Incident
    parent: Incident | None
    children: list[Incident]
    episodes: list[Incident]
    entries: list[Entry]
    notices: list[NoticeLine]
    customers: int


class IncidentStore(Protocol):
    """Where incidents are read from. Every call raises Unavailable when the database is away."""

    async def incidents(
        self, tenant: TenantId, wanted: IncidentFilter, most: int, after: IncidentPlace | None
    ) -> list[Incident]:
        """Newest first by (fired_at, id), those after a place."""
        ...

    async def children(
        self, tenant: TenantId, parents: Sequence[IncidentId]
    ) -> Mapping[IncidentId, list[Incident]]:
        """What stands under each of these, newest first."""
        ...

    async def opened(self, tenant: TenantId, incident: IncidentId) -> Opened | None:
        """One incident; None when there is none."""
        ...

    async def members(
        self, tenant: TenantId, wanted: MemberFilter, most: int, after: MemberPlace | None
    ) -> list[Member] | None:
        """Its orders, the dearest first, those after a place; None: there is no such incident."""
        ...

    async def of_order(self, tenant: TenantId, order: OrderId, most: int) -> list[Incident]:
        """The incidents an order is or was in, newest first."""
        ...

    async def firing(self, tenant: TenantId) -> int:
        """How many go on; what stands under another counts with it."""
        ...


class Listed(Struct, frozen=True):
    """An incident of a list, with those that share its cause."""

    incident: Incident
    children: tuple[Incident, ...] = ()


class IncidentPage(Struct, frozen=True):
    """Some incidents of a list; `next` is the cursor of the page after."""

    items: tuple[Listed, ...]
    next: str | None


class MemberNow(Struct, frozen=True):
    """An order of an incident, and how it stands now; None: it is not kept any more."""

    member: Member
    order: Order | None


class MemberPage(Struct, frozen=True):
    """Some of an incident's orders."""

    items: tuple[MemberNow, ...]
    next: str | None


async def read_incidents(
    store: IncidentStore, tenant: TenantId, query: IncidentQuery
) -> IncidentPage:
    """One page of incidents, newest first."""
    found = await store.incidents(tenant, query.filter, query.limit + 1, query.after)
    page, more = found[: query.limit], len(found) > query.limit
    under: Mapping[IncidentId, list[Incident]] = {}
    if page and query.filter.is_folded:
        under = await store.children(tenant, [each.id for each in page])
    return IncidentPage(
        tuple(Listed(each, tuple(under.get(each.id, ()))) for each in page),
        incident_cursor(query.filter, page[-1]) if more else None,
    )


class Ground(Struct, frozen=True):
    """What it takes to say how an order stands now."""

    orders: OrderStore
    tenant: TenantId
    template: Template
    at: datetime


async def read_members(
    store: IncidentStore, ground: Ground, query: MemberQuery
) -> MemberPage | None:
    """One page of an incident's orders with their verdicts now; None: there is no such incident."""
    found = await store.members(ground.tenant, query.filter, query.limit + 1, query.after)
    if found is None:
        return None
    page, more = found[: query.limit], len(found) > query.limit
    ids = [each.order_id for each in page]
    orders = await read_these(ground.orders, ground.tenant, ground.template, ids, ground.at)
    by_id = {order.order_id: order for order in orders}
    return MemberPage(
        tuple(MemberNow(each, by_id.get(each.order_id)) for each in page),
        member_cursor(query.filter, page[-1]) if more else None,
    )
