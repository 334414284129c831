"""Several listeners behind the one port Announcements."""

from __future__ import annotations

from collections.abc import Sequence

from orderwatch.app.keep_ledger import Announcements
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.changes import Changed


class AllOf:
    """Tells each listener in turn."""

    def __init__(self, *listeners: Announcements) -> None:
        """Listeners never block and never fail."""
        self._listeners = listeners

    def publish(self, tenant: TenantId, changed: Sequence[Changed]) -> None:
        """Tell them all; nothing moved is told to nobody."""
        if changed:
            for listener in self._listeners:
                listener.publish(tenant, changed)
