"""Silence: how long a system said nothing, and how long no order came.

A silence at night is not one: what counts is the time since the last word, but only as far as the
hours of the rule, if it has any, were open. A system is expected to speak while something waits for
it, once it has been quiet for longer than the flow template lets it be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from orderwatch.core.alerting.days import open_since
from orderwatch.core.alerting.facts import Facts
from orderwatch.core.alerting.seen import Seen, View
from orderwatch.core.model import System
from orderwatch.core.tracking.counting import ORDER


def see_silence(view: View) -> Iterator[Seen]:
    """Of orders, or of every system that ever spoke."""
    if view.watch.of == "orders":
        yield from _see_orders(view)
    else:
        yield from _see_systems(view)


def _see_orders(view: View) -> Iterator[Seen]:
    """Of each channel with `per: channel`, or if the rule is about some channels only; else of all.

    An order nobody ever placed is not missed, and none that may be among what the OMS still has to
    tell: while it catches up, nobody knows more than how things were then.
    """
    channels = view.rule.scope.channels
    if view.watch.per == "channel":
        for channel, last in sorted(view.figures.newest_of.items()):
            if view.concerns_channel(channel):
                yield _no_order(view, channel, last)
        return
    last_of = [at for channel, at in view.figures.newest_of.items() if channel in channels]
    newest = max(last_of, default=None) if channels else view.figures.newest
    if newest is not None:
        yield _no_order(view, "", newest)


def _no_order(view: View, channel: str, last: datetime) -> Seen:
    known_until = view.now - _behind(view)
    since = open_since(view.book, view.rule.hours, last, known_until)
    about: Facts = {"channel": channel}
    return _quiet(view, about, (since, known_until), expected=True, waiting=0, limit=None)


def _behind(view: View) -> timedelta:
    """How old the newest that the OMS told was when it arrived."""
    oms = view.template.oms
    if oms not in view.figures.words:
        return timedelta()
    newest = view.figures.spoke_of.get(oms, view.figures.words[oms])
    return max(timedelta(), view.figures.words[oms] - newest)


def _see_systems(view: View) -> Iterator[Seen]:
    template = view.template
    allowed = {template.oms: template.oms_silent_after}
    allowed |= {rule.system: rule.silent_after for rule in template.legs.values()}
    for system, silent_after in allowed.items():
        if system in view.figures.words and view.concerns_system(system):
            yield _silent(view, system, silent_after)


def _silent(view: View, system: System, silent_after: timedelta | None) -> Seen:
    last = open_since(view.book, view.rule.hours, view.figures.words[system], view.now)
    waiting = _waiting(view, system)
    late = silent_after is None or view.now - last >= silent_after
    expected = waiting > 0 and late
    silence = (last, view.now)
    return _quiet(view, {"system": system}, silence, expected, waiting, silent_after)


def _waiting(view: View, system: System) -> int:
    """Legs that wait for the system. For the OMS: orders that wait for no other.

    Of those there are at least as many as there are more open orders than open legs; an order that
    is being picked or brought to the door gives the OMS nothing to say.
    """
    if system != view.template.oms:
        return view.figures.open.get(system, 0)
    legs = sum(view.figures.open.get(leg, 0) for leg in view.template.legs)
    return max(0, view.figures.open.get(ORDER, 0) - legs)


def _quiet(
    view: View,
    about: Facts,
    silence: tuple[datetime, datetime],
    expected: bool,
    waiting: int,
    limit: timedelta | None,
) -> Seen:
    """The cause holds since the silence reached its limit: the rule's `quiet_s`, or this one."""
    if "quiet_s" in view.rule.limits:
        limit = timedelta(seconds=view.rule.limits["quiet_s"])
    since, until = silence
    facts: Facts = {
        "system": "",
        "channel": "",
        "quiet_s": max(0.0, (until - since).total_seconds()),
        "expected": expected,
        "waiting": waiting,
    }
    facts |= about
    group = str(about.get("system") or about.get("channel") or "")
    named = {name: value for name, value in about.items() if value}
    return Seen(group, named, facts, waiting, None if limit is None else since + limit)
