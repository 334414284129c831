"""`orderwatch template`: check a flow template, or print its reference page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from orderwatch.core.flow.diagram import reference_page
from orderwatch.core.flow.parse import TemplateError, parse_template
from orderwatch.core.flow.template import Template

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
    read = _read(file)
    if not isinstance(read, Template):
        for problem in read:
            typer.echo(_line(file, problem), err=True)
        raise typer.Exit(1)
    typer.echo(reference_page(read, file.as_posix()), nl=False)


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
