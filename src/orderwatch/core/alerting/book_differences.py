"""What another alert book would change, one thing at a time, for those who decide about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import asdict

from orderwatch.core.alerting.book import Book, Stretch, Watch
from orderwatch.core.alerting.expression import Expression
from orderwatch.core.alerting.read_hours import WEEKDAYS
from orderwatch.core.flow.durations import in_words

Part = Literal["rule", "channel", "hours", "book"]

_BOOK_FIELDS: Final = ("time_zone", "success_goal", "holidays", "teams", "routes")


class Change(Struct, frozen=True):
    """One difference: of which part and which name, what of it, and how it was and is said.

    `field` is empty when all of it is new (`before` empty) or gone (`after` empty).
    """

    part: Part
    name: str
    field: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_new(self) -> bool:
        """Whether it was not there before."""
        return not self.field and not self.before

    @property
    def is_gone(self) -> bool:
        """Whether it is not there any more."""
        return not self.field and not self.after


def book_differences(before: Book, after: Book) -> tuple[Change, ...]:
    """Everything that would be watched, said or sent otherwise; in the order of the book."""
    return tuple(_changes(before, after))


def in_a_sentence(change: Change) -> str:
    """Such as `rule failure_rate: over was 10 min, is 5 min`."""
    who = f"{change.part} {change.name}".strip()
    if change.is_new:
        return f"{who} is new"
    if change.is_gone:
        return f"{who} is gone"
    what = change.field.replace("_", " ")
    return f"{who}: {what} was {change.before or 'nothing'}, is {change.after or 'nothing'}"


def _changes(before: Book, after: Book) -> Iterator[Change]:
    yield from _table("rule", before.rules, after.rules)
    yield from _table("channel", before.channels, after.channels)
    yield from _table("hours", before.hours, after.hours)
    for field in _BOOK_FIELDS:
        yield from _field("book", "", field, getattr(before, field), getattr(after, field))


def _table(
    part: Part, before: Mapping[str, Struct], after: Mapping[str, Struct]
) -> Iterator[Change]:
    for name, entry in after.items():
        if name not in before:
            yield Change(part, name, after=name)
            continue
        yield from _entry(part, name, before[name], entry)
    yield from (Change(part, name, before=name) for name in before if name not in after)


def _entry(part: Part, name: str, before: Struct, after: Struct) -> Iterator[Change]:
    old, new = asdict(before), asdict(after)
    watches = old.get("watches", ()), new.get("watches", ())
    if len(watches[0]) == len(watches[1]):
        yield from _watches(part, name, watches[0], watches[1])
        old, new = ({k: v for k, v in one.items() if k != "watches"} for one in (old, new))
    for field, value in new.items():
        yield from _field(part, name, field, old[field], value)


def _watches(
    part: Part, name: str, before: Sequence[Watch], after: Sequence[Watch]
) -> Iterator[Change]:
    """One by one, so that a figure is seen and not the whole watch."""
    for place, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        of = f" of watch {place}" if len(after) > 1 else ""
        was = asdict(old)
        for field, value in asdict(new).items():
            yield from _field(part, name, f"{field}{of}", was[field], value)


def _field(part: Part, name: str, field: str, before: object, after: object) -> Iterator[Change]:
    if before != after:
        yield Change(part, name, field, said(before), said(after))


def said(value: Any) -> str:
    """A value as it is written in a book, on one line; empty for nothing."""
    if value is None:
        return ""
    for kind, words in _SAYINGS:
        if isinstance(value, kind):
            return words(value)
    return str(value)


def _stretch(stretch: Stretch) -> str:
    until = said(stretch.until) if stretch.until != time() else "24:00"
    return f"{WEEKDAYS[stretch.weekday]} {said(stretch.since)}-{until}"


def _struct(value: Struct) -> str:
    """What of it says anything: `to box teams operations`."""
    parts = ((name, one) for name, one in asdict(value).items() if one is not False and one != 0)
    return " ".join(f"{name.replace('_', ' ')} {said(one)}" for name, one in parts if said(one))


_SAYINGS: Final[tuple[tuple[type, Callable[[Any], str]], ...]] = (
    (bool, lambda value: "true" if value else "false"),
    (timedelta, in_words),
    (Expression, lambda value: value.text),
    (time, lambda value: value.strftime("%H:%M")),
    (date, date.isoformat),
    (float, lambda value: f"{value:g}"),
    (Mapping, lambda value: ", ".join(f"{key}: {said(one)}" for key, one in value.items())),
    (frozenset, lambda value: ", ".join(sorted(map(said, value)))),
    (tuple, lambda value: "; ".join(map(said, value))),
    (Stretch, _stretch),
    (Struct, _struct),
)
"""How each kind of value is said; the first that fits."""
