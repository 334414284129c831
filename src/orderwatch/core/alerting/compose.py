"""What a notice says: who reads it at three in the morning must know what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from msgspec import Struct

from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.incident import Entry, Incident, Member
from orderwatch.core.alerting.notice import Message, NoticeKind, OrderLine
from orderwatch.core.alerting.situation import Telling
from orderwatch.core.alerting.wording import money, say, title_of
from orderwatch.core.flow.template import Template
from orderwatch.core.tracking.explain import clock_time, spoken

MOST_ORDERS: Final = 10
"""Orders a notice names; the rest is counted."""
MOST_ENTRIES: Final = 12
"""Lines of the time line in a summary."""
_LEADS: Final = {
    NoticeKind.RESOLVED: "Resolved: ",
    NoticeKind.ESCALATION: "Not acknowledged: ",
    NoticeKind.SUMMARY: "Summary: ",
}


class Brief(Struct, frozen=True):
    """What is looked up of an incident before people are told of it.

    `worst` are its orders worth most, those in trouble first. `heard` is when its system was last
    heard of. `children` are the incidents grouped under it.
    """

    worst: Sequence[Member] = ()
    customers: int = 0
    timeline: Sequence[Entry] = ()
    children: Sequence[Incident] = ()
    heard: datetime | None = None


class Scene(Struct, frozen=True):
    """In which flow, by which book, at which instant."""

    book: Book
    template: Template
    now: datetime

    @property
    def zone(self) -> tzinfo:
        """The readers' zone, until each has one of their own."""
        return self.book.zone


def title_of_incident(scene: Scene, incident: Incident) -> str:
    """The incident in one sentence, as it stands now."""
    rule = scene.book.rules.get(incident.rule)
    text = (rule.text_of(str(incident.about.get("look", ""))) if rule else "") or incident.title
    return say(text, incident, scene.template, scene.zone, scene.now)


def compose(scene: Scene, telling: Telling, brief: Brief) -> Message:
    """The message of one telling."""
    incident = telling.incident
    orders = tuple(_line(scene, member) for member in brief.worst[:MOST_ORDERS])
    title = incident.title
    return Message(
        kind=telling.kind,
        title=_LEADS.get(telling.kind, "") + title,
        text="\n".join(_sentences(scene, telling, brief)),
        priority=telling.rule.priority if telling.rule else incident.priority,
        team=telling.rule.team if telling.rule else incident.team,
        rule=telling.rule.id if telling.rule else incident.rule,
        starts_at=incident.cause_at,
        cause_at=_cause_of(telling),
        ends_at=incident.resolved_at,
        group=incident.group,
        figures=tuple(_figures(scene, incident, brief)),
        orders=orders,
        more_orders=max(0, incident.orders - len(orders)),
        common=incident.common,
        link=f"/incidents/{incident.id}",
        runbook=incident.runbook,
        labels=incident.labels,
    )


def _cause_of(telling: Telling) -> datetime:
    """From when the delay of this notice counts."""
    incident = telling.incident
    if telling.kind is NoticeKind.FIRING:
        return incident.cause_at
    return incident.resolved_at or incident.last_joined_at or incident.fired_at


def _sentences(scene: Scene, telling: Telling, brief: Brief) -> list[str]:
    incident = telling.incident
    said = [f"Since {_clock(scene, incident.cause_at)}."]
    if brief.heard is not None and incident.about.get("look") == "deadline":
        system = title_of(scene.template, str(incident.about.get("system", "")))
        said.append(f"{system} was last heard at {_clock(scene, brief.heard)}.")
    said += [f"Because of it: {child.title}." for child in brief.children]
    if incident.common:
        said.append(f"What they have in common: {incident.common}.")
    if incident.resolved_at is not None:
        lasted = spoken(incident.resolved_at - incident.fired_at)
        said.append(f"Over at {_clock(scene, incident.resolved_at)}, after {lasted}.")
    if telling.kind is NoticeKind.SUMMARY:
        said += [_entry(scene, entry) for entry in brief.timeline[-MOST_ENTRIES:]]
    if incident.acknowledged_by is not None:
        said.append(f"Acknowledged by {incident.acknowledged_by}.")
    return said


def _figures(scene: Scene, incident: Incident, brief: Brief) -> list[tuple[str, str]]:
    figures = []
    if incident.orders:
        figures.append(("Orders", f"{incident.orders:,}"))
        if incident.still_open != incident.orders:
            figures.append(("Still in trouble", f"{incident.still_open:,}"))
        worth = money(incident.money, incident.currency or scene.template.currency)
        figures.append(("Worth", worth))
    if brief.customers:
        figures.append(("Customers", f"{brief.customers:,}"))
    return figures


def _line(scene: Scene, member: Member) -> OrderLine:
    where = title_of(scene.template, member.system)
    reason = f" ({member.reason})" if member.reason else ""
    place = f", {member.location}" if member.location else ""
    state = "" if member.marks or member.recovered_at is None else ", well again"
    status = member.status or "no answer"
    return OrderLine(
        order_id=member.order_id,
        sentence=f"{status}{reason} at {where}{place}{state}",
        amount=f"{member.amount:,.2f}",
        currency=scene.template.currency,
    )


def _entry(scene: Scene, entry: Entry) -> str:
    who = f" ({entry.actor})" if entry.actor else ""
    return f"{_clock(scene, entry.at)} {entry.text}{who}"


def _clock(scene: Scene, at: datetime) -> str:
    return clock_time(at, scene.now, scene.zone)
