"""`orderwatch dead-letters`: list, show, retry and discard what could not be applied."""

from __future__ import annotations

import asyncio
import getpass
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from orderwatch.adapters import clock
from orderwatch.app.administer import NotPossible, find_tenant
from orderwatch.app.read_dead_letters import (
    DeadLetter,
    DeadLetterFilter,
    list_dead_letters,
    show_dead_letter,
)
from orderwatch.app.retry_dead_letters import (
    Chosen,
    Desk,
    Result,
    discard_dead_letters,
    retry_dead_letters,
)
from orderwatch.bootstrap import House
from orderwatch.core.model import TenantId
from orderwatch.entrypoints.cli.administer import house
from orderwatch.entrypoints.cli.output import (
    JsonOption,
    complaints,
    messages,
    say_json,
    say_table,
)

dead_letters_app = typer.Typer(
    help="The queue of what could not be understood or applied.", no_args_is_help=True
)

_STATES: Final = {"open": "open", "retried": "retried", "discarded": "discarded", "all": None}
_MOST_SHOWN: Final = 100

TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="The tenant's name; not needed when there is one.")
]
CodeOption = Annotated[str | None, typer.Option(help="Only this reason, such as invalid.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Ids, as `list` shows them.")]
AllOption = Annotated[bool, typer.Option("--all", help="All that are open.")]


@asynccontextmanager
async def _desk(tenant: str | None) -> AsyncIterator[tuple[Desk, TenantId]]:
    async with house() as opened:
        desk = Desk(opened.dead_letters, opened.ledger, f"cli:{getpass.getuser()}", clock.now)
        yield desk, await _tenant(opened, tenant)


async def _tenant(opened: House, name: str | None) -> TenantId:
    if name is not None:
        return (await find_tenant(opened.directory, name)).tenant_id
    tenants = await opened.directory.tenants()
    if len(tenants) == 1:
        return tenants[0].tenant_id
    names = ", ".join(one.name for one in tenants) or "none yet"
    raise NotPossible(f"Say whose: --tenant NAME; there are: {names}.")


