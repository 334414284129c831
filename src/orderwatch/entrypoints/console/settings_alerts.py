"""`/settings/alerts`: the alert rules in force, each to be switched, their text and versions."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from orderwatch.app.administer import NotPossible
from orderwatch.app.change_rules import RuleDesk, read_book_in_force, switch
from orderwatch.core.flow.line_diff import line_diff
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console.alarms import PRIORITY_WORDS
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
from orderwatch.entrypoints.console.rule_words import rules_shown
from orderwatch.entrypoints.console.settings_flow import NEWEST_VERSION, tabs
from orderwatch.entrypoints.console.workshop import Form, see_other, typed
from orderwatch.entrypoints.web.sign_in import Reader, require

READING: Final = require(Permission.READ_TEMPLATES)
EDITING: Final = require(Permission.EDIT_TEMPLATES)
ALERTS: Final = "/settings/alerts"
VERSIONS: Final = "/settings/alerts/versions"

Version = Annotated[int | None, Parameter(ge=1, le=NEWEST_VERSION)]


@get(ALERTS, opt=READING, include_in_schema=False)
async def alerts_page(
    request: AnyRequest, console: TheConsole, reader: TheReader, applied: Version = None
) -> Page:
    """The rules in force."""
    visit = await visit_of(console, reader)
    context = await _alerts(desk_of(console, reader, request), visit, applied=applied)
    return render("settings_alerts.html", context)


@post(f"{ALERTS}/switch", opt=EDITING, include_in_schema=False, status_code=303)
async def switch_alert(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Switch a rule on or off."""
    rule, enabled = typed(data, "rule"), typed(data, "enabled") == "true"
    desk = desk_of(console, reader, request)
    try:
        await switch(desk, rule, enabled=enabled)
    except NotPossible as error:
        visit = await visit_of(console, reader)
        context = await _alerts(desk, visit, said=str(error))
        return render("settings_alerts.html", context, 409)
    return see_other(f"{ALERTS}#rule-{rule}")


@get(f"{VERSIONS}/{{version:int}}", opt=READING, include_in_schema=False)
async def alerts_version(
    console: TheConsole, reader: TheReader, version: int, against: Version = None
) -> Page:
    """One version: what it changed, and its text."""
    visit = await visit_of(console, reader)
    store, tenant = console.workshop.book_store, reader.tenant
    versions = await store.versions(tenant)
    named = next((one for one in versions if one.version == version), None)
    if named is None:
        raise NotFoundException(detail=_("There is no version %(version)s.", version=version))
    other = against or next((one.version for one in versions if one.version < version), None)
    source = await store.source(tenant, version) or ""
    # The first one took the place of the default.
    before = await store.source(tenant, other) if other else console.workshop.books.default
    context = tabs(visit, "alerts") | {
        "version": named,
        "versions": versions,
        "versions_at": VERSIONS,
        "other": other,
        "source": source.splitlines(),
        "diff": line_diff(before or "", source),
        "in_force": named is versions[0],
    }
    return render("settings_alerts_version.html", context)


def desk_of(console: Console, reader: Reader, request: AnyRequest) -> RuleDesk:
    """The reader at work on the rules."""
    return console.workshop.ruling(reader.tenant, reader.acting(request))


async def _alerts(
    desk: RuleDesk, visit: Visit, applied: int | None = None, said: str | None = None
) -> dict[str, Any]:
    in_force = await read_book_in_force(desk)
    book = in_force.known.book
    return tabs(visit, "alerts") | {
        "current": in_force,
        "book": book,
        "rules": rules_shown(book),
        "priorities": PRIORITY_WORDS,
        "on": sum(rule.enabled for rule in book.rules.values()),
        "faults": await desk.store.faults(desk.tenant),
        "problems": in_force.known.problems,
        "source": in_force.known.source.splitlines(),
        "versions": await desk.store.versions(desk.tenant),
        "versions_at": VERSIONS,
        "applied": applied if applied == in_force.number else None,
        "said": said,
    }
