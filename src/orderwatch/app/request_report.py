"""Send the report now, since somebody asked for it: the same as when its schedule is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from orderwatch.app.evaluate_alerts import Alerting, Evaluated, Found, evaluate_alerts
from orderwatch.app.read_figures import FigureStore
from orderwatch.core.alerting.book import Book, Look
from orderwatch.core.alerting.schedules import Due, find_due, wanted_of_due
from orderwatch.core.errors import OrderwatchError
from orderwatch.core.flow.template import Template
from orderwatch.core.model import TenantId


class NoReport(OrderwatchError):
    """There is nothing to report, or no rule that would."""


async def request_report(
    alerting: Alerting, store: FigureStore, tenant: TenantId, book: Book, template: Template
) -> int:
    """Put the reports of the day before into the outbox; how many notices that makes.

    Raises NoReport, or Unavailable. `busy` evaluators are waited for by asking again.
    """
    due = due_on_request(book, alerting.now())
    if not due:
        raise NoReport("No enabled rule of the alert book reports on a schedule.")
    asked = replace(alerting, figures=_Requested(store, tuple(due)))
    told: Evaluated = await evaluate_alerts(asked, tenant, book, template)
    if told.busy:
        raise NoReport("The rules are being looked at this very moment: ask again.")
    if not told.notices:
        raise NoReport("No route of the alert book leads a report anywhere.")
    return told.notices


def due_on_request(book: Book, now: datetime) -> list[Due]:
    """The scheduled watches of rules that only tell, as if their time had come."""
    return [
        Due(rule.id, number, now)
        for rule in book.rules.values()
        if rule.enabled and rule.once
        for number, watch in enumerate(rule.watches)
        if watch.look is Look.SCHEDULE
    ]


class _Requested(Struct, frozen=True):
    """The port Figures: what the reports say, and nothing else."""

    store: FigureStore
    due: tuple[Due, ...]

    async def look(
        self,
        tenant: TenantId,
        book: Book,
        template: Template,  # noqa: ARG002 - the port's
        done: Mapping[str, datetime],  # noqa: ARG002 - the port's
        now: datetime,
    ) -> Found:
        """The day before, counted now."""
        figures = await self.store.figures(tenant, wanted_of_due(book, self.due, now))
        return Found(find_due(book, self.due, figures), frozenset({Look.SCHEDULE}))
