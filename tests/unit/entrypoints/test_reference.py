"""The program explains itself, and the reference pages say exactly what it says."""

from __future__ import annotations

from typing import Any

import pytest
import typer.main
from tests.product import REPOSITORY, only
from typer.testing import CliRunner

from orderwatch.entrypoints.cli.main import app
from orderwatch.entrypoints.cli.reference import commands, parameters

ROOT: Any = typer.main.get_command(app)
COMMANDS = dict(commands(ROOT))


@pytest.mark.parametrize("page", ["alerts", "cli", "settings"])
def test_a_generated_page_is_current(page: str) -> None:
    with only({}):
        printed = CliRunner().invoke(app, ["reference", page])
    assert printed.exit_code == 0
    stored = (REPOSITORY / "docs" / "reference" / f"{page}.md").read_text("utf-8")
    assert stored == printed.stdout, (
        f"run: ./dev run orderwatch reference {page} > docs/reference/{page}.md"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_says_what_it_does(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert [one.name for one in parameters(command) if not one.help] == []


def test_the_commands_of_the_interfaces_page_are_there() -> None:
    promised = (
        "demo serve migrate send import simulate rebuild settings, template check, "
        "dead-letters list, dead-letters show, dead-letters retry, dead-letters discard, "
        "tenant create, tenant list, tenant disable, key create, key list, key revoke, "
        "bench ingest, bench query, alerts check"
    )
    first, *rest = promised.split(", ")
    names = [f"orderwatch {one}" for one in [*first.split(), *rest]]
    assert [name for name in names if name not in COMMANDS] == []


def test_what_only_writers_need_does_not_show_itself() -> None:
    assert "orderwatch reference" not in COMMANDS
    assert "reference" in ROOT.commands


def test_a_setting_a_reader_has_changed_does_not_change_the_page() -> None:
    with only({"ORDERWATCH_WRITERS": "7", "ORDERWATCH_METRICS_TOKEN": "hunter2 hunter2 hunter2"}):
        printed = CliRunner().invoke(app, ["reference", "settings"]).stdout
    assert printed == (REPOSITORY / "docs/reference/settings.md").read_text("utf-8")
