"""One simulated order: who orders what where, drawn from the plan."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from orderwatch.core.model import Amount, Delivery, Fulfilment
from orderwatch.core.simulation.chance import Chance, Draw, lognormal
from orderwatch.core.simulation.faults import DAY
from orderwatch.core.simulation.plan import Hours, Plan

ORDERS_PER_SEED = 10_000_000
SEEDS_APART = 700


class Placed(Struct, frozen=True, kw_only=True):
    """An order as it was placed, at this `second` of the local day; its life runs at `pace`."""

    seed: int
    number: int
    order_id: str
    at: datetime
    second: float
    pace: float
    channel: str
    fulfilment: Fulfilment
    delivery: Delivery
    payment: str
    course: str
    location: str
    amount: Amount
    basket: dict[str, Any]
    traits: frozenset[str]


class Customers:
    """Draws orders: the plan's shares, made ready once."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self._plan = plan
        self._seed = seed
        first = plan.first_order
        spread = (seed % SEEDS_APART) * ORDERS_PER_SEED
        self._first = 2_000_000_001 + spread if first is None else first
        self._channel = Draw(plan.channels)
        self._fulfilment = Draw(plan.fulfilments)
        self._delivery = {name: Draw(shares) for name, shares in plan.deliveries.items()}
        self._payment = Draw(plan.payments)
        self._course = Draw({name: course.share for name, course in plan.courses.items()})
        self._place = {
            "store": Draw({store.code: store.share for store in plan.stores}),
            "warehouse": Draw({store.code: store.share for store in plan.warehouses}),
        }
        self._offset = plan.utc_offset.total_seconds()

    def order(self, number: int, at: datetime, pace: float, rng: Chance) -> Placed:
        """The order of this number, placed at this instant."""
        plan = self._plan
        second = (at.timestamp() + self._offset) % DAY
        fulfilment = self._fulfilment(rng)
        closed = is_closed(plan.hours, second)
        delivery = self._delivery["closed" if closed else fulfilment](rng)
        payment = self._payment(rng)
        course = self._course(rng)
        traits = [fulfilment, delivery, payment, *plan.courses[course].traits]
        if closed:
            traits.append("closed")
        traits += [habit for habit, chance in plan.habits.items() if rng.random() < chance]
        amount, basket = _basket(plan, delivery, rng)
        return Placed(
            seed=self._seed,
            number=number,
            order_id=str(self._first + number),
            at=at,
            second=second,
            pace=pace,
            channel=self._channel(rng),
            fulfilment=fulfilment,  # type: ignore[arg-type]
            delivery=delivery,  # type: ignore[arg-type]
            payment=payment,
            course=course,
            location=self._place[fulfilment](rng),
            amount=amount,
            basket=basket,
            traits=frozenset(traits),
        )


def is_closed(hours: Hours, second: float) -> bool:
    """Whether an order placed then is not worked on the same day, or not yet."""
    hour = second / 3600
    return not hours.opens <= hour < hours.closes - hours.last_order


def until_open(hours: Hours, second: float) -> float:
    """Seconds from a second of the day until somebody works; 0 in the opening hours."""
    if hours.opens <= second / 3600 < hours.closes:
        return 0.0
    return (hours.opens * 3600 - second) % DAY


def money(hundredths: int) -> str:
    """A decimal string with two places."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _basket(plan: Plan, delivery: str, rng: Chance) -> tuple[Amount, dict[str, Any]]:
    """The total with the delivery fee, and what is in the basket."""
    total = plan.delivery_fees.get(delivery, 0)
    items = []
    for _ in range(max(1, int(lognormal(rng, plan.basket)))):
        product = plan.products[int(rng.random() * len(plan.products))]
        quantity = 1 if rng.random() < 0.8 else 2
        total += quantity * product.price
        items.append({"sku": product.sku, "name": product.name, "quantity": quantity})
    return Amount(money(total), plan.currency, "order_total"), {"items": items}
