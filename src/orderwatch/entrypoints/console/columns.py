"""The columns of the orders list: which there are, and which are shown until somebody chooses."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from orderwatch.core.model import Order

ALWAYS: Final = "order"
COLUMNS: Final = {
    "order": "Order",
    "state": "State",
    "status": "Status",
    "why": "Why",
    "legs": "Legs",
    "placed": "Placed",
    "updated": "Last change",
    "deadline": "Deadline",
    "channel": "Channel",
    "location": "Location",
    "fulfilment": "Fulfilment",
    "delivery": "Delivery",
    "deviations": "Deviations",
    "refs": "References",
    "amount": "Amount",
}
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
    return f"{number:,.{exact}f}" + _FIGURE_SPACE * (places - exact)
