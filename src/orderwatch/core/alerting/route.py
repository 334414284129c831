"""Who is told: the routes of the book, and what keeps an incident quiet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from orderwatch.core.alerting.book import Book, Look, Priority, Route
from orderwatch.core.alerting.incident import Incident, Silence, SilenceKind

PARENT = "told with its cause"


class Routed(Struct, frozen=True):
    """Where notices of an incident go, and whom to tell when nobody acknowledges in time."""

    to: tuple[str, ...] = ()
    escalate_after: timedelta | None = None
    escalate_to: tuple[str, ...] = ()


def route(book: Book, incident: Incident, at: datetime, team: str | None = None) -> Routed:
    """The first route that fits, and those after it as long as each says `go_on`."""
    to: list[str] = []
    after: timedelta | None = None
    escalate: list[str] = []
    for one in book.routes:
        if not fits(book, one, incident, at, team or incident.team):
            continue
        to += [name for name in one.to if name not in to]
        escalate += [name for name in one.escalate_to if name not in escalate]
        if one.escalate_after is not None:
            after = min(after or one.escalate_after, one.escalate_after)
        if not one.go_on:
            break
    return Routed(_around_the_broken(book, incident, to), after, tuple(escalate))


def _around_the_broken(book: Book, incident: Incident, to: list[str]) -> tuple[str, ...]:
    """Of a channel that fails its fallback is told, and nothing goes over the channel itself."""
    if incident.about.get("look") != Look.NOTICE.value:
        return tuple(to)
    broken = str(incident.about.get("channel", ""))
    known = book.channels.get(broken)
    instead = known.fallback if known is not None else None
    others = [name for name in to if name != broken]
    return tuple(dict.fromkeys([*([instead] if instead else []), *others])) or tuple(to)


def fits(book: Book, one: Route, incident: Incident, at: datetime, team: str) -> bool:
    """Whether a route is for this incident, at this time of day."""
    mismatch = str(incident.about.get("type", ""))
    return (
        (not one.teams or team in one.teams)
        and (not one.priorities or Priority(incident.priority) in one.priorities)
        and (not one.rules or incident.rule in one.rules)
        and (not one.mismatch_types or mismatch in one.mismatch_types)
        and all(incident.labels.get(name) == value for name, value in one.labels.items())
        and book.is_open(one.hours, at)
        and not (one.outside_hours is not None and book.is_open(one.outside_hours, at))
    )


def why_quiet(book: Book, incident: Incident, silences: Iterable[Silence], at: datetime) -> str:
    """Why nobody is told just now; empty: people are told."""
    if incident.parent is not None:
        return PARENT
    for silence in silences:
        if silence.is_on(at) and matches(silence, incident):
            what = "maintenance" if silence.kind is SilenceKind.MAINTENANCE else "silenced"
            return f"{what}: {silence.why}"
    rule = book.rules.get(incident.rule)
    if rule is not None and not book.is_open(rule.hours, at):
        return "outside opening hours"
    return ""


def matches(silence: Silence, incident: Incident) -> bool:
    """Whether a silence is about this incident: everything it names must agree."""
    known = {
        "incident": str(incident.id),
        "rule": incident.rule,
        "team": incident.team,
        "priority": str(incident.priority),
        **{name: _all_of(incident, name) for name in ("system", "channel", "location")},
    }
    return all(known.get(name) == value for name, value in silence.matches.items())


def _all_of(incident: Incident, dimension: str) -> str:
    """What an incident is about, or what all of its orders have in common."""
    if about := str(incident.about.get(dimension, "")):
        return about
    counts = incident.tally.get(dimension, {})
    return next(iter(counts)) if len(counts) == 1 else ""
