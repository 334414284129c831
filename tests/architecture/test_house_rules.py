"""Rules of style that are counts, and promises about the repository that are easy to break."""

from __future__ import annotations

import ast
import re
import statistics
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "orderwatch"
FILES = sorted(SOURCE.rglob("*.py"))

NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "manager", "service", "common"}
ADDRESS = re.compile(r"https?://|--(extra-)?index-url|--find-links|--trusted-host")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_is_short_and_says_where_it_stands(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    assert path.stem not in NAMES_THAT_SAY_NOTHING
    if text.strip() and path.name != "__init__.py":
        assert ast.get_docstring(ast.parse(text)), "its first line says where in the flow we stand"


def test_functions_are_short() -> None:
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert statistics.median(lengths) <= 9
    assert lengths[len(lengths) * 9 // 10] <= 24


@pytest.mark.parametrize("name", ["core.txt", "dev.txt"])
def test_a_lock_file_pins_every_package_by_hash_and_names_no_registry(name: str) -> None:
    text = (REPOSITORY / "locks" / name).read_text()
    packages = [entry for entry in re.split(r"\n(?=\S)", text) if "==" in entry]
    assert packages
    assert [entry.split()[0] for entry in packages if "--hash=sha256:" not in entry] == []
    assert ADDRESS.findall(text) == []


def test_the_two_lock_files_agree() -> None:
    core, dev = (pins(REPOSITORY / "locks" / name) for name in ("core.txt", "dev.txt"))
    assert core.items() <= dev.items()


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), flags=re.MULTILINE))
