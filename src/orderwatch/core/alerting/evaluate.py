"""One round of evaluation: from what is known to what is decided. The pipeline is `STEPS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from orderwatch.core.alerting.conclude import conclude_findings, resolve_what_is_over
from orderwatch.core.alerting.join import join_causes, join_failed_notices
from orderwatch.core.alerting.situation import Round, Situation, begin
from orderwatch.core.alerting.tell import group_by_cause, tell

STEPS: Final[tuple[Callable[[Round], None], ...]] = (
    join_causes,
    join_failed_notices,
    conclude_findings,
    resolve_what_is_over,
    group_by_cause,
    tell,
)
"""Each step moves the round further; the order is the meaning."""


def evaluate(situation: Situation) -> Round:
    """Everything that has to be written and told, of this situation."""
    round_ = begin(situation)
    for step in STEPS:
        step(round_)
    return round_
