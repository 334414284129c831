"""GET /api/v1/incidents, /incidents/{id} and /incidents/{id}/orders."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter
from msgspec.structs import asdict

from orderwatch.app.read_incidents import (
    Ground,
    IncidentPage,
    IncidentStore,
    MemberNow,
    MemberPage,
    Opened,
    read_incidents,
    read_members,
)
from orderwatch.core.alerting.incident import Incident, IncidentId
from orderwatch.core.alerting.incident_queries import LARGEST_ID, incident_query, member_query
from orderwatch.entrypoints.api.problems import Problem
from orderwatch.entrypoints.api.reading import (
    AnyRequest,
    Reading,
    asker_of,
    json,
    pairs_of,
    refuse,
    wrong_parameters,
)

Text = str | None
_INTERNAL: Final = ("told_orders", "well_since", "tally", "external", "group")


def incidents_handlers(reading: Reading, store: IncidentStore) -> list[HTTPRouteHandler]:
    """The routes that read incidents."""

    @get("/api/v1/incidents", operation_id="listIncidents", summary="Incidents, newest first")
    async def list_incidents(  # noqa: PLR0913, PLR0917 - the names of its parameters, for OpenAPI
        request: AnyRequest,
        state_: Annotated[Text, Parameter(query="state", description="firing or resolved")] = None,
        rule: Annotated[Text, Parameter(description="the id of its rule")] = None,
        team: Annotated[Text, Parameter(description="whose it is")] = None,
        priority: Annotated[Text, Parameter(description="high, medium or low")] = None,
        system: Annotated[Text, Parameter(description="the system it is about")] = None,
        from_: Annotated[
            Text, Parameter(query="from", description="fired then or later, RFC 3339")
        ] = None,
        to: Annotated[Text, Parameter(description="fired before then, RFC 3339")] = None,
        limit: Annotated[Text, Parameter(description="incidents per page, 1 to 200")] = None,
        cursor: Annotated[Text, Parameter(description="`next` of the page before")] = None,
    ) -> Response[bytes]:
        """Episodes of alert rules. Those that share another's cause are its `children`, unless one
        rule, team, priority or system is asked for.
        """
        del state_, rule, team, priority, system, from_, to, limit, cursor
        asker = await asker_of(reading, request)
        if isinstance(asker, Problem):
            return refuse(asker)
        query = incident_query(pairs_of(request))
        if isinstance(query, tuple):
            return wrong_parameters(query)
        return json(_page_document(await read_incidents(store, asker.tenant, query)))

    @get("/api/v1/incidents/{incident_id:str}", operation_id="getIncident", summary="One incident")
    async def get_incident(request: AnyRequest, incident_id: str) -> Response[bytes]:
        """The incident with its time line, its notices, its children and its other episodes."""
        asker = await asker_of(reading, request)
        if isinstance(asker, Problem):
            return refuse(asker)
        id_ = id_of(incident_id)
        opened = None if id_ is None else await store.opened(asker.tenant, id_)
        return no_such(incident_id) if opened is None else json(_opened_document(opened))

    @get(
        "/api/v1/incidents/{incident_id:str}/orders",
        operation_id="listIncidentOrders",
        summary="The orders of one incident, the dearest first",
    )
    async def list_members(
        request: AnyRequest,
        incident_id: str,
        open_: Annotated[
            Text, Parameter(query="open", description="true: only those still in trouble")
        ] = None,
        limit: Annotated[Text, Parameter(description="orders per page, 1 to 500")] = None,
        cursor: Annotated[Text, Parameter(description="`next` of the page before")] = None,
    ) -> Response[bytes]:
        """Each with what brought it in, and how it stands now."""
        del open_, limit, cursor
        asker = await asker_of(reading, request)
        if isinstance(asker, Problem):
            return refuse(asker)
        id_ = id_of(incident_id)
        if id_ is None:
            return no_such(incident_id)
        query = member_query(id_, pairs_of(request))
        if isinstance(query, tuple):
            return wrong_parameters(query)
        ground = Ground(reading.orders, asker.tenant, asker.template, reading.now())
        page = await read_members(store, ground, query)
        return no_such(incident_id) if page is None else json(_members_document(page))

    return [list_incidents, get_incident, list_members]


def id_of(typed: str) -> IncidentId | None:
    """An incident's number; None when it cannot be one."""
    if typed.isascii() and typed.isdigit() and len(typed) < 20 and 0 < int(typed) <= LARGEST_ID:
        return IncidentId(int(typed))
    return None


def no_such(typed: str) -> Response[bytes]:
    """404."""
    return refuse(Problem(404, "no-such-incident", f"there is no incident {typed[:40]}"))


def _money(incident: Incident) -> dict[str, str]:
    return {"value": f"{incident.money:.2f}", "currency": incident.currency}


def incident_document(incident: Incident) -> dict[str, object]:
    """An incident as the API gives it."""
    document = {name: one for name, one in asdict(incident).items() if name not in _INTERNAL}
    return document | {"money": _money(incident)}


def _page_document(page: IncidentPage) -> dict[str, object]:
    items = [
        incident_document(each.incident)
        | {"children": [incident_document(child) for child in each.children]}
        for each in page.items
    ]
    return {"items": items, "next": page.next}


def _opened_document(opened: Opened) -> dict[str, object]:
    return incident_document(opened.incident) | {
        "customers": opened.customers,
        "tally": opened.incident.tally,
        "children": [incident_document(each) for each in opened.children],
        "episodes": [incident_document(each) for each in opened.episodes],
        "timeline": opened.entries,
        "notices": opened.notices,
    }


def _members_document(page: MemberPage) -> dict[str, object]:
    return {"items": [_member_document(each) for each in page.items], "next": page.next}


def _member_document(each: MemberNow) -> dict[str, object]:
    member, order = each.member, each.order
    now = None
    if order is not None:
        now = {
            "status": order.status,
            "class": order.class_,
            "overdue": order.overdue,
            "why": order.why.sentence,
        }
    return {
        "order_id": member.order_id,
        "joined_at": member.joined_at,
        "cause_at": member.cause_at,
        "recovered_at": member.recovered_at,
        "system": member.system,
        "reason": member.reason,
        "status": member.status,
        "channel": member.channel,
        "location": member.location,
        "amount": f"{member.amount:.2f}",
        "in_trouble": member.marks,
        "now": now,
    }
