"""`/dead-letters`: what could not be applied, by reason; `?code=` opens a kind, `/17` one."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import Dependency, Parameter
from msgspec import Struct

from orderwatch.app.read_dead_letters import (
    NO_SYSTEM,
    DeadLetter,
    DeadLetterFilter,
    DeadLetterState,
    show_dead_letter,
)
from orderwatch.core.people.roles import Permission
from orderwatch.core.reading.payload import show_payload
from orderwatch.entrypoints.console.languages import N_, Said
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.letter_words import panel_of, reason_of
from orderwatch.entrypoints.console.pages import (
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)
from orderwatch.entrypoints.console.words import LETTER_STATES
from orderwatch.entrypoints.web.sign_in import require

PER_PAGE: Final = 50
LARGEST_ID: Final = 2**63 - 1
STATES: Final[tuple[DeadLetterState, ...]] = ("open", "retried", "discarded")
NOTICES: Final = Said(
    {
        "busy": N_(
            "Dead letters are being worked on just now. Wait until that has ended, or stop it."
        ),
        "late": N_("It is too late to take that back. Look among the discarded ones."),
        "none": N_("Tick the dead letters you mean first."),
        "why": N_("Say why they may go: the reason is kept with them."),
    }
)
READING: Final = require(Permission.READ_DEAD_LETTERS)


class Asked(Struct, frozen=True):
    """What the address says. `system` "" are messages that do not say one; None: any."""

    state: DeadLetterState = "open"
    code: str | None = None
    system: str | None = None
    before: int | None = None
    notice: str | None = None

    def address(self, **other: object) -> str:
        """Where that, or something like it, is."""
        names = ("state", "code", "system", "before")
        asked = {name: getattr(self, name) for name in names} | other
        if asked["state"] == "open":
            asked["state"] = None
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"/dead-letters?{query}" if query else "/dead-letters"


TheAsked = Annotated[Asked, Dependency(skip_validation=True)]
Text = Annotated[str | None, Parameter(max_length=200)]
Id = Annotated[int | None, Parameter(ge=1, le=LARGEST_ID)]


async def asked_letters(
    which: Annotated[str, Parameter(query="state", max_length=20)] = "open",
    code: Text = None,
    system: Text = None,
    before: Id = None,
    notice: Text = None,
) -> Asked:
    """What the address asks; a state nobody knows is the open one."""
    known: DeadLetterState = next((one for one in STATES if one == which), "open")
    code = code or None
    return Asked(known, code, system if code else system or None, before, notice)


@get("/dead-letters", opt=READING, include_in_schema=False)
async def dead_letters_page(
    console: TheConsole, reader: TheReader, letters_asked: TheAsked
) -> Page:
    """The kinds, or the letters of one."""
    visit = await visit_of(console, reader)
    return render("dead_letters.html", await _context(console, visit, letters_asked))


@get("/live/dead-letters", opt=READING, include_in_schema=False)
async def dead_letters_live(
    console: TheConsole, reader: TheReader, letters_asked: TheAsked
) -> Page:
    """The parts of it that move."""
    visit = await visit_of(console, reader)
    return render("dead_letters_live.html", await _context(console, visit, letters_asked))


@get("/dead-letters/{id_:int}", opt=READING, include_in_schema=False)
async def dead_letter_page(console: TheConsole, reader: TheReader, id_: int) -> Page:
    """One dead letter, whole."""
    visit = await visit_of(console, reader)
    return render("dead_letter.html", await _letter(console, visit, id_))


@get("/live/dead-letters/{id_:int}", opt=READING, include_in_schema=False)
async def dead_letter_live(console: TheConsole, reader: TheReader, id_: int) -> Page:
    """The parts of it that move."""
    visit = await visit_of(console, reader)
    return render("dead_letter_live.html", await _letter(console, visit, id_))


async def _context(console: Console, visit: Visit, asked: Asked) -> dict[str, Any]:
    letters, tenant = console.workshop.letters, visit.reader.tenant
    wanted = DeadLetterFilter(asked.state, asked.code, asked.system, asked.before)
    kinds = await letters.kinds(tenant, DeadLetterFilter(asked.state))
    rows: list[DeadLetter] = []
    if asked.code is not None:
        rows = await letters.dead_letters(tenant, wanted, PER_PAGE + 1, whole=False)
    shown = [
        kind
        for kind in kinds
        if asked.code in (None, kind.code) and asked.system in (None, kind.system or NO_SYSTEM)
    ]
    return {
        **await shared(console, visit),
        "asked": asked,
        "states": LETTER_STATES,
        "kinds": shown,
        "all_kinds": kinds,
        "count": sum(kind.count for kind in shown),
        "times": sum(kind.times for kind in shown),
        "letters": rows[:PER_PAGE],
        "older": rows[PER_PAGE - 1].id if len(rows) > PER_PAGE else None,
        "notice": NOTICES.get(asked.notice or ""),
        "systems": {kind.system or NO_SYSTEM: None for kind in kinds},
    }


async def shared(console: Console, visit: Visit) -> dict[str, Any]:
    """What all pages about dead letters need."""
    job = console.workshop.jobs.of(visit.reader.tenant, "letters")
    return {
        "visit": visit,
        "panel": panel_of(job, visit.titles, visit.now),
        "reason_of": reason_of,
        "can_mend": visit.reader.may(Permission.MEND_DEAD_LETTERS),
    }


async def _letter(console: Console, visit: Visit, id_: int) -> dict[str, Any]:
    letter = None
    if 0 < id_ <= LARGEST_ID:
        letter = await show_dead_letter(console.workshop.letters, visit.reader.tenant, id_)
    if letter is None:
        raise NotFoundException(detail=_("There is no dead letter %(id)s.", id=id_))
    return {
        **await shared(console, visit),
        "letter": letter,
        "reason": reason_of(letter.code),
        "payload": show_payload(letter.payload, letter.errors, visit.reader.masking),
        "kind": Asked(code=letter.code, system=letter.system or NO_SYSTEM),
    }
