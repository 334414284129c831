"""`orderwatch`: the command line, one module per command."""

from __future__ import annotations

import typer

from orderwatch import __version__
from orderwatch.entrypoints.cli.administer import (
    key_app,
    migrate_command,
    rebuild_command,
    settings_command,
    tenant_app,
)
from orderwatch.entrypoints.cli.alerts import alerts_app
from orderwatch.entrypoints.cli.audit import audit_app
from orderwatch.entrypoints.cli.bench.commands import bench_app
from orderwatch.entrypoints.cli.dead_letters import dead_letters_app
from orderwatch.entrypoints.cli.demo import demo
from orderwatch.entrypoints.cli.import_ import import_tables
from orderwatch.entrypoints.cli.people import session_app, user_app
from orderwatch.entrypoints.cli.reference import reference_app
from orderwatch.entrypoints.cli.send import send
from orderwatch.entrypoints.cli.serve import serve
from orderwatch.entrypoints.cli.simulate import simulate
from orderwatch.entrypoints.cli.template import template_app

app = typer.Typer(
    name="orderwatch",
    help="Watches orders flow: every message, every hop, every verdict with its why.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"orderwatch {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


app.command()(demo)
app.command()(serve)
app.command("migrate")(migrate_command)
app.command()(send)
app.command("import")(import_tables)
app.command()(simulate)
app.command("rebuild")(rebuild_command)
app.command("settings")(settings_command)
app.add_typer(template_app)
app.add_typer(alerts_app, name="alerts")
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(bench_app, name="bench")
app.add_typer(tenant_app, name="tenant")
app.add_typer(key_app, name="key")
app.add_typer(user_app, name="user")
app.add_typer(session_app, name="session")
app.add_typer(audit_app, name="audit")
app.add_typer(reference_app, name="reference", hidden=True)


def main() -> None:
    """Run the command line."""
    app()
