"""Change the flow: write a draft, see what is wrong and what it would change, put it in force."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.params import Parameter
from msgspec import Struct

from orderwatch.app.administer import NotPossible
from orderwatch.app.change_template import Draft, apply_draft, begin_draft, read_in_force
from orderwatch.app.preview_template import Preview
from orderwatch.app.run_jobs import Job
from orderwatch.core.flow.line_diff import line_diff
from orderwatch.core.flow.parse import TemplateError, parse_template
from orderwatch.core.flow.template import Template
from orderwatch.core.yaml_source import MAX_LENGTH
from orderwatch.entrypoints.console.languages import N_, told
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
from orderwatch.entrypoints.console.settings_flow import EDITING, NEWEST_VERSION, tabs
from orderwatch.entrypoints.console.workshop import SHORT, Form, left_of, see_other, typed
from orderwatch.entrypoints.web.sign_in import Reader

EDIT: Final = "/settings/flow/edit"
DRAFT: Final = "/settings/flow/draft"
_GONE: Final = N_("This draft is not there any more. Begin again with what is in force.")


class Found(Struct, frozen=True):
    """One thing that is wrong with a text, for the script that shows it beside its line."""

    line: int
    column: int
    field: str
    message: str


@get(EDIT, opt=EDITING, include_in_schema=False)
async def edit_page(
    console: TheConsole,
    reader: TheReader,
    version: Annotated[int | None, Parameter(ge=1, le=NEWEST_VERSION)] = None,
) -> Page:
    """An editor with the draft there is, an earlier version, or what is in force."""
    visit = await visit_of(console, reader)
    source = await _begin_with(console, reader, version)
    return render("settings_edit.html", _editor(visit, source))


@post("/settings/flow/check", opt=EDITING, include_in_schema=False, status_code=200)
async def check_flow(data: Form) -> list[Found]:
    """What is wrong with a text, while it is being written."""
    read = parse_template(source_of(data))
    if isinstance(read, Template):
        return []
    return [Found(one.line, one.column, one.field, one.message) for one in read]


@post(DRAFT, opt=EDITING, include_in_schema=False, status_code=303)
async def draft_flow(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Check a text and go on to what it would change; else say beside its lines what is wrong."""
    return await begin(request, console, reader, source_of(data))


async def begin(
    request: AnyRequest, console: Console, reader: Reader, source: str
) -> Response[Any]:
    """Begin a draft with this text."""
    visit = await visit_of(console, reader)
    desk = console.workshop.drafting(reader.tenant, reader.acting(request))
    try:
        job = await begin_draft(desk, source)
    except NotPossible as error:
        return render("settings_edit.html", _editor(visit, source, said=told(error.said)), 422)
    if not isinstance(job, Job):
        return render("settings_edit.html", _editor(visit, source, job), 422)
    await console.workshop.jobs.wait(job, SHORT)
    return see_other(DRAFT)


@get(DRAFT, opt=EDITING, include_in_schema=False)
async def draft_page(console: TheConsole, reader: TheReader) -> Response[Any]:
    """What the draft would change."""
    visit = await visit_of(console, reader)
    context = _draft(console, visit)
    return render("settings_draft.html", context) if context else see_other(EDIT)


@get("/live/settings/flow/draft", opt=EDITING, include_in_schema=False)
async def draft_live(console: TheConsole, reader: TheReader) -> Response[Any]:
    """How far the counting is."""
    visit = await visit_of(console, reader)
    context = _draft(console, visit)
    if context is None:
        return Response(b"", status_code=404, media_type="text/plain")
    return render("settings_draft_live.html", context)


@post("/settings/flow/apply", opt=EDITING, include_in_schema=False, status_code=303)
async def apply_flow(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Put the draft in force."""
    visit = await visit_of(console, reader)
    job = console.workshop.jobs.named(reader.tenant, "draft", typed(data, "job"))
    if job is None:
        source = await _begin_with(console, reader, None)
        return render("settings_edit.html", _editor(visit, source, said=_(_GONE)), 409)
    desk = console.workshop.drafting(reader.tenant, reader.acting(request))
    try:
        version = await apply_draft(desk, job)
    except NotPossible as error:
        context = _editor(visit, job.about.source, said=told(error.said))
        return render("settings_edit.html", context, 409)
    return see_other(f"/settings/flow?applied={version}")


@post("/settings/flow/drop", opt=EDITING, include_in_schema=False, status_code=303)
async def drop_draft(console: TheConsole, reader: TheReader, data: Form) -> Response[Any]:
    """Forget the draft."""
    jobs = console.workshop.jobs
    job = jobs.named(reader.tenant, "draft", typed(data, "job"))
    if job is not None:
        if job.running:
            jobs.dismiss(reader.tenant, "draft", job.id)
            await jobs.wait(job, SHORT)
        jobs.dismiss(reader.tenant, "draft", job.id)
    return see_other("/settings/flow")


async def _begin_with(console: Console, reader: Reader, version: int | None) -> str:
    directory = console.workshop.directory
    if version is not None:
        source = await directory.template_source(reader.tenant, version)
        if source is not None:
            return source
    job = console.workshop.jobs.of(reader.tenant, "draft")
    if job is not None and version is None and isinstance(job.about, Draft):
        return job.about.source
    return (await read_in_force(directory, reader.tenant)).source


def source_of(data: dict[str, Any]) -> str:
    """The text of the form; a browser sends its lines apart by two characters."""
    return typed(data, "source").replace("\r\n", "\n")[: MAX_LENGTH + 1]


def _editor(
    visit: Visit, source: str, errors: tuple[TemplateError, ...] = (), said: str | None = None
) -> dict[str, Any]:
    lines = source.splitlines()
    return tabs(visit, "flow") | {
        "source": source,
        "errors": [(error, around(lines, error.line)) for error in errors],
        "said": said,
    }


def around(lines: list[str], line: int) -> list[tuple[int, str]]:
    """The line of an error with the one before and after it."""
    first, last = max(1, line - 1), min(len(lines), line + 1)
    return [(number, lines[number - 1]) for number in range(first, last + 1)]


def _draft(console: Console, visit: Visit) -> dict[str, Any] | None:
    job = console.workshop.jobs.of(visit.reader.tenant, "draft")
    if job is None or not isinstance(job.about, Draft):
        return None
    draft: Draft = job.about
    return tabs(visit, "flow") | {
        "job": job,
        "left": left_of(job, visit.now),
        "draft": draft,
        "found": job.found or Preview(),
        "changes": (job.found or Preview()).changes.most_common(),
        "diff": line_diff(draft.base.source, draft.source),
    }
