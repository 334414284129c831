"""`/settings/flow`: the template in force, drawn and as text, its versions and their changes."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from orderwatch.app.administer import TemplateVersion
from orderwatch.app.change_template import InForce, begin_rebuild, read_in_force
from orderwatch.core.flow.line_diff import line_diff
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.machine import draw_machine
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
from orderwatch.entrypoints.console.workshop import (
    SHORT,
    Form,
    left_of,
    see_other,
    typed,
)
from orderwatch.entrypoints.web.sign_in import require

READING: Final = require(Permission.READ_TEMPLATES)
EDITING: Final = require(Permission.EDIT_TEMPLATES)
NEWEST_VERSION: Final = 2**31 - 1

Version = Annotated[int | None, Parameter(ge=1, le=NEWEST_VERSION)]


@get("/settings", opt=READING, include_in_schema=False)
async def settings_page() -> Response[Any]:
    """The first of the settings."""
    return see_other("/settings/flow")


@get("/settings/flow", opt=READING, include_in_schema=False)
async def flow_page(console: TheConsole, reader: TheReader, applied: Version = None) -> Page:
    """What is in force."""
    visit = await visit_of(console, reader)
    return render("settings_flow.html", await _flow(console, visit, applied))


@get("/live/settings/flow", opt=READING, include_in_schema=False)
async def flow_live(console: TheConsole, reader: TheReader, applied: Version = None) -> Page:
    """How far a rebuild is."""
    visit = await visit_of(console, reader)
    return render("settings_flow_live.html", await _flow(console, visit, applied))


@get("/settings/flow/versions/{version:int}", opt=READING, include_in_schema=False)
async def version_page(
    console: TheConsole, reader: TheReader, version: int, against: Version = None
) -> Page:
    """One version: what it changed, and its text."""
    visit = await visit_of(console, reader)
    versions = await console.workshop.directory.template_versions(reader.tenant)
    numbers = [one.version for one in versions]
    source = await _source(console, visit, version)
    other = against or next((number for number in numbers if number < version), None)
    context = tabs(visit, "flow") | {
        "version": _named(versions, version),
        "versions": versions,
        "other": other,
        "source": source.splitlines(),
        "diff": line_diff(await _source(console, visit, other), source) if other else (),
        "in_force": version == numbers[0],
    }
    return render("settings_version.html", context)


@post("/settings/flow/rebuild", opt=EDITING, include_in_schema=False, status_code=303)
async def rebuild_flow(
    request: AnyRequest, console: TheConsole, reader: TheReader
) -> Response[Any]:
    """Fold all orders again by the rules in force."""
    desk = console.workshop.drafting(reader.tenant, reader.acting(request))
    job = await begin_rebuild(desk)
    if job is not None:
        await console.workshop.jobs.wait(job, SHORT)
    return see_other("/settings/flow")


@post("/settings/flow/rebuild/dismiss", opt=EDITING, include_in_schema=False, status_code=303)
async def dismiss_rebuild(console: TheConsole, reader: TheReader, data: Form) -> Response[Any]:
    """Stop it, or put away what it said."""
    console.workshop.jobs.dismiss(reader.tenant, "rebuild", typed(data, "job"))
    return see_other("/settings/flow")


def tabs(visit: Visit, tab: str) -> dict[str, Any]:
    """What every page of the settings needs."""
    may = visit.reader.may
    every = {
        "flow": (_("Flow"), "/settings/flow", may(Permission.READ_TEMPLATES)),
        "thresholds": (_("Thresholds"), "/settings/thresholds", may(Permission.READ_TEMPLATES)),
        "alerts": (_("Alert rules"), "/settings/alerts", may(Permission.READ_TEMPLATES)),
        "keys": (_("Keys"), "/settings/keys", may(Permission.READ_KEYS)),
        "people": (_("People"), "/settings/people", may(Permission.MANAGE_PEOPLE)),
        "audit": (_("Audit log"), "/settings/audit", may(Permission.READ_AUDIT)),
        "product": (_("This server"), "/settings/server", may(Permission.READ_KEYS)),
    }
    return {
        "visit": visit,
        "tab": tab,
        "tabs": {name: entry for name, entry in every.items() if entry[2]},
        "can_edit": may(Permission.EDIT_TEMPLATES),
    }


async def _flow(console: Console, visit: Visit, applied: int | None) -> dict[str, Any]:
    workshop, tenant = console.workshop, visit.reader.tenant
    in_force: InForce = await read_in_force(workshop.directory, tenant)
    job = workshop.jobs.of(tenant, "rebuild")
    return tabs(visit, "flow") | {
        "current": in_force,
        "flow": in_force.template,
        "machine": draw_machine(in_force.template),
        "source": in_force.source.splitlines(),
        "versions": await workshop.directory.template_versions(tenant),
        "applied": applied if applied == in_force.version.version else None,
        "job": job,
        "left": left_of(job, visit.now) if job else "",
        "draft": workshop.jobs.of(tenant, "draft"),
    }


async def _source(console: Console, visit: Visit, version: int) -> str:
    directory = console.workshop.directory
    if 0 < version <= NEWEST_VERSION:
        source = await directory.template_source(visit.reader.tenant, version)
        if source is not None:
            return source
    raise NotFoundException(detail=_("There is no version %(version)s.", version=version))


def _named(versions: list[TemplateVersion], version: int) -> TemplateVersion:
    return next(one for one in versions if one.version == version)
