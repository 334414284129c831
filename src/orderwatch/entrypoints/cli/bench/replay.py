"""A simulated day through the real fold and the real rules, with the clock of the simulation.

In memory, by the parts that a backtest uses: they pass the same tests as those in PostgreSQL, and a
day takes seconds instead of a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Raw

from orderwatch.app.backtest_rules import STEP, NothingTelling
from orderwatch.app.evaluate_alerts import Alerting, evaluate_alerts
from orderwatch.app.look_at_figures import LookAtFigures
from orderwatch.app.remembered_alerts import RememberedAlerts
from orderwatch.app.remembered_figures import RememberedFigures
from orderwatch.app.remembered_ledger import RememberedLedger
from orderwatch.core.alerting.book import Book
from orderwatch.core.flow.template import Template
from orderwatch.core.ingest.batch import Candidate
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.model import ReceivedEvent, TenantId
from orderwatch.core.simulation.simulate import SimulatedMessage
from orderwatch.core.tracking.changes import Changes

_TENANT: Final = TenantId(0)
_TOGETHER: Final = timedelta(seconds=1)
"""Messages of one second arrive together."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_LATER: Final = timedelta(minutes=10)
"""How often the clock ticks once the day is over and only deliveries go on."""


class Replay:
    """One shop, from the first message until nothing moves any more."""

    def __init__(self, template: Template, book: Book) -> None:
        """Nothing was heard yet."""
        self._template, self._book = template, book
        self._ledger = RememberedLedger(template)
        self._figures = RememberedFigures()
        self._now = self._day_ends = _LONG_AGO
        self.alerts = RememberedAlerts()
        self.events = 0
        figures = LookAtFigures(self._figures)
        self._alerting = Alerting(self.alerts, figures, NothingTelling(), lambda: self._now)

    async def play(self, messages: Iterable[SimulatedMessage]) -> None:
        """Hear every message at its instant, and watch until the last deadline."""
        for at, together in _by_second(messages):
            if not self.events:
                self._now, self._day_ends = at, at + _DAY
            await self._wait_until(at)
            heard = [_received(candidate, at) for candidate in _understood(together)]
            self.events += len(heard)
            await self._take(self._ledger.hear(heard, at))
        while (due := self._ledger.next_deadline()) is not None:
            await self._wait_until(due + STEP)

    async def _wait_until(self, end: datetime) -> None:
        while self._now < end:
            tick = min(self._now + (STEP if self._now < self._day_ends else _LATER), end)
            due = self._ledger.next_deadline()
            self._now = max(self._now, due) if due is not None and due < tick else tick
            await self._take(self._ledger.watch(self._now))

    async def _take(self, changes: Changes) -> None:
        self._figures.take(changes)
        self._figures.words = self.alerts.words = self._ledger.words
        self._figures.spoke_of = self._ledger.spoke_of
        self.alerts.causes += changes.causes
        while (await evaluate_alerts(self._alerting, _TENANT, self._book, self._template)).more:
            pass


def _by_second(
    messages: Iterable[SimulatedMessage],
) -> Iterator[tuple[datetime, list[SimulatedMessage]]]:
    at, together = _LONG_AGO, list[SimulatedMessage]()
    for message in messages:
        second = message.send_at.replace(microsecond=0) + _TOGETHER
        if second != at and together:
            yield at, together
            together = []
        at = second
        together.append(message)
    if together:
        yield at, together


def _understood(messages: Iterable[SimulatedMessage]) -> Iterator[Candidate]:
    """As the door judges them; what cannot be trusted gets no further."""
    for message in messages:
        judged = judge_event(0, message.body, Limits())
        if isinstance(judged, Candidate):
            yield judged


def _received(candidate: Candidate, at: datetime) -> ReceivedEvent:
    return ReceivedEvent(candidate.event, at, Raw(candidate.text))
