"""`/settings/audit`: what people did, and whether anybody changed the record of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import Dependency, Parameter
from litestar.response import Stream
from msgspec import Struct

from orderwatch.app.audit import Wanted
from orderwatch.app.check_audit import AuditDesk, begin_check, last_check
from orderwatch.app.export_audit import export_audit
from orderwatch.core.people.audit import Head, read_head, write_head
from orderwatch.core.people.deeds import audit_exported
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console.audit_words import GROUPS, told
from orderwatch.entrypoints.console.languages import N_
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
from orderwatch.entrypoints.console.settings_flow import tabs
from orderwatch.entrypoints.console.window import instant_of
from orderwatch.entrypoints.console.workshop import SHORT, Form, left_of, see_other, typed
from orderwatch.entrypoints.web.security import PAGE_HEADERS
from orderwatch.entrypoints.web.sign_in import require

READING: Final = require(Permission.READ_AUDIT)
AUDIT: Final = "/settings/audit"
PER_PAGE: Final = 50
_WRONG_TIME: Final = N_("A time cannot be read, so it was left out.")
_WRONG_HEAD: Final = N_(
    "That is no head. It is a row's number, a colon, and 64 letters from 0 to f."
)

Text = Annotated[str, Parameter(max_length=200)]


class AuditAsked(Struct, frozen=True):
    """What the address says; `starts` and `ends` as they were typed, `before` a row's number."""

    actor: str = ""
    action: str = ""
    starts: str = ""
    ends: str = ""
    before: int | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether it leaves rows out."""
        return bool(self.actor or self.action or self.starts or self.ends)

    @property
    def query(self) -> str:
        """What it asks, without the page."""
        asked = {"actor": self.actor, "action": self.action, "from": self.starts, "to": self.ends}
        return urlencode({name: value for name, value in asked.items() if value})

    def address(self, path: str = AUDIT, before: int | None = None) -> str:
        """Where that is, on some page of it."""
        page = f"before={before}" if before else ""
        query = "&".join(part for part in (self.query, page) if part)
        return f"{path}?{query}" if query else path

    def wanted(self, visit: Visit, most: int) -> Wanted:
        """The rows; a time that cannot be read leaves none out."""
        return Wanted(
            most,
            self.before,
            self.actor or None,
            self.action or None,
            instant_of(self.starts, visit),
            instant_of(self.ends, visit),
        )


TheAuditAsked = Annotated[AuditAsked, Dependency(skip_validation=True)]


async def asked_audit(
    actor: Text = "",
    action: Text = "",
    starts: Annotated[str, Parameter(query="from", max_length=40)] = "",
    ends: Annotated[str, Parameter(query="to", max_length=40)] = "",
    before: Annotated[int | None, Parameter(ge=1, le=2**62)] = None,
) -> AuditAsked:
    """What the address asks."""
    return AuditAsked(actor, action, starts, ends, before)


@get(AUDIT, opt=READING, include_in_schema=False)
async def audit_page(console: TheConsole, reader: TheReader, audit_asked: TheAuditAsked) -> Page:
    """What was done, newest first."""
    visit = await visit_of(console, reader)
    return render("settings_audit.html", await _context(console, visit, audit_asked))


@get("/live/settings/audit", opt=READING, include_in_schema=False)
async def audit_live(console: TheConsole, reader: TheReader) -> Page:
    """How far the check is, and what it found."""
    visit = await visit_of(console, reader)
    return render("settings_audit_live.html", await _chain(console, visit))


@post(AUDIT + "/check", opt=READING, include_in_schema=False, status_code=303)
async def check_log(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Check the whole log, and a head that was kept elsewhere."""
    text = typed(data, "head").strip()
    remembered = read_head(text) if text else None
    if text and remembered is None:
        visit = await visit_of(console, reader)
        context = await _context(
            console, visit, AuditAsked(), wrong=_(_WRONG_HEAD), head=text[:100]
        )
        return render("settings_audit.html", context, 422)
    workshop = console.workshop
    desk = AuditDesk(workshop.audit, workshop.jobs, reader.tenant, reader.acting(request))
    job = begin_check(desk, remembered)
    if job is not None:
        await workshop.jobs.wait(job, SHORT)
    return see_other(AUDIT)


@get(AUDIT + ".csv", opt=READING, include_in_schema=False)
async def audit_csv(
    request: AnyRequest, console: TheConsole, reader: TheReader, audit_asked: TheAuditAsked
) -> Response[Any]:
    """The rows as a file. That they were taken away is the newest of them."""
    visit = await visit_of(console, reader)
    deed = audit_exported(audit_asked.query)
    await console.workshop.audit.write(reader.tenant, reader.acting(request), deed)
    pages = export_audit(
        console.workshop.audit,
        reader.tenant,
        audit_asked.wanted(visit, 1),
        visit.template.time_zone,
    )
    first = await anext(pages)  # whatever is wrong is said before the file begins
    name = f"audit-{visit.now.astimezone(visit.zone):%Y-%m-%d-%H%M}.csv"
    headers = PAGE_HEADERS | {"content-disposition": f'attachment; filename="{name}"'}
    return Stream(_all(first, pages), media_type="text/csv; charset=utf-8", headers=headers)


async def _all(first: str, pages: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for page in pages:
        yield page


async def _context(
    console: Console, visit: Visit, asked: AuditAsked, *, wrong: str = "", head: str = ""
) -> dict[str, Any]:
    log, tenant = console.workshop.audit, visit.reader.tenant
    wanted = asked.wanted(visit, PER_PAGE + 1)
    rows = await log.newest(tenant, wanted)
    unread = (asked.starts and not wanted.starts) or (asked.ends and not wanted.ends)
    return await _chain(console, visit) | {
        "asked": asked,
        "items": [told(row) for row in rows[:PER_PAGE]],
        "further": rows[PER_PAGE - 1].seq if len(rows) > PER_PAGE else None,
        "actors": [name for name in await log.actors(tenant) if name],
        "groups": GROUPS,
        "said": _(_WRONG_TIME) if unread else "",
        "wrong": wrong,
        "typed_head": head,
    }


async def _chain(console: Console, visit: Visit) -> dict[str, Any]:
    """Whether the log is as it was written, as far as that is known."""
    log, tenant = console.workshop.audit, visit.reader.tenant
    newest = await log.newest(tenant, Wanted(most=1))
    head = Head(newest[0].seq, newest[0].hash) if newest else None
    job = console.workshop.jobs.of(tenant, "audit")
    return tabs(visit, "audit") | {
        "job": job,
        "left": left_of(job, visit.now) if job else "",
        "check": await last_check(log, tenant),
        "newest": head.seq if head else 0,
        "head": write_head(head) if head else "",
    }
