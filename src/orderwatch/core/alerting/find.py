"""From figures to findings: what each watch of each rule sees. Pure; no condition is judged here.

A watch whose volume is below `at_least`, or whose rule is closed at this hour, sees nothing: of
what cannot be concluded there is no finding, and so no verdict either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from orderwatch.core.alerting.book import Book, Look, Rule
from orderwatch.core.alerting.figures import COUNTED_LOOKS, Figures, Finding
from orderwatch.core.alerting.find_counts import see_mismatches, see_requests
from orderwatch.core.alerting.find_seasons import see_season
from orderwatch.core.alerting.find_silences import see_silence
from orderwatch.core.alerting.find_windows import see_window
from orderwatch.core.alerting.seen import Seen, View
from orderwatch.core.flow.template import Template

_SEE: Final[dict[Look, Callable[[View], Iterator[Seen]]]] = {
    Look.WINDOW: see_window,
    Look.SILENCE: see_silence,
    Look.REQUESTS: see_requests,
    Look.MISMATCHES: see_mismatches,
    Look.SEASON: see_season,
}


def find(
    book: Book,
    template: Template,
    figures: Figures,
    now: datetime,
    looks: frozenset[Look] = COUNTED_LOOKS,
) -> list[Finding]:
    """What every enabled watch of these looks sees now, in the order of the book."""
    return [
        _finding(rule, number, seen, now)
        for rule in book.rules.values()
        if rule.enabled and book.is_open(rule.hours, now)
        for number, watch in enumerate(rule.watches)
        if watch.look in looks and watch.look in _SEE
        for seen in _SEE[watch.look](View(book, template, figures, rule, watch, now))
        if seen.volume >= watch.at_least
    ]


def _finding(rule: Rule, number: int, seen: Seen, now: datetime) -> Finding:
    return Finding(
        rule=rule.id,
        watch=number,
        group=seen.group,
        about=seen.about,
        facts=seen.facts,
        cause_at=now if seen.since is None else min(seen.since, now),
    )
