"""What a condition may ask of a cause: every name of the looks `order` and `deadline`."""

from __future__ import annotations

from datetime import datetime

from orderwatch.core.alerting.facts import Facts
from orderwatch.core.tracking.causes import Cause


def facts_of(cause: Cause, now: datetime) -> Facts:
    """The facts of a cause, as heard of now."""
    return {
        "what": cause.what,
        "class": cause.class_,
        "before": cause.before,
        "overdue": cause.overdue,
        "system": cause.system,
        "stage": cause.stage,
        "status": cause.status,
        "reason": cause.reason,
        "rule": cause.rule,
        "final": cause.final,
        "channel": cause.channel,
        "location": cause.location,
        "fulfilment": cause.fulfilment,
        "delivery": cause.delivery,
        "payment": cause.payment,
        "amount": float(cause.amount),
        "age_s": (now - cause.placed_at).total_seconds(),
        "late_s": max(0.0, (now - cause.deadline).total_seconds()) if cause.deadline else 0.0,
    }
