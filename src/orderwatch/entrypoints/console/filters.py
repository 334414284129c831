"""The filters of the orders list in words: a sentence, the states to choose from, a chip each."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup
from msgspec import Struct

from orderwatch.core.model import DeviationKind
from orderwatch.core.reading.wanted import ANY_DEVIATION, OrderFilter
from orderwatch.core.tracking.counting import OVERDUE, WAITING
from orderwatch.entrypoints.console import words
from orderwatch.entrypoints.console.counted import Counted
from orderwatch.entrypoints.console.listing import CUSTOM, STATES, Asked
from orderwatch.entrypoints.console.pages import Visit

_WHEN: Final = {
    "today": "placed today",
    "24h": "placed in the last 24 hours",
    "7d": "placed in the last 7 days",
    "any": "",
    CUSTOM: "placed in the time you chose",
}
_STATE_WORDS: Final = {
    "failed": "failed",
    OVERDUE: "overdue",
    WAITING: "waiting",
    "success": "successful",
    "delayed": "delayed",
}


class Tab(Struct, frozen=True):
    """One state to choose: its address, how many there are if that is known."""

    state: str | None
    title: str
    address: str
    current: bool
    n: int | None = None


class Chip(Struct, frozen=True):
    """One filter that is set: what it is about, its value, and the address without it."""

    name: str
    value: str | Markup
    without: str
    state: str | None = None


class Headline(Struct, frozen=True):
    """The list in a sentence: how many, of which, and when they were placed."""

    number: str
    what: str
    when: str


def headline(asked: Asked, counted: Counted) -> Headline:
    """What the list holds, in a sentence: "150 overdue orders", "placed today"."""
    number = f"{counted.n:,}" if counted.n else "No"
    if not counted.exact:
        number = f"More than {counted.n:,}"
    of = _STATE_WORDS.get(asked.state or asked.get("class"), "")
    orders = "order" if counted.n == 1 and counted.exact else "orders"
    narrower = set(asked.values) & {"status", "channel", "system", "location", "amount_from",
                                    "amount_to", "deviation", "q"}  # fmt: skip
    matching = " like this" if narrower and counted.n else ""
    return Headline(number, f"{of} {orders}{matching}".strip(), _WHEN[asked.range])


def state_tabs(asked: Asked, counted: Counted) -> list[Tab]:
    """All, and each state; another state shown is another first page."""
    nothing: dict[str, str | None] = {"class": None, "overdue": None, "beside": None}
    is_all = not asked.get("class") and not asked.get("overdue")
    total = sum(counted.states.values()) if counted.states else None
    tabs = [Tab(None, "All", asked.address(nothing), is_all, total)]
    for state, filters in STATES.items():
        address = asked.address(nothing | filters)
        title, n = words.STATE_WORDS[state], counted.states.get(state)
        tabs.append(Tab(state, title, address, asked.state == state, n))
    return tabs


def chips_of(asked: Asked, wanted: OrderFilter, visit: Visit) -> list[Chip]:
    """A chip for every filter that is set."""
    chips: list[Chip] = []
    if asked.range == CUSTOM:
        chips.append(
            Chip("Placed", _window(wanted, visit), asked.address({"from": None, "to": None}))
        )
    if asked.get("class") or asked.get("overdue"):
        chips.append(_state_chip(asked))
    texts = {
        "status": ("Status", asked.get("status")),
        "channel": ("Channel", asked.get("channel")),
        "system": ("System", visit.titles.get(asked.get("system"), asked.get("system"))),
        "location": ("Location", asked.get("location")),
        "deviation": ("Deviation", _deviation(asked.get("deviation"))),
        "q": ("Search", f"“{asked.get('q')}”" if asked.get("q") else ""),
    }
    chips += [
        Chip(title, value, asked.address({name: None}))
        for name, (title, value) in texts.items()
        if value
    ]
    if asked.get("amount_from") or asked.get("amount_to"):
        without = asked.address({"amount_from": None, "amount_to": None})
        chips.append(Chip("Amount", _amounts(asked, visit.template.currency), without))
    return chips


def _state_chip(asked: Asked) -> Chip:
    word = words.STATE_WORDS.get(asked.state or "") or asked.get("class").capitalize()
    if not word:
        word = "Not overdue"
    return Chip("State", word, asked.address({"class": None, "overdue": None}), asked.state)


def _deviation(kind: str) -> str:
    if kind == ANY_DEVIATION:
        return "any"
    known = kind in set(DeviationKind)
    return words.DEVIATION_WORDS[DeviationKind(kind)] if known else kind


def _amounts(asked: Asked, currency: str) -> str:
    least, most = asked.get("amount_from"), asked.get("amount_to")
    if least and most:
        return f"{least} to {most} {currency}"
    return f"{least} {currency} or more" if least else f"{most} {currency} or less"


def _window(wanted: OrderFilter, visit: Visit) -> Markup:
    starts, ends = wanted.placed_from, wanted.placed_to
    if starts and ends:
        return Markup("{} to {}").format(visit.moment(starts), visit.moment(ends))
    if starts:
        return Markup("since {}").format(visit.moment(starts))
    return Markup("before {}").format(visit.moment(ends)) if ends else Markup("…")
