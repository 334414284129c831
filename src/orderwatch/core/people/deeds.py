"""Every deed the audit log knows: its name, what it was done to, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta

from orderwatch.core.people.audit import Deed
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


def key_made(key_id: str, source_prefix: str, can_read: bool) -> Deed:
    """A key was made."""
    return Deed("key.created", key_id, {"source": source_prefix, "read": _YES_NO[can_read]})


def key_revoked(key_id: str) -> Deed:
    """A key was revoked."""
    return Deed("key.revoked", key_id)


def invited(lasts: timedelta) -> Deed:
    """The first start printed a link that makes the first administrator."""
    return Deed("user.invited", "", {"hours": f"{lasts / timedelta(hours=1):g}"})
