"""The address of the orders list: what it asks for, and the addresses that ask a little else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from orderwatch.core.model import FieldError
from orderwatch.core.reading.queries import order_query
from orderwatch.core.reading.wanted import OrderFilter, OrderQuery
from orderwatch.core.tracking.counting import OVERDUE, WAITING, minute_of
from orderwatch.entrypoints.console import words
from orderwatch.entrypoints.console.languages import N_, Said
from orderwatch.entrypoints.console.pages import Visit

PAGE: Final = 50
RANGES: Final = Said(
    {"today": N_("Today"), "24h": N_("24 hours"), "7d": N_("7 days"), "any": N_("Any time")}
)
CUSTOM: Final = "custom"
FILTERS: Final = (
    *("class", "overdue", "status", "channel", "system", "location"),
    *("amount_from", "amount_to", "deviation", "q"),
)
WINDOW: Final = ("range", "from", "to")
KNOWN: Final = (*FILTERS, *WINDOW, "columns", "cursor", "before", "beside")
STATES: Final[dict[str, dict[str, str]]] = {
    "failed": {"class": "failed"},
    OVERDUE: {"overdue": "true"},
    WAITING: {"class": "delayed", "overdue": "false"},
    "success": {"class": "success"},
}
"""The states a person knows, as filters."""
_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
_DAY: Final = timedelta(days=1)


Changes = Mapping[str, str | None]
"""Of an address: new values, and None for what is asked no more."""
NO_CHANGES: Final[Changes] = {}


class Asked(Struct, frozen=True):
    """What an address asks for; names it does not know and empty values are left out."""

    values: dict[str, str]

    def get(self, name: str) -> str:
        """A value; empty when it was not given."""
        return self.values.get(name, "")

    @property
    def range(self) -> str:
        """Which stretch of time. A search looks at all of it, unless it is told otherwise."""
        if self.get("from") or self.get("to"):
            return CUSTOM
        given = self.get("range")
        if given in RANGES:
            return given
        return "any" if self.get("q") else "24h"

    @property
    def state(self) -> str | None:
        """The state that is asked for; None when it is none, or one without a name of its own."""
        asked = {name: self.values[name] for name in ("class", "overdue") if name in self.values}
        delayed_too = {"class": "delayed", "overdue": "true"}
        if asked == delayed_too:
            return OVERDUE
        return next((state for state, filters in STATES.items() if filters == asked), None)

    def address(self, changes: Changes = NO_CHANGES) -> str:
        """The address that asks for this and these changes, from its first page on."""
        anew = {"cursor": None, "before": None}
        new = {**self.values, **anew, **changes}
        query = urlencode({name: value for name, value in new.items() if value})
        return f"/orders?{query}" if query else "/orders"

    def file(self, *, bom: bool = False) -> str:
        """The address of all its orders as a file."""
        names = (*FILTERS, *WINDOW)
        pairs = {name: self.values[name] for name in names if name in self.values}
        pairs["range"] = self.range
        if bom:
            pairs["bom"] = "true"
        return f"/orders.csv?{urlencode(pairs)}"

    def here(self, path: str) -> str:
        """The address of this very page elsewhere, such as that of what moves on it."""
        return f"{path}?{urlencode(self.values)}" if self.values else path

    @property
    def query(self) -> str:
        """What is worth saving of it: the filters, the range if it is not a fixed one, columns."""
        return self.address({"beside": None}).partition("?")[2]

    @property
    def is_only_a_search(self) -> bool:
        """Whether nothing but a text was given, as the search at the top of each page does."""
        return set(self.values) <= {"q"} and "q" in self.values


def asked_of(pairs: Iterable[tuple[str, str]]) -> Asked:
    """Of an address's query; of a name given twice the first counts."""
    values: dict[str, str] = {}
    for name, value in pairs:
        text = value.strip()
        if name in KNOWN and text and name not in values:
            values[name] = text[:1000]
    return Asked(values)


def query_of(asked: Asked, visit: Visit) -> OrderQuery | tuple[FieldError, ...]:
    """The query of a page of the list, or what is wrong with what was asked."""
    given: dict[str, str] = {name: asked.values[name] for name in FILTERS if name in asked.values}
    given |= _window(asked, visit) | {"limit": str(PAGE)}
    given["cursor"] = asked.get("cursor") or asked.get("before")
    query = order_query(list(given.items()), visit.template)
    if isinstance(query, OrderQuery) and "cursor" not in asked.values and query.after:
        return OrderQuery(query.filter, query.limit, before=query.after)
    return query


def filter_of(asked: Asked, visit: Visit) -> OrderFilter | tuple[FieldError, ...]:
    """The filter alone, whatever page it was asked for on."""
    kept = {name: value for name, value in asked.values.items() if name not in {"cursor", "before"}}
    query = query_of(Asked(kept), visit)
    return query.filter if isinstance(query, OrderQuery) else query


def _window(asked: Asked, visit: Visit) -> dict[str, str]:
    if asked.range == CUSTOM:
        return {name: _instant(asked.get(name), visit) for name in ("from", "to")}
    beginning = _beginning(asked.range, visit)
    return {} if beginning is None else {"from": words.stamp(beginning)}


def _beginning(range_: str, visit: Visit) -> datetime | None:
    """The first minute of the range; today begins at midnight where the shops are."""
    if range_ == "today":
        return minute_of(visit.now.astimezone(visit.zone).replace(hour=0, minute=0))
    lengths = {"24h": _DAY, "7d": 7 * _DAY}
    return minute_of(visit.now - lengths[range_]) if range_ in lengths else None


def _instant(text: str, visit: Visit) -> str:
    """An instant; a time without an offset, of a browser without script, is that of the shops."""
    if not _LOCAL.fullmatch(text):
        return text
    try:
        return datetime.fromisoformat(text).replace(tzinfo=visit.zone).isoformat()
    except ValueError:
        return text
