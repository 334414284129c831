"""`/systems`: every system of the flow, and one of them looked at closely."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from litestar import get
from litestar.exceptions import NotFoundException
from msgspec.structs import replace

from orderwatch.app.read_flow import FlowStores, StepQuery, SystemFlow, read_flow
from orderwatch.app.read_series import read_steps
from orderwatch.app.read_system import FailureReason
from orderwatch.app.read_trouble import in_trouble
from orderwatch.core.model import System
from orderwatch.core.reading.wanted import SeriesQuery
from orderwatch.core.tracking.counting import minute_of
from orderwatch.core.tracking.passing import HEARD, PASSED
from orderwatch.entrypoints.console import chart, latency_chart
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)
from orderwatch.entrypoints.console.sparks import path, step_of
from orderwatch.entrypoints.console.window import RANGES, Window, window_of

MOST_REASONS: Final = 10
MOST_TROUBLE: Final = 6
_MINUTE: Final = timedelta(minutes=1)


def system_address(system: System) -> str:
    """Where a system's page is."""
    return f"/systems/{quote(system, safe='')}"


@get("/systems", include_in_schema=False)
async def systems_page(request: AnyRequest, console: TheConsole, reader: TheReader) -> Page:
    """All of them in a table."""
    visit = await visit_of(console, reader)
    return render("systems.html", await _systems(console, visit, _window(request, visit)))


@get("/live/systems", include_in_schema=False)
async def systems_live(request: AnyRequest, console: TheConsole, reader: TheReader) -> Page:
    """What moves in it."""
    visit = await visit_of(console, reader)
    return render("systems_live.html", await _systems(console, visit, _window(request, visit)))


@get("/systems/{system:str}", include_in_schema=False)
async def system_page(
    request: AnyRequest, console: TheConsole, reader: TheReader, system: str
) -> Page:
    """One of them."""
    visit = await visit_of(console, reader)
    return render("system.html", await _system(console, visit, _window(request, visit), system))


@get("/live/systems/{system:str}", include_in_schema=False)
async def system_live(
    request: AnyRequest, console: TheConsole, reader: TheReader, system: str
) -> Page:
    """What moves on its page."""
    visit = await visit_of(console, reader)
    context = await _system(console, visit, _window(request, visit), system)
    return render("system_live.html", context)


def _window(request: AnyRequest, visit: Visit) -> Window:
    given = {name: v for name, v in request.query_params.items() if name != "system"}
    return window_of(given, visit)


async def _systems(console: Console, visit: Visit, window: Window) -> dict[str, Any]:
    tenant, template = visit.reader.tenant, visit.template
    stores = FlowStores(console.counts, console.flow)
    step, begins, ends = _steps(window, visit)
    flows, heard = await asyncio.gather(
        read_flow(stores, tenant, template, window.everywhere, visit.now),
        asyncio.gather(
            *(
                console.flow.happening_steps(tenant, HEARD, StepQuery(one, step, begins[0], ends))
                for one in (template.oms, *template.legs)
            )
        ),
    )
    return _frame(visit, window) | {
        "flows": flows,
        "lines": [path([float(each.get(at, 0)) for at in begins]) for each in heard],
        "blind": [flow.view for flow in flows if flow.view.blind_since],
    }


async def _system(console: Console, visit: Visit, window: Window, system: System) -> dict[str, Any]:
    tenant, template = visit.reader.tenant, visit.template
    rule = template.legs.get(system)
    if rule is None:
        raise NotFoundException(
            _(
                "There is no system %(system)s downstream in this flow. "
                "The systems page lists them.",
                system=repr(system),
            )
        )
    at_it = replace(window, system=system)
    step, begins, ends = _steps(window, visit)
    query = StepQuery(system, step, begins[0], ends, window.channel)
    series = SeriesQuery("orders_placed", step, begins[0], ends, window.channel, system)
    stores = FlowStores(console.counts, console.flow)
    flows, took, placed, passed = await asyncio.gather(
        read_flow(stores, tenant, template, window.everywhere, visit.now),
        console.flow.duration_steps(tenant, query),
        read_steps(console.steps, tenant, series),
        console.flow.happening_steps(tenant, PASSED, query),
    )
    failures, unhandled, found = await asyncio.gather(
        console.one_system.failures(tenant, system, window.starts, window.ends),
        console.one_system.unhandled(tenant, system),
        console.trouble.worst(tenant, at_it.wanted, MOST_TROUBLE),
    )
    flow = next(flow for flow in flows if flow.view.system == system)
    heard = {f.view.system: at for f in flows if (at := f.view.last_received_at) is not None}
    trouble = in_trouble(found, template, heard, system, visit.now)
    return _frame(visit, window) | {
        "system": system,
        "rule": rule,
        "flow": flow,
        "latency": latency_chart.draw(took, begins, step, rule.threshold.of(window.channel)),
        "chart": chart.draw_steps(begins, step, dict(placed), passed),
        "step": step,
        "reasons": _reasons(failures),
        "failures": sum(reason.n for reason in failures),
        "unhandled": unhandled,
        "trouble": trouble,
        "more_trouble": max(0, flow.tally.failed + flow.tally.overdue - len(trouble)),
        "after": _after(system, flows, visit),
    }


def _frame(visit: Visit, window: Window) -> dict[str, Any]:
    return {"visit": visit, "window": window, "ranges": RANGES, "system_address": system_address}


def _steps(window: Window, visit: Visit) -> tuple[timedelta, list[datetime], datetime]:
    """The steps of the window, each by its beginning, and where the last one ends."""
    step, first = step_of(window)
    ends = window.ends or minute_of(visit.now) + _MINUTE
    number = -((first - ends) // step)
    return step, [first + n * step for n in range(number)], ends


def _reasons(failures: Sequence[FailureReason]) -> list[tuple[FailureReason, float]]:
    """The most frequent, each with its length in percent of the first's."""
    most = max((reason.n for reason in failures), default=1)
    return [(reason, round(100 * reason.n / most, 2)) for reason in failures[:MOST_REASONS]]


def _after(system: System, flows: Sequence[SystemFlow], visit: Visit) -> list[SystemFlow]:
    """The systems that wait for this one."""
    waiting = {rule.system for rule in visit.template.legs.values() if system in rule.starts}
    return [flow for flow in flows if flow.view.system in waiting]
