"""How polled APIs answered, and how many mismatches are open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from orderwatch.core.alerting.figures import Requests
from orderwatch.core.alerting.seen import Seen, View

MISMATCH_TYPES: Final = ("missing", "orphan", "status", "total", "timestamp", "duplicate")
"""About what two systems can disagree (the product page has their meaning)."""


def see_requests(view: View) -> Iterator[Seen]:
    """Each connector that asked something in the window; it is a system for the rule's scope."""
    asked = view.figures.requests.get(view.watch.over or timedelta(), {})
    for connector, answers in sorted(asked.items()):
        if view.concerns_system(connector):
            yield _seen_connector(connector, answers)


def _seen_connector(connector: str, answers: Requests) -> Seen:
    errors = answers.error + answers.timeout
    total = answers.ok + errors
    return Seen(
        group=connector,
        about={"connector": connector},
        facts={
            "connector": connector,
            "total": total,
            "errors": errors,
            "error_share": errors / total if total else 0.0,
        },
        volume=total,
    )


def see_mismatches(view: View) -> Iterator[Seen]:
    """Each type of which any are open, or for which the rule has a limit."""
    open_ = view.figures.mismatches
    for type_ in MISMATCH_TYPES:
        if type_ not in open_ and type_ not in view.rule.limits:
            continue
        n = open_.get(type_, 0)
        yield Seen(
            group=type_,
            about={"type": type_},
            facts={"type": type_, "open": n, "limit": view.rule.limits.get(type_, 0.0)},
            volume=n,
        )
