"""The web application: every route the server answers, and one shape for its errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from litestar import Litestar
from litestar.types import ControllerRouterHandler, Middleware
from msgspec import Struct

from orderwatch.app.receive_events import Door
from orderwatch.entrypoints.api.events import events_handler
from orderwatch.entrypoints.api.openapi import openapi_config, openapi_document
from orderwatch.entrypoints.api.problems import EXCEPTION_HANDLERS

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


class Doors(Struct, frozen=True):
    """The use cases that stand behind the routes, as bootstrap made them.

    `route_handlers` are those of the other entrypoints: reading, console, health, metrics.
    """

    events: Door
    version: str = "0"
    route_handlers: Sequence[ControllerRouterHandler] = ()
    lifespan: Sequence[Lifespan] = ()
    middleware: Sequence[Middleware] = ()


def create_app(doors: Doors) -> Litestar:
    """One application: the door for events, and all other routes it is given."""
    return Litestar(
        route_handlers=[events_handler(doors.events), openapi_document, *doors.route_handlers],
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=openapi_config(doors.version),
        lifespan=list(doors.lifespan),
        middleware=list(doors.middleware),
        logging_config=None,
        debug=False,
    )
