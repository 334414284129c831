"""A silence or a maintenance window as somebody wants it: right, or every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Final

from msgspec import Struct

from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.incident import SilenceKind
from orderwatch.core.model import FieldError
from orderwatch.core.people.writing import clean_note

MATCHED: Final = ("incident", "rule", "team", "priority", "system", "channel", "location")
"""What a silence may name; all that it names must agree."""
LONGEST: Final = timedelta(days=366)
LONGEST_WHY: Final = 1_000
_LONGEST_VALUE: Final = 100


class Names(Struct, frozen=True):
    """What there is to be named: a silence of a misspelt rule would keep nothing quiet.

    Empty: anything may be named. A location is whatever the orders call their store.
    """

    rules: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    systems: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()

    def known(self, name: str) -> frozenset[str]:
        """The values this may have; empty: any."""
        return {
            "rule": self.rules,
            "team": self.teams,
            "system": self.systems,
            "channel": self.channels,
            "priority": frozenset(one.value for one in Priority),
        }.get(name, frozenset())


class NewSilence(Struct, frozen=True, kw_only=True):
    """A silence to be made."""

    kind: SilenceKind
    matches: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    why: str


def check_silence(new: NewSilence, names: Names, now: datetime) -> NewSilence | list[FieldError]:
    """The silence, tidied; or what is wrong with it."""
    matches = {name: value.strip() for name, value in new.matches.items() if value.strip()}
    why = clean_note(new.why)
    faults = [*_faults_of(matches, names), *_faults_of_time(new, now)]
    if not matches and new.kind is SilenceKind.SILENCE:
        faults.append(FieldError("matches", "must name what is to be quiet"))
    if not why:
        faults.append(FieldError("why", "must say why: whoever looks at night needs to know"))
    elif len(why) > LONGEST_WHY:
        faults.append(FieldError("why", f"must be at most {LONGEST_WHY} letters"))
    if faults:
        return faults
    return NewSilence(
        kind=new.kind, matches=matches, starts_at=new.starts_at, ends_at=new.ends_at, why=why
    )


def _faults_of(matches: Mapping[str, str], names: Names) -> list[FieldError]:
    faults = []
    for name, value in matches.items():
        known = names.known(name)
        if name not in MATCHED:
            faults.append(FieldError(name[:80], f"must be one of {', '.join(MATCHED)}"))
        elif len(value) > _LONGEST_VALUE or not value.isprintable():
            faults.append(FieldError(name, f"must be at most {_LONGEST_VALUE} printable letters"))
        elif known and value not in known:
            near = get_close_matches(value, known, n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            faults.append(FieldError(name, f"{value} is not known{meant}"))
    return faults


def _faults_of_time(new: NewSilence, now: datetime) -> list[FieldError]:
    if new.ends_at <= new.starts_at:
        return [FieldError("ends_at", "must be after it begins")]
    if new.ends_at <= now:
        return [FieldError("ends_at", "must be in the future")]
    if new.ends_at - new.starts_at > LONGEST:
        return [FieldError("ends_at", "must be within a year: what is quiet for ever is forgotten")]
    return []


def named(matches: Mapping[str, str]) -> str:
    """What a silence is about, in words for a log: "rule order_failed, system stock"."""
    return ", ".join(f"{name} {value}" for name, value in matches.items()) or "everything"
