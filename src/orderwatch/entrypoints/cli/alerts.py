"""`orderwatch alerts`: check alert rules, put them in force, show and list what is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from msgspec import to_builtins

from orderwatch.app.administer import NotPossible, find_tenant
from orderwatch.app.change_rules import (
    BookDraft,
    BookInForce,
    RuleDesk,
    RuleFault,
    apply_book,
    draft_book,
    read_book_in_force,
)
from orderwatch.app.known_templates import parse as known_flow
from orderwatch.bootstrap import House, default_template
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.book_differences import in_a_sentence
from orderwatch.core.alerting.parse import BookError, parse_book
from orderwatch.core.flow.parse import parse_template
from orderwatch.core.flow.template import Template
from orderwatch.entrypoints.cli.administer import TenantOption, by_command, house
from orderwatch.entrypoints.cli.alert_words import document, line, rows, rule_document, say
from orderwatch.entrypoints.cli.alerts_backtest import backtest, report
from orderwatch.entrypoints.cli.alerts_test_send import send_test
from orderwatch.entrypoints.cli.output import (
    JsonOption,
    complaints,
    messages,
    say_json,
    say_table,
)

alerts_app = typer.Typer(
    help="Alert rules: what is watched, and who is told.", no_args_is_help=True
)

alerts_app.command("test-send")(send_test)
alerts_app.command()(backtest)
alerts_app.command()(report)

BookFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The rules, YAML.")
]
InForceOf = Annotated[str, typer.Option("--tenant", help="Whose rules and flow.")]


@alerts_app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="The rules, YAML; without it those in force for the tenant.",
        ),
    ] = None,
    flow: Annotated[
        Path | None,
        typer.Option(
            "--flow", exists=True, dir_okay=False, help="Flow template; default: lotus-o2o."
        ),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Check against the flow of this tenant.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Validate alert rules against a flow; every problem with its line and field."""
    with complaints():
        if file is None or tenant is not None:
            name, read = asyncio.run(_check_of_tenant(file, tenant or "default"))
        else:
            name, read = str(file), parse_book(_text(file), _flow(flow))
    if as_json:
        say_json(document(name, read))
    else:
        say(name, read)
    if not isinstance(read, Book):
        raise typer.Exit(1)


@alerts_app.command()
def show(tenant: InForceOf = "default") -> None:
    """Print the alert rules that are in force for a tenant, as YAML."""
    with complaints():
        in_force = asyncio.run(_in_force(tenant))
    _say_misfits(in_force)
    typer.echo(in_force.known.source, nl=False)


@alerts_app.command("list")
def list_rules(tenant: InForceOf = "default", as_json: JsonOption = False) -> None:
    """List the rules in force for a tenant: what each looks at, when it fires, who is told."""
    with complaints():
        in_force, faults = asyncio.run(_listed(tenant))
    _say_misfits(in_force)
    book = in_force.known.book
    if as_json:
        rules = [rule_document(rule) for rule in book.rules.values()]
        undecided = [to_builtins(one) for one in faults]
        say_json(
            {
                "tenant": tenant,
                "version": in_force.number,
                "rules": rules,
                "undecided": undecided,
            }
        )
        return
    for one in faults:
        messages.print(
            f"Could not be decided: {one.rule}: {one.why} "
            f"({one.times} times, last {one.last_at:%Y-%m-%d %H:%M} UTC)",
            markup=False,
        )
    columns = ("rule", "looks at", "fires when", "team", "priority", "")
    say_table(columns, rows(book), "No rule is in force.")


@alerts_app.command()
def apply(
    file: BookFile,
    tenant: TenantOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put alert rules in force for a tenant; says first what they would change."""
    source = _text(file)

    async def run() -> tuple[BookDraft | None, int | None]:
        async with house() as opened:
            return await _apply(await _desk(opened, tenant), file, source, yes)

    with complaints():
        draft, version = asyncio.run(run())
    if version is not None:
        messages.print(
            f"Version {version} of the alert rules is in force for {tenant}; a running server "
            "follows within two seconds."
        )
    if as_json:
        changes = [in_a_sentence(one) for one in draft.changes] if draft else []
        applied = version is not None
        say_json({"tenant": tenant, "applied": applied, "version": version, "changes": changes})


async def _apply(
    desk: RuleDesk, file: Path, source: str, yes: bool
) -> tuple[BookDraft | None, int | None]:
    """The draft, and the version it got; nothing when it changes nothing."""
    try:
        draft = await draft_book(desk, source)
    except NotPossible as error:
        messages.print(str(error))
        return None, None
    if not isinstance(draft, BookDraft):
        _refuse(str(file), draft)
    for change in draft.changes:
        messages.print(in_a_sentence(change), markup=False)
    if not draft.changes:
        messages.print("Only the text differs: comments, layout, the version.")
    if not yes:
        _confirm()
    version = await apply_book(desk, source, draft.base.number)
    assert isinstance(version, int)
    return draft, version


def _confirm() -> None:
    """Ask whoever sits there; exit 1 if they do not want it, 2 if nobody does."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("needed when nobody can be asked", param_hint="--yes")
    if not typer.confirm("Put it in force?", err=True):
        messages.print("Nothing was changed.")
        raise typer.Exit(1)


async def _desk(opened: House, tenant: str) -> RuleDesk:
    owner = await find_tenant(opened.directory, tenant)
    return RuleDesk(
        opened.book_store, opened.books, opened.templates, owner.tenant_id, by_command()
    )


async def _in_force(tenant: str) -> BookInForce:
    async with house() as opened:
        return await read_book_in_force(await _desk(opened, tenant))


async def _listed(tenant: str) -> tuple[BookInForce, list[RuleFault]]:
    async with house() as opened:
        desk = await _desk(opened, tenant)
        return await read_book_in_force(desk), await desk.store.faults(desk.tenant)


async def _check_of_tenant(
    file: Path | None, tenant: str
) -> tuple[str, Book | tuple[BookError, ...]]:
    async with house() as opened:
        desk = await _desk(opened, tenant)
        flow = await opened.templates.of(desk.tenant)
        if file is not None:
            return str(file), parse_book(_text(file), flow)
        in_force = await read_book_in_force(desk)
        return f"{tenant} (in force)", parse_book(in_force.known.source, flow)


def _flow(file: Path | None) -> Template:
    if file is None:
        return known_flow(default_template())
    read = parse_template(_text(file))
    if not isinstance(read, Template):
        raise typer.BadParameter(
            f"is no valid flow; see: orderwatch template check {file}", param_hint="--flow"
        )
    return read


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        typer.echo(f"{file}:{line}:1: not UTF-8: save the file as UTF-8", err=True)
        raise typer.Exit(1) from error


def _refuse(name: str, problems: tuple[BookError, ...]) -> NoReturn:
    for problem in problems:
        typer.echo(line(name, problem), err=True)
    raise typer.Exit(1)


def _say_misfits(in_force: BookInForce) -> None:
    for problem in in_force.known.problems:
        messages.print(f"Left out: {line('line', problem)}", markup=False)
