"""What the orders of an incident have in common, beside orders as they usually are.

Usual is what the latest orders before the incident were like. That changes slowly, so it is asked
once in a while for a tenant, however many incidents there are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from msgspec.structs import replace

from orderwatch.core.alerting.incident import DIMENSIONS, Incident
from orderwatch.core.alerting.share import FEWEST, Share, Usual, most_telling, sentence
from orderwatch.core.flow.template import Template
from orderwatch.core.model import TenantId

MOST_ORDERS: Final = 2000
"""So many orders say what is usual; a share of a few in a thousand can be told from none."""


class UsualStore(Protocol):
    """Where orders are kept."""

    async def usual(self, tenant: TenantId, before: datetime, most: int) -> Usual:
        """What the last orders placed before then were like. Raises Unavailable."""
        ...


class FoundCommonality:
    """Implements Commonality of `evaluate_alerts.py`. Good for one event loop."""

    def __init__(
        self,
        store: UsualStore,
        now: Callable[[], datetime],
        remembered_for: timedelta = timedelta(minutes=5),
    ) -> None:
        """What is usual is asked anew after `remembered_for`."""
        self._store = store
        self._now = now
        self._for = remembered_for
        self._known: dict[TenantId, tuple[datetime, Usual]] = {}

    async def of(self, tenant: TenantId, incident: Incident, template: Template) -> str:
        """A clause such as "82 % of them: store TH-0412, usually 3 %"; empty: nothing telling."""
        if incident.orders < FEWEST:
            return ""
        usual = await self._usual(tenant, incident.cause_at)
        given = frozenset(name for name in DIMENSIONS if incident.about.get(name))
        # Every order is the OMS's: that it waits there, or was given up there, says no cause.
        places = dict(incident.tally.get("system", {}))
        places.pop(template.oms, None)
        tally = {**incident.tally, "system": places}
        share = most_telling(tally, incident.orders, usual, given)
        return "" if share is None else sentence(_in_words(share, template))

    async def _usual(self, tenant: TenantId, before: datetime) -> Usual:
        now = self._now()
        known = self._known.get(tenant)
        if known is not None and now < known[0] + self._for:
            return known[1]
        usual = await self._store.usual(tenant, before, MOST_ORDERS)
        self._known[tenant] = (now, usual)
        return usual


def _in_words(share: Share, template: Template) -> Share:
    """Systems and channels under the titles the flow gives them."""
    known = {
        "system": {rule.system: rule.title for rule in template.legs.values()},
        "channel": {channel.name: channel.title for channel in template.channels.values()},
    }
    return replace(share, value=known.get(share.dimension, {}).get(share.value, share.value))
