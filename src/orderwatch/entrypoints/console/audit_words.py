"""The audit log in words: each deed as a sentence about who did it."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup, escape
from msgspec import Struct

from orderwatch.core.people.audit import ActorKind, Row
from orderwatch.entrypoints.console.languages import N_, Said, raw
from orderwatch.entrypoints.console.languages import gettext as _

SENTENCES: Final[dict[str, str]] = {
    "session.started": N_("signed in"),
    "session.started_with_key": N_("opened the pages with the key %(subject)s"),
    "session.refused": N_("was not let in: name and password did not fit"),
    "session.ended": N_("signed out"),
    "session.ended_everywhere": N_("signed out of every browser"),
    "session.revoked": N_("ended a session of %(user)s"),
    "user.invited": N_("printed a link that makes the first administrator, good for %(hours)s h"),
    "user.welcomed": N_("became the first administrator, as %(subject)s"),
    "user.created": N_("made the account %(subject)s, as %(role)s"),
    "user.disabled": N_("disabled the account %(subject)s"),
    "user.enabled": N_("enabled the account %(subject)s again"),
    "user.password_changed": N_("gave %(subject)s another password"),
    "user.role_changed": N_("changed the role of %(subject)s from %(from)s to %(to)s"),
    "tenant.created": N_("added the company %(subject)s"),
    "tenant.disabled": N_("disabled the company %(subject)s"),
    "tenant.enabled": N_("enabled the company %(subject)s again"),
    "template.applied": N_("put version %(version)s of the flow %(subject)s in force"),
    "alert_rules.applied": N_("put version %(version)s of the alert rules %(subject)s in force"),
    "orders.rebuilt": N_("had all orders folded again by version %(version)s of the flow"),
    "orders.exported": N_("took orders away as a file"),
    "order.noted": N_("left a note on order %(subject)s"),
    "incident.acknowledged": N_("looks after incident %(subject)s"),
    "incident.acknowledgement_taken_back": N_("looks after incident %(subject)s no more"),
    "incident.assigned": N_("handed incident %(subject)s to %(to)s"),
    "incident.commented": N_("wrote on incident %(subject)s"),
    "silence.made": N_("made it quiet about %(subject)s until %(until)s"),
    "silence.ended": N_("ended silence %(subject)s before its time"),
    "maintenance.made": N_("announced maintenance of %(subject)s until %(until)s"),
    "maintenance.ended": N_("ended maintenance %(subject)s before its time"),
    "channel.tested": N_("sent a test notice to %(subject)s"),
    "dead_letters.retried": N_("let %(letters)s dead letters try again: %(subject)s"),
    "dead_letters.discarded": N_("discarded %(letters)s dead letters: %(subject)s"),
    "dead_letters.reopened": N_("took back the discarding of %(letters)s dead letters"),
    "view.saved": N_("saved the view %(subject)s for everybody"),
    "view.renamed": N_("gave view %(subject)s the name %(to)s"),
    "view.deleted": N_("deleted view %(subject)s"),
    "view.restored": N_("brought view %(subject)s back"),
    "key.created": N_("made the key %(subject)s for sources that begin with %(source)s"),
    "key.revoked": N_("revoked the key %(subject)s"),
    "audit.checked": N_("had this log checked: %(rows)s rows are as they were written"),
    "audit.exported": N_("took rows of this log away as a file"),
}
"""Every deed of `core/people/deeds.py`, after the name of who did it."""

GROUPS: Final[Said[str]] = Said(
    {
        "session.": N_("Signing in and out"),
        "user.": N_("Accounts"),
        "key.": N_("Keys"),
        "template.": N_("The flow"),
        "alert_rules.": N_("Alert rules"),
        "order": N_("Orders"),
        "dead_letters.": N_("Dead letters"),
        "incident.": N_("Incidents"),
        "silence.": N_("Silences"),
        "maintenance.": N_("Maintenance"),
        "channel.": N_("Channels"),
        "view.": N_("Saved views"),
        "tenant.": N_("Companies"),
        "audit.": N_("This log"),
    }
)
"""What can be filtered by: how the actions begin."""

WAYS: Final[Said[ActorKind]] = Said(
    {
        ActorKind.KEY: N_("with a key"),
        ActorKind.CLI: N_("on the command line"),
        ActorKind.SYSTEM: N_("by itself"),
    }
)


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
    sentence = SENTENCES.get(deed.action, N_("%(action)s %(subject)s"))
    values = {**deed.details, "subject": deed.subject, "action": deed.action}
    bold = _Values({name: Markup("<b>{}</b>").format(value) for name, value in values.items()})
    return Told(
        row=row,
        who=row.actor.name or deed.subject or _("Somebody"),
        way=WAYS.get(row.actor.kind, ""),
        sentence=escape(raw(sentence)) % bold,
        more=tuple(
            (name.replace("_", " "), value)
            for name, value in sorted(deed.details.items())
            if f"%({name})s" not in sentence
        ),
    )
