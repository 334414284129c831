"""A small language for stories about alerts: who said what, when, and who was told of it.

    shop = open_shop(book(ORDER_FAILED))
    await shop.hear(placed(), said("commerce_engine", "REJECTED", 5))
    assert await shop.told() == ["firing order_failed: 1 order failed at Commerce Engine"]

The shop's ledger and incidents live in memory; time is whatever the story says it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from msgspec import Struct
from tests.story import Moment, lotus, moment

from orderwatch.app.evaluate_alerts import (
    Alerting,
    AlertStore,
    Evaluated,
    Found,
    evaluate_alerts,
)
from orderwatch.app.remembered_alerts import RememberedAlerts
from orderwatch.app.remembered_ledger import RememberedLedger
from orderwatch.core.alerting.book import (
    Book,
    Channel,
    ChannelKind,
    Look,
    Priority,
    Route,
    Rule,
    Watch,
)
from orderwatch.core.alerting.condition import ConditionFailed
from orderwatch.core.alerting.facts import Facts
from orderwatch.core.alerting.figures import Finding
from orderwatch.core.alerting.incident import Incident, Silence
from orderwatch.core.alerting.notice import NewNotice
from orderwatch.core.alerting.situation import FailedNotice
from orderwatch.core.flow.template import Template
from orderwatch.core.model import ReceivedEvent, System, TenantId
from orderwatch.core.tracking.causes import Cause
from orderwatch.core.tracking.changes import Changes

TENANT = TenantId(1)
BOX = "box"


class When(Struct, frozen=True):
    """A condition that a story writes in Python."""

    ask: Callable[[Facts], bool]
    text: str = "as the story says"

    def holds(self, facts: Facts) -> bool:
        """Ask it."""
        return self.ask(facts)


def impossible(_: Facts) -> bool:
    """A condition that cannot be decided."""
    raise ConditionFailed("no such thing")


FAILED = When(lambda facts: facts["what"] == "status" and facts["class"] == "failed")
OVERDUE = When(lambda facts: bool(facts["overdue"]))
ALWAYS = When(lambda _: True)


def rule(id: str, look: Look, when: When = ALWAYS, **more: Any) -> Rule:  # noqa: A002
    """A rule with one watch. Durations are seconds."""
    watch = Watch(
        look=look,
        when=when,
        **{name: more.pop(name) for name in ("per", "of", "over", "at") if name in more},
    )
    for name in ("hold", "calm", "update_every", "ignore_older_than"):
        if name in more:
            more[name] = timedelta(seconds=more[name])
    return Rule(
        id=id,
        title=id,
        watches=(watch,),
        team=more.pop("team", "operations"),
        priority=Priority(more.pop("priority", "high")),
        **more,
    )


ORDER_FAILED = rule(
    "order_failed",
    Look.ORDER,
    FAILED,
    group_by=("system", "reason"),
    calm=600,
    text="{orders} failed at {system_title}: {reason}",
)
ORDER_OVERDUE = rule(
    "order_overdue",
    Look.DEADLINE,
    OVERDUE,
    group_by=("system",),
    text="{orders} overdue at {system_title}",
)


def book(*rules: Rule, **more: Any) -> Book:
    """A book of these rules, whose notices all go into one box."""
    return Book(
        name="story",
        version=1,
        time_zone="UTC",
        rules={one.id: one for one in rules},
        channels=more.pop("channels", {BOX: Channel(name=BOX, kind=ChannelKind.MAILBOX)}),
        routes=more.pop("routes", (Route(to=(BOX,)),)),
        **more,
    )


class NothingCommon:
    """The port Commonality: nothing is telling."""

    async def of(self, tenant: TenantId, incident: Incident, template: Template) -> str:
        """Nothing."""
        return ""


class ToldFigures:
    """The port Figures: what the story says was found, once."""

    def __init__(self) -> None:
        self.found = Found()

    async def look(self, *_: object) -> Found:
        """What the story said since the last time."""
        found, self.found = self.found, Found()
        return found


class Keeper(Protocol):
    """Where a shop's incidents are kept, and how a story looks into it."""

    store: AlertStore

    async def note(self, causes: list[Cause], words: Mapping[System, datetime]) -> None:
        """The ledger notes causes, and when each system was last heard."""
        ...

    async def note_failed(self, failed: FailedNotice) -> None:
        """The senders give up on a notice."""
        ...

    async def took(self, channel: str, at: datetime) -> None:
        """A channel takes a notice."""
        ...

    async def silence(self, silence: Silence) -> None:
        """Somebody wants quiet."""
        ...

    async def acknowledge(self, at: datetime) -> None:
        """Somebody acknowledges everything."""
        ...

    async def notices(self) -> list[NewNotice]:
        """What was put into the outbox."""
        ...

    async def incidents(self) -> list[Incident]:
        """Every episode so far."""
        ...


