"""The audit log in words: each deed as a sentence about who did it."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup, escape
from msgspec import Struct

from orderwatch.core.people.audit import ActorKind, Row

SENTENCES: Final[dict[str, str]] = {
    "session.started": "signed in",
    "session.started_with_key": "opened the pages with the key %(subject)s",
    "session.refused": "was not let in: name and password did not fit",
    "session.ended": "signed out",
    "session.ended_everywhere": "signed out of every browser",
    "session.revoked": "ended a session of %(user)s",
    "user.invited": "printed a link that makes the first administrator, good for %(hours)s h",
    "user.welcomed": "became the first administrator, as %(subject)s",
    "user.created": "made the account %(subject)s, as %(role)s",
    "user.disabled": "disabled the account %(subject)s",
    "user.enabled": "enabled the account %(subject)s again",
    "user.password_changed": "gave %(subject)s another password",
    "user.role_changed": "changed the role of %(subject)s from %(from)s to %(to)s",
    "tenant.created": "added the company %(subject)s",
    "tenant.disabled": "disabled the company %(subject)s",
    "tenant.enabled": "enabled the company %(subject)s again",
    "template.applied": "put version %(version)s of the flow %(subject)s in force",
    "alert_rules.applied": "put version %(version)s of the alert rules %(subject)s in force",
    "orders.rebuilt": "had all orders folded again by version %(version)s of the flow",
    "orders.exported": "took orders away as a file",
    "order.noted": "left a note on order %(subject)s",
    "incident.acknowledged": "looks after incident %(subject)s",
    "incident.acknowledgement_taken_back": "looks after incident %(subject)s no more",
    "incident.assigned": "handed incident %(subject)s to %(to)s",
    "incident.commented": "wrote on incident %(subject)s",
    "silence.made": "made it quiet about %(subject)s until %(until)s",
    "silence.ended": "ended silence %(subject)s before its time",
    "maintenance.made": "announced maintenance of %(subject)s until %(until)s",
    "maintenance.ended": "ended maintenance %(subject)s before its time",
    "channel.tested": "sent a test notice to %(subject)s",
    "dead_letters.retried": "let %(letters)s dead letters try again: %(subject)s",
    "dead_letters.discarded": "discarded %(letters)s dead letters: %(subject)s",
    "dead_letters.reopened": "took back the discarding of %(letters)s dead letters",
    "view.saved": "saved the view %(subject)s for everybody",
    "view.renamed": "gave view %(subject)s the name %(to)s",
    "view.deleted": "deleted view %(subject)s",
    "view.restored": "brought view %(subject)s back",
    "key.created": "made the key %(subject)s for sources that begin with %(source)s",
    "key.revoked": "revoked the key %(subject)s",
    "audit.checked": "had this log checked: %(rows)s rows are as they were written",
    "audit.exported": "took rows of this log away as a file",
}
"""Every deed of `core/people/deeds.py`, after the name of who did it."""

GROUPS: Final[dict[str, str]] = {
    "session.": "Signing in and out",
    "user.": "Accounts",
    "key.": "Keys",
    "template.": "The flow",
    "alert_rules.": "Alert rules",
    "order": "Orders",
    "dead_letters.": "Dead letters",
    "incident.": "Incidents",
    "silence.": "Silences",
    "maintenance.": "Maintenance",
    "channel.": "Channels",
    "view.": "Saved views",
    "tenant.": "Companies",
    "audit.": "This log",
}
"""What can be filtered by: how the actions begin."""

WAYS: Final[dict[ActorKind, str]] = {
    ActorKind.PERSON: "",
    ActorKind.KEY: "with a key",
    ActorKind.CLI: "on the command line",
    ActorKind.SYSTEM: "by itself",
}


class Told(Struct, frozen=True):
    """A row as it is told: who, how they acted, what they did, and what is worth knowing beside."""

    row: Row
    who: str
    way: str
    sentence: Markup
    more: tuple[tuple[str, str], ...]


class _Values(dict[str, Markup]):
    """What a sentence names; a forged row may lack anything."""

    def __missing__(self, name: str) -> Markup:
        return Markup("<b>?</b>")


def told(row: Row) -> Told:
    """A row in words. A deed that has no sentence is called by its name."""
    deed = row.deed
    sentence = SENTENCES.get(deed.action, "%(action)s %(subject)s")
    values = {**deed.details, "subject": deed.subject, "action": deed.action}
    bold = _Values({name: Markup("<b>{}</b>").format(value) for name, value in values.items()})
    return Told(
        row=row,
        who=row.actor.name or deed.subject or "Somebody",
        way=WAYS[row.actor.kind],
        sentence=escape(sentence) % bold,
        more=tuple(
            (name.replace("_", " "), value)
            for name, value in sorted(deed.details.items())
            if f"%({name})s" not in sentence
        ),
    )
