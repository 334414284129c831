"""A test run says what it did, and in CI nothing may be left out quietly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

CONFTEST = """
from tests.report import pytest_sessionfinish, pytest_terminal_summary
"""
ORDERS = """
import pytest

def test_an_order_is_seen(): pass

def test_a_far_order_is_seen():
    pytest.skip("no real data here")
"""


def run(folder: Path, ci: str, *arguments: str) -> tuple[int, list[str]]:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "unit").mkdir()
    (folder / "unit" / "test_orders.py").write_text(ORDERS)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "CI": ci, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout.strip().splitlines()


@pytest.mark.parametrize("spread", [(), ("-n", "2")], ids=["alone", "side by side"])
def test_a_skip_in_ci_fails_the_run_and_names_its_reason(
    tmp_path: Path, spread: tuple[str, ...]
) -> None:
    code, lines = run(tmp_path, "true", *spread)
    assert code == 1
    assert "skipped 1: no real data here" in lines
    assert "FAILED: in CI every test has to run, and some were skipped" in lines


def test_at_home_a_skip_is_only_told(tmp_path: Path) -> None:
    code, lines = run(tmp_path, "")
    assert code == 0
    assert "skipped 1: no real data here" in lines


def test_the_table_counts_by_folder_and_pytest_has_the_last_word(tmp_path: Path) -> None:
    _, lines = run(tmp_path, "")
    row = next(line for line in lines if line.startswith("unit "))
    assert row.split()[:4] == ["unit", "1", "0", "1"]
    assert lines[-1].strip("= ").startswith("1 passed, 1 skipped in ")
