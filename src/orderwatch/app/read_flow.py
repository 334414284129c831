"""The flow at a glance: of every system how many it was told, how they stand, how long it takes.

Asks counters alone, so it costs the same at any number of orders.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.app.read_summary import CountStore
from orderwatch.app.read_systems import SystemView, read_systems
from orderwatch.core.flow.template import Template
from orderwatch.core.model import System, TenantId
from orderwatch.core.reading.percentiles import Latency, latency
from orderwatch.core.reading.tally import Tally, tally
from orderwatch.core.reading.wanted import CountFilter
from orderwatch.core.spans import floor
from orderwatch.core.tracking.counting import ORDER, OVERDUE, WAITING, minute_of
from orderwatch.core.tracking.passing import HEARD, TOOK_CLASSES

RATE_OVER: Final = timedelta(minutes=5)
"""The rate now is that of the last minutes: calm, and soon down when a system stops."""
_NONE_TOOK: Final = (0,) * TOOK_CLASSES
_MINUTE: Final = timedelta(minutes=1)
_LONG: Final = timedelta(hours=6)


class StepQuery(Struct, frozen=True):
    """One system over time, in steps; the window is whole minutes."""

    system: System
    step: timedelta
    starts: datetime
    ends: datetime
    channel: str | None = None


class FlowStore(Protocol):
    """Where it is read what happened when. Every call raises Unavailable when that is away."""

    async def durations(
        self, tenant: TenantId, systems: Sequence[System], wanted: CountFilter
    ) -> Mapping[System, Sequence[int]]:
        """How long the legs took that ended in the window, by class, of each with any."""
        ...

    async def duration_steps(
        self, tenant: TenantId, query: StepQuery
    ) -> Mapping[datetime, Sequence[int]]:
        """The same of one system for each step that has any."""
        ...

    async def happened(
        self, tenant: TenantId, what: str, systems: Sequence[System], wanted: CountFilter
    ) -> Mapping[System, int]:
        """How often something happened in the window, at each it happened at."""
        ...

    async def standing(
        self, tenant: TenantId, systems: Sequence[System], channel: str | None
    ) -> Mapping[tuple[System, str], int]:
        """What is open now, whenever it was placed, by system and bucket."""
        ...

    async def weighed_steps(
        self, tenant: TenantId, query: StepQuery
    ) -> Mapping[datetime, Mapping[str, tuple[int, Decimal]]]:
        """Of the orders placed in each step, by bucket: how many, worth how much."""
        ...

    async def happening_steps(
        self, tenant: TenantId, what: str, query: StepQuery
    ) -> Mapping[datetime, int]:
        """The same of one system for each step in which it happened."""
        ...


class SystemFlow(Struct, frozen=True):
    """One system: its word, its legs placed in the window, its pace, and what waits for it now.

    The OMS has whole orders for legs and no latency.
    """

    view: SystemView
    tally: Tally
    per_minute: float | None
    latency: Latency
    waiting: int
    overdue: int

    @property
    def open(self) -> int:
        """All that waits for it now, in time or not."""
        return self.waiting + self.overdue


class FlowStores(Struct, frozen=True):
    """What it takes to read the flow."""

    counts: CountStore
    flow: FlowStore


async def read_flow(
    stores: FlowStores, tenant: TenantId, template: Template, wanted: CountFilter, at: datetime
) -> tuple[SystemFlow, ...]:
    """The OMS first, then every leg in the order of the flow. `wanted` names no system."""
    systems = [ORDER, *template.legs]
    over, minutes = _pace_window(wanted, at)
    cells, standing, views, took, heard = await asyncio.gather(
        stores.counts.counts(tenant, wanted, systems),
        stores.flow.standing(tenant, systems, wanted.channel),
        read_systems(stores.counts, tenant, template, at),
        stores.flow.durations(tenant, [*template.legs], _coarse(wanted)),
        stores.flow.happened(tenant, HEARD, [template.oms, *template.legs], over),
    )
    flows = []
    for view in views:
        key = ORDER if view.system == template.oms else view.system
        flows.append(
            SystemFlow(
                view=view,
                tally=tally((cell for cell in cells if cell.system == key), template.currency),
                per_minute=heard.get(view.system, 0) / minutes if view.events else None,
                latency=latency(took.get(view.system, _NONE_TOOK)),
                waiting=standing.get((key, WAITING), 0),
                overdue=standing.get((key, OVERDUE), 0),
            )
        )
    return tuple(flows)


def _pace_window(wanted: CountFilter, at: datetime) -> tuple[CountFilter, float]:
    """The last minutes, the present one as far as it is, or those before the window ended."""
    ends = wanted.placed_to
    if ends is not None and ends <= at:
        return CountFilter(ends - RATE_OVER, ends), RATE_OVER / _MINUTE
    starts = minute_of(at) - RATE_OVER + _MINUTE
    return CountFilter(starts, minute_of(at) + _MINUTE), max(1.0, (at - starts) / _MINUTE)


def _coarse(wanted: CountFilter) -> CountFilter:
    """A long window from its first whole hour on, which saves adding up its first minutes."""
    starts, ends = wanted.placed_from, wanted.placed_to
    if starts is None or (ends is not None and ends - starts < _LONG):
        return wanted
    return CountFilter(floor(starts, timedelta(hours=1)), ends, wanted.channel)
