"""The rail: where one can go from every page. A role is shown the stops it may open."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup
from msgspec import Struct

from orderwatch.core.people.roles import Permission, Role, roles_with
from orderwatch.entrypoints.console.languages import N_
from orderwatch.entrypoints.web.sign_in import Reader


class Stop(Struct, frozen=True):
    """Its title in English, where it leads, what that needs; `pages`: on which we are there.

    `picture` is drawn in a square of 20 by 20.
    """

    title: str
    address: str
    needs: Permission
    pages: frozenset[str]
    picture: Markup
    counts_incidents: bool = False


STOPS: Final = (
    Stop(
        N_("Overview"),
        "/",
        Permission.READ_ORDERS,
        frozenset({"overview"}),
        Markup('<path d="M3 16.5V10m4.7 6.5v-12m4.6 12V8m4.7 8.5V5.5"/>'),
    ),
    Stop(
        N_("Orders"),
        "/orders",
        Permission.READ_ORDERS,
        frozenset({"orders", "order", "find"}),
        Markup('<path d="M3 5h.01M7 5h10M3 10h.01M7 10h10M3 15h.01M7 15h10"/>'),
    ),
    Stop(
        N_("Systems"),
        "/systems",
        Permission.READ_ORDERS,
        frozenset({"systems"}),
        Markup(
            '<path d="M6.5 5H9c2 0 1 10 3 10h1.5M6.5 5h7"/><circle cx="4.5" cy="5" r="2"/>'
            '<circle cx="15.5" cy="5" r="2"/><circle cx="15.5" cy="15" r="2"/>'
        ),
    ),
    Stop(
        N_("Incidents"),
        "/incidents",
        Permission.READ_ORDERS,
        frozenset({"incidents", "silences", "channels", "mailbox"}),
        Markup(
            '<path d="M10 3a4.8 4.8 0 0 1 4.8 4.8c0 3.2.7 4.6 1.7 5.7h-13c1-1.1 1.7-2.5 1.7-5.7'
            'A4.8 4.8 0 0 1 10 3ZM8.2 16.5a1.9 1.9 0 0 0 3.6 0"/>'
        ),
        counts_incidents=True,
    ),
    Stop(
        N_("Dead letters"),
        "/dead-letters",
        Permission.READ_DEAD_LETTERS,
        frozenset({"letters"}),
        Markup('<path d="M3.5 5.5h13v9.5h-13zM3.5 6l6.5 5 6.5-5"/>'),
    ),
    Stop(
        N_("Settings"),
        "/settings/flow",
        Permission.READ_TEMPLATES,
        frozenset({"settings"}),
        Markup(
            '<path d="M3 6h7m4 0h3M3 14h3m4 0h7"/><circle cx="12" cy="6" r="2"/>'
            '<circle cx="8" cy="14" r="2"/>'
        ),
    ),
)
"""Every stop, in its order. On a phone the first four a reader has are one touch away."""


def stops_of(reader: Reader | None) -> tuple[Stop, ...]:
    """The stops a reader may open; of nobody known, those that everybody may."""
    if reader is None:
        everybody = tuple(Role)
        return tuple(stop for stop in STOPS if roles_with(stop.needs) == everybody)
    return tuple(stop for stop in STOPS if reader.may(stop.needs))
