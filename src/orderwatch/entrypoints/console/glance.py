"""What the overview and the wall show at a glance: figures, map, trouble, orders per minute."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from orderwatch.app.read_flow import FlowStores, StepQuery, SystemFlow, read_flow
from orderwatch.app.read_series import Buckets, read_steps
from orderwatch.app.read_trouble import in_trouble
from orderwatch.core.reading.tally import Tally, tally
from orderwatch.core.reading.wanted import CountFilter, SeriesQuery
from orderwatch.core.tracking.counting import ORDER, minute_of
from orderwatch.core.tracking.passing import PASSED
from orderwatch.entrypoints.console import chart, flow_map
from orderwatch.entrypoints.console.figures import figures_of
from orderwatch.entrypoints.console.pages import Console, Visit
from orderwatch.entrypoints.console.sparks import sparks, step_of
from orderwatch.entrypoints.console.window import AGAINST, RANGES, Window

MOST_TROUBLE: Final = 8
_MINUTE: Final = timedelta(minutes=1)


async def glance(console: Console, visit: Visit, window: Window) -> dict[str, Any]:
    """Everything at once, from counters and a few orders."""
    tenant, template = visit.reader.tenant, visit.template
    stores = FlowStores(console.counts, console.flow)
    flows, then, lines, hour, found = await asyncio.gather(
        read_flow(stores, tenant, template, window.everywhere, visit.now),
        _tally(console, visit, window.before),
        _lines(console, visit, window),
        _last_hour(console, visit, window),
        console.trouble.worst(tenant, window.wanted, MOST_TROUBLE),
    )
    now = _chosen(flows, window).tally
    heard = {f.view.system: at for f in flows if (at := f.view.last_received_at) is not None}
    trouble = in_trouble(found, template, heard, window.system, visit.now)
    return {
        "visit": visit,
        "window": window,
        "ranges": RANGES,
        "against": AGAINST,
        "channels": _channels(visit, window),
        "now": now,
        "chosen": _chosen(flows, window),
        "figures": figures_of(now, then),
        "known_then": then.total > 0,
        "sparks": lines,
        "at_risk": Decimal(now.value.failed) + Decimal(now.value.overdue),
        "chart": hour,
        "map": flow_map.draw(flows, template),
        "blind": [flow.view for flow in flows if flow.view.blind_since],
        "trouble": trouble,
        "more_trouble": max(0, now.failed + now.overdue - len(trouble)),
        "first_day": all(flow.view.events == 0 for flow in flows),
    }


def _chosen(flows: Sequence[SystemFlow], window: Window) -> SystemFlow:
    """The system that was asked for; otherwise the OMS, which stands for whole orders."""
    return next((flow for flow in flows if flow.view.system == window.system), flows[0])


async def _tally(console: Console, visit: Visit, wanted: CountFilter) -> Tally:
    systems = [wanted.system or ORDER]
    cells = await console.counts.counts(visit.reader.tenant, wanted, systems)
    return tally(cells, visit.template.currency)


async def _lines(console: Console, visit: Visit, window: Window) -> dict[str, str]:
    step, first = step_of(window)
    ends = window.ends or minute_of(visit.now) + _MINUTE
    query = StepQuery(window.system or ORDER, step, first, ends, window.channel)
    steps = await console.flow.weighed_steps(visit.reader.tenant, query)
    return sparks(steps, [first + n * step for n in range(-((first - ends) // step))])


async def _last_hour(console: Console, visit: Visit, window: Window) -> chart.Chart:
    """The hour before the window ends, minute by minute."""
    ends = min(window.ends or visit.now + _MINUTE, minute_of(visit.now) + _MINUTE)
    ends = minute_of(ends)
    begins = ends - chart.MINUTES * _MINUTE
    series = SeriesQuery("orders_placed", _MINUTE, begins, ends, window.channel, window.system)
    query = StepQuery(window.system or ORDER, _MINUTE, begins, ends, window.channel)
    tenant = visit.reader.tenant
    counted, passed = await asyncio.gather(
        read_steps(console.steps, tenant, series),
        console.flow.happening_steps(tenant, PASSED, query),
    )
    minutes: Mapping[datetime, Buckets] = dict(counted)
    return chart.draw(minutes, ends - _MINUTE, passed)


def _channels(visit: Visit, window: Window) -> dict[str, str]:
    """The channels to choose from: the flow's, and one that was asked for by another word."""
    known = {name: channel.title for name, channel in visit.template.channels.items()}
    other = window.channel
    return known if other is None or other in known else known | {other: other}
