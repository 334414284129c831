"""The house stands: imports go one way, in no circle at any depth, and core stays pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "orderwatch"

# What core may not say; modules such as time and random it may not import (pyproject.toml).
IMPURE_FUNCTIONS = frozenset({"open", "print", "input", "eval", "exec", "breakpoint", "__import__"})
IMPURE_METHODS = frozenset({"now", "utcnow", "today", "uuid1", "uuid4"})


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("orderwatch", cache_dir=None)


def test_no_circle_of_imports_at_any_depth(graph: grimp.ImportGraph) -> None:
    circles = [circle for package in packages(graph) if (circle := circle_among(graph, package))]
    assert circles == []


def test_core_asks_neither_the_clock_nor_the_world() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}: {said}"
        for path in sorted((SOURCE / "core").rglob("*.py"))
        for node, said in impurities(ast.parse(path.read_text()))
    ]
    assert found == []


def test_imports_stand_at_the_top_where_the_reader_looks() -> None:
    """Only the command line may put one off: `--help` should not load a web server."""
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in sorted(SOURCE.rglob("*.py"))
        if not path.is_relative_to(SOURCE / "entrypoints" / "cli")
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def packages(graph: grimp.ImportGraph) -> Iterator[str]:
    """Every package of ours, the root first."""
    return (name for name in sorted(graph.modules) if graph.find_children(name))


def circle_among(graph: grimp.ImportGraph, package: str) -> list[str]:
    """A circle among the direct children of a package, each with all that is inside it."""
    children = graph.find_children(package)
    needs = {
        child: {
            owner
            for module in {child} | graph.find_descendants(child)
            for imported in graph.find_modules_directly_imported_by(module)
            if (owner := owner_of(imported, children)) and owner != child
        }
        for child in children
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as circle:
        return list(circle.args[1])
    return []


def owner_of(module: str, children: set[str]) -> str | None:
    return next(
        (name for name in children if module == name or module.startswith(name + ".")), None
    )


def impurities(tree: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if said := impure_call(node.func):
                yield node, said
        elif isinstance(node, ast.Attribute) and node.attr == "environ":
            yield node, "reads the environment"
        elif isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield node, "waits"


def impure_call(function: ast.expr) -> str:
    """What is wrong with calling it, or nothing."""
    match function:
        case ast.Name(id=name) if name in IMPURE_FUNCTIONS | IMPURE_METHODS:
            return f"calls {name}"
        case ast.Attribute(value=ast.Name(id="random"), attr=name) if name != "Random":
            return f"calls random.{name}"  # random.Random(seed) repeats itself, this does not
        case ast.Attribute(attr=name) if name in IMPURE_METHODS:
            return f"calls {name}"
        case _:
            return ""