@dead_letters_app.command("list")
def list_command(
    tenant: TenantOption = None,
    state: Annotated[str, typer.Option(help="open, retried, discarded or all.")] = "open",
    code: CodeOption = None,
    system: Annotated[str | None, typer.Option(help="Only of this system.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """The newest dead letters, each with its id, reason and first error."""
    if state not in _STATES:
        raise typer.BadParameter(f"one of {', '.join(_STATES)}", param_hint="--state")
    wanted = DeadLetterFilter(state=_STATES[state], code=code, system=system)

    async def run() -> tuple[list[DeadLetter], int]:
        async with _desk(tenant) as (desk, whose):
            return await list_dead_letters(desk.letters, whose, wanted, limit)

    with complaints():
        letters, count = asyncio.run(run())
    if as_json:
        say_json({"items": [*map(document, letters)], "total": count})
        return
    say_table(
        ("id", "times", "last seen", "reason", "source", "order", "what is wrong"),
        map(_line, letters),
        "No dead letters: everything that came could be applied.",
    )
    if count > len(letters):
        messages.print(f"The newest {len(letters):,} of {count:,}; see more with --limit.")


def _line(letter: DeadLetter) -> tuple[object, ...]:
    first = letter.errors[0] if letter.errors else None
    return (
        letter.id,
        letter.times,
        f"{letter.last_received_at:%Y-%m-%d %H:%M} UTC",
        letter.code,
        letter.source,
        letter.order_id,
        "" if first is None else f"{first.field} {first.message}",
    )


@dead_letters_app.command("show")
def show_command(
    id_: Annotated[int, typer.Argument(metavar="ID", help="As `list` shows it.")],
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """One dead letter, whole."""

    async def run() -> DeadLetter | None:
        async with _desk(tenant) as (desk, whose):
            return await show_dead_letter(desk.letters, whose, id_)

    with complaints():
        letter = asyncio.run(run())
        if letter is None:
            raise NotPossible(f"There is no dead letter {id_}.")
    if as_json:
        say_json(document(letter))
        return
    shown = document(letter)
    payload, errors = shown.pop("payload"), shown.pop("errors")
    rows: list[tuple[str, object]] = [(k, v) for k, v in shown.items() if v is not None]
    rows += [("error", f"{error['field']} {error['message']}") for error in errors]
    say_table(("", ""), rows, "")
    typer.echo(payload)


def document(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter as JSON; its payload as text, with what is no text replaced."""
    shown: dict[str, Any] = msgspec.to_builtins(letter, builtin_types=(bytes,))
    return shown | {"payload": letter.payload.decode("utf-8", "replace")}


@dead_letters_app.command("retry")
def retry_command(
    ids: Ids = None,
    tenant: TenantOption = None,
    code: CodeOption = None,
    everything: AllOption = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would be refused.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Apply dead letters again: the message as it came, the rules as they are now.

    Those of a source that their key may not speak for are retried only by id or by --code.
    """
    chosen = _chosen(ids, code, everything)

    async def run() -> list[Result]:
        async with _desk(tenant) as (desk, whose):
            count = len(chosen.ids) or await desk.letters.count_dead_letters(
                whose, DeadLetterFilter(code=chosen.code)
            )
            with _progress() as progress:
                task = progress.add_task("retrying", total=count)
                results = []
                async for result in retry_dead_letters(desk, whose, chosen, dry_run):
                    results.append(result)
                    progress.advance(task)
        return results

    with complaints():
        results = asyncio.run(run())
    counts = Counter[str](result.outcome for result in results)
    refused = [result for result in results if result.outcome == "refused"]
    _say_retried(counts, refused, dry_run, as_json)
    if refused or len(results) < len(chosen.ids):
        raise typer.Exit(1)


def _say_retried(counts: Counter[str], refused: list[Result], dry_run: bool, as_json: bool) -> None:
    names = ("applied", "duplicate", "parked", "refused", "gone")
    if as_json:
        tally = {name: counts[name] for name in names}
        say_json(tally | {"dry_run": dry_run, "errors": refused[:_MOST_SHOWN]})
        return
    would = "would be " if dry_run else ""
    told = ", ".join(f"{counts[name]:,} {would}{name}" for name in names if counts[name])
    messages.print(told or "Nothing to retry.")
    for result in refused[:_MOST_SHOWN]:
        for error in result.errors[:3]:
            messages.print(f"  {result.id}: {error.field} {error.message}", markup=False)


@dead_letters_app.command("discard")
def discard_command(
    why: Annotated[str, typer.Option(help="The reason; it is kept with them.")],
    ids: Ids = None,
    tenant: TenantOption = None,
    code: CodeOption = None,
    everything: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Close dead letters that nobody needs; they can still be listed with --state discarded."""
    if not why.strip():
        raise typer.BadParameter("say why", param_hint="--why")
    chosen = _chosen(ids, code, everything)

    async def run() -> int:
        async with _desk(tenant) as (desk, whose):
            discarded = 0
            with _progress() as progress:
                task = progress.add_task("discarding", total=None)
                async for _ in discard_dead_letters(desk, whose, chosen, why):
                    discarded += 1
                    progress.advance(task)
        return discarded

    with complaints():
        count = asyncio.run(run())
    if as_json:
        say_json({"discarded": count})
    else:
        messages.print(f"{count:,} discarded.")
    if count < len(chosen.ids):
        raise typer.Exit(1)


def _chosen(ids: list[int] | None, code: str | None, everything: bool) -> Chosen:
    """Exactly one way of choosing, so that nothing is closed by mistake."""
    if sum((bool(ids), code is not None, everything)) != 1:
        raise typer.BadParameter("give ids, or --code CODE, or --all")
    return Chosen(tuple(dict.fromkeys(ids or ())), code)


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    return Progress(*columns, TimeElapsedColumn(), console=messages, transient=True)
