"""Alert rules are changed: checked, put in force, remembered, and kept apart by tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import Struct
from tests.integration.postgres.conftest import House, open_house

from orderwatch.adapters.postgres.alerting import PostgresAlerting
from orderwatch.adapters.postgres.audit import PostgresAudit
from orderwatch.adapters.postgres.books import PostgresBooks
from orderwatch.adapters.postgres.directory import PostgresDirectory
from orderwatch.adapters.shipped import shipped_alerts, shipped_templates
from orderwatch.app.administer import NotPossible
from orderwatch.app.audit import Wanted
from orderwatch.app.change_rules import (
    BookDraft,
    RuleDesk,
    RuleFault,
    apply_book,
    draft_book,
    read_book_in_force,
    switch,
)
from orderwatch.app.known_books import KnownBooks
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.parse import BookError
from orderwatch.core.alerting.situation import Broken, Situation, begin
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor, ActorKind

ANN = Actor(ActorKind.PERSON, "ann")
DEFAULT = shipped_alerts()
FLOW = shipped_templates()["lotus-o2o"].read_text("utf-8")
CHANGED = DEFAULT.replace("trouble_share > 0.05", "trouble_share > 0.1")


class Office(Struct):
    """Ann at work on Alice's alert rules; `clock` moves by hand."""

    house: House
    directory: PostgresDirectory
    said: list[tuple[TenantId, tuple[BookError, ...]]]
    books: KnownBooks
    flows: KnownTemplates
    clock: list[float]

    def desk(self, tenant: TenantId | None = None) -> RuleDesk:
        store = PostgresBooks(self.house.database)
        return RuleDesk(store, self.books, self.flows, tenant or self.house.alice, ANN)

    async def condition(self, tenant: TenantId | None = None) -> str:
        book = await self.books.of(tenant or self.house.alice)
        return book.rules["failure_rate"].watches[0].when.text

    async def flow_becomes(self, source: str) -> None:
        await self.directory.apply_template(self.house.alice, "lotus-o2o", source)
        self.clock[0] += 10


@pytest.fixture
async def office(module_database_url: str) -> AsyncIterator[Office]:
    async with open_house(module_database_url) as house:
        directory, clock = PostgresDirectory(house.database), [0.0]
        said: list[tuple[TenantId, tuple[BookError, ...]]] = []
        for tenant in (house.alice, house.bob):
            await directory.apply_template(tenant, "lotus-o2o", FLOW)
        flows = KnownTemplates(directory, lambda: clock[0])
        books = KnownBooks(
            PostgresBooks(house.database),
            flows,
            DEFAULT,
            lambda: clock[0],
            lambda tenant, problems: said.append((tenant, problems)),
        )
        yield Office(house, directory, said, books, flows, clock)


async def test_a_tenant_without_rules_of_its_own_works_by_the_default(office: Office) -> None:
    assert (await office.books.known(office.house.alice)).is_default
    assert await office.condition() == "trouble_share > 0.05"
    assert (await read_book_in_force(office.desk())).number == 0


async def test_a_text_is_checked_compared_and_put_in_force_for_one_tenant(office: Office) -> None:
    draft = await draft_book(office.desk(), CHANGED)
    assert isinstance(draft, BookDraft)
    assert [(one.name, one.field) for one in draft.changes] == [("failure_rate", "when")]
    assert await apply_book(office.desk(), CHANGED) == 1
    assert await office.condition() == "trouble_share > 0.1"
    assert await office.condition(office.house.bob) == "trouble_share > 0.05"
    assert await office.desk(office.house.bob).store.versions(office.house.bob) == []
    rows = await PostgresAudit(office.house.database).newest(office.house.alice, Wanted(most=1))
    assert [(row.actor.name, row.deed.action, row.deed.details) for row in rows] == [
        ("ann", "alert_rules.applied", {"version": "1"})
    ]


async def test_what_another_process_applied_is_seen_within_two_seconds(office: Office) -> None:
    assert await office.condition() == "trouble_share > 0.05"
    store = PostgresBooks(office.house.database)
    await store.apply(office.house.alice, "default", CHANGED, 0, ANN)
    assert await office.condition() == "trouble_share > 0.05"
    office.clock[0] += 2.1
    assert await office.condition() == "trouble_share > 0.1"


