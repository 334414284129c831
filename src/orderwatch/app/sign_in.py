"""Sign in with name and password, stay signed in for a while, sign out; and the first sign-in.

1. Each try counts as failed from its beginning; too many, and the next one has to wait.
2. A name nobody has takes as long as a wrong password, and is told the same.
3. The session, what it replaces and its row in the audit log are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.core.model import TenantId
from orderwatch.core.people.accounts import (
    User,
    fault_of_name,
    fault_of_password,
    normal,
    same_name,
)
from orderwatch.core.people.audit import Actor, ActorKind, Deed
from orderwatch.core.people.deeds import (
    invited,
    sign_in_failed,
    signed_in,
    signed_out,
)
from orderwatch.core.people.guessing import counted_address, counted_name
from orderwatch.core.people.sessions import (
    RANDOM_BYTES,
    Lasting,
    NewToken,
    Session,
    invitation_hash,
    new_invitation_token,
    new_session_token,
    session_hash,
)

INVITATION_LASTS: Final = timedelta(hours=24)
_LONGEST_TYPED: Final = 1_000
_LONGEST_AGENT: Final = 200


class Passwords(Protocol):
    """Makes and checks password hashes without holding up anybody else. Raises TooBusy."""

    async def hash(self, password: str) -> str:
        """The hash to be stored, with the parameters it was made with."""
        ...

    async def fits(self, stored: str | None, password: str) -> bool:
        """Whether this is the password; takes as long when there is no such account."""
        ...

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than those in force."""
        ...


class TooBusy(Exception):
    """More people sign in at this moment than can be checked."""


class Client(Struct, frozen=True):
    """Where a request comes from: its address, and what its browser calls itself."""

    address: str
    agent: str = ""


class Try(Struct, frozen=True):
    """A try that may be made: the account, if there is one, and how often it failed before."""

    user: User | None
    failures: int


class NewSession(Struct, frozen=True, kw_only=True):
    """A session to be kept."""

    user: User
    token: NewToken
    at: datetime
    expires_at: datetime
    client: Client
    new_hash: str | None = None


class People(Protocol):
    """Where accounts and sessions are kept. Every call raises Unavailable."""

    async def tenant_named(self, name: str | None) -> TenantId | None:
        """The enabled tenant of a name; without a name `default`, or the first there is."""
        ...

    async def tenant_count(self) -> int:
        """How many enabled tenants there are."""
        ...

    async def begin_try(
        self, tenant: TenantId, name: str, address: str, at: datetime
    ) -> Try | timedelta:
        """Count the try as failed beforehand; how long to wait when there were too many."""
        ...

    async def write(self, tenant: TenantId, actor: Actor, deed: Deed) -> None:
        """Append a deed that nothing else is stored of to the audit log."""
        ...

    async def start_session(self, session: NewSession, deed: Deed) -> None:
        """Keep it, forget the account's failures, and write the deed."""
        ...

    async def find_session(self, token_hash: bytes) -> Session | None:
        """The session of a token, with its person as they are now; ended or not."""
        ...

    async def note_use(self, session: Session, at: datetime) -> None:
        """The session was used at this instant."""
        ...

    async def end_session(
        self, session: Session, at: datetime, everywhere: bool, by: Actor, deed: Deed
    ) -> None:
        """End it, or all sessions of its person."""
        ...

    async def anybody(self, tenant: TenantId) -> bool:
        """Whether the tenant has any account."""
        ...

    async def invite(
        self, tenant: TenantId, token: NewToken, at: datetime, expires_at: datetime, deed: Deed
    ) -> bool:
        """Keep an invitation; False when somebody has an account already."""
        ...

    async def is_invited(self, token_hash: bytes, at: datetime) -> bool:
        """Whether an invitation is still good."""
        ...

    async def welcome(
        self, token_hash: bytes, name: str, password_hash: str, client: Client, at: datetime
    ) -> User | None:
        """The first administrator, made with an invitation, which is used up; None: it was."""
        ...


class SignInDoor(Struct, frozen=True):
    """What it takes to let people in."""

    people: People
    passwords: Passwords
    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    lasting: Lasting = Lasting()


class SignedIn(Struct, frozen=True):
    """Who came in; `token` is the cookie's value, known at this moment only."""

    user: User
    token: str


