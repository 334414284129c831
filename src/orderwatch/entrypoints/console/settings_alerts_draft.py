"""Change the alert rules: write, see what is wrong and what would be different, put in force."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.params import Parameter

from orderwatch.app.administer import NotPossible
from orderwatch.app.backtest_rules import can_backtest
from orderwatch.app.change_rules import (
    BookDraft,
    apply_book,
    check_book,
    draft_book,
    read_book_in_force,
)
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.parse import BookError
from orderwatch.core.flow.line_diff import line_diff
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)
from orderwatch.entrypoints.console.rule_words import BACKS, PARTS
from orderwatch.entrypoints.console.settings_alerts import ALERTS, EDITING, desk_of
from orderwatch.entrypoints.console.settings_draft import Found, around, source_of
from orderwatch.entrypoints.console.settings_flow import NEWEST_VERSION, tabs
from orderwatch.entrypoints.console.workshop import Form, see_other, typed

EDIT: Final = "/settings/alerts/edit"


@get(EDIT, opt=EDITING, include_in_schema=False)
async def edit_alerts(
    request: AnyRequest,
    console: TheConsole,
    reader: TheReader,
    version: Annotated[int | None, Parameter(ge=1, le=NEWEST_VERSION)] = None,
) -> Page:
    """An editor with an earlier version, or with what is in force."""
    visit = await visit_of(console, reader)
    store = console.workshop.book_store
    source = await store.source(reader.tenant, version) if version is not None else None
    if source is None:
        in_force = await read_book_in_force(desk_of(console, reader, request))
        source = in_force.known.source
    return render("settings_alerts_edit.html", editor(visit, source))


@post(f"{ALERTS}/check", opt=EDITING, include_in_schema=False, status_code=200)
async def check_alerts(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> list[Found]:
    """What is wrong with a text, while it is being written."""
    read = await check_book(desk_of(console, reader, request), source_of(data))
    if isinstance(read, Book):
        return []
    return [Found(one.line, one.column, one.field, one.message) for one in read]


@post(EDIT, opt=EDITING, include_in_schema=False, status_code=200)
async def back_to_editor(console: TheConsole, reader: TheReader, data: Form) -> Page:
    """The editor again, with what was written."""
    return render(
        "settings_alerts_edit.html", editor(await visit_of(console, reader), source_of(data))
    )


@post(f"{ALERTS}/draft", opt=EDITING, include_in_schema=False, status_code=200)
async def draft_alerts(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Page:
    """What a text would change; else beside its lines what is wrong."""
    visit = await visit_of(console, reader)
    source = source_of(data)
    try:
        draft = await draft_book(desk_of(console, reader, request), source)
    except NotPossible as error:
        return render("settings_alerts_edit.html", editor(visit, source, said=str(error)), 422)
    if not isinstance(draft, BookDraft):
        return render("settings_alerts_edit.html", editor(visit, source, draft), 422)
    return render("settings_alerts_draft.html", _draft(visit, draft))


@post(f"{ALERTS}/apply", opt=EDITING, include_in_schema=False, status_code=303)
async def apply_alerts(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Put a text in force, if nobody was faster."""
    source, base = source_of(data), typed(data, "base")
    number = int(base) if base.isdecimal() and len(base) < 10 else -1
    try:
        version = await apply_book(desk_of(console, reader, request), source, number)
    except NotPossible as error:
        visit = await visit_of(console, reader)
        return render("settings_alerts_edit.html", editor(visit, source, said=str(error)), 409)
    if not isinstance(version, int):
        visit = await visit_of(console, reader)
        return render("settings_alerts_edit.html", editor(visit, source, version), 422)
    return see_other(f"{ALERTS}?applied={version}")


def editor(
    visit: Visit, source: str, errors: tuple[BookError, ...] = (), said: str | None = None
) -> dict[str, Any]:
    """The editor with this text, and what is wrong with it beside its lines."""
    lines = source.splitlines()
    return tabs(visit, "alerts") | {
        "source": source,
        "errors": [(error, around(lines, error.line)) for error in errors],
        "said": said,
    }


def _draft(visit: Visit, draft: BookDraft) -> dict[str, Any]:
    changed = {change.name for change in draft.changes if change.part == "rule"}
    can = [rule for rule in draft.book.rules.values() if can_backtest(rule)]
    return tabs(visit, "alerts") | {
        # Those that were changed first: they are what somebody wants to try.
        "rules": {one.id: one.title for one in sorted(can, key=lambda it: it.id not in changed)},
        "backs": BACKS,
        "draft": draft,
        "base": draft.base,
        "parts": PARTS,
        "diff": line_diff(draft.base.known.source, draft.source),
    }
