"""The summary: how many orders stand how, what they are worth, and which systems cannot be seen.

Asks counters alone, never orders or events, so it costs the same at any number of orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import asdict

from orderwatch.app.read_systems import SystemStore, SystemView, read_systems
from orderwatch.core.flow.template import Template
from orderwatch.core.model import System, TenantId
from orderwatch.core.reading.tally import Cell, Tally, tally
from orderwatch.core.reading.wanted import CountFilter
from orderwatch.core.tracking.counting import ORDER


class CountStore(SystemStore, Protocol):
    """Where counts are read from. Every call raises Unavailable when the database is away."""

    async def counts(
        self, tenant: TenantId, wanted: CountFilter, systems: Sequence[System]
    ) -> list[Cell]:
        """Sums by system, channel and bucket for these systems; ORDER is whole orders."""
        ...


class SystemTally(Tally, frozen=True, kw_only=True):
    """The legs of one system."""

    system: System
    title: str


class ChannelTally(Tally, frozen=True, kw_only=True):
    """The orders of one channel; None for orders that name none."""

    channel: str | None
    title: str


class Blind(Struct, frozen=True):
    """A system that orders wait for and that cannot be seen."""

    system: System
    since: datetime


class Summary(Tally, frozen=True, kw_only=True):
    """`GET /api/v1/summary`: orders placed in the window, or one system's legs of them."""

    from_: datetime | None = field(name="from")
    to: datetime | None
    channel: str | None
    system: System | None
    by_system: tuple[SystemTally, ...]
    by_channel: tuple[ChannelTally, ...]
    blind: tuple[Blind, ...]
    systems: tuple[SystemView, ...]


async def read_summary(
    counts: CountStore, tenant: TenantId, template: Template, wanted: CountFilter, at: datetime
) -> Summary:
    """Count what was placed in the window, and say which systems spoke when."""
    asked = [wanted.system] if wanted.system else [ORDER, *template.legs]
    cells = await counts.counts(tenant, wanted, asked)
    systems = await read_systems(counts, tenant, template, at)
    counted = [cell for cell in cells if cell.system == (wanted.system or ORDER)]
    return Summary(
        **asdict(tally(counted, template.currency)),
        from_=wanted.placed_from,
        to=wanted.placed_to,
        channel=wanted.channel,
        system=wanted.system,
        by_system=_by_system(cells, template, wanted.system),
        by_channel=_by_channel(counted, template),
        blind=tuple(
            Blind(one.system, one.blind_since) for one in systems if one.blind_since is not None
        ),
        systems=systems,
    )


def _by_system(
    cells: Sequence[Cell], template: Template, only: System | None
) -> tuple[SystemTally, ...]:
    """Every leg of the flow in its order, those nothing was sent to as well."""
    return tuple(
        SystemTally(
            **asdict(tally((c for c in cells if c.system == system), template.currency)),
            system=system,
            title=rule.title,
        )
        for system, rule in template.legs.items()
        if only in (None, system)
    )


def _by_channel(counted: Iterable[Cell], template: Template) -> tuple[ChannelTally, ...]:
    """The template's channels in its order, then other words as they come, then orders without."""
    cells: dict[str, list[Cell]] = {name: [] for name in template.channels}
    for cell in sorted(counted, key=lambda cell: (not cell.channel, cell.channel)):
        cells.setdefault(cell.channel, []).append(cell)
    return tuple(
        ChannelTally(
            **asdict(tally(those, template.currency)),
            channel=name or None,
            title=template.channels[name].title if name in template.channels else name,
        )
        for name, those in cells.items()
    )
