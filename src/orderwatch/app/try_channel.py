"""Try a channel: a test notice goes out at once, and its fate is told to whoever asked."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.app.send_notices import Sending, carry
from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import Message, NoticeId, NoticeKind, Outcome
from orderwatch.core.model import TenantId

TEAM: Final = "operations"
_TEXT: Final = (
    "If you can read this, the channel works.\n"
    "A notice says what happened, since when, how many orders and how much money, and what to do."
)


class Tests(Protocol):
    """Where it is kept what was sent."""

    async def add_tested(
        self, tenant: TenantId, channel: str, key: str, message: Message, outcome: Outcome
    ) -> NoticeId:
        """Write down a test and what became of it."""
        ...


class Asking(Struct, frozen=True):
    """Who asks: the tenant with its name, and who of its people, empty for the command line."""

    tenant: TenantId
    name: str
    by: str = ""


class UnknownChannel(Struct, frozen=True):
    """There is no channel of this name; these there are."""

    known: tuple[str, ...]


async def try_channel(
    sending: Sending, tests: Tests, asking: Asking, channel: str, key: str
) -> Outcome | UnknownChannel:
    """One try, which no limit holds back; `key` is new. It stands in the delivery log."""
    book = await sending.books.of(asking.tenant)
    known = book.channels.get(channel)
    if known is None:
        return UnknownChannel(tuple(sorted(book.channels)))
    now = sending.now()
    message = words_of_test(channel, asking.by, now)
    parcel = Parcel(tenant=asking.name, key=key, at=now, message=message, parts=(message,))
    outcome = await carry(sending, known, parcel)
    await tests.add_tested(asking.tenant, channel, key, message, outcome)
    return outcome


def words_of_test(channel: str, by: str, now: datetime) -> Message:
    """A notice that nobody has to act upon."""
    asked = f"{by} asked for it." if by else ""
    return Message(
        kind=NoticeKind.TEST,
        title=f"A test of the channel {channel}",
        text=f"{_TEXT}\n{asked}".strip(),
        priority=Priority.LOW,
        team=TEAM,
        rule="",
        starts_at=now,
        cause_at=now,
        link="/incidents",
    )
