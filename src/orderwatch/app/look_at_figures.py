"""Which rounds of figures are due, and what they say: windows, silences, schedules, seasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.app.evaluate_alerts import Found
from orderwatch.app.read_figures import FigureStore
from orderwatch.core.alerting.book import Book, Look
from orderwatch.core.alerting.figures import Finding
from orderwatch.core.alerting.find import find
from orderwatch.core.alerting.schedules import due_schedules, find_due, wanted_of_due
from orderwatch.core.alerting.wanted import wanted_of
from orderwatch.core.flow.template import Template
from orderwatch.core.model import TenantId

SCHEDULE: Final = "schedule"
ROUNDS: Final[Mapping[str, tuple[timedelta, frozenset[Look]]]] = {
    "windows": (
        timedelta(seconds=30),
        frozenset({Look.WINDOW, Look.SILENCE, Look.REQUESTS, Look.MISMATCHES}),
    ),
    "season": (timedelta(minutes=1), frozenset({Look.SEASON})),
    SCHEDULE: (timedelta(seconds=10), frozenset({Look.SCHEDULE})),
}
"""How often each kind of round is due, and which looks it answers."""
_CLOCK_IS_OFF: Final = timedelta(seconds=1)


class LookAtFigures(Struct, frozen=True):
    """The port Figures of `evaluate_alerts.py`, on what the counters say."""

    store: FigureStore

    async def look(
        self,
        tenant: TenantId,
        book: Book,
        template: Template,
        done: Mapping[str, datetime],
        now: datetime,
    ) -> Found:
        """What is due since the rounds that were done, and what it says."""
        due = tuple(name for name, (every, _) in ROUNDS.items() if is_due(done, name, every, now))
        if not due:
            return Found()
        looked = frozenset(look for name in due for look in ROUNDS[name][1])
        counted = looked - {Look.SCHEDULE}
        findings: list[Finding] = []
        if counted:
            wanted = wanted_of(book, template, now, counted)
            figures = await self.store.figures(tenant, wanted)
            findings += find(book, template, figures, now, counted)
        if SCHEDULE in due:
            findings += await self._scheduled(tenant, book, done.get(SCHEDULE, now), now)
        return Found(findings, looked, due)

    async def _scheduled(
        self, tenant: TenantId, book: Book, last: datetime, now: datetime
    ) -> list[Finding]:
        due = due_schedules(book, last, now)
        if not due:
            return []
        figures = await self.store.figures(tenant, wanted_of_due(book, due, now))
        return find_due(book, due, figures)


def is_due(done: Mapping[str, datetime], name: str, every: timedelta, now: datetime) -> bool:
    """Whether a round has not been done for long enough; one of the future was a wrong clock."""
    last = done.get(name)
    return last is None or now - last >= every or last - now > _CLOCK_IS_OFF
