"""The alert book in force for each tenant, remembered for a moment.

A tenant that never applied one works by the default. A flow template that changed may no longer fit
the book: what still fits goes on, and what does not is said.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from msgspec import Struct

from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.parse import BookError, read_book
from orderwatch.core.flow.template import Template
from orderwatch.core.model import TenantId

Said = Callable[[TenantId, tuple[BookError, ...]], None]


class NewestBook(Protocol):
    """Where alert books are kept."""

    async def newest(self, tenant: TenantId) -> str | None:
        """The YAML text in force; None: the default is. Raises Unavailable."""
        ...


class Flows(Protocol):
    """Where flow templates are asked for."""

    async def of(self, tenant: TenantId) -> Template:
        """The template in force; raises NoTemplate, or Unavailable."""
        ...


class KnownBook(Struct, frozen=True):
    """A book in force: its text, what it says, and what of it no longer fits the flow."""

    source: str
    book: Book
    is_default: bool
    problems: tuple[BookError, ...] = ()


class KnownBooks:
    """Any NewestBook, asked at most once per tenant and `for_`. Good for one event loop."""

    def __init__(
        self,
        books: NewestBook,
        flows: Flows,
        default: str,
        monotonic: Callable[[], float],
        said: Said = lambda _, __: None,
        for_: timedelta = timedelta(seconds=2),
    ) -> None:
        """`default` is the text of the book of those who have none; `said` hears what misfits."""
        self._books = books
        self._flows = flows
        self._default = default
        self._monotonic = monotonic
        self._said = said
        self._for = for_.total_seconds()
        self._known: dict[TenantId, tuple[float, Template, KnownBook]] = {}

    @property
    def default(self) -> str:
        """The text of the book every tenant begins with."""
        return self._default

    async def of(self, tenant: TenantId) -> Book:
        """The book in force; raises NoTemplate, or Unavailable."""
        return (await self.known(tenant)).book

    async def known(self, tenant: TenantId) -> KnownBook:
        """The book in force with its text and misfits; raises NoTemplate, or Unavailable."""
        now = self._monotonic()
        held = self._known.get(tenant)
        if held is not None and now < held[0]:
            return held[2]
        flow = await self._flows.of(tenant)
        stored = await self._books.newest(tenant)
        if held is not None and held[1] is flow and _is_same(held[2], stored):
            known = held[2]
        else:
            known = understand(stored, self._default, flow)
            if known.problems:
                self._said(tenant, known.problems)
        self._known[tenant] = (now + self._for, flow, known)
        return known

    def forget(self, tenant: TenantId) -> None:
        """Ask anew: it was changed a moment ago."""
        self._known.pop(tenant, None)


def understand(stored: str | None, default: str, flow: Template) -> KnownBook:
    """What of a stored text works in this flow; of none, or of nonsense, the default."""
    read = read_book(stored, flow) if stored is not None else None
    if read is not None and read.book is not None:
        return KnownBook(stored or "", read.book, False, read.problems)
    fallback = read_book(default, flow)
    assert fallback.book is not None
    problems = (*(read.problems if read else ()), *fallback.problems)
    return KnownBook(stored or default, fallback.book, stored is None, problems)


def _is_same(known: KnownBook, stored: str | None) -> bool:
    return known.is_default if stored is None else known.source == stored
