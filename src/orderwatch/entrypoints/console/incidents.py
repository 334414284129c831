"""`/incidents`: what goes on, who has it, and what was; newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import get
from litestar.params import Dependency
from msgspec import Struct

from orderwatch.app.read_incidents import IncidentPage, Listed, read_incidents
from orderwatch.core.alerting.book import Book, Priority
from orderwatch.core.alerting.incident import IncidentState
from orderwatch.core.alerting.incident_queries import IncidentQuery, incident_query
from orderwatch.core.people.roles import Permission
from orderwatch.core.reading.parameters import Faults
from orderwatch.entrypoints.console.alarms import (
    PRIORITY_WORDS,
    REFUSALS,
    lasted,
    shape_of,
    system_of,
    word_of,
)
from orderwatch.entrypoints.console.languages import N_, Said
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

PER_PAGE: Final = 50
ALL: Final = "all"
STATES: Final = Said(
    {
        IncidentState.FIRING.value: N_("Going on"),
        IncidentState.RESOLVED.value: N_("Resolved"),
        ALL: N_("All"),
    }
)
_FILTERS: Final = ("rule", "team", "priority", "system", "from", "to")
_NAMES: Final = ("state", *_FILTERS, "cursor")


class Asked(Struct, frozen=True):
    """What the address says, as it was typed."""

    values: dict[str, str] = {}
    notice: str = ""

    @property
    def state(self) -> str:
        """Which tab: those that go on, if the address does not say."""
        asked = self.values.get("state", IncidentState.FIRING.value)
        return asked if asked in STATES else IncidentState.FIRING.value

    @property
    def filters(self) -> dict[str, str]:
        """What the list is narrowed to."""
        return {name: self.values[name] for name in _FILTERS if name in self.values}

    @property
    def pairs(self) -> Sequence[tuple[str, str]]:
        """As the API would be asked."""
        state = [] if self.state == ALL else [("state", self.state)]
        rest = [(name, one) for name, one in self.values.items() if name != "state"]
        return [*state, *rest, ("limit", str(PER_PAGE))]

    def address(self, **other: str | None) -> str:
        """Where that, or something like it, is. Another filter begins at the newest."""
        asked: dict[str, str | None] = {**self.values, "cursor": None, **other}
        if asked.get("state") == IncidentState.FIRING.value:
            asked["state"] = None
        query = urlencode({name: one for name, one in asked.items() if one})
        return f"/incidents?{query}" if query else "/incidents"

    @property
    def here(self) -> str:
        """This very page."""
        return self.address(cursor=self.values.get("cursor"))


TheAsked = Annotated[Asked, Dependency(skip_validation=True)]


async def asked_incidents(request: AnyRequest) -> Asked:
    """What the address asks; names nobody knows are left out."""
    given = {name: request.query_params.get(name, "") for name in _NAMES}
    notice = request.query_params.get("notice", "")
    return Asked({name: one for name, one in given.items() if one}, notice)


@get("/incidents", include_in_schema=False)
async def incidents_page(console: TheConsole, reader: TheReader, incidents_asked: TheAsked) -> Page:
    """The page."""
    visit = await visit_of(console, reader)
    return render("incidents.html", await _context(console, visit, incidents_asked))


@get("/live/incidents", include_in_schema=False)
async def incidents_live(console: TheConsole, reader: TheReader, incidents_asked: TheAsked) -> Page:
    """The parts of it that move."""
    visit = await visit_of(console, reader)
    return render("incidents_live.html", await _context(console, visit, incidents_asked))


@get("/live/rail", include_in_schema=False)
async def rail_live(console: TheConsole, reader: TheReader) -> Page:
    """How many incidents go on, for the rail of whatever page is open."""
    return render("rail_live.html", {"visit": await visit_of(console, reader)})


async def _context(console: Console, visit: Visit, asked: Asked) -> dict[str, Any]:
    query = incident_query(asked.pairs)
    faults: Faults = query if isinstance(query, tuple) else ()
    page = IncidentPage((), None)
    if isinstance(query, IncidentQuery):
        page = await read_incidents(console.alarms.incidents, visit.reader.tenant, query)
    book = await console.alarms.books.of(visit.reader.tenant)
    return {
        "visit": visit,
        "asked": asked,
        "states": STATES,
        "rows": page.items,
        "next": asked.address(cursor=page.next) if page.next else None,
        "faults": faults,
        "choices": _choices(book, visit, asked, page.items),
        "unowned": sum(1 for each in page.items if _is_unowned(each)),
        "priorities": PRIORITY_WORDS,
        "notice": REFUSALS.get(asked.notice),
        **shared(visit),
    }


def _is_unowned(listed: Listed) -> bool:
    one = listed.incident
    return one.is_firing and not (one.acknowledged_by or one.assigned_to or one.quiet)


def shared(visit: Visit) -> dict[str, Any]:
    """What all pages about incidents need."""
    return {
        "shape_of": shape_of,
        "word_of": word_of,
        "lasted": lasted,
        "system_of": system_of,
        "may_handle": visit.reader.may(Permission.HANDLE_INCIDENTS),
    }


def _choices(
    book: Book, visit: Visit, asked: Asked, rows: Sequence[Listed]
) -> dict[str, dict[str, str]]:
    """What may be chosen for each filter: values and their words.

    Incidents of a rule or team that the book has no more are found as long as one is listed.
    """
    shown = [each.incident for each in rows]
    rules = {rule.id: rule.title for rule in book.rules.values()}
    gone = {each.rule for each in shown} | _given(asked, "rule")
    teams = {each.team for each in shown} | _given(asked, "team")
    return {
        "priority": {one.value: PRIORITY_WORDS[one] for one in Priority},
        "rule": rules | {name: name for name in sorted(gone - rules.keys())},
        "team": book.teams | {name: name for name in sorted(teams - book.teams.keys())},
        "system": dict(visit.titles),
    }


def _given(asked: Asked, name: str) -> set[str]:
    return {asked.values[name]} if name in asked.values else set()
