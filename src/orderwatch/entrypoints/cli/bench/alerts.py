"""`bench alerts`: a simulated day's truth file against what the default rules raised of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from orderwatch.adapters.shipped import shipped_alerts, shipped_templates
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.parse import parse_book
from orderwatch.core.flow.parse import parse_template
from orderwatch.core.flow.template import Template
from orderwatch.core.simulation.faults import FaultPlan, FaultRule
from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O
from orderwatch.core.simulation.simulate import simulate
from orderwatch.core.simulation.truth import Truth
from orderwatch.entrypoints.cli.bench.figures import Goal, Result
from orderwatch.entrypoints.cli.bench.ground import BenchFailed
from orderwatch.entrypoints.cli.bench.raised import Found, Raised, by_kind, false_alarms, missed
from orderwatch.entrypoints.cli.bench.replay import Replay

BEGIN: Final = datetime.fromisoformat("2026-01-05T00:00:00+07:00")
"""A Monday."""
GOAL: Final = 0.95
_NOON: Final = 12 * 3600.0
_SILENT_FOR: Final = 20 * 60.0
BAD_DAY: Final[FaultPlan] = (
    FaultRule(kind="rejected", rate=0.02),
    FaultRule(kind="declined", rate=0.02),
    FaultRule(kind="out_of_stock", rate=0.015),
    FaultRule(kind="stuck", rate=0.02),
    FaultRule(kind="slow", rate=0.02, system="commerce_engine", factor=60),
    FaultRule(kind="wrong_total", rate=0.01),
    FaultRule(kind="clock_skew", rate=0.01),
    FaultRule(kind="regression", rate=0.01),
    FaultRule(kind="lost", rate=0.02),
    FaultRule(kind="malformed", rate=0.01),
    FaultRule(kind="duplicate", rate=0.02, copies=2),
    FaultRule(kind="shuffled", rate=0.05, spread=600),
    FaultRule(kind="silent", rate=1, system="stock", since=_NOON, until=_NOON + _SILENT_FOR),
)
"""Every kind, a few orders in a hundred; the stock system says nothing for twenty minutes."""
_MOST_NAMED: Final = 20


class AlertSizes(Struct, frozen=True):
    """How many orders a day has, and which day it is."""

    orders: int
    seed: int


def bench_alerts(sizes: AlertSizes) -> tuple[Result, Mapping[str, Found]]:
    """One day; what was raised of it, by kind of fault."""
    template, book = _shipped()
    truths: list[Truth] = []
    plan = replace(LOTUS_O2O, orders=sizes.orders, per_day=float(sizes.orders))
    replay = Replay(template, book)
    began = time.monotonic()
    asyncio.run(replay.play(simulate(plan, sizes.seed, BEGIN, BAD_DAY, truths.append)))
    took = time.monotonic() - began
    raised = _raised(replay, truths)
    found = by_kind(truths, raised, template)
    wrong = false_alarms(truths, raised)
    more = {
        "orders": len(truths),
        "events": replay.events,
        "seconds": round(took, 1),
        "kinds": {kind: one.document() for kind, one in found.items()},
        "rules": {
            rule: {"orders": told, "false": len(ids), "which": ids[:_MOST_NAMED]}
            for rule, (told, ids) in wrong.items()
        },
        "missed": [f"{kind} {order}" for kind, order in missed(truths, raised, template)][
            :_MOST_NAMED
        ],
        "silence_told_after_s": _silence_told(replay),
        "that_day": _that_day(replay),
    }
    return _result(list(found.values()), wrong, more), found


def show(found: Mapping[str, Found], console: Console) -> None:
    """A line for each kind of fault."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("fault", "orders", "to be seen", "seen", "recall", "precision"):
        table.add_column(column, justify="left" if column == "fault" else "right")
    for kind, one in found.items():
        counts = (str(one.orders), str(one.wanted), str(one.seen) if one.wanted else "")
        table.add_row(kind, *counts, _percent(one.recall), _percent(one.precision))
    console.print(table)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f} %"


def _shipped() -> tuple[Template, Book]:
    template = parse_template(shipped_templates()["lotus-o2o"].read_text("utf-8"))
    if not isinstance(template, Template):
        raise BenchFailed("The flow template that ships is not valid.")
    book = parse_book(shipped_alerts(), template)
    if not isinstance(book, Book):
        raise BenchFailed("The alert rules that ship are not valid.")
    return template, book


def _raised(replay: Replay, truths: Sequence[Truth]) -> list[Raised]:
    """Incidents with their orders; a mismatch counts orders, and says not which."""
    alerts = replay.alerts
    raised = [
        Raised(one.rule, frozenset(alerts.places[one.id]))
        for one in alerts.incidents.values()
        if alerts.places.get(one.id)
    ]
    disagreeing = frozenset(
        truth.order_id
        for truth in truths
        for fault in truth.faults
        if fault.kind == "wrong_total" and _goes_on(replay, fault.at)
    )
    return [*raised, Raised("mismatch", disagreeing)] if disagreeing else raised


def _goes_on(replay: Replay, at: datetime) -> bool:
    """Whether totals are said to disagree once this amount was heard."""
    return any(
        one.rule == "mismatch" and (one.resolved_at is None or one.resolved_at > at)
        for one in replay.alerts.incidents.values()
    )


def _silence_told(replay: Replay) -> float | None:
    """How long after the stock system's last word its silence was told."""
    begins = BEGIN + timedelta(seconds=_NOON)
    told = [
        (one.fired_at - begins).total_seconds()
        for one in replay.alerts.incidents.values()
        if one.rule == "system_silent"
        and one.about.get("system") == "stock"
        and begins <= one.fired_at <= begins + timedelta(seconds=_SILENT_FOR)
    ]
    return min(told, default=None)


def _that_day(replay: Replay) -> dict[str, dict[str, int]]:
    """How much was told while orders came: the days after it only see the last ones delivered."""
    ends = BEGIN + timedelta(days=1)
    incidents = [one for one in replay.alerts.incidents.values() if one.fired_at < ends]
    silent = [str(one.about["system"]) for one in incidents if one.rule == "system_silent"]
    told = [str(one.message.kind) for one in replay.alerts.notices if one.due_at < ends]
    return {
        "incidents": dict(Counter(one.rule for one in incidents)),
        "silences": dict(Counter(silent)),
        "notices": dict(Counter(told)),
    }


def _result(
    found: Sequence[Found], wrong: Mapping[str, tuple[int, list[Any]]], more: dict[str, Any]
) -> Result:
    wanted, seen = sum(one.wanted for one in found), sum(one.seen for one in found)
    told = sum(number for number, _ in wrong.values())
    recall = seen / wanted if wanted else 1.0
    precision = 1 - sum(len(ids) for _, ids in wrong.values()) / told if told else 1.0
    return Result(
        bench="alerts",
        figure=recall,
        limit=1.0,
        unit="share",
        figure_is="faults that matter, found by a fitting rule",
        limit_is="all of them",
        runs=[{"recall": recall, "precision": precision}],
        goals=[Goal("recall", recall, GOAL), Goal("precision", precision, GOAL)],
        more=more | {"recall": round(recall, 4), "precision": round(precision, 4)},
    )
