"""Fault plans as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderwatch.core.simulation.faults import KINDS, FaultRule
from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O
from orderwatch.core.simulation.read_faults import read_faults

EXAMPLES = sorted((Path(__file__).resolve().parents[4] / "examples" / "faults").glob("*.yaml"))


def test_a_plan_is_read_in_the_order_of_application() -> None:
    rules, problems = read_faults(
        "lost: 0.02\n"
        "slow:\n"
        '  - {system: stock, rate: 0.5, factor: 20, from: "10:00", to: "10:30"}\n'
        "  - {system: checkout, rate: 0.1}\n"
        "rejected: {rate: 0.01}\n",
        LOTUS_O2O,
    )
    assert problems == ()
    assert rules == (
        FaultRule(kind="rejected", rate=0.01),
        FaultRule(
            kind="slow", rate=0.5, system="stock", factor=20.0, since=36_000.0, until=37_800.0
        ),
        FaultRule(kind="slow", rate=0.1, system="checkout"),
        FaultRule(kind="lost", rate=0.02),
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_plan_has_no_rules(text: str) -> None:
    assert read_faults(text, LOTUS_O2O) == ((), ())


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("lost: {rate: 2}", 1, "lost.rate"),
        ("lost: {system: stock}", 1, "lost.rate"),
        ("lots: 0.1", 1, "lots"),
        ("lost:\n  rate: 0.1\n  system: stok", 3, "lost.system"),
        ("lost:\n  rate: 0.1\n  system: stock\n  status: ISSUED", 4, "lost.status"),
        ("rejected: {rate: 0.1, factor: 3}", 1, "rejected.factor"),
        ("slow: {rate: 0.1}", 1, "slow.system"),
        ('lost: {rate: 0.1, from: "10:00"}', 1, "lost.to"),
        ('lost: {rate: 0.1, from: "10", to: "11:00"}', 1, "lost.from"),
        ("silent: {system: stock}", 1, "silent"),
        (
            "silent: [{system: stock, from: '1:00', to: '2:00', backlog: gone}]",
            1,
            "silent[0].backlog",
        ),
        ("lost: [0.1, x]", 1, "lost[1]"),
        ("shuffled: {rate: 0.1, spread: 5}", 1, "shuffled.spread"),
        ("lost: {rate", 1, ""),
        ("7", 1, ""),
    ],
)
def test_a_mistake_is_named_with_line_and_field(text: str, line: int, field: str) -> None:
    _, problems = read_faults(text, LOTUS_O2O)
    assert (line, field) in {(problem.line, problem.field) for problem in problems}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_valid(path: Path) -> None:
    rules, problems = read_faults(path.read_text(), LOTUS_O2O)
    assert problems == ()
    assert rules


def test_the_examples_show_every_kind() -> None:
    shown = {rule.kind for path in EXAMPLES for rule in read_faults(path.read_text(), LOTUS_O2O)[0]}
    assert shown == set(KINDS)
