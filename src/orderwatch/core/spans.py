"""A window cut into parts, each to be answered from the coarsest sums that fit it exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

Span = Literal["minute", "hour", "day"]

_COARSE: Final[tuple[tuple[Span, timedelta], ...]] = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Part(Struct, frozen=True):
    """[starts, ends) in whole spans; None does not bound."""

    span: Span
    starts: datetime | None
    ends: datetime | None


def cut(starts: datetime | None, ends: datetime | None) -> list[Part]:
    """Cut [starts, ends), which are whole minutes, into days, and hours and minutes at its ends."""
    if starts is not None and ends is not None and starts >= ends:
        return []
    return _cut(0, starts, ends)


def _cut(finer: int, starts: datetime | None, ends: datetime | None) -> list[Part]:
    """Whole spans in the middle; what is left on either side in finer ones."""
    if finer == len(_COARSE):
        return [Part("minute", starts, ends)] if starts != ends else []
    span, length = _COARSE[finer]
    finer += 1
    first = starts if starts is None else ceiling(starts, length)
    last = ends if ends is None else floor(ends, length)
    if first is not None and last is not None and first >= last:
        return _cut(finer, starts, ends)
    before = _cut(finer, starts, first) if starts is not None else []
    after = _cut(finer, last, ends) if ends is not None else []
    return [*before, Part(span, first, last), *after]


def coarsest(starts: datetime, step: timedelta) -> Span:
    """The longest span of which every step from `starts` on is made of whole ones."""
    for span, length in _COARSE:
        if not step % length and floor(starts, length) == starts:
            return span
    return "minute"


def floor(at: datetime, length: timedelta) -> datetime:
    """The last multiple of `length` in UTC that is not after `at`."""
    return _EPOCH + (at - _EPOCH) // length * length


def ceiling(at: datetime, length: timedelta) -> datetime:
    """The first multiple of `length` in UTC that is not before `at`."""
    return _EPOCH - (_EPOCH - at) // length * length
