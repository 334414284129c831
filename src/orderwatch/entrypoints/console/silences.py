"""`/silences`: what is quiet now, what will be and what was; made and ended here."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any, Final

from litestar import Response, get, post
from msgspec import Struct

from orderwatch.app.keep_silences import MOST_PAST
from orderwatch.core.alerting.book import Book, Priority
from orderwatch.core.alerting.incident import Silence, SilenceKind
from orderwatch.core.alerting.quiet import MATCHED, Names, NewSilence
from orderwatch.core.flow.template import Template
from orderwatch.core.model import FieldError, TenantId
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console.alarms import PRIORITY_WORDS
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
from orderwatch.entrypoints.console.workshop import Form, see_other, typed
from orderwatch.entrypoints.web.sign_in import require

HANDLING: Final = require(Permission.HANDLE_INCIDENTS)
KINDS: Final = Said(
    {SilenceKind.SILENCE: N_("Silence"), SilenceKind.MAINTENANCE: N_("Maintenance window")}
)
MATCH_WORDS: Final = Said(
    {
        "incident": N_("Incident"),
        "rule": N_("Rule"),
        "team": N_("Team"),
        "priority": N_("Priority"),
        "system": N_("System"),
        "channel": N_("Channel"),
        "location": N_("Store"),
    }
)


class Groups(Struct, frozen=True):
    """Silences by when they hold."""

    now: list[Silence]
    coming: list[Silence]
    past: list[Silence]


@get("/silences", include_in_schema=False)
async def silences_page(request: AnyRequest, console: TheConsole, reader: TheReader) -> Page:
    """The page. `?rule=` and the like fill the form in."""
    visit = await visit_of(console, reader)
    given = {name: request.query_params.get(name, "") for name in (*MATCHED, "kind")}
    return render("silences.html", await _context(console, visit, given, []))


@get("/live/silences", include_in_schema=False)
async def silences_live(console: TheConsole, reader: TheReader) -> Page:
    """The parts of it that move."""
    visit = await visit_of(console, reader)
    return render("silences_live.html", await _context(console, visit, {}, []))


@post("/silences", opt=HANDLING, include_in_schema=False, status_code=303)
async def make_silence(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Make one, or say what is wrong with it beside what was typed."""
    visit = await visit_of(console, reader)
    wish = _wish(data, visit)
    names = await names_of(console, visit.reader.tenant, visit.template)
    if isinstance(wish, NewSilence):
        desk = console.alarms.silencing(reader.tenant, reader.name, reader.acting(request), names)
        made = await desk.make(wish, f"{wish.kind.value} made: {wish.why}")
        if isinstance(made, int):
            return see_other("/silences")
        wish = made
    given = {name: typed(data, name) for name in data}
    return render("silences.html", await _context(console, visit, given, wish), 422)


@post("/silences/{id_:int}/end", opt=HANDLING, include_in_schema=False, status_code=303)
async def end_silence(
    request: AnyRequest, console: TheConsole, reader: TheReader, id_: int
) -> Response[Any]:
    """End one now. One that is over already stays as it was."""
    desk = console.alarms.silencing(reader.tenant, reader.name, reader.acting(request), Names())
    await desk.end(id_)
    return see_other("/silences")


def _wish(data: dict[str, Any], visit: Visit) -> NewSilence | list[FieldError]:
    starts, ends = typed(data, "starts_at"), typed(data, "ends_at")
    starts_at = _instant(starts, visit.zone) if starts else visit.now
    ends_at = _instant(ends, visit.zone)
    wrong = [("starts_at", starts_at), ("ends_at", ends_at)]
    faults = [FieldError(name, "must be a date and a time") for name, at in wrong if at is None]
    if starts_at is None or ends_at is None:
        return faults
    kind = typed(data, "kind")
    return NewSilence(
        kind=SilenceKind(kind) if kind in list(SilenceKind) else SilenceKind.SILENCE,
        matches={name: typed(data, name) for name in MATCHED if typed(data, name)},
        starts_at=starts_at,
        ends_at=ends_at,
        why=typed(data, "why"),
    )


def _instant(text: str, zone: tzinfo) -> datetime | None:
    """A time of a form, in the tenant's zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


async def names_of(console: Console, tenant: TenantId, template: Template) -> Names:
    """What a silence may name."""
    book: Book = await console.alarms.books.of(tenant)
    return Names(
        rules=frozenset(book.rules),
        teams=frozenset(book.teams) | {rule.team for rule in book.rules.values()},
        systems=frozenset({template.oms, *template.legs}),
        channels=frozenset(template.channels),
    )


async def _context(
    console: Console, visit: Visit, given: dict[str, str], faults: list[FieldError]
) -> dict[str, Any]:
    tenant = visit.reader.tenant
    every = await console.alarms.silences.silences(tenant, visit.now, MOST_PAST)
    book = await console.alarms.books.of(tenant)
    names = await names_of(console, tenant, visit.template)
    return {
        "visit": visit,
        "groups": _grouped(every, visit.now),
        "kinds": KINDS,
        "match_words": MATCH_WORDS,
        "given": given,
        "faults": {fault.field: fault.message for fault in faults},
        "open_form": bool(faults) or any(given.get(name) for name in MATCHED),
        "may_handle": visit.reader.may(Permission.HANDLE_INCIDENTS),
        "title_of": lambda name, value: _title(name, value, book, visit),
        "choices": {
            "rule": {rule.id: rule.title for rule in book.rules.values()},
            "system": dict(visit.titles),
            "channel": {name: name for name in sorted(names.channels)},
            "team": {name: book.teams.get(name, name) for name in sorted(names.teams)},
            "priority": {one.value: PRIORITY_WORDS[one] for one in Priority},
        },
    }


def _title(name: str, value: str, book: Book, visit: Visit) -> str:
    """What a silence names, as people call it."""
    if name == "rule" and value in book.rules:
        return book.rules[value].title
    if name == "system":
        return visit.titles.get(value, value)
    if name == "priority" and value in list(Priority):
        return PRIORITY_WORDS[Priority(value)]
    return value


def _grouped(every: list[Silence], now: datetime) -> Groups:
    groups = Groups([], [], [])
    for one in every:
        if one.is_on(now):
            groups.now.append(one)
        elif one.ended_at is None and one.starts_at > now:
            groups.coming.append(one)
        else:
            groups.past.append(one)
    return groups