class Refused(Struct, frozen=True):
    """Name and password do not match; which of them is wrong is not told."""


class Wait(Struct, frozen=True):
    """Too many tries failed: the next may be made after this time."""

    time: timedelta


class NotInvited(Struct, frozen=True):
    """The link was used, has expired, or never was one."""


class Unfit(Struct, frozen=True):
    """A name or a password that cannot be: the field, and what is wrong with it."""

    field: str
    message: str


async def sign_in(
    door: SignInDoor, tenant_name: str | None, name: str, password: str, client: Client
) -> SignedIn | Refused | Wait:
    """Try a name and a password. Raises TooBusy, Unavailable."""
    name = counted_name(same_name(name[:_LONGEST_TYPED]))
    password = normal(password[:_LONGEST_TYPED])
    address, at = counted_address(client.address), door.now()
    tenant = await door.people.tenant_named(tenant_name)
    if tenant is None:
        await door.passwords.fits(None, password)
        return Refused()
    tried = await door.people.begin_try(tenant, name, address, at)
    if isinstance(tried, timedelta):
        return Wait(tried)
    user = tried.user
    fits = await door.passwords.fits(user.password_hash if user else None, password)
    if user is None or not fits or user.disabled_at is not None:
        deed = sign_in_failed(user.name if user else "", tried.failures)
        nobody = Actor(ActorKind.PERSON, "", client.address)
        await door.people.write(tenant, nobody, deed)
        return Refused()
    return await _start(door, user, password, client)


async def _start(door: SignInDoor, user: User, password: str | None, client: Client) -> SignedIn:
    token, at = new_session_token(door.random_bytes(RANDOM_BYTES)), door.now()
    outdated = password is not None and door.passwords.is_outdated(user.password_hash)
    await door.people.start_session(
        NewSession(
            user=user,
            token=token,
            at=at,
            expires_at=at + door.lasting.longest,
            client=Client(client.address, client.agent[:_LONGEST_AGENT]),
            new_hash=await door.passwords.hash(password) if outdated and password else None,
        ),
        signed_in(client.agent[:_LONGEST_AGENT]),
    )
    return SignedIn(user, token.text)


async def session_of(door: SignInDoor, token: str) -> Session | None:
    """The live session of a cookie's token; its use is noted. Raises Unavailable."""
    hashed = session_hash(token)
    session = None if hashed is None else await door.people.find_session(hashed)
    at = door.now()
    if session is None or not session.is_live(at, door.lasting):
        return None
    if session.must_be_noted(at):
        await door.people.note_use(session, at)
    return session


async def sign_out(
    door: SignInDoor, session: Session, client: Client, *, everywhere: bool = False
) -> None:
    """End this session, or all of this person's."""
    actor = Actor(ActorKind.PERSON, session.name, client.address)
    await door.people.end_session(session, door.now(), everywhere, actor, signed_out(everywhere))


async def invite_first(door: SignInDoor, tenant: TenantId) -> str | None:
    """A token for the link that makes the first administrator; None when there is somebody."""
    token, at = new_invitation_token(door.random_bytes(RANDOM_BYTES)), door.now()
    kept = await door.people.invite(
        tenant, token, at, at + INVITATION_LASTS, invited(INVITATION_LASTS)
    )
    return token.text if kept else None


async def is_invited(door: SignInDoor, token: str) -> bool:
    """Whether a link is still good."""
    hashed = invitation_hash(token)
    return hashed is not None and await door.people.is_invited(hashed, door.now())


async def welcome(
    door: SignInDoor, token: str, name: str, password: str, client: Client
) -> SignedIn | NotInvited | Unfit:
    """Make the first administrator and sign them in. Raises TooBusy, Unavailable."""
    hashed = invitation_hash(token)
    if hashed is None or not await door.people.is_invited(hashed, door.now()):
        return NotInvited()
    name = same_name(name[:_LONGEST_TYPED])
    if fault := fault_of_name(name):
        return Unfit("name", fault)
    if fault := fault_of_password(password, name):
        return Unfit("password", fault)
    password_hash = await door.passwords.hash(normal(password))
    user = await door.people.welcome(hashed, name, password_hash, client, door.now())
    return NotInvited() if user is None else await _start(door, user, None, client)
