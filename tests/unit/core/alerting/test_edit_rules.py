"""A rule is switched in the text of its book, and what that changes is said."""

from __future__ import annotations

import pytest

from orderwatch.adapters.shipped import shipped_alerts, shipped_templates
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.book_differences import book_differences, in_a_sentence
from orderwatch.core.alerting.edit_rules import switch_rule
from orderwatch.core.alerting.parse import parse_book
from orderwatch.core.flow.parse import parse_template
from orderwatch.core.flow.template import Template

DEFAULT = shipped_alerts()


def book(source: str) -> Book:
    flow = parse_template(shipped_templates()["lotus-o2o"].read_text("utf-8"))
    assert isinstance(flow, Template)
    read = parse_book(source, flow)
    assert isinstance(read, Book), read
    return read


@pytest.mark.parametrize("rule", list(book(DEFAULT).rules))
def test_a_rule_is_switched_off_and_on_and_nothing_else_is_touched(rule: str) -> None:
    off = switch_rule(DEFAULT, book(DEFAULT), rule, enabled=False)
    assert not book(off).rules[rule].enabled
    assert [in_a_sentence(one) for one in book_differences(book(DEFAULT), book(off))] == [
        f"rule {rule}: enabled was true, is false"
    ]
    kept = [line for line in DEFAULT.splitlines() if line != "version: 1"]
    assert [line for line in off.splitlines() if line in kept] == kept
    on = switch_rule(off, book(off), rule, enabled=True)
    assert book(on).rules == book(DEFAULT).rules
    assert book(on).version == 3


def test_a_rule_that_is_so_already_leaves_the_text_alone() -> None:
    assert switch_rule(DEFAULT, book(DEFAULT), "report", enabled=True) == DEFAULT


def test_a_rule_on_one_line_is_switched_too() -> None:
    line = (
        "  late: {title: Late, team: operations, priority: low, looks_at: deadline, when: overdue}"
    )
    source = DEFAULT.replace("rules:\n", f"rules:\n{line}\n")
    off = switch_rule(source, book(source), "late", enabled=False)
    assert "late: {enabled: false, title: Late" in off
    assert not book(off).rules["late"].enabled


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("over: 5 min", "over: 10 min", "over was 5 min, is 10 min"),
        ("error_share > 0.2", "error_share > 0.1", "when was error_share > 0.2, is"),
        ("success_goal: 95 %", "success_goal: 90 %", "book: success goal was 0.95, is 0.9"),
        ("escalate_after: 15 min", "escalate_after: 5 min", "escalate after 5 min"),
        ("daily: 08:00-22:00", "daily: 08:00-24:00", "sun 08:00-24:00"),
        ("holidays: []", "holidays: [2026-12-31]", "holidays was nothing, is 2026-12-31"),
        ("    kind: mailbox", "    kind: mailbox\n    most: 5", "mailbox: most was 10, is 5"),
        ("  anomaly:\n", "  odd_day:\n", "rule odd_day is new | rule anomaly is gone"),
    ],
)  # fmt: skip
def test_a_change_is_said_in_words(before: str, after: str, sentence: str) -> None:
    assert DEFAULT.count(before) == 1
    changes = book_differences(book(DEFAULT), book(DEFAULT.replace(before, after)))
    said = " | ".join(in_a_sentence(one) for one in changes)
    assert sentence in said
