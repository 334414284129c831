"""Charts as the data a page carries for charts.js, with each value in the reader's words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from orderwatch.entrypoints.console import words
from orderwatch.entrypoints.console.chart import STACK, Chart, Column
from orderwatch.entrypoints.console.languages import gettext, ngettext, number
from orderwatch.entrypoints.console.latency_chart import LatencyChart, Moment


class Plot(Struct, frozen=True):
    """Lines or stacked bars over time: `t` in seconds, a value (or None) for each in each row.

    `said` is what each step is in words; `empty` stands in place of a picture without values.
    """

    kind: str
    t: list[float]
    step: float
    rows: dict[str, list[float | None]]
    said: list[str]
    empty: str = ""
    marks: list[int] = []
    allowed: float | None = None
    allowed_said: str = ""


def of_orders(chart: Chart) -> Plot:
    """Orders stacked by state, and where deadlines passed."""
    none = gettext("no order was placed in this time")
    return Plot(
        kind="orders",
        t=_seconds([column.at for column in chart.columns]),
        step=chart.step.total_seconds(),
        rows={s: [column.counts.get(s, 0) for column in chart.columns] for s in STACK},
        said=[_orders(column) for column in chart.columns],
        empty="" if chart.total else none,
        marks=[column.passed for column in chart.columns],
    )


def _orders(column: Column) -> str:
    counts = [
        gettext("%(n)s %(state)s", n=number(n), state=words.STATE_WORDS[state].lower())
        for state, n in column.counts.items()
    ]
    text = ", ".join([ngettext("%(num)s order", "%(num)s orders", column.total), *counts])
    if not column.passed:
        return text
    passed = ngettext("%(num)s deadline passed", "%(num)s deadlines passed", column.passed)
    return f"{text}; {passed}"


def of_latency(chart: LatencyChart) -> Plot:
    """How long it took, and how long it may take."""
    allowed = chart.allowed
    told = words.round_length(allowed) if allowed is not None else ""
    return Plot(
        kind="latency",
        t=_seconds([moment.at for moment in chart.moments]),
        step=chart.step.total_seconds(),
        rows={
            "tail": [_length(moment.latency.p95) for moment in chart.moments],
            "half": [_length(moment.latency.p50) for moment in chart.moments],
        },
        said=[_latency(moment) for moment in chart.moments],
        empty="" if chart.n else gettext("nothing ended in this time"),
        allowed=_length(allowed),
        allowed_said=gettext("allowed %(time)s", time=told) if allowed is not None else "",
    )


def _latency(moment: Moment) -> str:
    took = moment.latency
    if took.p50 is None or took.p95 is None:
        return ""
    return gettext(
        "%(n)s ended, half within %(half)s, 95 in 100 within %(most)s",
        n=number(took.n),
        half=words.took(took.p50),
        most=words.took(took.p95),
    )


def _seconds(times: Sequence[datetime]) -> list[float]:
    return [at.timestamp() for at in times]


def _length(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
