"""Opening hours and holidays of an alert book."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from typing import Final

from orderwatch.core.alerting.book import Hours, Stretch
from orderwatch.core.alerting.read_numbers import TimeSpan, as_date, as_time_span
from orderwatch.core.yaml_fields import Problems, did_you_mean, entries
from orderwatch.core.yaml_source import Listing, Node, Scalar

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAILY, _HOLIDAYS, _CLOSED = "daily", "holidays", "closed"
_KNOWN: Final = (_DAILY, *WEEKDAYS, "mon-fri", "sat-sun", _HOLIDAYS)


def read_hours(node: Node | None, problems: Problems) -> dict[str, Hours]:
    """Each set of hours by its name."""
    return {
        key.text: _hours(key, value, problems)
        for key, value in entries(node, problems, of="name: {daily: 08:00-22:00}")
    }


def _hours(key: Scalar, node: Node, problems: Problems) -> Hours:
    stretches: dict[int, list[Stretch]] = {}
    on_holidays: list[TimeSpan] = []
    for day, value in entries(node, problems, of="daily: 08:00-22:00"):
        spans = list(_spans(value, problems))
        if day.text == _HOLIDAYS:
            on_holidays = list(_of_holidays(value, spans, problems))
            continue
        for weekday in _days(day, problems):
            stretches[weekday] = [part for span in spans for part in _stretches_of(weekday, span)]
    flat = sorted(
        (one for day in stretches.values() for one in day), key=lambda one: (one.weekday, one.since)
    )
    return Hours(key.text, tuple(flat), tuple(on_holidays))


def _days(key: Scalar, problems: Problems) -> Iterator[int]:
    """The weekdays a key names: `daily`, `mon`, `mon-fri`. A later key wins over an earlier one."""
    if key.text == _DAILY:
        yield from range(7)
        return
    first, _, last = key.text.partition("-")
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
        problems.add(key, f"{key.text} is no day: {did_you_mean(key.text, _KNOWN)}")
        return
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    yield from (day % 7 for day in range(begin, end + 1 + 7 * (end < begin)))


def _spans(node: Node, problems: Problems) -> Iterator[TimeSpan]:
    if isinstance(node, Scalar) and node.text == _CLOSED:
        return
    for item in node.items if isinstance(node, Listing) else (node,):
        span = as_time_span(item, problems)
        if span is not None and span[0] == span[1] != time():
            problems.add(
                item, "ends when it begins: write 00:00-24:00 for the whole day, or closed"
            )
        elif span is not None:
            yield span


def _stretches_of(weekday: int, span: TimeSpan) -> Iterator[Stretch]:
    """Beyond midnight it goes on the day after."""
    since, until = span
    if since < until or until == time():
        yield Stretch(weekday, since, until)
        return
    yield Stretch(weekday, since, time())
    yield Stretch((weekday + 1) % 7, time(), until)


def _of_holidays(node: Node, spans: list[TimeSpan], problems: Problems) -> Iterator[TimeSpan]:
    for since, until in spans:
        if until != time() and until < since:
            problems.add(node, "on holidays no stretch goes beyond midnight: end it at 24:00")
        else:
            yield since, until


def read_holidays(node: Node | None, problems: Problems) -> frozenset[date]:
    """The days on which only the hours of holidays count."""
    if node is None:
        return frozenset()
    items = node.items if isinstance(node, Listing) else (node,)
    days = (as_date(item, problems) for item in items)
    return frozenset(day for day in days if day is not None)
