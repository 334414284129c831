"""A backtest says of the recorded past what was raised when it happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from msgspec import Raw
from msgspec.structs import replace
from tests.alerts import ALWAYS, ORDER_FAILED, ORDER_OVERDUE, NothingCommon, When, book, rule
from tests.story import lotus

from orderwatch.adapters.postgres.alerting import PostgresAlerting
from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.directory import PostgresDirectory
from orderwatch.adapters.postgres.figures import PostgresFigures
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.adapters.postgres.past import PostgresPast
from orderwatch.app.backtest_rules import CannotBacktest, Trial, backtest_rule
from orderwatch.app.evaluate_alerts import Alerting, evaluate_alerts
from orderwatch.app.look_at_figures import LookAtFigures
from orderwatch.app.record_events import record_events
from orderwatch.app.remembered_figures import RememberedFigures
from orderwatch.app.remembered_ledger import RememberedLedger
from orderwatch.app.watch_deadlines import watch_deadlines
from orderwatch.core.alerting.book import Book, Look
from orderwatch.core.alerting.wanted import wanted_of
from orderwatch.core.ingest.batch import Batch, Candidate
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.model import ReceivedEvent, TenantId
from orderwatch.core.simulation.faults import DEMO_FAULTS
from orderwatch.core.simulation.lotus_o2o import demo_plan
from orderwatch.core.simulation.simulate import simulate

STEP = timedelta(seconds=30)
LASTS = timedelta(minutes=40)
FAILURE_RATE = rule(
    "failure_rate",
    Look.WINDOW,
    When(lambda facts: float(facts["trouble_share"]) > 0.05),
    over=timedelta(minutes=10),
)
ENGINE_SLOW = rule(
    "slow", Look.WINDOW, When(lambda facts: float(facts["p95_s"]) > 1), over=LASTS, per="system"
)
BOOK = book(ORDER_FAILED, ORDER_OVERDUE, FAILURE_RATE, ENGINE_SLOW)
BEGIN = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


class Recorded:
    """A shop whose morning was recorded and watched as it happened."""

    def __init__(self, database: Database, tenant: TenantId) -> None:
        self.database = database
        self.tenant = tenant
        self.now = BEGIN
        self.arrivals: list[tuple[datetime, list[Candidate]]] = []
        self.ledger = PostgresLedger(database)
        self.alerts = PostgresAlerting(database)

    async def live(self) -> None:
        """Simulated systems speak; the watcher and the rules look on every thirty seconds."""
        plan = demo_plan(BEGIN, per_minute=6)
        steps: dict[int, list[Candidate]] = {}
        for message in simulate(plan, 7, BEGIN, DEMO_FAULTS):
            if message.send_at >= BEGIN + LASTS:
                break
            judged = judge_event(0, message.body, Limits())
            if isinstance(judged, Candidate):
                steps.setdefault((message.send_at - BEGIN) // STEP, []).append(judged)
        figures = LookAtFigures(PostgresFigures(self.database))
        alerting = Alerting(self.alerts, figures, NothingCommon(), lambda: self.now)
        mirror = RememberedLedger(lotus())
        for step in range(LASTS // STEP):
            self.now = BEGIN + (step + 1) * STEP
            while (due := mirror.next_deadline()) is not None and due < self.now:
                mirror.watch(due)  # only to know when the worker would see something
                await watch_deadlines(self.ledger, self.tenant, lotus(), due)
            if step in steps:
                self.arrivals.append((self.now, steps[step]))
                mirror.hear(self._events(steps[step], self.now), self.now)
                batch = Batch(steps[step], [])
                await record_events(self.ledger, self.tenant, lotus(), [batch], self.now)
            await watch_deadlines(self.ledger, self.tenant, lotus(), self.now)
            await evaluate_alerts(alerting, self.tenant, BOOK, lotus())

    @staticmethod
    def _events(candidates: list[Candidate], now: datetime) -> list[ReceivedEvent]:
        return [ReceivedEvent(one.event, now, Raw(one.text)) for one in candidates]

    def remembered(self) -> tuple[RememberedLedger, RememberedFigures]:
        """The same morning in memory."""
        ledger, figures = RememberedLedger(lotus()), RememberedFigures()
        for step in range(LASTS // STEP):
            now = BEGIN + (step + 1) * STEP
            while (due := ledger.next_deadline()) is not None and due < now:
                figures.take(ledger.watch(due))
            for at, candidates in self.arrivals:
                if at == now:
                    figures.take(ledger.hear(self._events(candidates, now), now))
            figures.take(ledger.watch(now))
            figures.words = ledger.words
            figures.spoke_of = ledger.spoke_of
        return ledger, figures

    async def raised(self, rule: str) -> Counter[tuple[str, int]]:
        """The incidents there were of a rule: group and number of orders."""
        async with self.database.tenant(self.tenant) as connection:
            found = await connection.execute(
                "select group_key, orders from incidents where rule = %s", [rule]
            )
            return Counter([(group, orders) for group, orders in await found.fetchall()])

    def trial(self, rule: str, draft: Book = BOOK) -> Trial:
        """Try a rule on the whole morning."""
        return Trial(rule, draft, BOOK, lotus(), BEGIN, BEGIN + LASTS + timedelta(seconds=1))


@pytest.fixture
async def recorded(database_url: str) -> AsyncIterator[Recorded]:
    database = Database(database_url, size=4)
    await database.open()
    tenant = await PostgresDirectory(database).create_tenant("story")
    assert tenant is not None
    shop = Recorded(database, tenant)
    await shop.live()
    yield shop
    await database.close()


async def test_a_backtest_raises_what_was_raised(recorded: Recorded) -> None:
    past = PostgresPast(recorded.database)
    for name in ("order_failed", "order_overdue", "failure_rate"):
        tried = await backtest_rule(past, recorded.tenant, recorded.trial(name))
        raised = await recorded.raised(name)
        assert raised, name
        assert tried.draft == tried.active
        said = Counter(one.number for one in tried.draft)
        assert said == Counter(number for _, number in raised.elements()), name


async def test_a_draft_stands_beside_what_is_in_force(recorded: Recorded) -> None:
    never = replace(BOOK, rules={"failure_rate": replace(FAILURE_RATE, hold=LASTS * 2)})
    told: list[int] = []
    tried = await backtest_rule(
        PostgresPast(recorded.database),
        recorded.tenant,
        recorded.trial("failure_rate", never),
        told.append,
    )
    assert tried.draft == ()
    assert tried.active
    assert told[-1] == tried.events > 100


async def test_another_tenant_has_another_past(recorded: Recorded) -> None:
    other = await PostgresDirectory(recorded.database).create_tenant("other")
    assert other is not None
    tried = await backtest_rule(
        PostgresPast(recorded.database), other, recorded.trial("order_failed")
    )
    assert (tried.events, tried.draft) == (0, ())


async def test_what_cannot_be_tried_is_named(recorded: Recorded) -> None:
    past = PostgresPast(recorded.database)
    with pytest.raises(CannotBacktest, match="no rule nothing"):
        await backtest_rule(past, recorded.tenant, recorded.trial("nothing"))
    of_notices = book(rule("delivery_failed", Look.NOTICE, ALWAYS))
    with pytest.raises(CannotBacktest, match="not recorded"):
        await backtest_rule(past, recorded.tenant, recorded.trial("delivery_failed", of_notices))


async def test_figures_in_memory_are_those_of_the_database(recorded: Recorded) -> None:
    _, figures = recorded.remembered()
    wanted = wanted_of(BOOK, lotus(), recorded.now)
    remembered = await figures.figures(recorded.tenant, wanted)
    stored = await PostgresFigures(recorded.database).figures(recorded.tenant, wanted)
    for over, channels in stored.active.items():
        some = {name: counts for name, counts in remembered.active[over].items() if counts.total}
        assert some == {name: counts for name, counts in channels.items() if counts.total}
    assert remembered.ended == stored.ended
