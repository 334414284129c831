"""Which notices of a channel go out next, together or alone, and what follows from the answer.

A channel has one sender at a time, so its notices keep their order and its limit is exact. While
tries fail, the channel rests; what waited meanwhile goes out as one digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.core.alerting.backoff import is_hopeless, pause_after
from orderwatch.core.alerting.book import Channel, ChannelKind, Priority
from orderwatch.core.alerting.digest import Said, order_of
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.alerting.notice import Notice, NoticeId, NoticeKind, NotSent, Outcome, Sent

LEASE: Final = timedelta(seconds=10)
"""How long a notice belongs to the sender that claimed it; then any other takes it over."""
SEND_WITHIN: Final = timedelta(seconds=8)
"""How long a channel may take to answer: less than the lease."""
SOON: Final = timedelta(seconds=10)
"""What waited longer than this piled up, and is told together."""
_URGENT_SHARE: Final = 2
"""High priority may be told this many times as often as the channel's limit says."""
_MACHINES: Final = frozenset({ChannelKind.ALERTMANAGER, ChannelKind.MAILBOX})
"""Nobody is disturbed by these: they take everything as it comes."""


class Waiting(Struct, frozen=True, kw_only=True):
    """A notice that waits, as far as deciding needs it.

    `bound_to` is the notice it was sent together with when nobody knows whether that arrived.
    """

    id: NoticeId
    kind: NoticeKind
    priority: Priority
    incident: IncidentId | None
    due_at: datetime
    attempts: int = 0
    claimed_until: datetime | None = None
    bound_to: NoticeId | None = None

    @property
    def said(self) -> Said:
        """What decides about its place among others."""
        return Said(self.id, self.kind, self.priority, self.incident)


def choose(
    waiting: Sequence[Waiting], channel: Channel, sent_recently: int, now: datetime
) -> list[NoticeId]:
    """What goes out now in one parcel, the one that gives it its key first; empty: nothing yet."""
    due = [one for one in waiting if one.due_at <= now]
    room = _room(due, channel, sent_recently)
    if room <= 0 or not due or any(_keeps_busy(one, now) for one in waiting):
        return []
    first = min(due, key=lambda one: (one.due_at, one.id))
    if first.bound_to is not None:
        return _parcel_of(first.bound_to, due)
    free = [one for one in due if one.bound_to is None]
    if channel.kind is ChannelKind.MAILBOX:
        return [min(one.id for one in free)]
    if channel.kind is ChannelKind.ALERTMANAGER or room == 1 or _piled_up(free, now):
        return _led(free)
    return _led(_one_incident(free))


def _keeps_busy(one: Waiting, now: datetime) -> bool:
    """Whether its channel is being sent to, or rests after a try that failed."""
    claimed = one.claimed_until is not None and one.claimed_until > now
    return claimed or (one.attempts > 0 and one.due_at > now)


def _room(due: Sequence[Waiting], channel: Channel, sent_recently: int) -> int:
    if channel.kind in _MACHINES:
        return len(due)
    urgent = any(one.priority is Priority.HIGH for one in due)
    return channel.most * (_URGENT_SHARE if urgent else 1) - sent_recently


def _parcel_of(lead: NoticeId, due: Sequence[Waiting]) -> list[NoticeId]:
    return [lead, *(one.id for one in due if one.bound_to == lead and one.id != lead)]


def _piled_up(free: Sequence[Waiting], now: datetime) -> bool:
    return any(one.attempts or now - one.due_at > SOON for one in free)


def _led(together: Sequence[Waiting]) -> list[NoticeId]:
    """All of them, that which is told first at the front."""
    lead = order_of(one.said for one in together)[0]
    return [lead, *(one.id for one in together if one.id != lead)]


def _one_incident(free: Sequence[Waiting]) -> list[Waiting]:
    """The worst notice, with the earlier ones of its incident for which it leaves nothing."""
    by_id = {one.id: one for one in free}
    first = by_id[order_of(one.said for one in free)[0]]
    if not first.said.is_about_its_state:
        return [first]
    return [one for one in free if one.incident == first.incident and one.said.is_about_its_state]


class Claim(Struct, frozen=True, kw_only=True):
    """What one sender has taken to send: until when it is its own. `lead` gives the key."""

    channel: Channel
    lead: NoticeId
    notices: tuple[Notice, ...]
    until: datetime

    @property
    def ids(self) -> list[NoticeId]:
        """The notices that travel together."""
        return [one.id for one in self.notices]


class Delivered(Struct, frozen=True):
    """It was taken at this instant; `thread` as in `Notice`."""

    at: datetime
    thread: str | None


class PutOff(Struct, frozen=True):
    """The next try is at `until`. `together`: it may have arrived, so it stays as it is."""

    at: datetime
    until: datetime
    why: str
    together: bool


class GivenUp(Struct, frozen=True):
    """No further try."""

    at: datetime
    why: str


Result = Delivered | PutOff | GivenUp


def conclude(claim: Claim, outcome: Outcome, now: datetime, chance: float) -> Result:
    """What follows from a channel's answer; `chance` from [0, 1) spreads the tries."""
    match outcome:
        case Sent(thread):
            return Delivered(now, thread)
        case NotSent(why, retryable, retry_after, maybe_taken):
            oldest = min(one.created_at for one in claim.notices)
            if not retryable or is_hopeless(oldest, now):
                return GivenUp(now, why)
            attempts = max(one.attempts for one in claim.notices)
            pause = pause_after(attempts, chance, retry_after)
            return PutOff(now, now + pause, why, maybe_taken)
