"""An order in a few lines for a chat message: how it stands, its facts, its legs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from orderwatch.core.model import Order
from orderwatch.core.tracking.counting import OVERDUE, WAITING
from orderwatch.entrypoints.console import words
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.pages import Visit
from orderwatch.entrypoints.console.waterfall import Lane, Waterfall

SHAPES: Final = {"success": "●", "failed": "◆", OVERDUE: "▲", WAITING: "○", "blind": "◌"}
"""The marks of the five states, as letters."""


def chat_text(order: Order, picture: Waterfall, visit: Visit) -> str:
    """The message; the address of the page is put below it where it is copied."""
    state = words.state_of(order)
    word = words.STATE_WORDS[state]
    head = _("%(state)s: order %(order)s", state=word, order=order.order_id)
    lines = [
        f"{SHAPES[state]} {head}",
        _("%(sentence)s.", sentence=visit.said_of(order)),
        " · ".join(_facts(order, visit)),
        *(_leg(lane) for lane in picture.lanes if not lane.of_order),
    ]
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def _facts(order: Order, visit: Visit) -> Iterable[str]:
    yield order.status
    yield from filter(None, (order.channel, order.fulfilment, order.delivery, order.location))
    if order.amount is not None:
        yield f"{words.money(order.amount.value)} {words.unit(order.amount.currency)}"
    placed = visit.written(order.placed_at)
    yield _("placed %(time)s (%(zone)s)", time=placed, zone=visit.template.time_zone)


def _leg(lane: Lane) -> str:
    said = {"title": lane.title, "said": lane.said or _("no answer yet"), "note": lane.note}
    if lane.blind_since is None:
        line = _("%(title)s: %(said)s, %(note)s", **said)
    else:
        line = _("%(title)s: %(said)s, %(note)s, blind", **said)
    return f"{SHAPES[lane.state]} {line}"
