"""Change a tenant's alert rules: check a text, see what it would change, put it in force."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.app.administer import NotPossible
from orderwatch.app.known_books import KnownBook, KnownBooks, understand
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.book_differences import Change, book_differences
from orderwatch.core.alerting.edit_rules import switch_rule
from orderwatch.core.alerting.parse import BookError, parse_book
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor

_SAME: Final = "This is what is in force already; nothing would change."
_OVERTAKEN: Final = (
    "Another version was put in force while you were at it. Look at it, and make your change again."
)
_BROKEN: Final = "The rules in force no longer fit the flow. Mend their text first: line {}: {}"


class BookVersion(Struct, frozen=True):
    """A version of a tenant's alert book, as it was applied."""

    version: int
    name: str
    applied_at: datetime
    by: str | None


class RuleFault(Struct, frozen=True):
    """A rule in force whose condition could not be decided: why, since when, how often."""

    rule: str
    why: str
    first_at: datetime
    last_at: datetime
    times: int


class BookStore(Protocol):
    """Where alert books are kept. Every call raises Unavailable when the database is away."""

    async def newest(self, tenant: TenantId) -> str | None:
        """The YAML text in force; None: the default is."""
        ...

    async def versions(self, tenant: TenantId) -> list[BookVersion]:
        """All versions there were, newest first."""
        ...

    async def source(self, tenant: TenantId, version: int) -> str | None:
        """The YAML text of one version."""
        ...

    async def faults(self, tenant: TenantId) -> list[RuleFault]:
        """The rules in force that could not be decided; a new version begins without."""
        ...

    async def apply(
        self, tenant: TenantId, name: str, source: str, base: int, by: Actor
    ) -> int | None:
        """Put a book in force and write the deed; its version, None if `base` is not the newest."""
        ...


class RuleDesk(Struct, frozen=True):
    """A person at work on one tenant's alert rules."""

    store: BookStore
    books: KnownBooks
    flows: KnownTemplates
    tenant: TenantId
    actor: Actor


class BookInForce(Struct, frozen=True):
    """What is in force: the stored version (None: the default), its text, and what it says."""

    version: BookVersion | None
    known: KnownBook

    @property
    def number(self) -> int:
        """Of its version; 0 is the default."""
        return self.version.version if self.version else 0


class BookDraft(Struct, frozen=True):
    """A book that is not in force, beside the one that is."""

    source: str
    book: Book
    base: BookInForce
    changes: tuple[Change, ...]


async def read_book_in_force(desk: RuleDesk) -> BookInForce:
    """What is in force as it is this very moment; raises NoTemplate."""
    versions = await desk.store.versions(desk.tenant)
    newest = versions[0] if versions else None
    source = await desk.store.source(desk.tenant, newest.version) if newest else None
    flow = await desk.flows.of(desk.tenant)
    return BookInForce(newest, understand(source, desk.books.default, flow))


async def check_book(desk: RuleDesk, source: str) -> Book | tuple[BookError, ...]:
    """The book of a text for this tenant's flow, or everything wrong with it."""
    return parse_book(source, await desk.flows.of(desk.tenant))


async def draft_book(desk: RuleDesk, source: str) -> BookDraft | tuple[BookError, ...]:
    """What a text would change; else everything wrong with it. NotPossible: it changes nothing."""
    read = await check_book(desk, source)
    if not isinstance(read, Book):
        return read
    base = await read_book_in_force(desk)
    if source == base.known.source:
        raise NotPossible(_SAME)
    return BookDraft(source, read, base, book_differences(base.known.book, read))


async def apply_book(
    desk: RuleDesk, source: str, base: int | None = None
) -> int | tuple[BookError, ...]:
    """Put a text in force; its version, or everything wrong with it.

    `base` is the version it was written for. NotPossible when another one was faster, or when it
    changes nothing.
    """
    draft = await draft_book(desk, source)
    if not isinstance(draft, BookDraft):
        return draft
    expected = draft.base.number if base is None else base
    version = await desk.store.apply(desk.tenant, draft.book.name, source, expected, desk.actor)
    if version is None:
        raise NotPossible(_OVERTAKEN)
    desk.books.forget(desk.tenant)
    return version


async def switch(desk: RuleDesk, rule: str, *, enabled: bool) -> int:
    """Switch a rule on or off; the version in force then. NotPossible: no such rule."""
    in_force = await read_book_in_force(desk)
    known = in_force.known
    if known.problems:
        raise NotPossible(_BROKEN.format(known.problems[0].line, known.problems[0].message))
    if rule not in known.book.rules:
        raise NotPossible(f"There is no rule {rule}.")
    source = switch_rule(known.source, known.book, rule, enabled=enabled)
    if source == known.source:
        return in_force.number
    version = await apply_book(desk, source, in_force.number)
    assert isinstance(version, int)
    return version
