"""A shop in Bangkok with a book of rules to try, so that the stories stay short."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from msgspec import Struct

from orderwatch.core.alerting.book import Book, Hours, Look, Priority, Rule, Scope, Stretch, Watch
from orderwatch.core.alerting.facts import Facts

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 11, 5, 0, tzinfo=UTC)
"""A Wednesday, twelve o'clock in Bangkok."""


class Always(Struct, frozen=True):
    """The condition that is always true; these tests ask what is seen, not what is concluded."""

    text: str = "true"

    def holds(self, facts: Facts) -> bool:
        """Whatever the facts."""
        return True


def watch(look: Look, **more: Any) -> Watch:
    """A watch whose condition does not matter."""
    return Watch(look=look, when=Always(), **more)


def rule(*watches: Watch, name: str = "rule", **more: Any) -> Rule:
    """A rule with these watches."""
    return Rule(
        id=name, title=name, watches=watches, team="operations", priority=Priority.HIGH, **more
    )


def book(*rules: Rule, zone: str = "Asia/Bangkok", **more: Any) -> Book:
    """A book of these rules; the shops are open from ten to ten."""
    return Book(
        name="shop",
        version=1,
        time_zone=zone,
        rules={one.id: one for one in rules},
        channels={},
        routes=(),
        hours={
            "shops": Hours("shops", tuple(Stretch(day, time(10), time(22)) for day in range(7)))
        },
        **more,
    )


def only_channel(*channels: str) -> Scope:
    """Orders of these channels."""
    return Scope(channels=frozenset(channels))