class MemoryKeeper:
    """Incidents in memory."""

    def __init__(self) -> None:
        self.kept = RememberedAlerts()
        self.store: AlertStore = self.kept

    async def note(self, causes: list[Cause], words: Mapping[System, datetime]) -> None:
        """Note causes."""
        self.kept.causes += causes
        self.kept.words = dict(words)

    async def note_failed(self, failed: FailedNotice) -> None:
        """Note a notice nobody took."""
        self.kept.failed_notices.append(failed)

    async def took(self, channel: str, at: datetime) -> None:
        """Note that a channel works."""
        self.kept.took[channel] = at

    async def silence(self, silence: Silence) -> None:
        """Be quiet."""
        self.kept.quiet.append(silence)

    async def acknowledge(self, at: datetime) -> None:
        """Acknowledge everything."""
        for incident in self.kept.incidents.values():
            incident.acknowledged_at = at

    async def notices(self) -> list[NewNotice]:
        """The outbox."""
        return self.kept.notices

    async def incidents(self) -> list[Incident]:
        """Every episode."""
        return list(self.kept.incidents.values())


class Shop:
    """One tenant with a ledger, a book, and people who are told."""

    def __init__(self, book: Book, keeper: Keeper, tenant: TenantId = TENANT) -> None:
        self.book = book
        self.keeper = keeper
        self.tenant = tenant
        self.flow = lotus()
        self.ledger = RememberedLedger(self.flow)
        self.figures = ToldFigures()
        self.now = moment(0)
        self.alerting = Alerting(keeper.store, self.figures, NothingCommon(), lambda: self.now)

    async def hear(self, *events: ReceivedEvent, at: Moment | None = None) -> Evaluated:
        """Events arrive together, when the last of them happened unless `at` says when."""
        self.now = moment(at) if at is not None else max(one.received_at for one in events)
        return await self._evaluate(self.ledger.hear(events, self.now))

    async def wait_until(self, at: Moment) -> Evaluated:
        """Time passes; the watcher sees every deadline at its instant, and rules are looked at."""
        end = moment(at)
        while (due := self.ledger.next_deadline()) is not None and due <= end:
            self.now = due
            await self._evaluate(self.ledger.watch(due))
        self.now = end
        return await self.evaluate()

    async def find(self, at: Moment, *findings: Finding, looks: tuple[Look, ...]) -> Evaluated:
        """A round of figures finds these."""
        self.now = moment(at)
        self.figures.found = Found(list(findings), frozenset(looks), ("windows",))
        return await self.evaluate()

    async def evaluate(self) -> Evaluated:
        """One round."""
        return await evaluate_alerts(self.alerting, self.tenant, self.book, self.flow)

    async def _evaluate(self, changes: Changes) -> Evaluated:
        await self.keeper.note(changes.causes, self.ledger.words)
        return await self.evaluate()

    async def told(self) -> list[str]:
        """What people were told, in order: kind, rule and title."""
        return [
            f"{one.message.kind} {one.message.rule}: {one.message.title}"
            for one in await self.notices()
        ]

    async def notices(self) -> list[NewNotice]:
        """What was put into the outbox."""
        return await self.keeper.notices()

    async def incidents(self) -> list[Incident]:
        """Every episode so far."""
        return await self.keeper.incidents()


OpenShop = Callable[[Book], Shop]


def finding(
    rule: str, group: str = "", *, since: Moment = 0, about: Facts | None = None, **facts: Any
) -> Finding:
    """What a round of figures sees of one group."""
    at: datetime = moment(since)
    return Finding(rule=rule, watch=0, group=group, about=about or {}, facts=facts, cause_at=at)
