"""`orderwatch template`: check a flow template, document it, put it in force, show what is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from orderwatch.app.administer import find_tenant
from orderwatch.bootstrap import House
from orderwatch.core.flow.diagram import reference_page
from orderwatch.core.flow.differences import Differences, Parts, differences
from orderwatch.core.flow.parse import TemplateError, parse_template
from orderwatch.core.flow.template import Template
from orderwatch.entrypoints.cli.administer import TenantOption, house
from orderwatch.entrypoints.cli.output import JsonOption, complaints, messages, say_json

template_app = typer.Typer(
    name="template", help="Flow templates: what the systems say and mean.", no_args_is_help=True
)

TemplateFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The template, YAML.")
]


@template_app.command()
def check(
    file: TemplateFile,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Validate a flow template; every problem with its line and field."""
    read = _read(file)
    if as_json:
        typer.echo(msgspec.json.encode(_document(file, read)).decode())
    else:
        _say(file, read)
    if not isinstance(read, Template):
        raise typer.Exit(1)


@template_app.command()
def docs(file: TemplateFile) -> None:
    """Print the reference page of a flow template, in Markdown."""
    typer.echo(reference_page(_valid(file), file.as_posix()), nl=False)


@template_app.command()
def show(tenant: TenantOption) -> None:
    """Print the flow template that is in force for a tenant, as YAML."""

    async def run() -> str | None:
        async with house() as opened:
            owner = await find_tenant(opened.directory, tenant)
            return await opened.directory.newest(owner.tenant_id)

    with complaints():
        typer.echo(asyncio.run(run()) or "", nl=False)


@template_app.command()
def apply(
    file: TemplateFile,
    tenant: TenantOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a flow template in force for a tenant; says first what it would change."""
    template = _valid(file)

    async def run() -> Differences | None:
        async with house() as opened:
            return await _apply(opened, file.read_text("utf-8-sig"), template, tenant, yes)

    with complaints():
        changed = asyncio.run(run())
    if changed is not None:
        messages.print(
            f"{template.name} version {template.version} is in force for {tenant}; a running "
            "server follows within two seconds. Orders that do not move any more keep their "
            f"verdict until you run: orderwatch rebuild --tenant {tenant}"
        )
    if as_json:
        named = {"tenant": tenant, "template": template.name, "version": template.version}
        say_json({**named, "applied": changed is not None, "changed": changed})


async def _apply(
    opened: House, source: str, template: Template, tenant: str, yes: bool
) -> Differences | None:
    """What was changed, or None when there was nothing to change."""
    owner = await find_tenant(opened.directory, tenant)
    if await opened.directory.newest(owner.tenant_id) == source:
        messages.print(f"Nothing to do: this is what is in force for {tenant}.")
        return None
    changed = differences(await opened.templates.of(owner.tenant_id), template)
    messages.print(f"{template.name} version {template.version} for {tenant}: {_said(changed)}")
    if not yes:
        _confirm()
    await opened.directory.apply_template(owner.tenant_id, template.name, source)
    return changed


def _confirm() -> None:
    """Ask whoever sits there; exit 1 if they do not want it, 2 if nobody does."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("needed when nobody can be asked", param_hint="--yes")
    if not typer.confirm("Put it in force?", err=True):
        messages.print("Nothing was changed.")
        raise typer.Exit(1)


def _said(changed: Differences) -> str:
    """Such as `statuses 1 changed (PROCESSING), legs as before`."""
    said = [_parts("statuses", changed.statuses), _parts("legs", changed.legs)]
    return ", ".join([*said, *([f"other: {' '.join(changed.other)}"] if changed.other else [])])


def _parts(what: str, parts: Parts) -> str:
    if not parts:
        return f"{what} as before"
    named = (("changed", parts.changed), ("new", parts.added), ("gone", parts.removed))
    return f"{what} " + ", ".join(
        f"{len(names)} {how} ({' '.join(names)})" for how, names in named if names
    )


def _valid(file: Path) -> Template:
    """The template of a file; every problem told, and exit 1, when it is none."""
    read = _read(file)
    if isinstance(read, Template):
        return read
    for problem in read:
        typer.echo(_line(file, problem), err=True)
    raise typer.Exit(1)


def _read(file: Path) -> Template | tuple[TemplateError, ...]:
    try:
        return parse_template(file.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return (TemplateError(line, 1, "", "not UTF-8: save the file as UTF-8"),)


def _say(file: Path, read: Template | tuple[TemplateError, ...]) -> None:
    if isinstance(read, Template):
        counts = f"{len(read.statuses)} statuses, {len(read.legs)} legs"
        typer.echo(f"{file}: {read.name} version {read.version} is valid ({counts})")
        return
    for problem in read:
        typer.echo(_line(file, problem))
    typer.echo(f"{len(read)} problem{'s' if len(read) > 1 else ''}", err=True)


def _line(file: Path, problem: TemplateError) -> str:
    field = f" {problem.field}:" if problem.field else ""
    return f"{file}:{problem.line}:{problem.column}:{field} {problem.message}"


def _document(file: Path, read: Template | tuple[TemplateError, ...]) -> dict[str, object]:
    if isinstance(read, Template):
        return {
            "file": str(file),
            "valid": True,
            "template": read.name,
            "version": read.version,
            "statuses": list(read.statuses),
            "legs": list(read.legs),
            "problems": [],
        }
    return {"file": str(file), "valid": False, "problems": read}
