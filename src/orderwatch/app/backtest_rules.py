"""What a rule would have raised on the recorded past, as it was known at the time.

The events of the past are heard again in the order of their arrival, by the same fold, with the
clock where it stood; the same evaluation concludes from them, for a draft and for what is in force,
side by side. Nobody is told, nothing is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from orderwatch.app.evaluate_alerts import Alerting, evaluate_alerts
from orderwatch.app.look_at_figures import ROUNDS, LookAtFigures
from orderwatch.app.remembered_alerts import RememberedAlerts
from orderwatch.app.remembered_figures import RememberedFigures
from orderwatch.app.remembered_ledger import RememberedLedger
from orderwatch.core.alerting.book import Book, Look, Rule
from orderwatch.core.alerting.incident import Incident
from orderwatch.core.errors import OrderwatchError
from orderwatch.core.flow.template import Template
from orderwatch.core.model import OrderId, ReceivedEvent, TenantId
from orderwatch.core.saying import sentence
from orderwatch.core.tracking.causes import Cause
from orderwatch.core.tracking.changes import Changes

STEP: Final = timedelta(seconds=30)
"""How often the clock of a replay ticks: what only time moves is seen as late as that."""
MOST_NAMED: Final = 100
"""Orders that are named of each incident."""
_FORGET_EVERY: Final = timedelta(hours=1)
_COUNTED: Final = frozenset(look for _, looks in ROUNDS.values() for look in looks)
_OF_NOTHING_RECORDED: Final = frozenset({Look.NOTICE, Look.INCIDENT, Look.REQUESTS})


class CannotBacktest(OrderwatchError):
    """This rule cannot be tried on the past."""


class Past(Protocol):
    """The recorded events by their arrival. Every call raises Unavailable."""

    async def count(self, tenant: TenantId, since: datetime, until: datetime) -> int:
        """How many events arrived in [since, until)."""
        ...

    def arrived(
        self, tenant: TenantId, since: datetime, until: datetime
    ) -> AsyncIterator[list[ReceivedEvent]]:
        """Those events in the order of their arrival; what arrived together comes together."""
        ...

    async def history(
        self, tenant: TenantId, order_ids: Collection[OrderId], before: datetime
    ) -> Mapping[OrderId, Sequence[ReceivedEvent]]:
        """All that arrived earlier of these orders."""
        ...


class Episode(Struct, frozen=True, kw_only=True):
    """One incident a rule would have raised. `orders` names the first of `number`.

    `group` is of what among all that the rule tells apart; `about` what was known in the end.
    """

    title: str
    group: str
    about: dict[str, str | float | bool]
    cause_at: datetime
    fired_at: datetime
    resolved_at: datetime | None
    number: int
    money: Decimal
    currency: str
    orders: tuple[OrderId, ...]
    notices: int


class Backtest(Struct, frozen=True, kw_only=True):
    """What a rule would have raised: by the draft, and by what is in force (None: no such rule)."""

    rule: str
    since: datetime
    until: datetime
    events: int
    orders: int
    draft: tuple[Episode, ...]
    active: tuple[Episode, ...] | None


class Trial(Struct, frozen=True):
    """A rule of a draft, and of the book in force, on a stretch of the past of one flow."""

    rule: str
    draft: Book
    active: Book
    template: Template
    since: datetime
    until: datetime


async def backtest_rule(
    past: Past, tenant: TenantId, trial: Trial, reached: Callable[[int], None] = lambda _: None
) -> Backtest:
    """Replay the past; `reached` hears how many events were. Raises CannotBacktest.

    It computes for long, and lets others of its event loop come in between.
    """
    _check(trial)
    replay = _Replay(trial)
    orders = events = 0
    async for arrived in past.arrived(tenant, trial.since, trial.until):
        now = arrived[0].received_at
        orders += await _recall(past, tenant, replay.ledger, arrived, trial.since)
        await replay.wait_until(now)
        await replay.hear(arrived, now)
        events += len(arrived)
        reached(events)
    await replay.wait_until(trial.until)
    await replay.finish()
    sides = replay.sides
    return Backtest(
        rule=trial.rule,
        since=trial.since,
        until=trial.until,
        events=events,
        orders=orders,
        draft=sides[0].episodes(),
        active=sides[1].episodes() if trial.rule in trial.active.rules else None,
    )


async def _recall(
    past: Past,
    tenant: TenantId,
    ledger: RememberedLedger,
    arrived: Sequence[ReceivedEvent],
    since: datetime,
) -> int:
    """Remember what was known of the orders of these events; how many are new since then."""
    unknown = ledger.unknown(arrived)
    if not unknown:
        return 0
    now = arrived[0].received_at
    earlier = await past.history(tenant, unknown, now)
    for order_id, known in earlier.items():
        ledger.recall(order_id, known, now)
    let_go = sum(any(one.received_at >= since for one in known) for known in earlier.values())
    return len(unknown) - let_go


def can_backtest(rule: Rule) -> bool:
    """Whether what a rule looks at is recorded."""
    return not {watch.look for watch in rule.watches} <= _OF_NOTHING_RECORDED


def _check(trial: Trial) -> None:
    rule = trial.draft.rules.get(trial.rule)
    if rule is None:
        known = ", ".join(trial.draft.rules)
        raise CannotBacktest(
            sentence(
                "There is no rule %(rule)s; the book has %(known)s.", rule=trial.rule, known=known
            )
        )
    if not can_backtest(rule):
        looks = ", ".join(sorted({watch.look for watch in rule.watches}))
        raise CannotBacktest(
            sentence(
                "Rule %(rule)s looks at what is not recorded with orders (%(looks)s); "
                "it can only be watched from now on.",
                rule=trial.rule,
                looks=looks,
            )
        )


class _Side:
    """One book at work on the replay."""

    def __init__(self, book: Book, rule: str, figures: RememberedFigures) -> None:
        own = book.rules.get(rule)
        rules = {rule: replace(own, enabled=True)} if own else {}
        self.book = replace(book, rules=rules)
        self.alerts = RememberedAlerts()
        self._figures = figures
        self._rule = rule
        looks = {watch.look for watch in own.watches} if own else set()
        self.needs_ticks = bool(looks & _COUNTED)

    async def evaluate(
        self, causes: Sequence[Cause], template: Template, now: datetime, *, ticks: bool
    ) -> None:
        """Let causes find their incidents; the rest is looked at when the clock `ticks`."""
        if not self.book.rules:
            return
        self.alerts.causes += causes
        if not (self.alerts.causes or (ticks and (self.needs_ticks or self.alerts.under_way))):
            return
        alerting = Alerting(
            self.alerts, LookAtFigures(self._figures), NothingTelling(), lambda: now
        )
        while (await evaluate_alerts(alerting, TenantId(0), self.book, template)).more:
            pass

    def episodes(self) -> tuple[Episode, ...]:
        return tuple(self._episode(one) for one in self.alerts.incidents.values())

    def _episode(self, one: Incident) -> Episode:
        places = self.alerts.places.get(one.id, {})
        return Episode(
            title=one.title,
            group=one.group,
            about=one.about,
            cause_at=one.cause_at,
            fired_at=one.fired_at,
            resolved_at=one.resolved_at,
            number=one.orders,
            money=one.money,
            currency=one.currency,
            orders=tuple(sorted(places))[:MOST_NAMED],
            notices=sum(1 for notice in self.alerts.notices if notice.incident == one.id),
        )


class NothingTelling:
    """The port Commonality of a replay: nobody reads it."""

    async def of(self, *_: object) -> str:
        """Nothing."""
        return ""


class _Replay:
    """The past, heard again."""

    def __init__(self, trial: Trial) -> None:
        self._template = trial.template
        self._now = trial.since
        self._tick = trial.since + STEP
        self._forget_at = trial.since + _FORGET_EVERY
        self.ledger = RememberedLedger(trial.template)
        self._figures = RememberedFigures()
        books = (trial.draft, trial.active)
        self.sides = [_Side(book, trial.rule, self._figures) for book in books]

    async def hear(self, events: Sequence[ReceivedEvent], now: datetime) -> None:
        await self._take(self.ledger.hear(events, now), now, ticks=False)

    async def wait_until(self, end: datetime) -> None:
        """Let the clock go on: deadlines pass when they do, and rules are looked at."""
        for at, ticks in self._instants(end):
            await self._take(self.ledger.watch(at), at, ticks=ticks)
        self._now = end
        if self._now >= self._forget_at:
            self.ledger.forget_settled(self._now)
            self._forget_at = self._now + _FORGET_EVERY

    async def finish(self) -> None:
        """Look at the end once more."""
        await self._take(self.ledger.watch(self._now), self._now, ticks=True)

    def _instants(self, end: datetime) -> Iterator[tuple[datetime, bool]]:
        """Every deadline until then at its instant, and every tick, of which it is said."""
        while True:
            due = self.ledger.next_deadline()
            ticks = due is None or due >= self._tick
            # A deadline that had passed before its order was heard of is seen now.
            at = self._tick if due is None or ticks else max(self._now, due)
            if at > end:
                return
            self._now = at
            if ticks:
                self._tick += STEP
            yield at, ticks

    async def _take(self, changes: Changes, now: datetime, *, ticks: bool) -> None:
        await asyncio.sleep(0)
        self._figures.take(changes)
        self._figures.words = self.ledger.words
        self._figures.spoke_of = self.ledger.spoke_of
        for side in self.sides:
            side.alerts.words = self.ledger.words
            await side.evaluate(changes.causes, self._template, now, ticks=ticks)
