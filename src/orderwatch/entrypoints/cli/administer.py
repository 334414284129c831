"""`tenant`, `key`, `settings`, `migrate` and `rebuild`: administration beside a running server."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from orderwatch.adapters import clock
from orderwatch.app.administer import create_key, create_tenant, find_tenant
from orderwatch.app.known_templates import NoTemplate
from orderwatch.app.rebuild_state import rebuild_state
from orderwatch.bootstrap import (
    House,
    bring_up_to_date,
    database_url,
    default_template,
    environment_settings,
    explained_settings,
    open_house,
)
from orderwatch.core.people.audit import Actor, ActorKind
from orderwatch.core.tenants.keys import signing_text
from orderwatch.entrypoints.cli.output import (
    JsonOption,
    complaints,
    messages,
    say_json,
    say_table,
)

tenant_app = typer.Typer(help="The customers: one company each.", no_args_is_help=True)
key_app = typer.Typer(help="Keys to send and to read with.", no_args_is_help=True)

TenantOption = Annotated[str, typer.Option("--tenant", help="The tenant's name.")]


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    """The product on the configured database, brought up to date."""
    settings = environment_settings()
    with database_url(settings) as url:
        bring_up_to_date(settings, url)
        async with open_house(settings, url) as opened:
            yield opened


def by_command() -> Actor:
    """Who types, for the audit log: the user of the operating system."""
    try:
        return Actor(ActorKind.CLI, getpass.getuser())
    except (KeyError, OSError):  # a container's user may have no name
        return Actor(ActorKind.CLI, f"uid {os.getuid()}")


@tenant_app.command("create")
def tenant_create(
    name: Annotated[str, typer.Argument(help="Small letters, digits and dashes.")],
    template: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Flow template; default: lotus-o2o."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a tenant with its flow template."""

    async def run() -> int:
        source = template.read_text("utf-8-sig") if template else default_template()
        async with house() as opened:
            return await create_tenant(opened.directory, name, source, by_command())

    with complaints():
        try:
            tenant = asyncio.run(run())
        except NoTemplate as error:
            raise NoTemplate(f"{template}: {error}") from error
        if as_json:
            say_json({"id": tenant, "name": name})
        else:
            messages.print(
                f"Tenant {name} is there. Next: orderwatch key create --tenant {name} --source /"
            )


@tenant_app.command("list")
def tenant_list(as_json: JsonOption = False) -> None:
    """All tenants."""

    async def run() -> list[tuple[str, str, str | None]]:
        async with house() as opened:
            return [
                (one.name, f"{one.created_at:%Y-%m-%d %H:%M} UTC", _day(one.disabled_at))
                for one in await opened.directory.tenants()
            ]

    with complaints():
        rows = asyncio.run(run())
    if as_json:
        say_json(
            [{"name": name, "created": created, "disabled": off} for name, created, off in rows]
        )
    else:
        say_table(("tenant", "created", "disabled"), rows, "No tenant yet.")


def _day(at: object) -> str | None:
    return None if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


@tenant_app.command("disable")
def tenant_disable(
    name: Annotated[str, typer.Argument(help="The tenant's name.")],
    enable: Annotated[bool, typer.Option("--enable", help="Undo.")] = False,
) -> None:
    """Stop a tenant: its keys are refused and nothing of it is watched; its data stays."""

    async def run() -> None:
        async with house() as opened:
            await find_tenant(opened.directory, name)
            await opened.directory.set_disabled(name, not enable, by_command())

    with complaints():
        asyncio.run(run())
        messages.print(f"Tenant {name} is {'enabled' if enable else 'disabled'}.")


