"""GET /api/v1/series: one figure over time, for charts."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from orderwatch.app.read_series import read_series
from orderwatch.core.reading.queries import series_query
from orderwatch.entrypoints.api.problems import Problem
from orderwatch.entrypoints.api.reading import (
    AnyRequest,
    Reading,
    asker_of,
    json,
    pairs_of,
    refuse,
    wrong_parameters,
)

Text = str | None


def series_handlers(reading: Reading) -> list[HTTPRouteHandler]:
    """The route of time series."""

    @get("/api/v1/series", operation_id="getSeries", summary="A figure over time")
    async def get_series(  # noqa: PLR0913, PLR0917 - the names of its parameters, for OpenAPI
        request: AnyRequest,
        metric: Annotated[
            Text,
            Parameter(
                description="orders_placed, success, failed, delayed, waiting, overdue, refunded "
                "or success_rate"
            ),
        ] = None,
        step: Annotated[Text, Parameter(description="1m, 15m, 1h, 1d ...")] = None,
        from_: Annotated[Text, Parameter(query="from", description="RFC 3339")] = None,
        to: Annotated[Text, Parameter(description="RFC 3339")] = None,
        channel: Annotated[Text, Parameter(description="where they were ordered")] = None,
        system: Annotated[Text, Parameter(description="count this system's legs instead")] = None,
    ) -> Response[bytes]:
        """Orders by the step they were placed in, every step filled; the last 24 hours."""
        del metric, step, from_, to, channel, system
        asker = await asker_of(reading, request)
        if isinstance(asker, Problem):
            return refuse(asker)
        query = series_query(pairs_of(request), asker.template, reading.now())
        if isinstance(query, tuple):
            return wrong_parameters(query)
        return json(await read_series(reading.steps, asker.tenant, query))

    return [get_series]
