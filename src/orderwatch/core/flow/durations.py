"""Durations as people read them, in the units of the templates."""

from __future__ import annotations

from datetime import timedelta

from orderwatch.core.saying import Say, in_english

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def in_words(length: timedelta, say: Say = in_english) -> str:
    """`30 s`, `15 min`, `24 h`, `7 d`: the largest unit that says it without a remainder.

    A unit is used from twice its length on (a day from three), so 60 min and 24 h stay as written.
    """
    if length >= 3 * _DAY and not length % _DAY:
        return say("%(n)s d", n=length // _DAY)
    if length >= 2 * _HOUR and not length % _HOUR:
        return say("%(n)s h", n=length // _HOUR)
    if length >= 2 * _MINUTE and not length % _MINUTE:
        return say("%(n)s min", n=length // _MINUTE)
    return say("%(n)s s", n=f"{length.total_seconds():g}")
