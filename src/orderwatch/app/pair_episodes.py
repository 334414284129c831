"""Lay what a draft would have raised beside what the rule in force would have raised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from orderwatch.app.backtest_rules import Episode

_GOES_ON = datetime.max.replace(tzinfo=UTC)


class Pair(Struct, frozen=True):
    """An incident as each side would have raised it; None: that side would not."""

    draft: Episode | None
    active: Episode | None

    @property
    def shown(self) -> Episode:
        """The one to speak of: the draft's, if it has it."""
        one = self.draft or self.active
        assert one is not None
        return one


def pair_episodes(draft: Sequence[Episode], active: Sequence[Episode]) -> list[Pair]:
    """Incidents of the same group that overlap in time stand together; newest first.

    A side that raised several while the other had one keeps the rest for itself.
    """
    left = sorted(active, key=lambda one: one.fired_at)
    pairs: list[Pair] = []
    for one in sorted(draft, key=lambda one: one.fired_at):
        other = next((each for each in left if _is_same(one, each)), None)
        if other is not None:
            left.remove(other)
        pairs.append(Pair(one, other))
    pairs += [Pair(None, one) for one in left]
    return sorted(pairs, key=lambda pair: pair.shown.fired_at, reverse=True)


def _is_same(one: Episode, other: Episode) -> bool:
    return (
        one.group == other.group
        and one.fired_at <= (other.resolved_at or _GOES_ON)
        and other.fired_at <= (one.resolved_at or _GOES_ON)
    )
