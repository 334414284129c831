"""Carry one parcel to a server's door and wait until it is taken, however long the door is shut.

A parcel may arrive twice: source and id identify an event, so twice counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from orderwatch.app.parcels import Parcel
from orderwatch.core.errors import OrderwatchError
from orderwatch.core.model import FieldError

LONGEST_PAUSE: Final = 30.0
_SHUT: Final = frozenset({408, 425, 429})
_TOO_MUCH: Final = frozenset({400, 413, 422})
_REMEDIES: Final = {
    401: "the key is missing or wrong: give --key or ORDERWATCH_KEY (orderwatch key create)",
    403: "the key may not send these events: its source prefix must match theirs",
    404: "there is no Orderwatch at this address: check --url or ORDERWATCH_URL",
    405: "there is no Orderwatch at this address: check --url or ORDERWATCH_URL",
    415: "the server does not take CloudEvents here: check --url or ORDERWATCH_URL",
}


class Unreachable(OrderwatchError):
    """The server cannot be reached just now."""

    retryable = True


class NotDelivered(OrderwatchError):
    """The server did not take the events in time; sending them again is safe."""

    retryable = True


class TurnedAway(OrderwatchError):
    """The server will not take anything from this sender as it is."""


class Answer(Struct, frozen=True):
    """What the server said. `retry_after` in seconds."""

    status: int
    body: bytes
    retry_after: float | None = None


class Door(Protocol):
    """Where parcels go. Raises Unreachable."""

    async def post(self, body: bytes, content_type: str) -> Answer:
        """One request, one answer, whatever its status."""


class Clock(Protocol):
    """Time that passes, in seconds."""

    def now(self) -> float:
        """Seconds since some fixed moment; never runs back."""

    async def sleep(self, seconds: float) -> None:
        """Lets so much time pass."""


class Patience(Struct, frozen=True):
    """How long a parcel may wait for the door (seconds), and how its pauses are spread (0 to 1)."""

    retry_for: float
    jitter: Callable[[], float]


class Rejected(Struct, frozen=True, omit_defaults=True):
    """One line the server did not take: where it stands, its id if it has one, and why."""

    where: str
    id: str | None
    errors: Sequence[FieldError]


class Receipt(Struct, frozen=True):
    """What became of a parcel. `retries`: how often it had to be sent again."""

    accepted: int = 0
    duplicates: int = 0
    parked: int = 0
    rejected: Sequence[Rejected] = ()
    retries: int = 0

    def __add__(self, other: Receipt) -> Receipt:
        return Receipt(
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            self.parked + other.parked,
            (*self.rejected, *other.rejected),
            self.retries + other.retries,
        )


async def deliver(parcel: Parcel, door: Door, clock: Clock, patience: Patience) -> Receipt:
    """Send a parcel until the server has judged every line of it.

    A request the server cannot read as a whole is halved until the line to blame is alone.
    Raises NotDelivered when patience ends, TurnedAway at once when waiting cannot help.
    """
    answer, retries = await _insist(parcel, door, clock, patience)
    receipt = _receipt(parcel, answer)
    if receipt is None:
        first, second = parcel.halves()
        receipt = await deliver(first, door, clock, patience)
        receipt += await deliver(second, door, clock, patience)
    return receipt + Receipt(retries=retries)


async def _insist(
    parcel: Parcel, door: Door, clock: Clock, patience: Patience
) -> tuple[Answer, int]:
    """The first answer that is not 'later', and how many attempts it took besides."""
    body, begun, retries = parcel.body, clock.now(), 0
    while True:
        asked_to_wait = None
        try:
            answer = await door.post(body, parcel.content_type)
        except Unreachable as error:
            said = str(error)
        else:
            if answer.status < 500 and answer.status not in _SHUT:
                return answer, retries
            said, asked_to_wait = f"HTTP {answer.status}", answer.retry_after
        pause = _pause(retries, asked_to_wait, patience.jitter())
        if clock.now() + pause - begun > patience.retry_for:
            raise NotDelivered(
                f"not taken for {patience.retry_for:g} s, last {said}: send again later, "
                "what arrived already counts once"
            )
        await clock.sleep(pause)
        retries += 1


def _pause(retries: int, asked: float | None, jitter: float) -> float:
    """Seconds until the next attempt: doubling, spread by jitter, never less than asked for."""
    doubled = min(LONGEST_PAUSE, 0.25 * 2.0 ** min(retries, 10))
    return max(doubled * (0.5 + jitter / 2), (asked or 0.0) * (1 + jitter / 10))


class _Refusal(Struct):
    index: int
    id: str | None = None
    errors: list[Any] = []


class _Body(Struct):
    accepted: int = 0
    duplicates: int = 0
    parked: int = 0
    rejected: list[_Refusal] = []
    title: str = ""
    detail: str = ""
    errors: list[Any] = []


def _receipt(parcel: Parcel, answer: Answer) -> Receipt | None:
    """The server's judgement, line by line; None if the request must be halved to know."""
    if answer.status in _REMEDIES or not (answer.status in _TOO_MUCH or answer.status < 300):
        remedy = _REMEDIES.get(answer.status, "is this an Orderwatch server?")
        raise TurnedAway(f"HTTP {answer.status}: {remedy}{_detail(answer)}")
    body = _read(answer)
    if body is None and answer.status < 300:
        raise TurnedAway(f"HTTP {answer.status} without counts: is this an Orderwatch server?")
    body = body or _Body()
    if answer.status < 300 or body.rejected:
        return Receipt(
            body.accepted,
            body.duplicates,
            body.parked,
            [_rejected(parcel, refusal) for refusal in body.rejected],
        )
    if len(parcel.lines) > 1:
        return None
    errors = body.errors or [body.detail or body.title or f"HTTP {answer.status}"]
    return Receipt(rejected=[Rejected(parcel.lines[0].where, None, _errors(errors))])


def _read(answer: Answer) -> _Body | None:
    try:
        return msgspec.json.decode(answer.body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _detail(answer: Answer) -> str:
    body = _read(answer)
    return f" ({body.detail})" if body and body.detail else ""


def _rejected(parcel: Parcel, refusal: _Refusal) -> Rejected:
    inside = 0 <= refusal.index < len(parcel.lines)
    where = parcel.lines[refusal.index].where if inside else f"item {refusal.index}"
    return Rejected(where, refusal.id, _errors(refusal.errors))


def _errors(errors: Sequence[Any]) -> list[FieldError]:
    """Field errors as this product writes them; texts of others are kept as messages."""
    found = []
    for error in errors:
        if isinstance(error, dict):
            message = error.get("message") or error.get("detail") or ""
            found.append(FieldError(str(error.get("field", "")), str(message)))
        else:
            found.append(FieldError("", str(error)))
    return found
