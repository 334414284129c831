"""`/settings/alerts/backtest`: a rule tried on the recorded past, beside the one in force."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from orderwatch.app.backtest_rules import Backtest, CannotBacktest, can_backtest
from orderwatch.app.change_rules import check_book, read_book_in_force
from orderwatch.app.pair_episodes import Pair, pair_episodes
from orderwatch.app.run_jobs import Job
from orderwatch.app.try_rule import Tried, begin_backtest
from orderwatch.core.alerting.book import Book
from orderwatch.entrypoints.console.languages import told
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
from orderwatch.entrypoints.console.rule_words import BACKS, USUAL_BACK
from orderwatch.entrypoints.console.settings_alerts import ALERTS, EDITING, desk_of
from orderwatch.entrypoints.console.settings_alerts_draft import editor
from orderwatch.entrypoints.console.settings_draft import source_of
from orderwatch.entrypoints.console.settings_flow import tabs
from orderwatch.entrypoints.console.workshop import SHORT, Form, left_of, see_other, typed

BACKTEST: Final = f"{ALERTS}/backtest"


@get(BACKTEST, opt=EDITING, include_in_schema=False)
async def backtest_page(
    request: AnyRequest, console: TheConsole, reader: TheReader, rule: str = ""
) -> Page:
    """What the last trial found, and a form for another one; of `rule`, if one is named."""
    visit = await visit_of(console, reader)
    return render("settings_backtest.html", await _context(console, visit, request, rule))


@get(f"/live{BACKTEST}", opt=EDITING, include_in_schema=False)
async def backtest_live(request: AnyRequest, console: TheConsole, reader: TheReader) -> Page:
    """How far it is."""
    visit = await visit_of(console, reader)
    return render("settings_backtest_live.html", await _context(console, visit, request))


@post(BACKTEST, opt=EDITING, include_in_schema=False, status_code=303)
async def try_rule(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Try a rule of what is in force, or of the text of a draft."""
    rule, back = typed(data, "rule"), BACKS.get(typed(data, "back"), BACKS[USUAL_BACK])
    source = source_of(data) if typed(data, "source") else None
    desk = console.workshop.trying(reader.tenant, reader.acting(request))
    visit = await visit_of(console, reader)
    try:
        job = await begin_backtest(desk, rule, back, source)
    except CannotBacktest as error:
        context = await _context(console, visit, request, rule, said=told(error.said))
        return render("settings_backtest.html", context, 422)
    if not isinstance(job, Job):
        assert source is not None
        return render("settings_alerts_edit.html", editor(visit, source, job), 422)
    await console.workshop.jobs.wait(job, SHORT)
    return see_other(BACKTEST)


@post(f"{BACKTEST}/dismiss", opt=EDITING, include_in_schema=False, status_code=303)
async def dismiss_backtest(console: TheConsole, reader: TheReader, data: Form) -> Response[Any]:
    """Stop it, or forget what it found."""
    jobs = console.workshop.jobs
    job = jobs.named(reader.tenant, "backtest", typed(data, "job"))
    if job is not None:
        jobs.dismiss(reader.tenant, "backtest", job.id)
        await jobs.wait(job, SHORT)
    return see_other(BACKTEST)


async def _context(
    console: Console, visit: Visit, request: AnyRequest, rule: str = "", said: str | None = None
) -> dict[str, Any]:
    job = console.workshop.jobs.of(visit.reader.tenant, "backtest")
    tried: Tried | None = job.about if job is not None else None
    desk = desk_of(console, visit.reader, request)
    book = (await read_book_in_force(desk)).known.book
    if tried is not None and tried.source is not None:
        draft = await check_book(desk, tried.source)
        book = draft if isinstance(draft, Book) else book
    found: Backtest | None = job.found if job is not None else None
    return tabs(visit, "alerts") | {
        "job": job,
        "left": left_of(job, visit.now) if job is not None else "",
        "tried": tried,
        "found": found,
        "pairs": _pairs(found, of_draft=tried is not None and tried.source is not None),
        "rules": {one.id: one.title for one in book.rules.values() if can_backtest(one)},
        "chosen": rule or (tried.rule if tried else ""),
        "backs": BACKS,
        "back": tried.back if tried else BACKS[USUAL_BACK],
        "said": said,
    }


def _pairs(found: Backtest | None, *, of_draft: bool) -> list[Pair]:
    """The incidents of both sides; of what is in force alone there is but one."""
    if found is None:
        return []
    return pair_episodes(found.draft, (found.active or ()) if of_draft else ())
