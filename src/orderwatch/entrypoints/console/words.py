"""Figures as people say them: money, times, shares, and sentences with their times marked up.

A time is printed in the tenant's zone and carries its instant, so that the browser can put it in
the viewer's; what the exact instant was is said on hover, in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from markupsafe import Markup, escape

from orderwatch.core.model import DeviationKind, Leg, Order, System
from orderwatch.core.people.roles import Role
from orderwatch.core.tracking.counting import OVERDUE, WAITING, bucket
from orderwatch.core.tracking.explain import clock_time, spoken
from orderwatch.core.tracking.passing import TOOK_BOUNDS_S
from orderwatch.entrypoints.console.languages import N_, Said

STATE_WORDS: Final = Said(
    {
        "success": N_("Success"),
        "failed": N_("Failed"),
        OVERDUE: N_("Overdue"),
        WAITING: N_("Waiting"),
        "blind": N_("Blind"),
    }
)
"""Every state has a word, a shape and a colour; those are in `marks.html` and the style."""

ROLE_WORDS: Final = Said(
    {
        Role.VIEWER: N_("viewer"),
        Role.OPERATOR: N_("operator"),
        Role.DEVELOPER: N_("developer"),
        Role.MANAGER: N_("manager"),
        Role.ADMINISTRATOR: N_("administrator"),
    }
)
DEVIATION_WORDS: Final = Said(
    {
        DeviationKind.REGRESSION: N_("went back"),
        DeviationKind.SKIPPED_STEP: N_("skipped a step"),
        DeviationKind.UNEXPECTED_TRANSITION: N_("changed in a way the flow does not know"),
        DeviationKind.EVENT_AFTER_FINAL: N_("spoke after the order was final"),
        DeviationKind.IMPOSSIBLE_TIME: N_("gave a time that cannot be true"),
        DeviationKind.UNKNOWN_STATUS: N_("used a word nobody has explained"),
        DeviationKind.UNKNOWN_SYSTEM: N_("is a system nobody has announced"),
    }
)
AMOUNT_WORDS: Final = Said(
    {
        "order_total": N_("order total"),
        "cod_expected": N_("cash expected on delivery"),
        "cod_collected": N_("cash collected"),
    }
)
_SECOND: Final = timedelta(seconds=1)
_ALLOWED: Final = re.compile(r", (?:allowed|promised by) [^,]+(?=, overdue by )")
_FIGURE: Final = re.compile(r"(\d) (s|min|h|d)\b")


def state_of(judged: Order | Leg) -> str:
    """success, failed, waiting or overdue."""
    return bucket(judged.class_, judged.overdue)


def money(value: Decimal | str) -> str:
    """An amount with its thousands apart: "1,250.00". The currency stands beside it."""
    number = Decimal(value)
    exact = -int(number.normalize().as_tuple().exponent)
    return f"{number:,.{max(2, exact)}f}"


def whole_money(value: Decimal) -> str:
    """An amount for a large figure, without its cents: "48,210"."""
    return f"{value:,.0f}"


def short(number: int) -> str:
    """A number with at most four letters: "118", "9.9k", "12k", "2.5M"."""
    for size, letter in ((1_000_000, "M"), (1000, "k")):
        if number >= 10 * size or round(number / size, 1) >= 10:
            return f"{number / size:.0f}{letter}"
        if number >= size:
            return f"{number / size:.1f}{letter}"
    return str(number)


def took(duration: timedelta) -> str:
    """A latency, kept on one line: "0.4 s", "12 min"; beyond what is counted, "over 2 d"."""
    if duration < timedelta(seconds=0.05):
        return "<0.1\u00a0s"
    over = "over " if duration.total_seconds() >= TOOK_BOUNDS_S[-1] else ""
    return unbroken(over + spoken(duration)).replace("h ", "h\u00a0")


def tight(duration: timedelta) -> str:
    """A latency where there is little room: "0.4 s", "12 min", "1.3 h", "2.5 d"."""
    hours = duration.total_seconds() / 3600
    if hours < 1:
        return took(duration)
    over = ">" if duration.total_seconds() >= TOOK_BOUNDS_S[-1] else ""
    return f"{over}{hours:.1f}\u00a0h" if hours < 24 else f"{over}{hours / 24:.1f}\u00a0d"


def share(part: int, whole: int) -> str | None:
    """A share in percent, never rounded up to 100: "99.9". None of nothing is unknown."""
    if whole == 0:
        return None
    percent = 100 * part / whole
    return "100" if part == whole else f"{min(percent, 99.9):.1f}"


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in words: "just now", "12 s ago", "3 min ago"."""
    passed = now - at
    if passed < timedelta(seconds=2):
        return "just now"
    if passed < timedelta(minutes=1):
        return f"{passed // _SECOND} s ago"
    return f"{spoken(passed)} ago"


def utc(at: datetime) -> str:
    """The exact instant in UTC, for hovering: "2026-11-23 10:02:11.250 UTC"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC"


def stamp(at: datetime) -> str:
    """The instant for a machine: RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def written(at: datetime, now: datetime, zone: tzinfo, how: str) -> str:
    """A time as text: `clock` "10:02", `second` "10:02:11", `ago` "3 min ago".

    `day` is "23 Nov", and `hour` "10:02" of whatever day.
    """
    if how == "ago":
        return ago(at, now)
    local = at.astimezone(zone)
    if how == "day":
        return f"{local:%d %b}"
    if how == "hour":
        return f"{local:%H:%M}"
    clock = clock_time(at, now, zone)
    return clock + f"{local:%S}".rjust(3, ":") if how == "second" else clock


def moment(at: datetime, now: datetime, zone: tzinfo, how: str = "clock") -> Markup:
    """A `<time>` the browser can put into the viewer's zone."""
    return Markup('<time datetime="{}" title="{}" data-as="{}">{}</time>').format(
        stamp(at), utc(at), how, written(at, now, zone, how)
    )


def with_moments(
    sentence: str, instants: Iterable[datetime | None], now: datetime, zone: tzinfo
) -> Markup:
    """The sentence with every one of these instants it mentions marked up as a `<time>`."""
    text = escape(sentence)
    marked = {clock_time(at, now, zone): moment(at, now, zone) for at in instants if at is not None}
    for number, clock in enumerate(sorted(marked, key=len, reverse=True)):
        for before in ("since ", "at ", "by "):
            text = text.replace(before + escape(clock), f"{before}\0{number}\0")
    for number, clock in enumerate(sorted(marked, key=len, reverse=True)):
        text = text.replace(f"\0{number}\0", marked[clock])
    return text


def with_titles(sentence: str, titles: Mapping[System, str]) -> str:
    """The sentence with each system called by its title: "In-store App", not "instore_app"."""
    return " ".join(titles.get(word, word) for word in sentence.split(" "))


def capital(sentence: str) -> str:
    """The sentence with a capital at its beginning."""
    return sentence[:1].upper() + sentence[1:]


def brief(sentence: str) -> str:
    """A sentence about something overdue without what was allowed: by how much it is says more."""
    return _ALLOWED.sub("", sentence)


def unbroken(sentence: str) -> str:
    """The sentence with every number kept on one line with its unit: "12 min"."""
    return _FIGURE.sub("\\1\u00a0\\2", sentence)


def instants_of(order: Order) -> list[datetime | None]:
    """The instants the sentences about an order may mention."""
    legs = [at for leg in order.legs for at in (leg.started_at, leg.ended_at, leg.deadline)]
    return [order.status_since, order.deadline, order.why.deadline, *legs]
