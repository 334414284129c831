"""`orderwatch simulate` as people and machines call it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from orderwatch.core.simulation.faults import KINDS
from orderwatch.core.simulation.truth import Truth
from orderwatch.entrypoints.cli.simulate import simulate

REPOSITORY = Path(__file__).resolve().parents[3]

app = typer.Typer()
app.command()(simulate)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_the_same_seed_writes_the_same_file_and_the_truth_of_every_order(tmp_path: Path) -> None:
    one, other, truth = (tmp_path / name for name in ("one", "other", "truth"))
    bad_day = str(REPOSITORY / "examples" / "faults" / "bad-day.yaml")
    result = run(
        "--orders", "200", "--seed", "7", "--faults", bad_day, "--truth", str(truth),
        "-o", str(one), "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert (
        run("--orders", "200", "--seed", "7", "--faults", bad_day, "-o", str(other)).exit_code == 0
    )
    assert one.read_bytes() == other.read_bytes()
    counts = msgspec.json.decode(result.stdout)
    assert counts["orders"] == 200
    assert counts["messages"] == len(one.read_bytes().splitlines())
    truths = [msgspec.json.decode(line, type=Truth) for line in truth.read_bytes().splitlines()]
    assert len({told.order_id for told in truths}) == 200
    assert sum(counts["faults"].values()) == sum(
        len({fault.kind for fault in told.faults}) for told in truths
    )


@pytest.mark.parametrize("output", [(), ("-o", "-")])
def test_events_go_to_standard_output_and_nothing_else_does(output: tuple[str, ...]) -> None:
    result = run("--orders", "3", "--json", *output)
    assert {msgspec.json.decode(line)["specversion"] for line in result.stdout.splitlines()} == {
        "1.0"
    }
    assert msgspec.json.decode(result.stderr)["orders"] == 3


def test_the_start_is_local_time_unless_it_has_an_offset() -> None:
    naive, aware = (run("--orders", "2", "--start", text, "--rate", "60").stdout for text in (
        "2026-02-03T10:00", "2026-02-03T03:00:00Z",
    ))  # fmt: skip
    assert naive == aware
    assert '"time":"2026-02-03T03:0' in naive


def test_a_wrong_fault_plan_is_1_and_every_mistake_is_named(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("lost: {rate: 2}\nslow: {rate: 0.1}\n")
    result = run("--faults", str(plan))
    assert result.exit_code == 1
    assert f"{plan}:1:14: lost.rate: must be a number from 0 to 1" in result.stderr
    assert f"{plan}:2:7: slow.system: is missing" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("--orders", "0"),
        ("--seed", "-1"),
        ("--start", "tomorrow"),
        ("--rate", "0"),
        ("--faults", "missing.yaml"),
        ("-o", "missing/folder/file"),
    ],
)
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_the_reference_names_every_kind_with_its_keys() -> None:
    page = (REPOSITORY / "docs" / "reference" / "simulator.md").read_text()
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    for kind, rule in KINDS.items():
        assert all(f"`{key}`" in rows[kind] for key in rule.keys)
