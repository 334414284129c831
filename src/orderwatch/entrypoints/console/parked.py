"""`/parked`: events that wait for the OMS to announce their order, and how long they still will."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import Dependency, Parameter
from msgspec import Struct

from orderwatch.app.read_parked import (
    AGES,
    ParkedEvent,
    ParkedPlace,
    filter_of,
    read_parked_groups,
)
from orderwatch.app.sweep_parked import PATIENCE
from orderwatch.core.model import Event
from orderwatch.core.people.masking import Masking, mask_json
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.pages import (
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)
from orderwatch.entrypoints.console.words import length
from orderwatch.entrypoints.web.sign_in import require

PER_PAGE: Final = 50
READING: Final = require(Permission.READ_DEAD_LETTERS)
_DECODE: Final = msgspec.json.Decoder(Event).decode


class Waiting(Struct, frozen=True):
    """A parked event as it is shown."""

    parked: ParkedEvent
    event: Event
    text: str


class ParkedAsked(Struct, frozen=True):
    """What the address says; `after` is the place the page before ended at."""

    system: str | None = None
    age: int | None = None
    after: ParkedPlace | None = None

    def address(self, **other: object) -> str:
        """Where that, or something like it, is."""
        asked: dict[str, Any] = {"system": self.system, "age": self.age, **other}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"/parked?{query}" if query else "/parked"


TheParkedAsked = Annotated[ParkedAsked, Dependency(skip_validation=True)]


async def asked_parked(
    system: Annotated[str | None, Parameter(max_length=60)] = None,
    age: Annotated[int | None, Parameter(ge=0, lt=len(AGES))] = None,
    after: Annotated[str | None, Parameter(max_length=100)] = None,
) -> ParkedAsked:
    """What the address asks; a place nobody wrote is the beginning."""
    return ParkedAsked(system or None, age, _read_place(after or ""))


@get("/parked", opt=READING, include_in_schema=False)
async def parked_page(console: TheConsole, reader: TheReader, parked_asked: TheParkedAsked) -> Page:
    """What waits."""
    visit = await visit_of(console, reader)
    return render("parked.html", await _context(console, visit, parked_asked))


@get("/live/parked", opt=READING, include_in_schema=False)
async def parked_live(console: TheConsole, reader: TheReader, parked_asked: TheParkedAsked) -> Page:
    """The parts of it that move."""
    visit = await visit_of(console, reader)
    return render("parked_live.html", await _context(console, visit, parked_asked))


async def _context(console: Console, visit: Visit, asked: ParkedAsked) -> dict[str, Any]:
    store, tenant = console.workshop.parked, visit.reader.tenant
    groups = await read_parked_groups(store, tenant, visit.now)
    wanted = filter_of(asked.system, asked.age, visit.now)
    rows = await store.parked(tenant, wanted, asked.after, PER_PAGE + 1)
    by_system = {group.system: [0] * len(AGES) for group in groups}
    for group in groups:
        by_system[group.system][group.age] += group.events
    return {
        "visit": visit,
        "asked": asked,
        "live_address": "/live" + asked.address(after=_written(asked.after)),
        "events": sum(group.events for group in groups),
        "oldest": min((group.oldest for group in groups), default=None),
        "ages": _age_words(),
        "by_system": by_system,
        "items": [_waiting(row, visit.reader.masking) for row in rows[:PER_PAGE]],
        "further": _written(rows[PER_PAGE - 1]) if len(rows) > PER_PAGE else None,
        "patience": PATIENCE,
    }


def _age_words() -> list[str]:
    """ "under 5 min", "5 min to 1 h", ..."""
    begins = [length(age) for age in AGES]
    ends = [*begins[1:], length(PATIENCE)]
    others = zip(begins[1:], ends[1:], strict=True)
    return [
        _("under %(time)s", time=ends[0]),
        *(_("%(begin)s to %(end)s", begin=begin, end=end) for begin, end in others),
    ]


def _waiting(parked: ParkedEvent, masking: Masking | None) -> Waiting:
    text = parked.event if masking is None else mask_json(parked.event, masking)
    pretty = msgspec.json.format(bytes(text), indent=2).decode()
    return Waiting(parked, _DECODE(bytes(parked.event)), pretty)


def _written(place: ParkedPlace | ParkedEvent | None) -> str | None:
    return f"{place.received_at.isoformat()}~{place.identity}" if place else None


def _read_place(text: str) -> ParkedPlace | None:
    at, __, identity = text.partition("~")
    try:
        place = ParkedPlace(datetime.fromisoformat(at.replace(" ", "+")), UUID(identity))
    except ValueError:
        return None
    return place if place.received_at.tzinfo else None
