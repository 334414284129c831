"""GET /healthz and /readyz: alive, and ready for work."""

from __future__ import annotations

from datetime import timedelta

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from orderwatch.app.check_readiness import Readiness
from orderwatch.entrypoints.api.problems import Problem, retry_after
from orderwatch.entrypoints.api.reading import json, refuse


def health_handlers(readiness: Readiness) -> list[HTTPRouteHandler]:
    """The routes that load balancers and orchestrators ask."""

    @get("/healthz", operation_id="isAlive", summary="Alive")
    async def healthz() -> Response[bytes]:
        """200 as long as this process answers at all."""
        return json({"status": "alive"})

    @get("/readyz", operation_id="isReady", summary="Ready")
    async def readyz() -> Response[bytes]:
        """200 once the database answers and its migrations are done, 503 until then."""
        obstacle = await readiness.obstacle()
        if obstacle is None:
            return json({"status": "ready"})
        headers = (retry_after(timedelta(seconds=1)),)
        return refuse(Problem(503, "not-ready", obstacle, (), headers))

    return [healthz, readyz]
