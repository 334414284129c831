"""Which orders a page is about: when they were placed, at which system, of which channel.

All of it is in the address, so a view can be shared and the back button leads back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from orderwatch.core.model import System
from orderwatch.core.reading.wanted import CountFilter
from orderwatch.core.spans import ceiling, floor
from orderwatch.core.tracking.counting import minute_of
from orderwatch.entrypoints.console.languages import N_, Said
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.pages import Visit

RANGES: Final = Said({"today": N_("Today"), "24h": N_("24 hours"), "7d": N_("7 days")})
CUSTOM: Final = "custom"
USUAL: Final = "24h"
AGAINST: Final = Said({"yesterday": N_("yesterday"), "week": N_("last week")})
NAMES: Final = ("range", "from", "to", "against", "channel", "system")
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_MINUTE: Final = timedelta(minutes=1)
_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
_WRONG: Final = N_(
    "That stretch of time cannot be read, or ends before it begins. These are the last 24 hours."
)


class Window(Struct, frozen=True):
    """A stretch of time and what is looked at in it; `ends` None: until now, and it moves on."""

    values: dict[str, str]
    range: str
    starts: datetime
    ends: datetime | None
    now: datetime
    against: str
    channel: str | None
    system: System | None
    fault: str | None = None

    @property
    def length(self) -> timedelta:
        """From its beginning until its end, or until now."""
        return (self.ends or self.now) - self.starts

    @property
    def wanted(self) -> CountFilter:
        """The orders it is about."""
        return CountFilter(self.starts, self.ends, self.channel, self.system)

    @property
    def everywhere(self) -> CountFilter:
        """The same at all systems."""
        return CountFilter(self.starts, self.ends, self.channel)

    @property
    def before(self) -> CountFilter:
        """The same time yesterday, or so many weeks ago that it does not overlap."""
        ends, shift = self.ends or minute_of(self.now), self.shift
        return CountFilter(self.starts - shift, ends - shift, self.channel, self.system)

    @property
    def shift(self) -> timedelta:
        """How long before lies what it is held against."""
        if self.against == "yesterday":
            return _DAY
        return max(1, -((_MINUTE - self.length) // _WEEK)) * _WEEK  # a week and a bit is a week

    @property
    def before_words(self) -> str:
        """When that was."""
        weeks = self.shift // _WEEK
        if self.against == "yesterday":
            return _("yesterday")
        return _("last week") if weeks == 1 else _("%(n)s weeks before", n=weeks)

    @property
    def can_choose_yesterday(self) -> bool:
        """Whether yesterday at the same time is another stretch of time."""
        return self.length <= _DAY + _MINUTE

    def address(self, path: str = "/", /, **changes: str | None) -> str:
        """The address that asks for this with changes; None is asked no more."""
        new = self.values | changes
        query = urlencode({name: value for name in NAMES if (value := new.get(name))})
        return f"{path}?{query}" if query else path

    def in_range(self, name: str, path: str = "/") -> str:
        """The address of another stretch of time."""
        usual = None if name == USUAL else name
        return self.address(path, range=usual, **{"from": None, "to": None})

    def orders(self, **filters: str) -> str:
        """The list of the orders meant here, with these filters."""
        narrow = {name: v for name, v in self.values.items() if name != "against"}
        return f"/orders?{urlencode(narrow | filters)}"


def window_of(given: Mapping[str, Any], visit: Visit) -> Window:
    """The window an address asks for; what cannot be is said, and the usual one taken."""
    values = {name: str(given[name]).strip()[:100] for name in NAMES if given.get(name)}
    starts, ends = (instant_of(values.get(name), visit) for name in ("from", "to"))
    asked = bool(values.get("from") or values.get("to"))
    is_custom = starts is not None and (ends is None or ends > starts)
    fault = _WRONG if asked and not is_custom else None
    range_ = values.get("range", USUAL)
    if is_custom:
        range_ = CUSTOM
    elif range_ not in RANGES or fault:
        range_ = USUAL
    if range_ != CUSTOM:
        starts, ends = _beginning(range_, visit), None
    assert starts is not None
    system = values.get("system")
    longer = (ends or visit.now) - starts > _DAY + _MINUTE
    against = values.get("against")
    return Window(
        values=values,
        range=range_,
        starts=floor(starts, _MINUTE),
        ends=None if ends is None else ceiling(ends, _MINUTE),
        now=visit.now,
        against="week" if longer or against == "week" else "yesterday",
        channel=values.get("channel"),
        system=system if system in visit.template.legs else None,
        fault=fault,
    )


def _beginning(range_: str, visit: Visit) -> datetime:
    """The first minute of the range; today begins at midnight where the shops are."""
    if range_ == "today":
        return minute_of(visit.now.astimezone(visit.zone).replace(hour=0, minute=0))
    return minute_of(visit.now - (_WEEK if range_ == "7d" else _DAY))


def instant_of(text: str | None, visit: Visit) -> datetime | None:
    """An instant; a time without an offset, of a form, is that of the shops."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if _LOCAL.fullmatch(text or ""):
        at = at.replace(tzinfo=visit.zone)
    return at if at.tzinfo is not None and 1970 < at.year < 9000 else None
