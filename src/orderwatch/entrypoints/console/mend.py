"""What is done to dead letters from the pages: try, retry, discard, take back, stop."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post

from orderwatch.app.mend_dead_letters import Mending, begin_mending, undo_discard
from orderwatch.app.retry_dead_letters import Chosen
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console.dead_letters import LARGEST_ID
from orderwatch.entrypoints.console.login import inside
from orderwatch.entrypoints.console.pages import AnyRequest, Console, TheConsole, TheReader
from orderwatch.entrypoints.console.workshop import (
    SHORT,
    Form,
    see_other,
    typed,
    typed_all,
    with_notice,
)
from orderwatch.entrypoints.web.sign_in import Reader, require

MOST_CHOSEN: Final = 1_000
LONGEST_REASON: Final = 500
MENDING: Final = require(Permission.MEND_DEAD_LETTERS)


@post("/dead-letters/try", opt=MENDING, include_in_schema=False, status_code=303)
async def try_letters(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Say what a retry would do, and change nothing."""
    chosen = _chosen(data)
    if chosen is None:
        return see_other(with_notice(_back(data), "none"))
    return await _begin(request, console, reader, data, Mending("try", chosen))


@post("/dead-letters/retry", opt=MENDING, include_in_schema=False, status_code=303)
async def retry_letters(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Retry what was tried out before."""
    tried = console.workshop.jobs.named(reader.tenant, "letters", typed(data, "job"))
    if tried is None or not isinstance(tried.about, Mending):
        return see_other(_back(data))
    mending = Mending("retry", tried.about.chosen)
    return await _begin(request, console, reader, data, mending)


@post("/dead-letters/discard", opt=MENDING, include_in_schema=False, status_code=303)
async def discard_letters(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Close what nobody needs, with the reason."""
    chosen, why = _chosen(data), " ".join(typed(data, "why").split())[:LONGEST_REASON]
    if chosen is None or not why:
        return see_other(with_notice(_back(data), "why" if chosen else "none"))
    return await _begin(request, console, reader, data, Mending("discard", chosen, why))


@post("/dead-letters/undo", opt=MENDING, include_in_schema=False, status_code=303)
async def undo_letters(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Take the last discard back."""
    job = console.workshop.jobs.named(reader.tenant, "letters", typed(data, "job"))
    desk = console.workshop.mending(reader.tenant, reader.acting(request))
    if job is None or not await undo_discard(desk, job):
        return see_other(with_notice(_back(data), "late"))
    return see_other(_back(data))


@post("/dead-letters/dismiss", opt=MENDING, include_in_schema=False, status_code=303)
async def dismiss_letters(console: TheConsole, reader: TheReader, data: Form) -> Response[Any]:
    """Stop what runs, or put away what it said."""
    console.workshop.jobs.dismiss(reader.tenant, "letters", typed(data, "job"))
    return see_other(_back(data))


async def _begin(
    request: AnyRequest, console: Console, reader: Reader, data: dict[str, Any], mending: Mending
) -> Response[Any]:
    workshop = console.workshop
    desk = workshop.mending(reader.tenant, reader.acting(request))
    job = begin_mending(workshop.jobs, desk, mending)
    if job is None:
        return see_other(with_notice(_back(data), "busy"))
    await workshop.jobs.wait(job, SHORT)
    return see_other(_back(data))


def _chosen(data: dict[str, Any]) -> Chosen | None:
    """The letters a form means: those ticked, or all of a kind. None: it means nothing."""
    if "code" in data:
        system = typed(data, "system") if "system" in data else None
        return Chosen(code=typed(data, "code")[:200], system=system)
    ids = [int(text) for text in typed_all(data, "id") if text.isascii() and text.isdigit()]
    within = tuple(dict.fromkeys(one for one in ids if 0 < one <= LARGEST_ID))
    return Chosen(ids=within[:MOST_CHOSEN]) if within else None


def _back(data: dict[str, Any]) -> str:
    """The page the form stood on."""
    back = inside(typed(data, "back"))
    return back if back.startswith("/dead-letters") else "/dead-letters"
