"""The columns of the orders list: which there are, and which are shown until somebody chooses."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from orderwatch.core.model import Order
from orderwatch.entrypoints.console.languages import N_, Said
from orderwatch.entrypoints.console.languages import number as spaced

ALWAYS: Final = "order"
COLUMNS: Final = Said(
    {
        "order": N_("Order"),
        "state": N_("State"),
        "status": N_("Status"),
        "why": N_("Why"),
        "legs": N_("Legs"),
        "placed": N_("Placed"),
        "updated": N_("Last change"),
        "deadline": N_("Deadline"),
        "channel": N_("Channel"),
        "location": N_("Location"),
        "fulfilment": N_("Fulfilment"),
        "delivery": N_("Delivery"),
        "deviations": N_("Deviations"),
        "refs": N_("References"),
        "amount": N_("Amount"),
    }
)
SHOWN: Final = ("order", "state", "why", "legs", "placed", "channel", "location", "amount")
_FIGURE_SPACE: Final = "\u2007"


def chosen_columns(text: str) -> tuple[str, ...]:
    """The columns of an address, `state,why,amount`, in the list's order; unknown ones are not."""
    named = {ALWAYS, *text.replace(" ", "").split(",")}
    chosen = tuple(name for name in COLUMNS if name in named)
    return chosen if len(chosen) > 1 else SHOWN


def places_of(orders: Sequence[Order]) -> int:
    """How many decimals the amounts of a page have at most; money has two at least."""
    amounts = [order.amount.decimal for order in orders if order.amount]
    return max([2, *(-int(value.normalize().as_tuple().exponent) for value in amounts)])


def aligned(value: Decimal | str, places: int) -> str:
    """An amount whose decimal point stands under those of the others: "1,250.00  "."""
    number = Decimal(value)
    exact = max(2, -int(number.normalize().as_tuple().exponent))
    return spaced(number, exact) + _FIGURE_SPACE * (places - exact)
