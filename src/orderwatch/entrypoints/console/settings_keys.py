"""`/settings/keys`: who may send and read; `/settings/server`: what this process was told."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from orderwatch.app.administer import create_key
from orderwatch.core.people.roles import Permission
from orderwatch.core.tenants.keys import ANY_SOURCE
from orderwatch.entrypoints.console.languages import N_, Said
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
from orderwatch.entrypoints.console.workshop import Form, see_other, typed, with_notice
from orderwatch.entrypoints.web.sign_in import require

READING: Final = require(Permission.READ_KEYS)
EDITING: Final = require(Permission.EDIT_KEYS)
LONGEST_SOURCE: Final = 200
KEYS: Final = "/settings/keys"
NOTICES: Final = Said(
    {
        "revoked": N_(
            "The key was revoked. Whoever still presents it is refused within two seconds."
        ),
        "none": N_("There is no such key, or it was revoked already."),
    }
)
_NO_SOURCE: Final = N_(
    "Write what its sources begin with, such as /phoenix-oms, in at most 200 characters; "
    "/ is any source."
)


@get(KEYS, opt=READING, include_in_schema=False)
async def keys_page(console: TheConsole, reader: TheReader, notice: str = "") -> Page:
    """The keys there are, and a form for another one."""
    visit = await visit_of(console, reader)
    return render("settings_keys.html", await _context(console, visit, said=NOTICES.get(notice)))


@post(KEYS, opt=EDITING, include_in_schema=False, status_code=200)
async def make_key(request: AnyRequest, console: TheConsole, reader: TheReader, data: Form) -> Page:
    """A new key, shown this once: nothing leads back to its text."""
    visit = await visit_of(console, reader)
    source, can_read = typed(data, "source").strip(), "read" in data
    if not source or len(source) > LONGEST_SOURCE or not source.isprintable():
        context = await _context(console, visit, wrong=_(_NO_SOURCE), source=source)
        return render("settings_keys.html", context, 422)
    workshop, by = console.workshop, reader.acting(request)
    key = await create_key(
        workshop.directory, reader.tenant, source, can_read, workshop.random_bytes, by
    )
    return render("settings_keys.html", await _context(console, visit, made=key))


@post("/settings/keys/revoke", opt=EDITING, include_in_schema=False, status_code=303)
async def revoke_key(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Revoke a key for good."""
    revoked = await console.workshop.directory.revoke_key(
        reader.tenant, typed(data, "key"), reader.acting(request)
    )
    return see_other(with_notice(KEYS, "revoked" if revoked else "none"))


@get("/settings/server", opt=READING, include_in_schema=False)
async def server_page(console: TheConsole, reader: TheReader) -> Page:
    """The settings of the process that answers; secrets only as set or not."""
    visit = await visit_of(console, reader)
    context = tabs(visit, "product") | {"settings": console.workshop.settings}
    return render("settings_server.html", context)


async def _context(
    console: Console,
    visit: Visit,
    *,
    said: str | None = None,
    wrong: str | None = None,
    made: object = None,
    source: str = "",
) -> dict[str, Any]:
    keys = await console.workshop.directory.list_keys(visit.reader.tenant)
    live = [key for key in keys if key.revoked_at is None]
    return tabs(visit, "keys") | {
        "live": live[::-1],
        "revoked": [key for key in keys if key.revoked_at is not None][::-1],
        "any_source": ANY_SOURCE,
        "own": visit.reader.key_id,
        "can_make": visit.reader.may(Permission.EDIT_KEYS),
        "said": said,
        "wrong": wrong,
        "made": made,
        "typed_source": source,
    }
