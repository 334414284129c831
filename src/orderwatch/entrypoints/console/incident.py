"""`/incidents/17`: what happened, how much it touches, who has it, and the orders behind it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import Parameter
from msgspec import Struct

from orderwatch.app.read_incidents import Ground, MemberPage, Opened, read_members
from orderwatch.core.alerting.incident import DIMENSIONS, OTHER, Incident, IncidentId
from orderwatch.core.alerting.incident_queries import (
    LARGEST_ID,
    MemberFilter,
    MemberQuery,
    member_query,
)
from orderwatch.entrypoints.console import words
from orderwatch.entrypoints.console.alarms import (
    DIMENSION_WORDS,
    ENTRY_SHAPES,
    KIND_WORDS,
    NOTICE_SHAPES,
    NOTICE_WORDS,
    PRIORITY_WORDS,
    REFUSALS,
    lasted,
    shape_of,
    system_of,
    word_of,
)
from orderwatch.entrypoints.console.chat import SHAPES
from orderwatch.entrypoints.console.incidents import shared
from orderwatch.entrypoints.console.languages import N_, Said, number
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)

PER_PAGE: Final = 10
MOST_VALUES: Final = 4
"""Values of a dimension that are shown; a share that matters is among the first."""
LENGTHS: Final = Said(
    {
        "30": N_("half an hour"),
        "60": N_("an hour"),
        "240": N_("four hours"),
        "720": N_("twelve hours"),
        "1440": N_("a day"),
        "10080": N_("a week"),
    }
)
"""For how long somebody wants it quiet, in minutes."""
Text = Annotated[str, Parameter(max_length=1000)]


class Share(Struct, frozen=True):
    """How many of an incident's orders have one value of a dimension."""

    title: str
    orders: int
    percent: float


@get("/incidents/{id_:int}", include_in_schema=False)
async def incident_page(
    request: AnyRequest, console: TheConsole, reader: TheReader, id_: int
) -> Page:
    """The page."""
    visit = await visit_of(console, reader)
    return render("incident.html", await _context(request, console, visit, id_))


@get("/live/incidents/{id_:int}", include_in_schema=False)
async def incident_live(
    request: AnyRequest, console: TheConsole, reader: TheReader, id_: int
) -> Page:
    """The parts of it that move."""
    visit = await visit_of(console, reader)
    return render("incident_live.html", await _context(request, console, visit, id_))


async def _context(request: AnyRequest, console: Console, visit: Visit, id_: int) -> dict[str, Any]:
    store, tenant = console.alarms.incidents, visit.reader.tenant
    opened = await store.opened(tenant, IncidentId(id_)) if 0 < id_ <= LARGEST_ID else None
    if opened is None:
        raise NotFoundException(detail=_("There is no incident %(id)s.", id=id_))
    incident = opened.incident
    only_open = request.query_params.get("open") == "true"
    page = await _members(request, console, visit, MemberFilter(incident.id, only_open))
    desk = console.alarms.desk(tenant, visit.reader.name, visit.reader.acting(request))
    context = shared(visit)
    return context | {
        "visit": visit,
        "opened": opened,
        "incident": incident,
        "only_open": only_open,
        "members": page.items,
        "next": _address(incident, open=only_open, cursor=page.next) if page.next else None,
        "first": not request.query_params.get("cursor"),
        "address": _address,
        "here": _address(incident, open=only_open, cursor=request.query_params.get("cursor")),
        "shares": _shares(incident, visit),
        "assignable": await desk.assignable() if context["may_handle"] else [],
        "lengths": LENGTHS,
        "alike": _orders_alike(incident),
        "chat": chat_of(opened, visit),
        "notice": REFUSALS.get(request.query_params.get("notice", "")),
        "priorities": PRIORITY_WORDS,
        "rule": (await console.alarms.books.of(tenant)).rules.get(incident.rule),
        "entry_shapes": ENTRY_SHAPES,
        "notice_words": NOTICE_WORDS,
        "notice_shapes": NOTICE_SHAPES,
        "kind_words": KIND_WORDS,
    }


async def _members(
    request: AnyRequest, console: Console, visit: Visit, wanted: MemberFilter
) -> MemberPage:
    """The page of orders the address asks for; the first when its cursor is of another list."""
    given = {"limit": str(PER_PAGE), "cursor": request.query_params.get("cursor", "")}
    asked = [*given.items(), ("open", "true" if wanted.open else "false")]
    query = member_query(wanted.incident, asked)
    if not isinstance(query, MemberQuery):
        query = MemberQuery(wanted, PER_PAGE)
    ground = Ground(console.orders, visit.reader.tenant, visit.template, visit.now)
    page = await read_members(console.alarms.incidents, ground, query)
    return page or MemberPage((), None)


def _address(incident: Incident, *, open: bool = False, cursor: str | None = None) -> str:  # noqa: A002 - as in the address
    """Where this incident is, with a part of its orders."""
    query = {"open": "true" if open else None, "cursor": cursor}
    given = urlencode({name: one for name, one in query.items() if one})
    return f"/incidents/{incident.id}?{given}" if given else f"/incidents/{incident.id}"


def _shares(incident: Incident, visit: Visit) -> dict[str, list[Share]]:
    """What its orders have in common, dimension by dimension, the largest share first."""
    shares = {}
    for name in DIMENSIONS:
        counts = incident.tally.get(name, {})
        whole = sum(counts.values())
        known = sorted(((n, value) for value, n in counts.items() if value), reverse=True)
        if known and whole:
            shares[DIMENSION_WORDS[name]] = [
                Share(_title(name, value, visit), n, 100 * n / whole)
                for n, value in known[:MOST_VALUES]
            ]
    return shares


def _title(dimension: str, value: str, visit: Visit) -> str:
    if value == OTHER:
        return _("others")
    return visit.titles.get(value, value) if dimension == "system" else value


def _orders_alike(incident: Incident) -> str:
    """The list of orders, narrowed to what this incident is about."""
    look = incident.about.get("look")
    query = {
        "class": "failed" if look == "order" else None,
        "overdue": "true" if look == "deadline" else None,
        "system": system_of(incident) or None,
        "location": str(incident.about.get("location", "")) or None,
        "channel": str(incident.about.get("channel", "")) or None,
    }
    given = urlencode({name: one for name, one in query.items() if one})
    return f"/orders?{given}" if given else "/orders"


def chat_of(opened: Opened, visit: Visit) -> str:
    """The incident in a few lines for a chat; its address is put below it where it is copied."""
    lines = [line for line in _chat(opened, visit) if line]
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def _chat(opened: Opened, visit: Visit) -> Iterable[str]:
    incident = opened.incident
    yield f"{SHAPES[shape_of(incident)]} {word_of(incident)}: {incident.title}"
    yield _(
        "Since %(time)s (%(zone)s), for %(length)s",
        time=visit.written(incident.fired_at),
        zone=visit.template.time_zone,
        length=words.length(lasted(incident, visit.now)),
    )
    if incident.orders:
        yield _(
            "%(orders)s orders, %(open)s still in trouble, worth %(money)s",
            orders=number(incident.orders),
            open=number(incident.still_open),
            money=f"{words.money(incident.money)} {words.unit(incident.currency)}",
        )
    yield incident.common
    if incident.acknowledged_by:
        yield _("Acknowledged by %(name)s", name=incident.acknowledged_by)
    if incident.assigned_to:
        yield _("Assigned to %(name)s", name=incident.assigned_to)


def length_of(typed: str) -> timedelta | None:
    """For how long it is to be quiet; None: not one of the lengths offered."""
    return timedelta(minutes=int(typed)) if typed in LENGTHS else None
