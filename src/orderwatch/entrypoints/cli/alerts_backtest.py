"""`orderwatch alerts backtest`: what a rule would have raised on the recorded past.

And `alerts report`, which sends the daily report now.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from orderwatch.adapters import clock
from orderwatch.app.administer import find_tenant
from orderwatch.app.backtest_rules import Backtest, Episode, Trial, backtest_rule
from orderwatch.app.request_report import request_report
from orderwatch.bootstrap import House
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.parse import parse_book
from orderwatch.core.alerting.wording import money
from orderwatch.core.flow.template import Template
from orderwatch.core.tracking.explain import spoken
from orderwatch.entrypoints.cli.administer import TenantOption, house
from orderwatch.entrypoints.cli.alert_words import line
from orderwatch.entrypoints.cli.output import (
    JsonOption,
    complaints,
    messages,
    say_json,
    say_table,
)

_SPAN: Final = re.compile(r"(\d{1,5})\s*(min|h|d)")
_UNITS: Final = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
LONGEST: Final = timedelta(days=400)


def backtest(
    rule: Annotated[str, typer.Argument(help="The rule's name in the alert book.")],
    since: Annotated[str, typer.Option(help="How far back: 6h, 30d.")] = "30d",
    draft: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A changed alert book to try, YAML."),
    ] = None,
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Say which incidents a rule would have raised, as the past was known at the time."""
    back = _span(since)
    with complaints():
        tried = asyncio.run(_backtest(rule, back, draft, tenant))
    if as_json:
        say_json(msgspec.to_builtins(tried))
        return
    _say(tried, of_draft=draft is not None)


def report(tenant: TenantOption = "default", as_json: JsonOption = False) -> None:
    """Send the daily report now, to whom its route leads."""
    with complaints():
        sent = asyncio.run(_report(tenant))
    if as_json:
        say_json({"tenant": tenant, "notices": sent})
    else:
        noun = "notice" if sent == 1 else "notices"
        messages.print(f"{sent} {noun} put into the outbox; a running worker sends what is there.")


async def _report(name: str) -> int:
    async with house() as opened:
        tenant = (await find_tenant(opened.directory, name)).tenant_id
        book = await opened.books.of(tenant)
        template = await opened.templates.of(tenant)
        alarms = opened.alarms
        return await request_report(alarms.alerting, alarms.figures, tenant, book, template)


async def _backtest(rule: str, back: timedelta, draft: Path | None, name: str) -> Backtest:
    async with house() as opened:
        tenant = (await find_tenant(opened.directory, name)).tenant_id
        trial = await _trial(opened, name, rule, back, draft)
        past = opened.alarms.past
        total = await past.count(tenant, trial.since, trial.until)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns, TimeElapsedColumn(), console=messages, transient=True) as progress:
            task = progress.add_task("events heard again", total=total)
            return await backtest_rule(
                past, tenant, trial, lambda done: progress.update(task, completed=done)
            )


async def _trial(opened: House, name: str, rule: str, back: timedelta, draft: Path | None) -> Trial:
    tenant = (await find_tenant(opened.directory, name)).tenant_id
    template = await opened.templates.of(tenant)
    active = await opened.books.of(tenant)
    tried = _draft(draft, template) if draft is not None else active
    until = clock.now()
    return Trial(rule, tried, active, template, until - back, until)


def _draft(file: Path, template: Template) -> Book:
    read = parse_book(file.read_text("utf-8-sig"), template)
    if isinstance(read, Book):
        return read
    for problem in read:
        typer.echo(line(str(file), problem), err=True)
    raise typer.Exit(1)


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text.strip())
    back = int(found[1]) * _UNITS[found[2]] if found else timedelta()
    if not timedelta() < back <= LONGEST:
        raise typer.BadParameter(
            f"{text!r} is no stretch of time: write 90min, 6h, 30d (at most 400d)",
            param_hint="--since",
        )
    return back


def _say(tried: Backtest, *, of_draft: bool) -> None:
    messages.print(
        f"{tried.events:,} events of {tried.orders:,} orders heard again, "
        f"{tried.since:%Y-%m-%d %H:%M} to {tried.until:%Y-%m-%d %H:%M} UTC."
    )
    if of_draft:
        _table("the draft", tried.draft)
        if tried.active is None:
            messages.print(f"\nThe book in force has no rule {tried.rule}.", markup=False)
        else:
            _table("what is in force", tried.active)
    else:
        _table("what is in force", tried.draft)


def _table(of: str, episodes: Sequence[Episode]) -> None:
    noun = "incident" if len(episodes) == 1 else "incidents"
    told = sum(one.notices for one in episodes)
    messages.print(f"\nBy {of}: {len(episodes)} {noun}, {told} notices", markup=False)
    columns = ("fired", "lasted", "orders", "worth", "what", "some of its orders")
    say_table(columns, [_row(one) for one in episodes], "It would have raised nothing.")


def _row(one: Episode) -> tuple[Any, ...]:
    lasted = spoken(one.resolved_at - one.fired_at) if one.resolved_at else "goes on"
    return (
        f"{_minute(one.fired_at)}",
        lasted,
        f"{one.number:,}",
        money(one.money, one.currency),
        one.title,
        ", ".join(one.orders[:3]),
    )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
