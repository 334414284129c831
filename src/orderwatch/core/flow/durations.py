"""Durations as people read them, in the units of the templates."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

# From the largest: a unit is used from twice its length on, so 60 min and 24 h stay as written.
_UNITS: Final = (
    ("d", timedelta(days=1), 3),
    ("h", timedelta(hours=1), 2),
    ("min", timedelta(minutes=1), 2),
)


def in_words(length: timedelta) -> str:
    """`30 s`, `15 min`, `24 h`, `7 d`: the largest unit that says it without a remainder."""
    for name, unit, least in _UNITS:
        if length >= least * unit and not length % unit:
            return f"{length // unit} {name}"
    return f"{length.total_seconds():g} s"
