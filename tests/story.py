"""A small language for stories about orders: who said what, when, and how the order then stands.

    order = told(said("phoenix_oms", "PENDING"), said("commerce_engine", "REJECTED", at=5))
    assert order.class_ is Class.FAILED

Times are seconds after T0 (or datetimes). The same words at the same time by the same system are
the same event, unless an `id` tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from orderwatch.core.flow.parse import parse_template
from orderwatch.core.flow.template import Template
from orderwatch.core.ingest.batch import Batch, Candidate, Refused
from orderwatch.core.model import EVENT_TYPE, Event, Leg, Order, OrderId, ReceivedEvent
from orderwatch.core.tracking.fold import fits, fold, in_order
from orderwatch.core.tracking.judge import judge
from orderwatch.core.tracking.state import OrderState

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning, when every story begins."""
SECOND, MINUTE, HOUR, DAY = 1, 60, 3_600, 86_400
TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
Moment = float | datetime

_decode = msgspec.json.Decoder(Event).decode


@cache
def template(name: str) -> Template:
    """A flow template that ships."""
    read = parse_template((TEMPLATES / f"{name}.yaml").read_text("utf-8"))
    assert isinstance(read, Template), read
    return read


def lotus() -> Template:
    """LOTUS'S O2O: what every story is about unless it says otherwise."""
    return template("lotus-o2o")


def restaurant() -> Template:
    """A chain of restaurants: other words, other systems, other thresholds."""
    return template("restaurant")


def moment(at: Moment) -> datetime:
    """Seconds after T0 as an instant; an instant stays itself."""
    return at if isinstance(at, datetime) else T0 + timedelta(seconds=at)


def said(
    system: str,
    status: str,
    at: Moment = 0,
    *,
    order: OrderId = "o-1",
    id: str | None = None,  # noqa: A002 - the word of CloudEvents
    received: Moment | None = None,
    sequence: str | None = None,
    source: str | None = None,
    **data: Any,
) -> ReceivedEvent:
    """One system's word about one order; `data` are further members of the event's `data`.

    It arrives when it happens, unless `received` says when. `amount` may be a plain "12.50".
    """
    if isinstance(data.get("amount"), str):
        data["amount"] = {"value": data["amount"], "currency": "THB"}
    if isinstance(data.get("due_at"), int | float):
        data["due_at"] = moment(data["due_at"])
    time = moment(at)
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": id or f"{order}/{status}@{at}",
        "source": source or f"/{system}",
        "type": EVENT_TYPE,
        "subject": order,
        "time": time,
        "data": {"system": system, "status": status, **data},
    }
    if sequence is not None:
        attributes["sequence"] = sequence
    text = msgspec.json.encode(attributes)
    arrived = moment(received) if received is not None else time
    return ReceivedEvent(_decode(text), arrived, msgspec.Raw(text))


def placed(at: Moment = 0, **data: Any) -> ReceivedEvent:
    """The Phoenix OMS announces an order."""
    return said("phoenix_oms", "PENDING", at, **data)


def folded(*events: ReceivedEvent, flow: Template | None = None) -> OrderState:
    """The state after these events of one order, told at once."""
    flow = flow or lotus()
    return fold(None, in_order(events, flow), flow)


def told(*events: ReceivedEvent, now: Moment | None = None, flow: Template | None = None) -> Order:
    """The order as it stands `now`, by default when the last of its events happened."""
    at = moment(now) if now is not None else max(event.event.time for event in events)
    return judge(folded(*events, flow=flow), flow or lotus(), at)


def arriving(
    batches: Iterable[Sequence[ReceivedEvent]], flow: Template | None = None
) -> OrderState:
    """The state as the ledger reaches it: batch by batch, folded anew when a batch comes late."""
    flow = flow or lotus()
    state: OrderState | None = None
    history: dict[str, ReceivedEvent] = {}
    for batch in batches:
        fresh = [one for one in batch if one.event.ref not in history]
        fresh = list({one.event.ref: one for one in reversed(fresh)}.values())
        history |= {one.event.ref: one for one in fresh}
        if not fresh:
            continue
        ordered = in_order(fresh, flow)
        if state is not None and not fits(state, ordered):
            state, ordered = None, in_order(history.values(), flow)
        state = fold(state, ordered, flow)
    assert state is not None
    return state


def leg(order: Order, system: str) -> Leg:
    """One hop of the order; a story that asks for it knows that it is there."""
    return next(one for one in order.legs if one.system == system)


def systems(order: Order) -> list[str]:
    """The systems the order has legs of, in the order of the flow."""
    return [one.system for one in order.legs]


def deviations(order: Order) -> list[tuple[str, str | None, str | None]]:
    """The order's irregularities: kind, from which word, to which."""
    return [(one.kind.value, one.from_, one.to) for one in order.deviations]


def batch(*events: ReceivedEvent, rejected: Sequence[Refused] = ()) -> Batch:
    """The events as one request brought them."""
    candidates = [Candidate(index, one.event, bytes(one.text)) for index, one in enumerate(events)]
    return Batch(candidates, list(rejected))
