"""Flow templates: what a customer's systems say and what it means. Data, never code.

`parse.py` reads one from YAML with errors that name line and field; this module is what the rest
of the house holds on to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from msgspec import Struct

from orderwatch.core.model import Class, System

HELD_FROM = "@held_from"
"""In `next`: the status the order was held from."""
PLACED = "@placed"
"""In a leg's `starts`: the moment the order was placed."""


class Threshold(Struct, frozen=True):
    """How long something may take; a channel may have its own figure."""

    default: timedelta
    by_channel: dict[str, timedelta] = {}

    def of(self, channel: str | None) -> timedelta:
        """The time allowed for an order of this channel."""
        return self.by_channel.get(channel or "", self.default)


class Status(Struct, frozen=True, kw_only=True):
    """One word of the OMS: its class, how long an order may stay, where it may go.

    `step` ranks the main path (a lower step later is a regression, a jump over steps is a skipped
    step); side states such as HOLDED have none. `words` are further native words for the same.
    """

    name: str
    class_: Class
    threshold: Threshold | None = None
    final: bool = False
    initial: bool = False
    hold: bool = False
    step: int | None = None
    next: tuple[str, ...] = ()
    when_overdue: Class | None = None
    words: tuple[str, ...] = ()
    meaning: str = ""


class Condition(Struct, frozen=True):
    """When an order needs a leg. All None: every order does."""

    fulfilment: str | None = None
    delivery: str | None = None
    channel: str | None = None


class LegRule(Struct, frozen=True, kw_only=True):
    """One hop: which words end it how, when it starts and how long it may take.

    `starts` are systems whose leg must have succeeded (`@placed`: the order exists); with
    `starts_on` "all" the leg starts when the last of them did, with "any" when the first did.
    `required` None: no order needs it until the system speaks.
    """

    system: System
    title: str
    threshold: Threshold
    starts: tuple[str, ...] = (PLACED,)
    starts_on: Literal["all", "any"] = "all"
    required: Condition | None = Condition()
    success: tuple[str, ...]
    failed: tuple[str, ...]
    in_progress: tuple[str, ...] = ()
    stage: str = ""
    silent_after: timedelta | None = None
    succeeds_when: str = ""
    fails_when: str = ""


class Channel(Struct, frozen=True):
    """A way customers order; words outside the list are kept as they come."""

    name: str
    title: str


class Clock(Struct, frozen=True):
    """Which times can be believed.

    A time before `earliest`, or further than `ahead` past its arrival, is impossible; a leg may
    precede the order's placing by `skew` before that is called impossible too.
    """

    earliest: datetime
    ahead: timedelta
    skew: timedelta


class Template(Struct, frozen=True, kw_only=True, dict=True):
    """A whole flow: the OMS and its statuses, the legs in topological order of their starts."""

    name: str
    title: str
    version: int
    currency: str
    time_zone: str
    oms: System
    oms_title: str
    oms_silent_after: timedelta | None
    statuses: dict[str, Status]
    legs: dict[System, LegRule]
    channels: dict[str, Channel]
    clock: Clock

    @cached_property
    def status_words(self) -> dict[str, Status]:
        """Every native OMS word, in upper case, to its status."""
        return {
            word.upper(): status
            for status in self.statuses.values()
            for word in (status.name, *status.words)
        }

    @cached_property
    def leg_words(self) -> dict[System, dict[str, Class]]:
        """For each downstream system every native word, in upper case, to the leg's class."""
        return {
            leg.system: {
                word.upper(): class_
                for class_, words in (
                    (Class.SUCCESS, leg.success),
                    (Class.FAILED, leg.failed),
                    (Class.DELAYED, leg.in_progress),
                )
                for word in words
            }
            for leg in self.legs.values()
        }
