"""Figures as people say them: money, times, shares, and sentences with their times marked up.

A time is printed in the tenant's zone and carries its instant, so that the browser can put it in
the viewer's; what the exact instant was is said on hover, in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final, TypeVar

from markupsafe import Markup

from orderwatch.core.flow.durations import in_words
from orderwatch.core.model import Class, DeviationKind, Leg, Order, System
from orderwatch.core.people.roles import Role, roles_with
from orderwatch.core.tracking.counting import OVERDUE, WAITING, bucket
from orderwatch.core.tracking.explain import Tongue, spoken
from orderwatch.core.tracking.passing import TOOK_BOUNDS_S
from orderwatch.entrypoints.console.languages import N_, Said, gettext, markup, speaking, told
from orderwatch.entrypoints.console.languages import number as spaced
from orderwatch.entrypoints.web.sign_in import Forbidden

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

CLASS_WORDS: Final = Said(
    {
        Class.SUCCESS: N_("Success"),
        Class.FAILED: N_("Failed"),
        Class.DELAYED: N_("Delayed"),
    }
)
LETTER_STATES: Final = Said(
    {"open": N_("Open"), "retried": N_("Retried"), "discarded": N_("Discarded")}
)
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
        "authorized": N_("authorized"),
        "captured": N_("captured"),
        "refunded": N_("refunded"),
    }
)
_CURRENCIES: Final = Said({"THB": N_("THB")})
_SECOND: Final = timedelta(seconds=1)
_FIGURE: Final = re.compile(r"(?<=\d) ")


def state_of(judged: Order | Leg) -> str:
    """success, failed, waiting or overdue."""
    return bucket(judged.class_, judged.overdue)


def money(value: Decimal | str) -> str:
    """An amount with its thousands apart: "1,250.00". The currency stands beside it."""
    number = Decimal(value)
    exact = -int(number.normalize().as_tuple().exponent)
    return spaced(number, max(2, exact))


def forbidden_words(forbidden: Forbidden) -> str:
    """Which roles may have what this one may not."""
    if forbidden.permission is None:
        return told(forbidden.message)
    names = [ROLE_WORDS[role] for role in roles_with(forbidden.permission)]
    listed = names[0]
    if len(names) > 1:
        listed = gettext("%(others)s or %(last)s", others=", ".join(names[:-1]), last=names[-1])
    return gettext(
        "This needs the role %(listed)s; you are here as %(role)s.",
        listed=listed,
        role=ROLE_WORDS[forbidden.role],
    )


def unit(currency: str) -> str:
    """What stands behind an amount: "THB", or as the reader's language calls it."""
    return _CURRENCIES.get(currency, currency)


def whole_money(value: Decimal) -> str:
    """An amount for a large figure, without its cents: "48,210"."""
    return spaced(value)


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
        return gettext("<%(n)s s", n="0.1").replace(" ", "\u00a0")
    said = length(duration).replace(" ", "\u00a0")
    most = duration.total_seconds() >= TOOK_BOUNDS_S[-1]
    return gettext("over %(time)s", time=said) if most else said


def tight(duration: timedelta) -> str:
    """A latency where there is little room: "0.4 s", "12 min", "1.3 h", "2.5 d"."""
    hours = duration.total_seconds() / 3600
    if hours < 1:
        return took(duration)
    over = ">" if duration.total_seconds() >= TOOK_BOUNDS_S[-1] else ""
    if hours < 24:
        said = gettext("%(n)s h", n=f"{over}{hours:.1f}")
    else:
        said = gettext("%(n)s d", n=f"{over}{hours / 24:.1f}")
    return said.replace(" ", "\u00a0")


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
        return gettext("just now")
    if passed < timedelta(minutes=1):
        return gettext("%(time)s ago", time=gettext("%(n)s s", n=passed // _SECOND))
    return gettext("%(time)s ago", time=length(passed))


def length(duration: timedelta) -> str:
    """A duration in the unit a person would use: "12 min"."""
    return spoken(duration, gettext)


def round_length(duration: timedelta) -> str:
    """A length that somebody chose, in the largest unit without a remainder: "24 h"."""
    return in_words(duration, gettext)


def clock(at: datetime, now: datetime, zone: tzinfo) -> str:
    """ "10:02" for today, with the date for any other day."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    year = "" if local.year == today.year else f"{local: %Y}"
    return f"{day(local)}{year} {local:%H:%M}"


def day(local: datetime) -> str:
    """The day of a time as it is read there: "23 Nov"."""
    return f"{local:%d} {speaking().months[local.month - 1]}"


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
        return day(local)
    if how == "hour":
        return f"{local:%H:%M}"
    said = clock(at, now, zone)
    return said + f"{local:%S}".rjust(3, ":") if how == "second" else said


def moment(at: datetime, now: datetime, zone: tzinfo, how: str = "clock") -> Markup:
    """A `<time>` the browser can put into the viewer's zone."""
    return Markup('<time datetime="{}" title="{}" data-as="{}">{}</time>').format(
        stamp(at), utc(at), how, written(at, now, zone, how)
    )


Text = TypeVar("Text", bound=str)


def capital(sentence: Text) -> Text:
    """The sentence with a capital at its beginning; marked up as it was."""
    return type(sentence)(sentence[:1].upper() + sentence[1:])


def unbroken(text: str) -> str:
    """The text with every number kept on one line with its unit: "12 min"."""
    return _FIGURE.sub("\u00a0", text)


def marked_tongue(now: datetime, zone: tzinfo, titles: Mapping[System, str]) -> Tongue:
    """How a page puts its sentences: what it is given is escaped, and times are marked up."""
    return Tongue(
        markup,
        lambda at: moment(at, now, zone),
        lambda duration: unbroken(length(duration)),
        lambda system: titles.get(system, system),
    )


def plain_tongue(now: datetime, zone: tzinfo, titles: Mapping[System, str]) -> Tongue:
    """The same as text."""
    return Tongue(
        gettext,
        lambda at: clock(at, now, zone),
        lambda duration: unbroken(length(duration)),
        lambda system: titles.get(system, system),
    )
