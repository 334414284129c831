"""Numbers, shares and times of day, as people write them in an alert book."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Final

from orderwatch.core.yaml_fields import Problems, as_text
from orderwatch.core.yaml_source import Node, Scalar

_NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) ?%")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_SPAN: Final = re.compile(r"([0-9]{2}:[0-9]{2}) ?- ?([0-9]{2}:[0-9]{2})")
_MIDNIGHT: Final = "24:00"

TimeSpan = tuple[time, time]


def as_number(node: Node, problems: Problems) -> float | None:
    """A number, not below zero."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if _NUMBER.fullmatch(text):
        return float(text)
    problems.add(node, "must be a number such as 600 or 0.5")
    return None


def as_share(node: Node, problems: Problems) -> float | None:
    """A share above 0 and at most 1; 95 % or 0.95."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    percent = _PERCENT.fullmatch(text)
    share = float(percent[1]) / 100 if percent else float(text) if _NUMBER.fullmatch(text) else -1
    if 0 < share <= 1:
        return share
    problems.add(node, "must be a share such as 95 %")
    return None


def as_time(node: Node, problems: Problems) -> time | None:
    """A time of day."""
    text = as_text(node, problems)
    if text is None:
        return None
    found = time_of(text)
    if found is None:
        problems.add(node, f"{text[:20]} is not a time of day: write it as 08:00")
    return found


def time_of(text: str) -> time | None:
    """The time of day a text says; None: it says none."""
    found = _TIME.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found else None


def as_time_span(node: Node, problems: Problems) -> TimeSpan | None:
    """From one time of day until another, which may be 24:00."""
    text = as_text(node, problems)
    if text is None:
        return None
    found = _SPAN.fullmatch(text)
    since = time_of(found[1]) if found else None
    until = time() if found and found[2] == _MIDNIGHT else time_of(found[2]) if found else None
    if since is None or until is None:
        problems.add(node, f"{text[:30]} is no stretch of a day: write it as 08:00-22:00")
        return None
    return since, until


def as_date(node: Node, problems: Problems) -> date | None:
    """A day."""
    text = as_text(node, problems)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems.add(node, f"{text[:30]} is not a date: write it as 2026-12-31")
        return None
