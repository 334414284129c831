"""Accounts and sessions, as an administrator looks after them; whatever is done is audited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from orderwatch.app.administer import NotPossible
from orderwatch.app.sign_in import Passwords
from orderwatch.core.model import TenantId
from orderwatch.core.people.accounts import (
    UserListing,
    fault_of_name,
    fault_of_password,
    normal,
    same_name,
)
from orderwatch.core.people.audit import Actor
from orderwatch.core.people.roles import Role
from orderwatch.core.people.sessions import SessionListing
from orderwatch.core.saying import sentence


class Outcome(StrEnum):
    """What became of a change to an account."""

    DONE = "done"
    NO_SUCH = "no_such"
    LAST_ADMINISTRATOR = "last_administrator"


class UserStore(Protocol):
    """Where accounts are kept; each change writes its deed. Every call raises Unavailable."""

    async def create_user(
        self, tenant: TenantId, name: str, role: Role, password_hash: str, by: Actor
    ) -> bool:
        """False when the name is taken."""
        ...

    async def users(self, tenant: TenantId) -> list[UserListing]:
        """The tenant's accounts by name."""
        ...

    async def set_password(
        self, tenant: TenantId, name: str, password_hash: str, by: Actor, at: datetime
    ) -> Outcome:
        """Another password; all sessions end."""
        ...

    async def set_role(
        self, tenant: TenantId, name: str, role: Role, by: Actor, at: datetime
    ) -> Outcome:
        """Another role; all sessions end."""
        ...

    async def set_user_disabled(
        self, tenant: TenantId, name: str, disabled: bool, by: Actor, at: datetime
    ) -> Outcome:
        """Disable, which ends all sessions, or enable."""
        ...

    async def sessions(
        self, tenant: TenantId, user: str | None, at: datetime
    ) -> list[SessionListing]:
        """Live sessions, of one person or of all, newest first."""
        ...

    async def revoke_session(
        self, tenant: TenantId, session_id: str, by: Actor, at: datetime
    ) -> bool:
        """False when there is no live session of this id."""
        ...


class NewUser(Struct, frozen=True):
    """An account to be made."""

    name: str
    role: Role
    password: str


async def create_user(
    users: UserStore, passwords: Passwords, tenant: TenantId, new: NewUser, by: Actor
) -> str:
    """Make an account and give back its name as it is kept; NotPossible when it cannot be."""
    name = same_name(new.name)
    if fault := fault_of_name(name):
        raise NotPossible(fault)
    hashed = await _hash(passwords, new.password, name)
    if not await users.create_user(tenant, name, new.role, hashed, by):
        raise NotPossible(sentence("There is a user %(name)s already.", name=name))
    return name


class UserDesk(Struct, frozen=True):
    """An administrator at work: whose accounts, who it is, and what time it is."""

    users: UserStore
    passwords: Passwords
    tenant: TenantId
    by: Actor
    now: Callable[[], datetime]

    async def change_password(self, name: str, password: str) -> None:
        """Another password, which ends all of the person's sessions; NotPossible."""
        name = same_name(name)
        hashed = await _hash(self.passwords, password, name)
        _check(await self.users.set_password(self.tenant, name, hashed, self.by, self.now()), name)

    async def change_role(self, name: str, role: Role) -> None:
        """Another role, which ends all of the person's sessions; NotPossible."""
        name = same_name(name)
        _check(await self.users.set_role(self.tenant, name, role, self.by, self.now()), name)

    async def disable(self, name: str, *, disabled: bool = True) -> None:
        """Disable an account, which ends its sessions, or enable it again; NotPossible."""
        name = same_name(name)
        _check(
            await self.users.set_user_disabled(self.tenant, name, disabled, self.by, self.now()),
            name,
        )

    async def revoke_session(self, session_id: str) -> None:
        """End one session; NotPossible."""
        if not await self.users.revoke_session(self.tenant, session_id, self.by, self.now()):
            raise NotPossible(sentence("There is no live session %(id)s.", id=session_id))


async def _hash(passwords: Passwords, password: str, name: str) -> str:
    if fault := fault_of_password(password, name):
        raise NotPossible(fault)
    return await passwords.hash(normal(password))


def _check(outcome: Outcome, name: str) -> None:
    if outcome is Outcome.NO_SUCH:
        raise NotPossible(sentence("There is no user %(name)s.", name=name))
    if outcome is Outcome.LAST_ADMINISTRATOR:
        raise NotPossible(
            sentence("%(name)s is the last administrator; make another one first.", name=name)
        )
