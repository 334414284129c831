"""What Prometheus is told: every tenant's totals and gauges as they stand in the database.

Read from there alone, so that every process gives the same answer and a restart loses nothing.
Words a sender may make up (channels, statuses, systems) become `other` unless the flow has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.app.known_templates import KnownTemplates, NoTemplate
from orderwatch.core.flow.template import Template
from orderwatch.core.model import System, TenantId
from orderwatch.core.tracking.counting import Total

OTHER: Final = "other"
NO_CHANNEL: Final = "none"
"""The label of orders that name no channel."""


class Standings(Struct, frozen=True):
    """One tenant's figures as the database has them."""

    totals: Mapping[Total, float]
    last_event_at: Mapping[System, datetime]
    parked: Mapping[System, int]
    dead_letters: Mapping[System, int]


class MetricStore(Protocol):
    """Where figures are read from. Every call raises Unavailable when the database is away."""

    async def enabled_tenants(self) -> list[tuple[TenantId, str]]:
        """All tenants that are not disabled, with their names."""
        ...

    async def standings(self, tenant: TenantId) -> Standings:
        """One tenant's figures."""
        ...


class TenantFigures(Struct, frozen=True):
    """One tenant's figures, their labels bounded by its flow."""

    tenant: str
    totals: dict[Total, float]
    last_event_at: dict[System, datetime]
    parked: dict[System, float]
    dead_letters: dict[System, float]


LABELS: Final[dict[str, tuple[str, ...]]] = {
    "events": ("system", "result"),
    "ingest_lag": ("system",),
    "orders_placed": ("channel",),
    "orders": ("channel", "class"),
    "order_duration": ("channel", "class"),
    "transmissions": ("system", "channel", "class"),
    "transmission_duration": ("system", "channel"),
    "transmissions_overdue": ("system",),
    "orders_open": ("channel", "status"),
    "orders_overdue": ("channel", "status"),
    "mismatches_open": ("type", "system"),
    "source_request_duration": ("connector", "outcome"),
    "notifications": ("channel", "result"),
    "detection_lag": ("rule",),
}
"""The labels of each total, in the order in which it is counted."""
_OF_THE_BOOK: Final = frozenset({"notifications", "detection_lag"})
"""Their labels are words of the alert book: its own are bounded already."""


async def read_metrics(metrics: MetricStore, templates: KnownTemplates) -> list[TenantFigures]:
    """The figures of all tenants that have a flow."""
    figures = []
    for tenant, name in await metrics.enabled_tenants():
        try:
            template = await templates.of(tenant)
        except NoTemplate:
            continue
        figures.append(figures_of(name, await metrics.standings(tenant), template))
    return figures


def figures_of(name: str, standings: Standings, template: Template) -> TenantFigures:
    """The figures under labels of the flow; what has none of its own is summed as `other`."""
    totals: dict[Total, float] = {}
    for total, value in standings.totals.items():
        names = LABELS.get(total.metric)
        if names is None or len(names) != len(total.labels):
            continue
        key = Total(total.metric, _labels(total, names, template), total.le)
        totals[key] = totals.get(key, 0) + value
    return TenantFigures(
        tenant=name,
        totals=totals,
        last_event_at={
            system: at
            for system, at in standings.last_event_at.items()
            if _bounded("system", system, template) == system
        },
        parked=_by_system(standings.parked, template),
        dead_letters=_by_system(standings.dead_letters, template),
    )


def _labels(total: Total, names: tuple[str, ...], template: Template) -> tuple[str, ...]:
    if total.metric in _OF_THE_BOOK:
        return total.labels
    return tuple(
        _bounded(label, text, template) for label, text in zip(names, total.labels, strict=True)
    )


def _by_system(counts: Mapping[System, int], template: Template) -> dict[System, float]:
    """Every system of the flow, zero when nothing is there, so that a chart shows it fall to it."""
    summed: dict[System, float] = dict.fromkeys(_systems(template), 0)
    for system, n in counts.items():
        label = _bounded("system", system, template)
        summed[label] = summed.get(label, 0) + n
    return summed


def _bounded(label: str, text: str, template: Template) -> str:
    known: Sequence[str] | Mapping[str, object]
    match label:
        case "system":
            known = _systems(template)
        case "channel":
            known = template.channels
            text = text or NO_CHANNEL
            if text == NO_CHANNEL:
                return text
        case "status":
            known = template.statuses
        case _:
            return text
    return text if text in known else OTHER


def _systems(template: Template) -> tuple[System, ...]:
    return (template.oms, *template.legs)
