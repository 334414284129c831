"""`orderwatch template` tells a person, or a program, what is wrong and where."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from orderwatch.entrypoints.cli.template import template_app

LOTUS = Path(__file__).parents[4] / "templates" / "lotus-o2o.yaml"


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(template_app, list(words))
    return result.exit_code, result.stdout


def broken(tmp_path: Path) -> Path:
    file = tmp_path / "broken.yaml"
    file.write_text(LOTUS.read_text("utf-8").replace("15 min", "a while", 1), "utf-8")
    return file


def test_a_valid_template_is_said_to_be_valid() -> None:
    code, said = run("check", str(LOTUS))
    assert code == 0
    assert "lotus-o2o version 1 is valid (10 statuses, 8 legs)" in said


def test_a_broken_template_is_told_line_and_field(tmp_path: Path) -> None:
    file = broken(tmp_path)
    code, said = run("check", str(file))
    assert code == 1
    assert said.startswith(f"{file}:26:18: oms.statuses.PENDING.threshold: 'a while' is not")


def test_a_program_gets_one_line_of_json(tmp_path: Path) -> None:
    code, said = run("check", str(broken(tmp_path)), "--json")
    (line,) = said.splitlines()
    document = json.loads(line)
    assert (code, document["valid"]) == (1, False)
    assert document["problems"][0]["line"] == 26
    assert document["problems"][0]["field"] == "oms.statuses.PENDING.threshold"


def test_a_file_that_is_not_utf_8_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"template: a\ntitle: caf\xe9\n")
    code, said = run("check", str(file))
    assert code == 1
    assert ":2:1: not UTF-8" in said


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    assert run("check", str(tmp_path / "none.yaml"))[0] == 2


def test_the_reference_page_of_a_broken_template_is_not_printed(tmp_path: Path) -> None:
    assert run("docs", str(broken(tmp_path))) == (1, "")
    code, page = run("docs", str(LOTUS))
    assert code == 0
    assert page.startswith("# Flow: LOTUS'S O2O")