async def test_a_wrong_text_is_refused_and_nothing_is_stored(office: Office) -> None:
    wrong = await apply_book(office.desk(), DEFAULT.replace("error_share", "eror_share"))
    assert isinstance(wrong, tuple)
    assert "did you mean error_share?" in wrong[0].message
    assert await office.desk().store.versions(office.house.alice) == []


async def test_what_changes_nothing_is_said(office: Office) -> None:
    with pytest.raises(NotPossible, match="nothing would change"):
        await apply_book(office.desk(), DEFAULT)


async def test_of_two_people_at_once_the_second_is_told(office: Office) -> None:
    other = CHANGED.replace("0.1", "0.2")
    done = await asyncio.gather(
        *(apply_book(office.desk(), source, 0) for source in (CHANGED, other)),
        return_exceptions=True,
    )
    assert [one for one in done if one == 1] == [1]
    assert [str(one) for one in done if isinstance(one, NotPossible)] != []
    with pytest.raises(NotPossible, match="while you were at it"):
        await apply_book(office.desk(), CHANGED.replace("0.1", "0.3"), 0)


async def test_a_rule_is_switched_off_with_one_deed(office: Office) -> None:
    assert await switch(office.desk(), "anomaly", enabled=False) == 1
    assert not (await office.books.of(office.house.alice)).rules["anomaly"].enabled
    assert await switch(office.desk(), "anomaly", enabled=False) == 1, "so it is already"
    assert await switch(office.desk(), "anomaly", enabled=True) == 2
    with pytest.raises(NotPossible, match="no rule anomalies"):
        await switch(office.desk(), "anomalies", enabled=True)
    versions = await office.desk().store.versions(office.house.alice)
    assert [(one.version, one.by) for one in versions] == [(2, "ann"), (1, "ann")]


async def test_a_flow_that_changes_leaves_out_only_what_does_not_fit_it(office: Office) -> None:
    only_stock = CHANGED.replace("over: 5 min", "over: 5 min\n    scope: {systems: [x]}")
    only_stock = only_stock.replace(
        "when: overdue", 'when: overdue && system != "rider_app" && system != "loginext"'
    )
    assert await apply_book(office.desk(), only_stock) == 1
    assert "order_overdue" in (await office.books.of(office.house.alice)).rules
    await office.flow_becomes(FLOW.split("  rider_app:\n    title", maxsplit=1)[0])
    book = await office.books.of(office.house.alice)
    assert isinstance(book, Book)
    assert "order_overdue" not in book.rules
    assert len(book.rules) == 12
    ((tenant, problems),) = office.said
    assert tenant == office.house.alice
    assert {one.field for one in problems} == {"rules.order_overdue.when"}
    office.clock[0] += 10
    await office.books.of(office.house.alice)
    assert len(office.said) == 1, "said once, not every two seconds"
    with pytest.raises(NotPossible, match="no longer fit the flow"):
        await switch(office.desk(), "anomaly", enabled=False)


async def test_a_rule_that_cannot_be_decided_is_remembered_until_other_rules_are_in_force(
    office: Office,
) -> None:
    house, store = office.house, office.desk().store
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for minute in range(2):
        async with PostgresAlerting(house.database).evaluating(house.alice) as evaluation:
            assert evaluation is not None
            now = noon + timedelta(minutes=minute)
            flow = await office.flows.of(house.alice)
            book = await office.books.of(house.alice)
            round_ = begin(Situation(now=now, book=book, template=flow))
            round_.broken["anomaly"] = Broken("anomaly", "no such thing", 3)
            await evaluation.save(round_, {})
    last = noon + timedelta(minutes=1)
    assert await store.faults(house.alice) == [RuleFault("anomaly", "no such thing", noon, last, 6)]
    assert await store.faults(house.bob) == []
    assert await apply_book(office.desk(), CHANGED) == 1
    assert await store.faults(house.alice) == []
