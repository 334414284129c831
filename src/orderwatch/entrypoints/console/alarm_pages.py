"""The pages about incidents, and what they are given, for the router."""

from __future__ import annotations

from typing import Final

from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from orderwatch.entrypoints.console.handle import (
    acknowledge_incident,
    assign_incident,
    comment_incident,
    silence_incident,
    take_back_incident,
)
from orderwatch.entrypoints.console.incident import incident_live, incident_page
from orderwatch.entrypoints.console.incidents import (
    asked_incidents,
    incidents_live,
    incidents_page,
    rail_live,
)

ALARM_HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    incidents_page,
    incidents_live,
    incident_page,
    incident_live,
    rail_live,
    acknowledge_incident,
    take_back_incident,
    assign_incident,
    comment_incident,
    silence_incident,
)

ALARM_NEEDS: Final = {"incidents_asked": Provide(asked_incidents)}
