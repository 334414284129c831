"""The metrics in Prometheus's text format, with this process's own beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final, Literal

from msgspec import Struct
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from orderwatch.app.read_metrics import LABELS, TenantFigures
from orderwatch.core.alerting.telling import DETECTION_BOUNDS_S
from orderwatch.core.tracking.counting import (
    DURATION_BOUNDS_S,
    LAG_BOUNDS_S,
    ORDER_BOUNDS_S,
    Total,
)
from orderwatch.core.tracking.requests import REQUEST_BOUNDS_S

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_INFINITE: Final = "+Inf"


class Described(Struct, frozen=True):
    """One total as a metric: its name, what it says, and for a histogram its bounds."""

    total: str
    kind: Literal["counter", "gauge", "histogram"]
    name: str
    help: str
    bounds: tuple[float, ...] = ()


DESCRIBED: Final = (
    Described("events", "counter", "events", "Events received, by what became of them."),
    Described(
        "transmissions", "counter", "transmissions", "Legs of orders by the class they reached."
    ),
    Described(
        "transmission_duration",
        "histogram",
        "transmission_duration_seconds",
        "How long legs took that have ended.",
        DURATION_BOUNDS_S,
    ),
    Described("orders", "counter", "orders", "Orders by class, counted when they reach it."),
    Described("orders_placed", "counter", "orders_placed", "Orders that were announced."),
    Described(
        "order_duration",
        "histogram",
        "order_duration_seconds",
        "From placing until an order succeeded or failed.",
        ORDER_BOUNDS_S,
    ),
    Described("orders_open", "gauge", "orders_open", "Orders that are Delayed now."),
    Described(
        "orders_overdue", "gauge", "orders_overdue", "Orders that are past their deadline now."
    ),
    Described(
        "transmissions_overdue",
        "gauge",
        "transmissions_overdue",
        "Legs that are past their deadline now.",
    ),
    Described(
        "mismatches_open",
        "gauge",
        "mismatches_open",
        "What systems contradict the OMS about now.",
    ),
    Described(
        "ingest_lag",
        "histogram",
        "ingest_lag_seconds",
        "How long after it happened an event arrived.",
        LAG_BOUNDS_S,
    ),
    Described(
        "source_request_duration",
        "histogram",
        "source_request_duration_seconds",
        "How long polled systems took to answer.",
        REQUEST_BOUNDS_S,
    ),
    Described(
        "notifications",
        "counter",
        "notifications",
        "Notices by channel: sent, merged into a digest, failed for good; and tries put off.",
    ),
    Described(
        "detection_lag",
        "histogram",
        "detection_lag_seconds",
        "From a cause until the notice of it was taken by its channel.",
        DETECTION_BOUNDS_S,
    ),
)


class Exposition:
    """Renders the figures of all tenants; a scrape at a time."""

    def __init__(self) -> None:
        """The metrics of this process are collected anew at each scrape."""
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        GCCollector(registry=self._process)

    def render(self, figures: Sequence[TenantFigures]) -> bytes:
        """The whole page."""
        registry = CollectorRegistry()
        registry.register(_Figures(figures))
        return generate_latest(registry) + generate_latest(self._process)


class _Figures(Collector):
    def __init__(self, figures: Sequence[TenantFigures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Every family of ours, those without samples as well."""
        for described in DESCRIBED:
            yield _family(described, self._figures)
        yield _by_system(
            "system_last_event_timestamp_seconds",
            "When the last event a system told of happened.",
            (
                (one.tenant, system, at.timestamp())
                for one in self._figures
                for system, at in one.last_event_at.items()
            ),
        )
        yield _by_system(
            "parked_events",
            "Events that wait for their order to be announced.",
            ((f.tenant, system, n) for f in self._figures for system, n in f.parked.items()),
        )
        yield _by_system(
            "dead_letters_open",
            "Messages that could not be understood or applied, and wait for a person.",
            ((f.tenant, system, n) for f in self._figures for system, n in f.dead_letters.items()),
        )


def _family(described: Described, figures: Sequence[TenantFigures]) -> Metric:
    name, labels = f"orderwatch_{described.name}", ("tenant", *LABELS[described.total])
    if described.kind == "histogram":
        return _histogram(described, name, labels, figures)
    kind = CounterMetricFamily if described.kind == "counter" else GaugeMetricFamily
    family = kind(name, described.help, labels=labels)
    for one in figures:
        for total, value in sorted(one.totals.items()):
            if total.metric == described.total:
                family.add_metric([one.tenant, *total.labels], value)
    return family


def _histogram(
    described: Described, name: str, labels: Sequence[str], figures: Sequence[TenantFigures]
) -> Metric:
    """The buckets are stored apart, each with what fell into it, and add up here."""
    family = HistogramMetricFamily(name, described.help, labels=labels)
    for one in figures:
        told = {total.labels for total in one.totals if total.metric == described.total}
        for values in sorted(told):
            family.add_metric(
                [one.tenant, *values],
                buckets=_buckets(described, values, one),
                sum_value=one.totals.get(Total(described.total, values, "sum"), 0.0),
            )
    return family


def _buckets(
    described: Described, values: tuple[str, ...], figures: TenantFigures
) -> list[tuple[str, float]]:
    stored = [*map(str, described.bounds), _INFINITE]
    shown = [*map(floatToGoString, described.bounds), _INFINITE]
    counts = (figures.totals.get(Total(described.total, values, le), 0.0) for le in stored)
    return list(zip(shown, accumulate(counts), strict=True))


def _by_system(
    name: str, help_: str, samples: Iterable[tuple[str, str, float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"orderwatch_{name}", help_, labels=("tenant", "system"))
    for tenant, system, value in samples:
        family.add_metric([tenant, system], value)
    return family
