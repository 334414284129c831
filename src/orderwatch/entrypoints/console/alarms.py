"""What the pages about incidents ask, and the words they share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.app.handle_incidents import HandlingDesk
from orderwatch.app.keep_silences import SilenceDesk, SilenceStore
from orderwatch.app.read_incidents import IncidentStore
from orderwatch.app.read_outbox import OutboxLog
from orderwatch.core.alerting.book import Book, Priority
from orderwatch.core.alerting.handle import Refusal
from orderwatch.core.alerting.incident import EntryKind, Incident, IncidentState
from orderwatch.core.alerting.notice import Message, NoticeKind, NoticeState
from orderwatch.core.alerting.quiet import Names
from orderwatch.core.model import System, TenantId
from orderwatch.core.people.audit import Actor
from orderwatch.entrypoints.console.languages import N_, Said
from orderwatch.entrypoints.console.languages import gettext as _


class Books(Protocol):
    """Where the alert book in force is asked for."""

    async def of(self, tenant: TenantId) -> Book:
        """The tenant's book; raises NoTemplate, or Unavailable."""
        ...


class Alarms(Struct, frozen=True):
    """The stores of the pages about incidents, and who works on them: tenant, name, actor.

    `mail` is a message as a mail: of whose, when, and where links lead. `test` sends a test over a
    channel; None: this process cannot.
    """

    incidents: IncidentStore
    silences: SilenceStore
    outbox: OutboxLog
    books: Books
    desk: Callable[[TenantId, str, Actor], HandlingDesk]
    silencing: Callable[[TenantId, str, Actor, Names], SilenceDesk]
    mail: Callable[[str, Message, datetime, str], str]
    test: Callable[[TenantId, str, Actor], Awaitable[None]] | None = None


PRIORITY_WORDS: Final = Said(
    {Priority.HIGH: N_("high"), Priority.MEDIUM: N_("medium"), Priority.LOW: N_("low")}
)
NOTICE_WORDS: Final = Said(
    {
        NoticeState.WAITING: N_("waiting"),
        NoticeState.SENT: N_("sent"),
        NoticeState.MERGED: N_("in a digest"),
        NoticeState.FAILED: N_("not delivered"),
    }
)
NOTICE_SHAPES: Final = {
    NoticeState.WAITING: "waiting",
    NoticeState.SENT: "success",
    NoticeState.MERGED: "success",
    NoticeState.FAILED: "failed",
}
KIND_WORDS: Final = Said(
    {
        NoticeKind.FIRING: N_("first notice"),
        NoticeKind.UPDATE: N_("update"),
        NoticeKind.RESOLVED: N_("resolved"),
        NoticeKind.ESCALATION: N_("escalation"),
        NoticeKind.SUMMARY: N_("summary"),
        NoticeKind.REPORT: N_("report"),
        NoticeKind.TEST: N_("test"),
    }
)
ENTRY_SHAPES: Final = {
    EntryKind.FIRED: "failed",
    EntryKind.GREW: "failed",
    EntryKind.REOPENED: "failed",
    EntryKind.RESOLVED: "success",
    EntryKind.NOT_TOLD: "overdue",
    EntryKind.ESCALATED: "overdue",
    EntryKind.QUIET: "blind",
    EntryKind.SILENCED: "blind",
}
"""What stands before a line of the time line; nothing before the others."""
DIMENSION_WORDS: Final = Said(
    {
        "system": N_("System"),
        "reason": N_("Reason"),
        "channel": N_("Channel"),
        "location": N_("Store"),
        "payment": N_("Payment"),
    }
)
REFUSALS: Final = Said(
    {
        Refusal.NO_SUCH.value: N_("This incident is not there."),
        Refusal.OVER.value: N_("It is resolved already: there is nothing left to take care of."),
        Refusal.ACKNOWLEDGED.value: N_("Somebody else acknowledged it a moment before you."),
        Refusal.NOT_ACKNOWLEDGED.value: N_("Nobody has acknowledged it any more."),
        Refusal.ASSIGNED.value: N_("Somebody gave it to another person a moment before you."),
        Refusal.NOBODY.value: N_("This person may not handle incidents."),
        Refusal.EMPTY.value: N_("Write something first."),
    }
)
"""What a page says when somebody else was faster."""


def shape_of(incident: Incident) -> str:
    """The mark of an incident: how urgent it is while it goes on, and that it is over."""
    if not incident.is_firing:
        return "success"
    return {Priority.HIGH: "failed", Priority.MEDIUM: "overdue"}.get(incident.priority, "waiting")


def word_of(incident: Incident) -> str:
    """The word beside the mark."""
    if incident.state is IncidentState.RESOLVED:
        return _("Resolved")
    return _("Firing, %(priority)s", priority=PRIORITY_WORDS[incident.priority])


def lasted(incident: Incident, now: datetime) -> timedelta:
    """From when it fired until it was over, or until now."""
    return max(timedelta(), (incident.resolved_at or now) - incident.fired_at)


def system_of(incident: Incident) -> System:
    """The system it is about; empty when it is about several."""
    return str(incident.about.get("system", ""))
