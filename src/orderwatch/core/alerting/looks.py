"""What each look takes beside its condition: which keys, what it may be limited to, since when.

Strict on purpose: what would have no effect is a mistake, since its author believes it has one.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from orderwatch.core.alerting.book import Look

Part = Literal["channels", "systems", "locations"]


class LookRule(Struct, frozen=True):
    """What a watch of this look may say. `why_not` answers who limits it to something else."""

    means: str
    keys: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    per: tuple[str, ...] = ()
    scope: tuple[Part, ...] = ()
    why_not: str = ""
    about_orders: bool = False


_ALL: Final[tuple[Part, ...]] = ("channels", "systems", "locations")

LOOKS: Final = {
    Look.ORDER: LookRule(
        "an order or one of its legs became Failed; at the commit that causes it",
        scope=_ALL,
        about_orders=True,
    ),
    Look.DEADLINE: LookRule(
        "an order or a leg passed its deadline; within a second",
        scope=_ALL,
        about_orders=True,
    ),
    Look.WINDOW: LookRule(
        "the orders active in the last minutes, or those of the day; `per: system` the legs that "
        "ended; every 30 s",
        keys=("over", "per", "at_least"),
        needs=("over",),
        per=("system", "channel"),
        scope=("channels", "systems"),
        why_not="counters are kept by channel and system, not by location",
    ),
    Look.SILENCE: LookRule(
        "how long a system said nothing, or no order came; every 30 s",
        keys=("of", "per", "at_least"),
        per=("system", "channel"),
        scope=("channels", "systems"),
        why_not="words are kept by system and channel, not by location",
    ),
    Look.SCHEDULE: LookRule(
        "the day before, at a time of day",
        keys=("at", "at_least"),
        needs=("at",),
        scope=("channels",),
        why_not="the orders of a day are counted by channel only",
    ),
    Look.REQUESTS: LookRule(
        "how polled APIs answered in the last minutes; every 30 s",
        keys=("over", "per", "at_least"),
        needs=("over",),
        per=("connector",),
        scope=("systems",),
        why_not="requests are counted by connector only: name connectors under systems",
    ),
    Look.MISMATCHES: LookRule(
        "how many mismatches of a type are open; every 30 s and after each reconciliation",
        keys=("per", "at_least"),
        per=("type",),
        why_not="mismatches are counted by type only",
    ),
    Look.SEASON: LookRule(
        "the last 15 minutes beside the same time of earlier weeks; every minute",
        keys=("at_least",),
        scope=("systems",),
        why_not="the usual is learned of all orders and of each system",
    ),
    Look.INCIDENT: LookRule(
        "an incident was resolved", why_not="say in the condition which incidents: rule, team"
    ),
    Look.NOTICE: LookRule(
        "a notice could not be delivered for good",
        why_not="say in the condition which channel of notices",
    ),
}
"""By look, what a watch may say."""
