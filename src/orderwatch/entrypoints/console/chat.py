"""An order in a few lines for a chat message: how it stands, its facts, its legs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from orderwatch.core.model import Order
from orderwatch.core.tracking.counting import OVERDUE, WAITING
from orderwatch.entrypoints.console import words
from orderwatch.entrypoints.console.pages import Visit
from orderwatch.entrypoints.console.waterfall import Lane, Waterfall

SHAPES: Final = {"success": "●", "failed": "◆", OVERDUE: "▲", WAITING: "○", "blind": "◌"}
"""The marks of the five states, as letters."""


def chat_text(order: Order, picture: Waterfall, visit: Visit) -> str:
    """The message; the address of the page is put below it where it is copied."""
    state = words.state_of(order)
    lines = [
        f"{SHAPES[state]} {words.STATE_WORDS[state]}: order {order.order_id}",
        f"{visit.said_of(order)}.",
        " · ".join(_facts(order, visit)),
        *(_leg(lane) for lane in picture.lanes if not lane.of_order),
    ]
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def _facts(order: Order, visit: Visit) -> Iterable[str]:
    yield order.status
    yield from filter(None, (order.channel, order.fulfilment, order.delivery, order.location))
    if order.amount is not None:
        yield f"{words.money(order.amount.value)} {order.amount.currency}"
    yield f"placed {visit.written(order.placed_at)} ({visit.template.time_zone})"


def _leg(lane: Lane) -> str:
    blind = "" if lane.blind_since is None else ", blind"
    return f"{SHAPES[lane.state]} {lane.title}: {lane.said or 'no answer yet'}, {lane.note}{blind}"
