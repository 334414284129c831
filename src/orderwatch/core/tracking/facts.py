"""Facts any system may state of an order: the latest word counts."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Event
from orderwatch.core.tracking.state import OrderState

MOST_REFS = 50
MOST_AMOUNTS = 50
"""Per order; a runaway sender must not fill the row."""


def take_facts(state: OrderState, event: Event, template: Template) -> None:
    """Channel, way of delivery, place, names and money."""
    said = event.data
    state.channel = said.channel or state.channel
    state.fulfilment = said.fulfilment or state.fulfilment
    state.delivery = said.delivery or state.delivery
    state.location = said.location or state.location
    if said.refs:
        for name, value in said.refs.items():
            if name in state.refs or len(state.refs) < MOST_REFS:
                state.refs[name] = value
    if said.amount is not None:
        _take_amount(state, event, template)


def _take_amount(state: OrderState, event: Event, template: Template) -> None:
    amount = event.data.amount
    assert amount is not None
    by_oms = event.data.system == template.oms
    kind = amount.kind if amount.kind is not UNSET else "order_total" if by_oms else "stated"
    name = f"{event.data.system}/{kind}"
    if name in state.amounts or len(state.amounts) < MOST_AMOUNTS:
        state.amounts[name] = (amount.value, amount.currency)
    if by_oms and kind == "order_total":
        state.amount = replace(amount, kind=UNSET)
    if kind == "refunded" and amount.decimal > 0:
        state.refunded = True
