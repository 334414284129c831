"""What a benchmark says in the end: a table for people, or one line of JSON for machines."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from orderwatch.adapters import clock
from orderwatch.entrypoints.cli.bench.figures import Result, shown
from orderwatch.entrypoints.cli.output import messages, say_json


def report(result: Result, postgresql: str, *, as_json: bool) -> None:
    """Tell the result; with `as_json` the table goes where progress goes."""
    console = messages if as_json else Console(highlight=False)
    console.print(_figures(result))
    console.print(_goals(result))
    if as_json:
        say_json(result.document(machine(postgresql)))


def machine(postgresql: str) -> dict[str, Any]:
    """What the figures depend on beside the program. `load` is what others do on this machine."""
    return {
        "date": f"{clock.now():%Y-%m-%d %H:%M} UTC",
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": postgresql,
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _figures(result: Result) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    for column in (result.bench, result.unit, "of the limit"):
        table.add_column(column, justify="left" if column == result.bench else "right")
    table.add_row(result.figure_is, shown(result.figure), shown(result.ratio))
    table.add_row(result.limit_is, shown(result.limit), "1")
    return table


def _goals(result: Result) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("goal", "wanted", "is", "verdict"):
        table.add_column(column, justify="left" if column in {"goal", "verdict"} else "right")
    for goal in result.goals:
        bound = "at most" if goal.at_most else "at least"
        verdict = f"[{'green' if goal.met else 'red'}]{goal.verdict}[/]"
        table.add_row(goal.what, f"{bound} {shown(goal.wanted)}", shown(goal.value), verdict)
    return table
