"""The filters of the orders list in words: a sentence, the states to choose from, a chip each."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup
from msgspec import Struct

from orderwatch.core.model import Class, DeviationKind
from orderwatch.core.reading.wanted import ANY_DEVIATION, OrderFilter
from orderwatch.entrypoints.console import words
from orderwatch.entrypoints.console.counted import Counted
from orderwatch.entrypoints.console.languages import N_, Said, markup, ngettext, number
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.listing import CUSTOM, STATES, Asked
from orderwatch.entrypoints.console.pages import Visit

_WHEN: Final = Said(
    {
        "today": N_("placed today"),
        "24h": N_("placed in the last 24 hours"),
        "7d": N_("placed in the last 7 days"),
        CUSTOM: N_("placed in the time you chose"),
    }
)


_NARROWER: Final = frozenset(
    ("status", "channel", "system", "location", "amount_from", "amount_to", "deviation", "q")
)


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
    n = number(counted.n) if counted.n else _("No")
    if not counted.exact:
        n = _("More than %(n)s", n=number(counted.n))
    what = _orders(asked.state or asked.get("class"), counted.n if counted.exact else 2)
    if set(asked.values) & _NARROWER and counted.n:
        what = _("%(orders)s like this", orders=what)
    return Headline(n, what, _WHEN.get(asked.range, ""))


def _orders(state: str, n: int) -> str:
    """So many orders of this state, without their number."""
    match state:
        case "failed":
            return ngettext("failed order", "failed orders", n)
        case "overdue":
            return ngettext("overdue order", "overdue orders", n)
        case "waiting":
            return ngettext("waiting order", "waiting orders", n)
        case "success":
            return ngettext("successful order", "successful orders", n)
        case "delayed":
            return ngettext("delayed order", "delayed orders", n)
        case _:
            return ngettext("order", "orders", n)


def state_tabs(asked: Asked, counted: Counted) -> list[Tab]:
    """All, and each state; another state shown is another first page."""
    nothing: dict[str, str | None] = {"class": None, "overdue": None, "beside": None}
    is_all = not asked.get("class") and not asked.get("overdue")
    total = sum(counted.states.values()) if counted.states else None
    tabs = [Tab(None, _("All"), asked.address(nothing), is_all, total)]
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
            Chip(_("Placed"), _window(wanted, visit), asked.address({"from": None, "to": None}))
        )
    if asked.get("class") or asked.get("overdue"):
        chips.append(_state_chip(asked))
    texts = {
        "status": (_("Status"), asked.get("status")),
        "channel": (_("Channel"), asked.get("channel")),
        "system": (_("System"), visit.titles.get(asked.get("system"), asked.get("system"))),
        "location": (_("Location"), asked.get("location")),
        "deviation": (_("Deviation"), _deviation(asked.get("deviation"))),
        "q": (_("Search"), f"“{asked.get('q')}”" if asked.get("q") else ""),
    }
    chips += [
        Chip(title, value, asked.address({name: None}))
        for name, (title, value) in texts.items()
        if value
    ]
    if asked.get("amount_from") or asked.get("amount_to"):
        without = asked.address({"amount_from": None, "amount_to": None})
        chips.append(Chip(_("Amount"), _amounts(asked, visit.template.currency), without))
    return chips


def _state_chip(asked: Asked) -> Chip:
    word = words.STATE_WORDS.get(asked.state or "") or _class_word(asked.get("class"))
    if not word:
        word = _("Not overdue")
    return Chip(_("State"), word, asked.address({"class": None, "overdue": None}), asked.state)


def _class_word(name: str) -> str:
    known = name in set(Class)
    return words.CLASS_WORDS[Class(name)] if known else name.capitalize()


def _deviation(kind: str) -> str:
    if kind == ANY_DEVIATION:
        return _("any")
    known = kind in set(DeviationKind)
    return words.DEVIATION_WORDS[DeviationKind(kind)] if known else kind


def _amounts(asked: Asked, currency: str) -> str:
    least, most = asked.get("amount_from"), asked.get("amount_to")
    unit = words.unit(currency)
    if least and most:
        return _("%(least)s to %(most)s %(unit)s", least=least, most=most, unit=unit)
    if least:
        return _("%(least)s %(unit)s or more", least=least, unit=unit)
    return _("%(most)s %(unit)s or less", most=most, unit=unit)


def _window(wanted: OrderFilter, visit: Visit) -> Markup:
    starts, ends = wanted.placed_from, wanted.placed_to
    if starts and ends:
        return markup("%(begin)s to %(end)s", begin=visit.moment(starts), end=visit.moment(ends))
    if starts:
        return markup("since %(time)s", time=visit.moment(starts))
    return markup("before %(time)s", time=visit.moment(ends)) if ends else Markup("…")
