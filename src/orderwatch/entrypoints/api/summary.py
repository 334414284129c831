"""GET /api/v1/summary and /api/v1/systems: the figures of the live page."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from orderwatch.app.read_summary import read_summary
from orderwatch.app.read_systems import read_systems
from orderwatch.core.reading.parameters import Parameters
from orderwatch.core.reading.queries import count_filter
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


def summary_handlers(reading: Reading) -> list[HTTPRouteHandler]:
    """The routes about all orders at once."""

    @get("/api/v1/summary", operation_id="getSummary", summary="How the orders stand")
    async def get_summary(
        request: AnyRequest,
        from_: Annotated[
            Text, Parameter(query="from", description="placed then or later, RFC 3339")
        ] = None,
        to: Annotated[Text, Parameter(description="placed before then, RFC 3339")] = None,
        channel: Annotated[Text, Parameter(description="where they were ordered")] = None,
        system: Annotated[Text, Parameter(description="count this system's legs instead")] = None,
    ) -> Response[bytes]:
        """Orders placed in the window by class, system and channel, and which systems are blind."""
        del from_, to, channel, system
        asker = await asker_of(reading, request)
        if isinstance(asker, Problem):
            return refuse(asker)
        wanted = count_filter(pairs_of(request), asker.template)
        if isinstance(wanted, tuple):
            return wrong_parameters(wanted)
        return json(
            await read_summary(reading.counts, asker.tenant, asker.template, wanted, reading.now())
        )

    @get("/api/v1/systems", operation_id="listSystems", summary="The systems' last words")
    async def list_systems(request: AnyRequest) -> Response[bytes]:
        """Every system of the flow: when it last spoke, what is open at it, whether it is blind."""
        asker = await asker_of(reading, request)
        if isinstance(asker, Problem):
            return refuse(asker)
        asked = Parameters(pairs_of(request), ())
        if asked.faults:
            return wrong_parameters(tuple(asked.faults))
        systems = await read_systems(reading.counts, asker.tenant, asker.template, reading.now())
        return json({"items": systems})

    return [get_summary, list_systems]
