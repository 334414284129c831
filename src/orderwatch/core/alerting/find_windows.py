"""Windows: the orders active in the last minutes, the orders of the day, the legs that ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from orderwatch.core.alerting.facts import Facts
from orderwatch.core.alerting.figures import Counts, Ended, ended_together, summed
from orderwatch.core.alerting.goal import best_rate, rest_of_day
from orderwatch.core.alerting.seen import Seen, View
from orderwatch.core.flow.template import LegRule
from orderwatch.core.model import System
from orderwatch.core.reading.percentiles import percentile

_BLANK: Final[Facts] = {
    "system": "",
    "channel": "",
    "p50_s": 0.0,
    "p95_s": 0.0,
    "threshold_s": 0.0,
}


def see_window(view: View) -> Iterator[Seen]:
    """With `per: system` its legs, else orders: of the day so far, or active in the window.

    Orders are not counted by location: a rule that is limited to some sees nothing here.
    """
    if view.watch.per == "system":
        yield from _see_systems(view)
    elif not view.rule.scope.locations:
        yield from _see_orders(view)


def _see_orders(view: View) -> Iterator[Seen]:
    counted = {
        channel: counts
        for channel, counts in _orders(view).items()
        if view.concerns_channel(channel)
    }
    if view.watch.per == "channel":
        for channel, counts in sorted(counted.items()):
            yield _seen_orders(view, channel, counts, (channel,))
    else:
        coming = {channel for channel in view.figures.earlier if view.concerns_channel(channel)}
        yield _seen_orders(view, "", summed(counted.values()), tuple(coming | counted.keys()))


def _orders(view: View) -> Mapping[str, Counts]:
    if view.watch.over is None:
        return view.figures.days.get(view.now.astimezone(view.book.zone).date(), {})
    return view.figures.active.get(view.watch.over, {})


def _seen_orders(view: View, group: str, counts: Counts, channels: tuple[str, ...]) -> Seen:
    best = counts.success_rate
    if view.watch.over is None:
        best = best_rate(counts, rest_of_day(view.book, view.figures, counts, channels, view.now))
    facts = _BLANK | {
        "channel": group,
        "total": counts.total,
        "failed": counts.failed,
        "overdue": counts.overdue,
        "waiting": counts.waiting,
        "success": counts.success,
        "trouble_share": counts.trouble_share,
        "success_rate": counts.success_rate,
        "best_rate": best,
        "goal": view.book.success_goal,
    }
    about: Facts = {"channel": group} if group else {}
    return Seen(group, about, facts, counts.total)


def _see_systems(view: View) -> Iterator[Seen]:
    ended = view.figures.ended.get(view.watch.over, {})
    for rule in view.template.legs.values():
        if not view.concerns_system(rule.system):
            continue
        legs = {
            channel: one
            for (system, channel), one in ended.items()
            if system == rule.system and view.concerns_channel(channel)
        }
        yield _seen_legs(view, rule, legs)


def _seen_legs(view: View, rule: LegRule, legs: Mapping[str, Ended]) -> Seen:
    """A leg that went past its deadline and ended after all in the same window counts as both."""
    together = ended_together(legs.values())
    counts = Counts(together.success, together.failed, overdue=together.passed)
    slowest, allowed = _slowest(rule, legs, view.watch.at_least)
    p50, p95 = percentile(slowest.took, 0.50), percentile(slowest.took, 0.95)
    facts: Facts = {
        "system": rule.system,
        "channel": "",
        "total": counts.total,
        "failed": counts.failed,
        "overdue": counts.overdue,
        "waiting": 0,
        "success": counts.success,
        "trouble_share": counts.trouble_share,
        "success_rate": counts.success_rate,
        "best_rate": counts.success_rate,
        "goal": view.book.success_goal,
        "p50_s": _seconds(p50),
        "p95_s": _seconds(p95),
        "threshold_s": allowed.total_seconds(),
    }
    return Seen(rule.system, _about(rule.system), facts, counts.total)


def _about(system: System) -> Facts:
    return {"system": system}


def _slowest(rule: LegRule, legs: Mapping[str, Ended], at_least: int) -> tuple[Ended, timedelta]:
    """The legs of the channels that share an allowance: those that come nearest to theirs.

    Beside one another, legs of channels that may take long would look like slow ones of the rest.
    """
    by_allowance: dict[timedelta, list[Ended]] = {}
    for channel, one in legs.items():
        by_allowance.setdefault(rule.threshold.of(channel), []).append(one)
    nearest = (Ended(), rule.threshold.default)
    share = -1.0
    for allowed, ones in by_allowance.items():
        together = ended_together(ones)
        enough = sum(together.took) >= max(1, at_least) or len(by_allowance) == 1
        used = _seconds(percentile(together.took, 0.95)) / max(1e-9, allowed.total_seconds())
        if enough and used > share:
            nearest, share = (together, allowed), used
    return nearest


def _seconds(span: timedelta | None) -> float:
    return 0.0 if span is None else span.total_seconds()
