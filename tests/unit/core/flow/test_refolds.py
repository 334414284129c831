"""Some changes of a template only judge differently; others give old words another meaning."""

from __future__ import annotations

import pytest
from tests.story import TEMPLATES

from orderwatch.core.flow.differences import refolds
from orderwatch.core.flow.parse import parse_template
from orderwatch.core.flow.template import Template

SOURCE = (TEMPLATES / "lotus-o2o.yaml").read_text()


def changed(old: str, new: str) -> bool:
    assert old in SOURCE
    before, after = parse_template(SOURCE), parse_template(SOURCE.replace(old, new, 1))
    assert isinstance(before, Template)
    assert isinstance(after, Template), after
    return refolds(before, after)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("threshold: 30 s", "threshold: 90 s"),
        ("silent_after: 10 min", "silent_after: 1 h"),
        ("meaning: created", "meaning: made"),
        ("required: {fulfilment: store}", "required: always"),
        ("title: Stock", "title: Store room"),
    ],
)
def test_what_is_asked_only_when_judging_needs_no_history(old: str, new: str) -> None:
    assert not changed(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("words: [CANCELLED]", "words: [CANCELLED, GONE]"),
        ("success: [RESERVED]", "success: [RESERVED, BACKORDERED_TO_STORE]"),
        ("next: [CLOSED]", "next: [CLOSED, CANCELED]"),
        ("skew: 2 s", "skew: 1 h"),
        ("system: phoenix_oms", "system: other_oms"),
    ],
)
def test_what_gives_words_another_meaning_needs_it(old: str, new: str) -> None:
    assert changed(old, new)
