"""`orderwatch reference`: the reference pages that say what the program itself knows best.

Hidden from `--help`: it serves those who write the documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import typer

from orderwatch.adapters.shipped import shipped_alerts
from orderwatch.app.known_templates import parse
from orderwatch.bootstrap import default_template, explained_settings
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.parse import parse_book
from orderwatch.core.alerting.reference import alerts_page
from orderwatch.core.people.roles import roles_page
from orderwatch.entrypoints.cli.output import complaints

reference_app = typer.Typer(help="Print a reference page, in Markdown.", no_args_is_help=True)

_DATA_DIR_DEFAULT: Final = "`/var/lib/orderwatch` for root, `~/.local/share/orderwatch` for others"
_TYPERS_OWN: Final = frozenset({"--help", "--install-completion", "--show-completion"})
_CLI_HEAD: Final = """# The command line: `orderwatch`

Every command and option, as the program itself explains them with `--help`.

- Exit codes: 0 done, 1 the work found or met a problem, 2 wrong usage.
- With `--json` the answer is one JSON document on one line, the last on standard output.
  Progress and messages go to standard error.
- In a checkout every command is run as `./dev run orderwatch ...`.

This page is generated: `./dev run orderwatch reference cli > docs/reference/cli.md`
"""
_SETTINGS_HEAD: Final = """# Settings

Environment variables, read once at the start. A wrong value stops the start and names the variable;
so does a variable that begins with `ORDERWATCH_` and is none of these, since it is most likely
misspelt. `orderwatch settings` shows what is in force.

Durations are written with their unit: `250 ms`, `30 s`, `15 min`, `24 h`, `400 d`. `[_FILE]` marks
a secret: it may also be read from a file, which `ORDERWATCH_..._FILE` names instead. A secret is
never shown.
"""
_SETTINGS_FOOT: Final = """
The tests also read `ORDERWATCH_REAL_DATA` and `ORDERWATCH_TEST_DATABASE_URL`, see
[how to work on Orderwatch](../how-to/develop.md).

This page is generated: `./dev run orderwatch reference settings > docs/reference/settings.md`
"""


@reference_app.command("cli")
def cli_command(context: typer.Context) -> None:
    """The page of all commands."""
    typer.echo(cli_page(context.find_root().command), nl=False)


@reference_app.command("alerts")
def alerts_command() -> None:
    """The page of alert rules and routing."""
    book = parse_book(shipped_alerts(), parse(default_template()))
    assert isinstance(book, Book)
    typer.echo(alerts_page(book), nl=False)


@reference_app.command("roles")
def roles_command() -> None:
    """The page of roles and permissions."""
    typer.echo(roles_page(), nl=False)


@reference_app.command("settings")
def settings_command(context: typer.Context) -> None:
    """The page of all settings."""
    with complaints():
        rows = [(one.variable, one.default, one.description) for one in explained_settings()]
    typer.echo(settings_page(rows, context.find_root().command), nl=False)


def commands(root: Any, name: str = "orderwatch") -> Iterator[tuple[str, Any]]:
    """Every command that shows itself, with its full name; groups before what is in them."""
    yield name, root
    for child, command in getattr(root, "commands", {}).items():
        if not command.hidden:
            yield from commands(command, f"{name} {child}")


def parameters(command: Any) -> list[Any]:
    """A command's arguments and options, without those that every command has."""
    return [one for one in command.params if not _TYPERS_OWN & set(one.opts)]


def cli_page(root: Any) -> str:
    """The reference of a tree of commands, in Markdown."""
    return "".join([_CLI_HEAD, *(_section(name, command) for name, command in commands(root))])


def _section(name: str, command: Any) -> str:
    rows = [_row(typer.Context(command, info_name=name), one) for one in parameters(command)]
    lines = ["", f"## `{name}`", "", command.help]
    lines += ["", f"    {_usage(name, command)}"] if not hasattr(command, "commands") else []
    if rows:
        lines += ["", "| | takes | default | what it does |", "|---|---|---|---|", *rows]
    return "\n".join(lines).rstrip() + "\n"


def _usage(name: str, command: Any) -> str:
    words = [name]
    optional = False
    for one in parameters(command):
        said = f"{_argument(one)}{'...' if one.nargs == -1 else ''}"
        if one.param_type_name == "argument":
            words.append(said if one.required else f"[{said}]")
        elif one.required:
            words.append(f"{one.opts[-1]} {said}")
        else:
            optional = True
    return " ".join([*words, *(["[OPTION]..."] if optional else [])])


def _argument(one: Any) -> str:
    return str(one.name).strip("_").upper()


def _row(context: typer.Context, one: Any) -> str:
    is_option = one.param_type_name == "option"
    name = ", ".join(f"`{word}`" for word in one.opts) if is_option else f"`{_argument(one)}`"
    return f"| {name} | {_takes(context, one)} | {_default(one)} | {_help(one)} |"


_PLAINLY: Final = {
    "int": "a whole number", "int range": "a whole number", "float": "a number",
    "float range": "a number", "str": "text", "list[str]": "one or more",
    "list[int]": "one or more", "path": "a file", "dir": "a folder", "file": "a file that exists",
}  # fmt: skip


def _takes(context: typer.Context, one: Any) -> str:
    if getattr(one, "is_flag", False):
        return ""
    kind: str = one.display_type(context).strip("<>")
    least, most = getattr(one, "min", None), getattr(one, "max", None)
    bounds = "" if least is None else f" from {least:,}"
    bounds += "" if most is None else f" to {most:,}"
    return _PLAINLY.get(kind, kind.replace("|", ", ")) + bounds


def _default(one: Any) -> str:
    if one.required:
        return "required"
    if one.default in {None, False, ""}:
        return ""
    return f"`{getattr(one.default, 'value', one.default)}`"


def _help(one: Any) -> str:
    variable = f" Also `{one.envvar}`." if getattr(one, "envvar", None) else ""
    return f"{' '.join(one.help.split())}{variable}".replace("|", "\\|")


def settings_page(rows: Iterable[tuple[str, str, str]], root: Any) -> str:
    """The reference of the settings (variable, default, meaning), and of what commands read."""
    said = [
        _SETTINGS_HEAD,
        "| variable | default | what it does |",
        "|---|---|---|",
        *(f"| `{name}` | {_setting_default(name, text)} | {what} |" for name, text, what in rows),
        "",
        "Commands that speak to a server read, unless the option is given:",
        "",
        "| variable | stands for |",
        "|---|---|",
        *(
            f"| `{one.envvar}` | `{name} {one.opts[0]}`: {one.help} |"
            for name, command in commands(root)
            for one in parameters(command)
            if getattr(one, "envvar", None)
        ),
    ]
    return "\n".join(said) + "\n" + _SETTINGS_FOOT


def _setting_default(variable: str, text: str) -> str:
    """The only default that depends on who asks is said for everybody."""
    if variable == "ORDERWATCH_DATA_DIR":
        return _DATA_DIR_DEFAULT
    return "unset" if text == "(unset)" else f"`{text}`"