@key_app.command("create")
def key_create(
    tenant: TenantOption,
    source: Annotated[
        str, typer.Option(help="Events it may send: sources beginning with this; / for any.")
    ],
    read: Annotated[bool, typer.Option("--read", help="It may also read.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Create a key. It is shown once: keep it, Orderwatch does not."""

    async def run() -> dict[str, object]:
        async with house() as opened:
            owner = await find_tenant(opened.directory, tenant)
            key = await create_key(
                opened.directory, owner.tenant_id, source, read, os.urandom, by_command()
            )
        return {
            "id": key.id,
            "key": key.text,
            "signing_secret": signing_text(key.signing_secret),
            "source": source,
            "read": read,
        }

    with complaints():
        made = asyncio.run(run())
    if as_json:
        say_json(made)
        return
    typer.echo(made["key"])
    messages.print(f"Key {made['id']} may send events of {source}{' and read' if read else ''}.")
    messages.print(
        f"For Standard Webhooks: ?key={made['id']} and the secret {made['signing_secret']}"
    )
    messages.print("Neither is shown again.")


@key_app.command("list")
def key_list(tenant: TenantOption, as_json: JsonOption = False) -> None:
    """A tenant's keys, without their secrets."""

    async def run() -> list[tuple[str, str, bool, str, str | None]]:
        async with house() as opened:
            owner = await find_tenant(opened.directory, tenant)
            return [
                (
                    one.id,
                    one.source_prefix,
                    one.can_read,
                    f"{one.created_at:%Y-%m-%d %H:%M} UTC",
                    _day(one.revoked_at),
                )
                for one in await opened.directory.list_keys(owner.tenant_id)
            ]

    with complaints():
        rows = asyncio.run(run())
    columns = ("id", "source", "read", "created", "revoked")
    if as_json:
        say_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        shown = ((i, s, "yes" if r else "no", c, v) for i, s, r, c, v in rows)
        say_table(columns, shown, f"No key yet: orderwatch key create --tenant {tenant} --source /")


@key_app.command("revoke")
def key_revoke(
    key_id: Annotated[str, typer.Argument(help="The id, as `key list` shows it.")],
    tenant: TenantOption,
) -> None:
    """Revoke a key: refused within two seconds, for good."""

    async def run() -> bool:
        async with house() as opened:
            owner = await find_tenant(opened.directory, tenant)
            return await opened.directory.revoke_key(owner.tenant_id, key_id, by_command())

    with complaints():
        if not asyncio.run(run()):
            messages.print(
                f"[red]Tenant {tenant} has no key {key_id}: see orderwatch key list.[/red]"
            )
            raise typer.Exit(1)
        messages.print(f"Key {key_id} is revoked.")


def settings_command(as_json: JsonOption = False) -> None:
    """Every setting, what it does and what is in force."""
    with complaints():
        rows = explained_settings()
    if as_json:
        say_json(rows)
    else:
        say_table(
            ("variable", "in force", "default", "what it does"),
            ((one.variable, one.value, one.default, one.description) for one in rows),
            "",
        )


def migrate_command(as_json: JsonOption = False) -> None:
    """Bring the database to this version's schema."""
    with complaints():
        settings = environment_settings()
        with database_url(settings) as url:
            applied = bring_up_to_date(settings, url)
    if as_json:
        say_json({"applied": applied})
    elif applied:
        messages.print(f"Applied: {', '.join(applied)}.")
    else:
        messages.print("Nothing to do: the database has this version's schema.")


def rebuild_command(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fold all state again from the events; prints how many orders' state changed."""
    with complaints():
        results = asyncio.run(_rebuild(tenant))
    changed = sum(one["changed"] for one in results.values())
    if as_json:
        say_json({"changed": changed, "tenants": results})
        return
    for name, one in results.items():
        messages.print(f"{name}: {one['orders']:,} orders folded from {one['events']:,} events")
    typer.echo(changed)


async def _rebuild(only: str | None) -> dict[str, dict[str, int]]:
    results: dict[str, dict[str, int]] = {}
    async with house() as opened:
        tenants = await opened.directory.tenants()
        if only is not None:
            tenants = [await find_tenant(opened.directory, only)]
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        with Progress(*columns, console=messages, transient=True) as progress:
            for tenant in tenants:
                task = progress.add_task(f"{tenant.name}: folding", total=None)

                def show(orders: int, name: str = tenant.name, task: object = task) -> None:
                    progress.update(task, description=f"{name}: {orders:,} orders folded")  # type: ignore[arg-type]

                rebuilt = await rebuild_state(
                    opened.store,
                    tenant.tenant_id,
                    await opened.templates.of(tenant.tenant_id),
                    clock.now,
                    show,
                )
                results[tenant.name] = {
                    "orders": rebuilt.orders,
                    "events": rebuilt.events,
                    "changed": rebuilt.changed,
                }
    return results
