"""Conditions of rules: what they may say, what they are refused for, and that none can hurt."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderwatch.core.alerting.book import Look
from orderwatch.core.alerting.condition import Condition, ConditionFailed
from orderwatch.core.alerting.expression import compile_condition
from orderwatch.core.alerting.facts import FACTS, Facts, FactType, FactValue

FAILED_AT_THE_ENGINE: Facts = {
    "what": "leg",
    "class": "failed",
    "before": "waiting",
    "overdue": False,
    "system": "commerce_engine",
    "reason": "pricing",
    "amount": 1250.0,
    "age_s": 3,
}


def condition(text: str, look: str = "order") -> Condition:
    compiled = compile_condition(text, look)
    assert not isinstance(compiled, str), compiled
    return compiled


def refusal(text: str, look: str = "order") -> str:
    refused = compile_condition(text, look)
    assert isinstance(refused, str), refused
    return refused


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('class == "failed"', True),
        ("class == 'failed' && !overdue", True),
        ('class == "failed" && amount > 2000', False),
        ("amount >= 1250", True),
        ("age_s < 3.5", True),
        ('system in ["stock", "commerce_engine"]', True),
        ('reason.startsWith("pri") && reason.endsWith("cing")', True),
        ('reason.contains("tax") || reason.matches("^pric(e|ing)$")', True),
        ("overdue ? amount > 5 : amount > 500", True),
        ("amount / 0 > 5", True),
        ("-amount + 2 * 3 < -1200", True),
        ("true", True),
    ],
)
def test_a_condition_is_asked_of_an_order_that_failed(text: str, holds: bool) -> None:
    assert condition(text).holds(FAILED_AT_THE_ENGINE) is holds


def test_a_fact_may_be_called_like_a_word_of_cel() -> None:
    asked = condition('type == "missing" && open > limit', "mismatches")
    assert asked.holds({"type": "missing", "open": 3, "limit": 2})
    assert not asked.holds({"type": "missing", "open": 2, "limit": 2})


def test_a_condition_over_several_lines_is_one() -> None:
    assert condition('class == "failed"\n  && amount > 5\n').holds(FAILED_AT_THE_ENGINE)


def test_two_conditions_are_equal_when_they_say_the_same_of_the_same() -> None:
    assert condition("overdue") == condition("overdue")
    assert condition("total > 5", "window") != condition("total > 5", "schedule")
    assert len({condition("overdue"), condition("overdue")}) == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty: write a comparison"),
        ('clas == "failed"', "no fact clas here: did you mean class?"),
        ("p95_s > 5", "no fact p95_s here"),
        ('amount > "5"', "> does not go with a number and a text"),
        ("overdue == 1", "== does not go with true or false and a number"),
        ("reason", "is not a question"),
        ("amount", "is not a question"),
        ("reason && overdue", "&& wants answers, not a text and true or false"),
        ("amount >", "breaks off"),
        ("(amount > 5", "breaks off"),
        ("amount > 5)", "does not fit together near )"),
        ("amount = 5", "= is no sign of a condition: write =="),
        ("overdue and final", "and is no word of a condition: write &&"),
        ("not overdue", "not is no word of a condition: write !"),
        ("amount > 1e5", "1e5 is not a number"),
        ('reason == "open', "does not end on the same line"),
        ('reason == "\\x41"', "does not end on the same line, or holds a strange"),
        ('reason.startWith("a")', "no function startWith: did you mean startsWith?"),
        ('startsWith(reason, "a")', "startsWith stands behind its text"),
        ("reason.size() > 3", "size is not offered"),
        ("[1, 2].all(x, x > 1)", "all is not offered"),
        ("has(reason.x)", "has is not offered"),
        ("reason.matches(status)", "matches wants a pattern in quotes"),
        ('reason.matches("(")', '"(" is not a pattern'),
        ('reason.matches("(x{100}){9}")', "no counted repetition"),
        ('{"a": 1}.a == 1', "{ has no place in a condition"),
        ('timestamp("2026-01-01T00:00:00Z") < now', "no function timestamp"),
        ('"\ud800" == reason', "half a character"),
        ("overdue || " * 50 + "overdue", "is longer than 500 characters"),
        ("(" * 11 + "overdue" + ")" * 11, "is nested deeper than 10 brackets"),
        ("overdue" + " == true" * 60, "is nested too deep"),
    ],
)
def test_a_condition_is_refused_with_the_remedy(text: str, complaint: str) -> None:
    assert complaint in refusal(text)


def test_a_complaint_names_the_place() -> None:
    assert refusal('amount > 5 && clas == "x"').endswith("(character 15)")
    assert refusal('amount > 5 && reason == 10 && class == "x"').endswith("(character 22)")


@pytest.mark.parametrize(
    "facts",
    [
        {"class": "failed"},
        {"class": "failed", "amount": "much"},
        {"class": None, "amount": 5},
        {"class": "half \ud800", "amount": 5},
    ],
    ids=["missing", "no number", "nothing", "half a character"],
)
def test_facts_that_do_not_fit_are_a_clear_failure(facts: Facts) -> None:
    asked = condition('amount > 1 && class == "failed"')
    with pytest.raises(ConditionFailed, match="amount > 1 && class"):
        asked.holds(facts)


SIGNS = ["&&", "||", "==", "!=", "<", ">", "+", "-", "*", "/", "!", "?", ":", "(", ")", "[", "]"]
WORDS = ["true", "in", '"a"', "'\\n'", "20", "0.5", ".", ",", ".contains(", '.matches("a+")', "{"]
VALUES: dict[FactType, st.SearchStrategy[FactValue]] = {
    FactType.TEXT: st.text(max_size=20),
    FactType.NUMBER: st.floats(),
    FactType.FLAG: st.booleans(),
}


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(Look))
def test_whatever_is_written_is_refused_or_answers_at_once(data: st.DataObject, look: Look) -> None:
    parts = st.sampled_from([*SIGNS, *WORDS, *FACTS[look]])
    text = data.draw(
        st.lists(parts, max_size=60).map(" ".join) | st.text(max_size=600), label="text"
    )
    compiled = compile_condition(text, look)
    if isinstance(compiled, str):
        assert compiled
        return
    facts = {name: data.draw(VALUES[fact.type]) for name, fact in FACTS[look].items()}
    with suppress(ConditionFailed):
        assert compiled.holds(facts) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "!" * 490 + "overdue",
        "-" * 480 + "1 < amount",
        "(" * 250 + ")" * 250,
        "[" * 500,
        "reason" + ".contains(reason" * 30 + ")" * 30,
        " + ".join(["reason"] * 55) + ' == ""',
        "overdue ? " * 49 + "true" + " : true",
        'reason.matches("' + "(a|" * 100 + "a" + ")*" * 60 + '")',
        'reason.matches("(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*b")',
        '"' + "\\n" * 240 + '" == reason',
        "1" * 499,
    ],
    ids=lambda text: text[:12],
)
def test_what_would_hurt_elsewhere_costs_milliseconds(text: str) -> None:
    began = time.process_time()
    compiled = compile_condition(text, "order")
    if not isinstance(compiled, str):
        facts = FAILED_AT_THE_ENGINE | {"reason": "a" * 10_000}
        for _ in range(10):
            assert compiled.holds(facts) in (True, False)
    assert time.process_time() - began < 1
