"""`orderwatch import`: what a person and a program see of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from orderwatch.entrypoints.cli.import_ import import_tables

MAPPING = """
mapping: till
source: /till
currency: EUR
tables: {tickets: {file: "tickets*", unique: no}}
events:
  placed:
    table: tickets
    order: no
    time: at
    system: pos_hub
    status: RECEIVED
    amount: {value: sum}
"""
TICKETS = "no,at,sum\n1,2024-05-01 09:00:00,9.50\n2,today,3\n3,2024-05-01 09:05:00,4\n"

app = Typer()
app.command("import")(import_tables)


@pytest.fixture
def till(tmp_path: Path) -> Path:
    (tmp_path / "map.yaml").write_text(MAPPING, "utf-8")
    (tmp_path / "tickets.csv").write_text(TICKETS, "utf-8")
    return tmp_path


def run(till: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["--mapping", str(till / "map.yaml"), *words])


def test_events_go_to_standard_output_and_messages_beside_it(till: Path) -> None:
    result = run(till, str(till / "tickets.csv"))
    assert result.exit_code == 1
    assert [json.loads(line)["subject"] for line in result.stdout.splitlines()] == ["1", "3"]
    assert f"{till / 'tickets.csv'}:3: at: 'today' is not a time" in result.stderr
    assert "3 rows, 2 events, 0 repeated, 1 rejected" in result.stderr


def test_a_program_gets_the_summary_last_on_standard_output(till: Path) -> None:
    output = till / "events.ndjson"
    result = run(till, str(till / "tickets.csv"), "-o", str(output), "--json")
    summary = json.loads(result.stdout.splitlines()[-1])
    assert result.exit_code == 1
    assert (summary["rows"], summary["events"], summary["rejected"]) == (3, 2, 1)
    assert summary["systems"] == {"pos_hub": 2}
    assert (summary["problems"][0]["line"], summary["problems"][0]["field"]) == (3, "at")
    assert len(output.read_text("utf-8").splitlines()) == 2
    assert [path.name for path in till.iterdir() if path.name.endswith(".part")] == []


def test_clean_tables_end_with_nothing_to_complain_about(till: Path) -> None:
    clean = TICKETS.replace("today", "2024-05-01 09:02:00")
    (till / "tickets.csv").write_text(clean, "utf-8")
    assert run(till, str(till / "tickets.csv")).exit_code == 0


def test_thousands_of_bad_rows_are_counted_not_all_told(till: Path) -> None:
    (till / "tickets.csv").write_text("no,at,sum\n" + "x\n" * 2000, "utf-8")
    result = run(till, str(till / "tickets.csv"))
    assert result.exit_code == 1
    assert "and 1900 more" in result.stderr
    assert "2000 rejected" in result.stderr


def test_a_broken_mapping_is_told_line_and_field(till: Path) -> None:
    (till / "map.yaml").write_text(MAPPING.replace("time: at", "tine: at"), "utf-8")
    result = run(till, str(till / "tickets.csv"))
    assert result.exit_code == 1
    assert "map.yaml:10:" in result.stderr
    assert "events.placed.tine: unknown key: did you mean time?" in result.stderr


@pytest.mark.parametrize("words", [("other.csv",), ("tickets-none.csv",), ()])
def test_files_that_do_not_fit_are_wrong_usage(till: Path, words: tuple[str, ...]) -> None:
    assert run(till, *(str(till / word) for word in words)).exit_code == 2


def test_json_without_an_output_is_wrong_usage(till: Path) -> None:
    assert run(till, str(till / "tickets.csv"), "--json").exit_code == 2
