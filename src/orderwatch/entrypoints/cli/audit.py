"""`audit`: who did what, and whether anybody changed the record of it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from orderwatch.app.administer import NotPossible, Tenant, find_tenant
from orderwatch.app.audit import Wanted, verify_audit
from orderwatch.bootstrap import DEFAULT_TENANT
from orderwatch.core.people.audit import Checked, Head, Row, read_head, write_head
from orderwatch.entrypoints.cli.administer import house
from orderwatch.entrypoints.cli.output import (
    JsonOption,
    complaints,
    messages,
    say_json,
    say_table,
)

audit_app = typer.Typer(help="The log of what people did.", no_args_is_help=True)


@audit_app.command("list")
def audit_list(
    tenant: Annotated[str, typer.Option(help="The tenant's name.")] = DEFAULT_TENANT,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    before: Annotated[int | None, typer.Option(help="Only rows before this number.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this one did.")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only actions that begin so, such as key.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What was done, newest first."""

    async def run() -> list[Row]:
        async with house() as opened:
            owner = await find_tenant(opened.directory, tenant)
            wanted = Wanted(limit, before, actor, action)
            return await opened.reception.audit.newest(owner.tenant_id, wanted)

    with complaints():
        rows = asyncio.run(run())
    if as_json:
        say_json([_document(row) for row in rows])
        return
    say_table(
        ("row", "at", "who", "did", "to", "more"),
        (
            (
                row.seq,
                f"{row.at:%Y-%m-%d %H:%M:%S} UTC",
                f"{row.actor.name} ({row.actor.kind})",
                row.deed.action,
                row.deed.subject,
                ", ".join(f"{name}={value}" for name, value in row.deed.details.items()),
            )
            for row in rows
        ),
        "Nothing was done yet.",
    )


@audit_app.command("verify")
def audit_verify(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None,
    head: Annotated[
        str | None,
        typer.Option(help="The head an earlier check printed; with --tenant, finds rows cut off."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every row against the one before it; exit 1 when the log is not as it was written."""
    with complaints():
        results = asyncio.run(_verify(tenant, _remembered(tenant, head)))
    whole = all(one.broken is None for one in results.values())
    if as_json:
        say_json(
            {
                "ok": whole,
                "tenants": [_verdict(name, checked) for name, checked in results.items()],
            }
        )
    else:
        for name, checked in results.items():
            messages.print(_sentence(name, checked), soft_wrap=True)
    if not whole:
        raise typer.Exit(1)


def _remembered(tenant: str | None, text: str | None) -> Head | None:
    if text is None:
        return None
    head = read_head(text)
    if head is None or tenant is None:
        raise NotPossible("--head is ROW:HASH of one tenant's log; name it with --tenant.")
    return head


async def _verify(only: str | None, remembered: Head | None) -> dict[str, Checked]:
    results = {}
    async with house() as opened:
        tenants: list[Tenant] = await opened.directory.tenants()
        if only is not None:
            tenants = [await find_tenant(opened.directory, only)]
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        with Progress(*columns, console=messages, transient=True) as progress:
            for tenant in tenants:
                task = progress.add_task(f"{tenant.name}: checking", total=None)

                def told(rows: int, name: str = tenant.name, task: Any = task) -> None:
                    progress.update(task, description=f"{name}: {rows:,} rows checked")

                results[tenant.name] = await verify_audit(
                    opened.reception.audit, tenant.tenant_id, remembered, told
                )
    return results


def _verdict(name: str, checked: Checked) -> dict[str, object]:
    broken = checked.broken
    return {
        "tenant": name,
        "ok": broken is None,
        "rows": checked.rows,
        "head": write_head(checked.head),
        "broken": None if broken is None else {"row": broken.seq, "what": broken.what},
    }


def _sentence(name: str, checked: Checked) -> str:
    if checked.broken is None:
        head = write_head(checked.head)
        return f"{name}: {checked.rows:,} rows, each follows the one before it. Head: {head}"
    return f"[red]{name}: broken at row {checked.broken.seq}: {checked.broken.what}.[/red]"


def _document(row: Row) -> dict[str, object]:
    return {
        "row": row.seq,
        "at": row.at,
        "kind": row.actor.kind,
        "actor": row.actor.name,
        "address": row.actor.address,
        "action": row.deed.action,
        "subject": row.deed.subject,
        "details": row.deed.details,
        "hash": row.hash.hex(),
    }
