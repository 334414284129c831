"""The systems: when each last spoke, and which cannot be seen though something waits for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from orderwatch.core.flow.template import Template
from orderwatch.core.model import System, TenantId
from orderwatch.core.tracking.counting import ORDER, Word


class HeardSystems(Struct, frozen=True):
    """Each system's last word, and how many legs (`ORDER`: whole orders) are open at it."""

    words: Mapping[System, Word]
    open: Mapping[System, int]


class SystemStore(Protocol):
    """Where the systems' words are read from."""

    async def heard(self, tenant: TenantId, systems: Sequence[System]) -> HeardSystems:
        """All systems that ever spoke, and what is open at these. Raises Unavailable."""
        ...


class SystemView(Struct, frozen=True):
    """One system of the flow. `blind_since` is set while it is silent and something waits for it.

    `last_event_at` is when what it last told happened, `last_received_at` when that came here.
    """

    system: System
    title: str
    last_event_at: datetime | None
    last_received_at: datetime | None
    events: int
    open: int
    silent_after_s: float | None
    silent_since: datetime | None
    blind_since: datetime | None


async def read_systems(
    systems: SystemStore, tenant: TenantId, template: Template, at: datetime
) -> tuple[SystemView, ...]:
    """The OMS first, then every leg in the order of the flow."""
    heard = await systems.heard(tenant, [ORDER, *template.legs])
    views = [
        view_system(
            template.oms,
            template.oms_title,
            template.oms_silent_after,
            heard.words.get(template.oms),
            heard.open.get(ORDER, 0),
            at,
        )
    ]
    views += [
        view_system(
            rule.system,
            rule.title,
            rule.silent_after,
            heard.words.get(rule.system),
            heard.open.get(rule.system, 0),
            at,
        )
        for rule in template.legs.values()
    ]
    return tuple(views)


def view_system(
    system: System,
    title: str,
    silent_after: timedelta | None,
    word: Word | None,
    open_: int,
    at: datetime,
) -> SystemView:
    """Silent is who said nothing for too long; blind is who is silent while something waits."""
    silent = (
        word is not None
        and silent_after is not None
        and (at - word.last_received_at >= silent_after)
    )
    since = word.last_received_at if silent and word is not None else None
    return SystemView(
        system=system,
        title=title,
        last_event_at=word.last_event_at if word else None,
        last_received_at=word.last_received_at if word else None,
        events=word.events if word else 0,
        open=open_,
        silent_after_s=silent_after.total_seconds() if silent_after else None,
        silent_since=since,
        blind_since=since if open_ > 0 else None,
    )
