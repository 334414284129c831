"""From a template's YAML text to a Template, or to all its errors with line and field.

The format is explained by templates/lotus-o2o.yaml. Time zones are those of Python's own table.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct

from orderwatch.core.flow.read_legs import Surroundings, read_legs
from orderwatch.core.flow.read_statuses import read_statuses
from orderwatch.core.flow.template import Channel, Clock, Status, Template
from orderwatch.core.yaml_fields import Fields, Problems, as_text, did_you_mean, entries
from orderwatch.core.yaml_source import Mapping, Node, SourceProblem, read_yaml

TemplateError = SourceProblem

_KEYS: Final = (
    "template",
    "version",
    "title",
    "currency",
    "time_zone",
    "clock",
    "channels",
    "oms",
    "legs",
)
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def parse_template(text: str) -> Template | tuple[TemplateError, ...]:
    """The template a YAML text describes, or everything wrong with it in the order of the text."""
    root, found = read_yaml(text)
    problems = Problems(found)
    if root is None:
        return problems.sorted()
    template = _template(Fields(root, problems, _KEYS))
    return problems.sorted() if problems else template


def _template(fields: Fields) -> Template:
    problems = fields.problems
    name = matching(fields, "template", NAME, "small letters, digits and dashes: lotus-o2o")
    fields.need("version", "1")
    channels = _channels(fields)
    oms = _oms(fields, channels)
    legs = fields.need("legs", "the systems behind the OMS, or {}")
    return Template(
        name=name,
        title=fields.text("title", default=name, longest=100),
        version=fields.integer("version") or 1,
        currency=matching(fields, "currency", _CURRENCY, "three capital letters: THB"),
        time_zone=read_time_zone(fields),
        oms=oms.system,
        oms_title=oms.title,
        oms_silent_after=oms.silent_after,
        statuses=oms.statuses,
        legs=read_legs(legs, problems, Surroundings(oms.system, channels)),
        channels=channels,
        clock=_clock(fields),
    )


def matching(fields: Fields, key: str, pattern: re.Pattern[str], remedy: str) -> str:
    """A required text of one form."""
    node = fields.need(key, remedy)
    text = as_text(node, fields.problems) if node else None
    if node and text and not pattern.fullmatch(text):
        fields.problems.add(node, f"{text[:40]} does not fit: write {remedy}")
    return text or ""


def read_time_zone(fields: Fields) -> str:
    """The key `time_zone`: a zone that exists."""
    node = fields.need("time_zone", "Asia/Bangkok")
    name = as_text(node, fields.problems) if node else None
    if node and name and not _zone_exists(name):
        remedy = did_you_mean(name, _nearby_zones(name))
        fields.problems.add(node, f"no time zone {name}: {remedy}")
    return name or "UTC"


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _nearby_zones(name: str) -> Collection[str]:
    """Zones to choose from: all of them for a near word, a few examples to show otherwise."""
    zones = sorted(available_timezones())
    spelt = did_you_mean(name, zones)
    return zones if spelt.startswith("did") else ("Asia/Bangkok", "Europe/Berlin", "UTC")


def _channels(fields: Fields) -> dict[str, Channel]:
    channels: dict[str, Channel] = {}
    for key, value in entries(fields.get("channels"), fields.problems, of="channel: {title: ...}"):
        if not key.text.strip() or len(key.text) > 60:
            fields.problems.add(key, "a channel is a word of 1 to 60 characters")
        given = Fields(value, fields.problems, ("title",))
        channels[key.text] = Channel(key.text, given.text("title", default=key.text, longest=60))
    return channels


class _Oms(Struct, frozen=True):
    system: str
    title: str
    silent_after: timedelta | None
    statuses: dict[str, Status]


def _oms(fields: Fields, channels: Collection[str]) -> _Oms:
    node = fields.need("oms", "{system: ..., statuses: ...}")
    oms = Fields(node, fields.problems, ("system", "title", "silent_after", "statuses"))
    if node is None:
        return _Oms("", "", None, {})
    named = oms.need("system", "phoenix_oms")
    system = (as_text(named, fields.problems, longest=60) if named else None) or ""
    statuses = oms.need("statuses", "{NEW: {class: delayed, ...}}")
    return _Oms(
        system=system,
        title=oms.text("title", default=system, longest=60),
        silent_after=oms.duration("silent_after"),
        statuses=read_statuses(statuses, fields.problems, channels),
    )


def _clock(fields: Fields) -> Clock:
    node = fields.need("clock", "{earliest: 2000-01-01, ahead: 1 d, skew: 2 s}")
    clock = Fields(node, fields.problems, ("earliest", "ahead", "skew"))
    if isinstance(node, Mapping):
        for key, example in (("earliest", "2000-01-01"), ("ahead", "1 d"), ("skew", "2 s")):
            clock.need(key, example)
    return Clock(
        earliest=_instant(clock.get("earliest"), fields.problems),
        ahead=clock.duration("ahead", zero=True) or timedelta(0),
        skew=clock.duration("skew", zero=True) or timedelta(0),
    )


def _instant(node: Node | None, problems: Problems) -> datetime:
    """The beginning of a day in UTC."""
    text = as_text(node, problems) if node else None
    if node is None or text is None:
        return _NEVER
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        problems.add(node, f"{text[:40]} is not a date: write it as 2000-01-31")
        return _NEVER
