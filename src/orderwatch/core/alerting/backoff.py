"""How long a notice waits for its next try, and when no try is worth it any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

FIRST_PAUSE: Final = timedelta(seconds=2)
LONGEST_PAUSE: Final = timedelta(minutes=5)
LONGEST_ASKED: Final = timedelta(hours=1)
"""A channel that asks for more patience than this does not get it."""
GIVE_UP_AFTER: Final = timedelta(hours=24)
_MOST_DOUBLINGS: Final = 20


def pause_after(attempts: int, chance: float, asked: timedelta | None) -> timedelta:
    """Exponential backoff with full jitter; never sooner than the channel asked for.

    `attempts` are those that failed so far, at least 1. `chance` is from [0, 1).
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    doubled = FIRST_PAUSE * (1 << min(attempts - 1, _MOST_DOUBLINGS))
    pause = min(LONGEST_PAUSE, doubled) * chance
    if asked is None:
        return pause
    return max(timedelta(), min(asked, LONGEST_ASKED)) + FIRST_PAUSE * chance


def is_hopeless(created_at: datetime, now: datetime) -> bool:
    """Whether a notice was tried for so long that nobody waits for it any more."""
    return now - created_at >= GIVE_UP_AFTER
