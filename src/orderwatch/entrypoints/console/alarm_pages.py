"""The pages about incidents, and what they are given, for the router."""

from __future__ import annotations

from typing import Final

from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from orderwatch.entrypoints.console.channels import (
    channel_live,
    channel_page,
    channels_live,
    channels_page,
    test_channel,
)
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
from orderwatch.entrypoints.console.mailbox import mail_page, mailbox_live, mailbox_page
from orderwatch.entrypoints.console.silences import (
    end_silence,
    make_silence,
    silences_live,
    silences_page,
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
    silences_page,
    silences_live,
    make_silence,
    end_silence,
    channels_page,
    channels_live,
    channel_page,
    channel_live,
    test_channel,
    mailbox_page,
    mailbox_live,
    mail_page,
)

ALARM_NEEDS: Final = {"incidents_asked": Provide(asked_incidents)}
