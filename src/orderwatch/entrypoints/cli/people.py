"""`user` and `session`: accounts of people, beside a running server."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from msgspec import Struct

from orderwatch.adapters import clock
from orderwatch.app.administer import NotPossible, find_tenant
from orderwatch.app.manage_users import NewUser, UserDesk, create_user
from orderwatch.bootstrap import DEFAULT_TENANT
from orderwatch.core.people.accounts import same_name
from orderwatch.core.people.roles import PERMISSIONS, Role
from orderwatch.entrypoints.cli.administer import by_command, house
from orderwatch.entrypoints.cli.output import (
    JsonOption,
    complaints,
    messages,
    say_json,
    say_table,
)

user_app = typer.Typer(help="People who sign in, each with a role.", no_args_is_help=True)
session_app = typer.Typer(help="Who is signed in, and from where.", no_args_is_help=True)

TenantOption = Annotated[str, typer.Option("--tenant", help="The tenant's name.")]
NameArgument = Annotated[str, typer.Argument(help="The name they sign in with.")]
FileOption = Annotated[
    Path | None,
    typer.Option("--password-file", exists=True, dir_okay=False, help="Its first line."),
]
GenerateOption = Annotated[
    bool, typer.Option("--generate", help="Make up a password and print it once.")
]
_GENERATED_BYTES: Final = 15


class Password(Struct, frozen=True):
    """A password that was chosen; `made_up` when we did, and have to say it."""

    text: str
    made_up: bool


@asynccontextmanager
async def desk_of(tenant: str) -> AsyncIterator[UserDesk]:
    """The accounts of a tenant, in the name of whoever types."""
    async with house() as opened:
        owner = await find_tenant(opened.directory, tenant)
        parts = opened.reception
        yield UserDesk(parts.users, parts.passwords, owner.tenant_id, by_command(), clock.now)


@user_app.command("create")
def user_create(
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What they are here for.")],
    tenant: TenantOption = DEFAULT_TENANT,
    password_file: FileOption = None,
    generate: GenerateOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make an account. The password is asked for, read from a file, or made up."""

    async def run(password: str) -> str:
        async with desk_of(tenant) as desk:
            new = NewUser(name, role, password)
            return await create_user(desk.users, desk.passwords, desk.tenant, new, desk.by)

    with complaints():
        password = _password(password_file, generate)
        made = asyncio.run(run(password.text))
    told = {"name": made, "role": str(role), "tenant": tenant}
    _say(told, password, f"{made} may sign in as {role}.", as_json)


@user_app.command("password")
def user_password(
    name: NameArgument,
    tenant: TenantOption = DEFAULT_TENANT,
    password_file: FileOption = None,
    generate: GenerateOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give an account another password; all its sessions end."""

    async def run(password: str) -> None:
        async with desk_of(tenant) as desk:
            await desk.change_password(name, password)

    with complaints():
        password = _password(password_file, generate)
        asyncio.run(run(password.text))
    told = {"name": same_name(name), "tenant": tenant}
    _say(told, password, f"{same_name(name)} has another password; sessions have ended.", as_json)


@user_app.command("list")
def user_list(tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False) -> None:
    """A tenant's accounts."""

    async def run() -> list[tuple[str, ...]]:
        async with desk_of(tenant) as desk:
            return [
                (
                    one.name,
                    one.role,
                    *map(_time, (one.created_at, one.signed_in_at, one.disabled_at)),
                )
                for one in await desk.users.users(desk.tenant)
            ]

    with complaints():
        rows = asyncio.run(run())
    columns = ("name", "role", "created", "signed in", "disabled")
    _say_rows(columns, rows, "No account yet: orderwatch user create NAME --role ROLE", as_json)


@user_app.command("disable")
def user_disable(
    name: NameArgument,
    tenant: TenantOption = DEFAULT_TENANT,
    enable: Annotated[bool, typer.Option("--enable", help="Undo.")] = False,
) -> None:
    """Disable an account: its sessions end at once; what it did stays in the audit log."""

    async def run() -> None:
        async with desk_of(tenant) as desk:
            await desk.disable(name, disabled=not enable)

    with complaints():
        asyncio.run(run())
    messages.print(f"{same_name(name)} is {'enabled' if enable else 'disabled'}.")


@user_app.command("role")
def user_role(
    name: NameArgument,
    role: Annotated[Role, typer.Argument(help="What they are here for from now on.")],
    tenant: TenantOption = DEFAULT_TENANT,
) -> None:
    """Give an account another role; its sessions end, so that the new one holds at once."""

    async def run() -> None:
        async with desk_of(tenant) as desk:
            await desk.change_role(name, role)

    with complaints():
        asyncio.run(run())
    messages.print(f"{same_name(name)} is {role} now.")


@user_app.command("roles")
def user_roles(as_json: JsonOption = False) -> None:
    """What each role may see and do."""
    rows = [
        (str(permission), what, *("yes" if role in roles else "" for role in Role))
        for permission, (roles, what) in PERMISSIONS.items()
    ]
    _say_rows(("permission", "lets see or do", *Role), rows, "", as_json)


@session_app.command("list")
def session_list(
    tenant: TenantOption = DEFAULT_TENANT,
    user: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Who is signed in, since when, and from where."""

    async def run() -> list[tuple[str, ...]]:
        async with desk_of(tenant) as desk:
            wanted = None if user is None else same_name(user)
            return [
                (
                    *(one.id, one.user),
                    *map(_time, (one.created_at, one.seen_at, one.expires_at)),
                    *(one.address, one.agent),
                )
                for one in await desk.users.sessions(desk.tenant, wanted, clock.now())
            ]

    with complaints():
        rows = asyncio.run(run())
    columns = ("id", "user", "since", "seen", "expires", "address", "browser")
    _say_rows(columns, rows, "Nobody is signed in.", as_json)


@session_app.command("revoke")
def session_revoke(
    session_id: Annotated[str, typer.Argument(help="The id, as `session list` shows it.")],
    tenant: TenantOption = DEFAULT_TENANT,
) -> None:
    """End a session at once; the person has to sign in again."""

    async def run() -> None:
        async with desk_of(tenant) as desk:
            await desk.revoke_session(session_id)

    with complaints():
        asyncio.run(run())
    messages.print(f"Session {session_id} has ended.")


def _password(file: Path | None, generate: bool) -> Password:
    """From the file; asked for twice on a terminal; else, and when wanted, made up."""
    if file is not None and generate:
        raise NotPossible("Give either --password-file or --generate, not both.")
    if file is not None:
        return Password((file.read_text("utf-8").splitlines() or [""])[0], made_up=False)
    if generate or not sys.stdin.isatty():
        return Password(secrets.token_urlsafe(_GENERATED_BYTES), made_up=True)
    return Password(typer.prompt("Password", hide_input=True, confirmation_prompt=True), False)


def _say(told: dict[str, str], password: Password, sentence: str, as_json: bool) -> None:
    if as_json:
        say_json(told | ({"password": password.text} if password.made_up else {}))
        return
    if password.made_up:
        typer.echo(password.text)
        sentence += " The password is not shown again."
    messages.print(sentence)


def _say_rows(
    columns: tuple[str, ...], rows: list[tuple[str, ...]], empty: str, as_json: bool
) -> None:
    if as_json:
        names = [column.replace(" ", "_") for column in columns]
        say_json([dict(zip(names, (cell or None for cell in row), strict=True)) for row in rows])
    else:
        say_table(columns, rows, empty)


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
