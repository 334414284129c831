"""The figures a round of evaluation is judged by, in one call whatever the number of orders."""

from __future__ import annotations

from typing import Protocol

from orderwatch.core.alerting.figures import Figures, FiguresWanted
from orderwatch.core.model import TenantId


class FigureStore(Protocol):
    """Where counters are read from."""

    async def figures(self, tenant: TenantId, wanted: FiguresWanted) -> Figures:
        """What was wanted, all of it as of one instant. Raises Unavailable."""
        ...
