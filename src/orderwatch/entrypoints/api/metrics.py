"""GET /metrics: Prometheus's text format."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from orderwatch.app.check_key import Denied
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.read_metrics import MetricStore, TenantFigures, read_metrics
from orderwatch.core.model import FieldError
from orderwatch.entrypoints.api.auth import read_credentials, unauthorized
from orderwatch.entrypoints.api.reading import AnyRequest, refuse

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_REMEDY: Final = "must be `Bearer TOKEN` with the token that was set for /metrics"


class Scraping(Struct, frozen=True):
    """What a scrape needs. With a `token` only who presents it may scrape; without, anybody."""

    store: MetricStore
    templates: KnownTemplates
    render: Callable[[Sequence[TenantFigures]], bytes]
    token: str | None = None


def metrics_handler(scraping: Scraping) -> HTTPRouteHandler:
    """The route Prometheus scrapes."""

    @get("/metrics", include_in_schema=False)
    async def metrics(request: AnyRequest) -> Response[bytes]:
        """All metrics of all tenants."""
        if scraping.token is not None:
            bearer = read_credentials(dict(request.scope["headers"]), b"").bearer or ""
            if not hmac.compare_digest(bearer.encode(), scraping.token.encode()):
                return refuse(unauthorized(Denied(FieldError("authorization", _REMEDY))))
        page = scraping.render(await read_metrics(scraping.store, scraping.templates))
        return Response(page, headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})

    return metrics
