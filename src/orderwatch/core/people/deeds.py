"""Every deed the audit log knows: its name, what it was done to, and what is kept of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from orderwatch.core.people.audit import Break, Deed
from orderwatch.core.people.roles import Role

_YES_NO = {True: "yes", False: "no"}


def signed_in(agent: str) -> Deed:
    """Somebody signed in with name and password; `agent` is the browser, as it calls itself."""
    return Deed("session.started", details={"browser": agent})


def signed_in_with_key(key_id: str) -> Deed:
    """Somebody opened the pages with a read key."""
    return Deed("session.started_with_key", key_id)


def sign_in_failed(name: str, failures: int) -> Deed:
    """Name and password did not match. The name is kept only when there is such an account."""
    return Deed("session.refused", name, {"in_a_row": str(failures)})


def signed_out(everywhere: bool) -> Deed:
    """Somebody signed out, of this browser or of all."""
    return Deed("session.ended_everywhere" if everywhere else "session.ended")


def session_revoked(session_id: str, user: str) -> Deed:
    """Somebody's session was ended by another person."""
    return Deed("session.revoked", session_id, {"user": user})


def administrator_welcomed(name: str) -> Deed:
    """The first administrator chose name and password with the link of the first start."""
    return Deed("user.welcomed", name, {"role": str(Role.ADMINISTRATOR)})


def user_made(name: str, role: Role) -> Deed:
    """An account was made."""
    return Deed("user.created", name, {"role": str(role)})


def user_disabled(name: str, disabled: bool) -> Deed:
    """An account was disabled, or enabled again."""
    return Deed("user.disabled" if disabled else "user.enabled", name)


def password_changed(name: str) -> Deed:
    """An account got another password."""
    return Deed("user.password_changed", name)


def role_changed(name: str, before: Role, after: Role) -> Deed:
    """A person is here for something else now."""
    return Deed("user.role_changed", name, {"from": str(before), "to": str(after)})


def tenant_made(name: str) -> Deed:
    """A customer was added."""
    return Deed("tenant.created", name)


def tenant_disabled(name: str, disabled: bool) -> Deed:
    """A customer was disabled, or enabled again."""
    return Deed("tenant.disabled" if disabled else "tenant.enabled", name)


def template_applied(name: str, version: int) -> Deed:
    """A flow template was put in force."""
    return Deed("template.applied", name, {"version": str(version)})


def alert_rules_applied(name: str, version: int) -> Deed:
    """An alert book was put in force."""
    return Deed("alert_rules.applied", name, {"version": str(version)})


def letters_retried(what: str, count: int) -> Deed:
    """Somebody let dead letters try again: which, and how many there were."""
    return Deed("dead_letters.retried", what, {"letters": str(count)})


def letters_discarded(what: str, count: int, why: str) -> Deed:
    """Somebody closed dead letters that nobody needs."""
    return Deed("dead_letters.discarded", what, {"letters": str(count), "why": why})


def letters_reopened(count: int) -> Deed:
    """Somebody took back what they had discarded a moment ago."""
    return Deed("dead_letters.reopened", "", {"letters": str(count)})


def state_rebuilt(version: int) -> Deed:
    """Somebody had all orders folded again, by the rules in force."""
    return Deed("orders.rebuilt", "", {"version": str(version)})


def order_noted(order_id: str) -> Deed:
    """Somebody left a note on an order."""
    return Deed("order.noted", order_id)


def orders_exported(query: str) -> Deed:
    """Somebody took the orders of a filter away as a file."""
    return Deed("orders.exported", "", {"filter": query})


def incident_acknowledged(incident_id: int, *, taken_back: bool = False) -> Deed:
    """Somebody looks after an incident, or took that back."""
    action = "incident.acknowledgement_taken_back" if taken_back else "incident.acknowledged"
    return Deed(action, str(incident_id))


def incident_assigned(incident_id: int, to: str) -> Deed:
    """Somebody gave an incident to a person; to nobody when that is empty."""
    return Deed("incident.assigned", str(incident_id), {"to": to})


def incident_commented(incident_id: int) -> Deed:
    """Somebody wrote on an incident's time line."""
    return Deed("incident.commented", str(incident_id))


def silence_made(kind: str, what: str, until: datetime, why: str) -> Deed:
    """Somebody made it quiet: of what, until when, and why."""
    return Deed(f"{kind}.made", what, {"until": until.isoformat(), "why": why})


def silence_ended(kind: str, silence_id: int) -> Deed:
    """Somebody ended a silence or a maintenance window before its time."""
    return Deed(f"{kind}.ended", str(silence_id))


def channel_tested(name: str) -> Deed:
    """Somebody had a test notice sent."""
    return Deed("channel.tested", name)


def view_saved(name: str, query: str) -> Deed:
    """Somebody saved a view of the orders for everybody."""
    return Deed("view.saved", name, {"filter": query})


def view_renamed(view_id: int, name: str) -> Deed:
    """Somebody gave a view another name."""
    return Deed("view.renamed", str(view_id), {"to": name})


def view_deleted(view_id: int, *, taken_back: bool) -> Deed:
    """Somebody deleted a view, or took that back."""
    return Deed("view.restored" if taken_back else "view.deleted", str(view_id))


def audit_checked(rows: int, broken: Break | None) -> Deed:
    """Somebody had the log checked: how far it is whole, and where it is broken, if it is."""
    details = {"rows": str(rows)}
    if broken is not None:
        details |= {"broken_at": str(broken.seq), "why": broken.what}
    return Deed("audit.checked", "", details)


def audit_exported(query: str) -> Deed:
    """Somebody took rows of this log away as a file."""
    return Deed("audit.exported", "", {"filter": query})


def key_made(key_id: str, source_prefix: str, can_read: bool) -> Deed:
    """A key was made."""
    return Deed("key.created", key_id, {"source": source_prefix, "read": _YES_NO[can_read]})


def key_revoked(key_id: str) -> Deed:
    """A key was revoked."""
    return Deed("key.revoked", key_id)


def invited(lasts: timedelta) -> Deed:
    """The first start printed a link that makes the first administrator."""
    return Deed("user.invited", "", {"hours": f"{lasts / timedelta(hours=1):g}"})
