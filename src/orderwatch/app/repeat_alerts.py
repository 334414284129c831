"""Remind Alertmanagers of what goes on: they take for over what they do not hear of for a while."""

from __future__ import annotations

import uuid
from typing import Protocol

from orderwatch.app.send_notices import Outbox, Sending, carry
from orderwatch.core.alerting.book import ChannelKind
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import Message
from orderwatch.core.model import TenantId


class Reminders(Outbox, Protocol):
    """Where it is known what was told."""

    async def on_fire(self, tenant: TenantId, channel: str) -> list[Message]:
        """What the channel was last told of each incident that goes on."""
        ...


async def repeat_alerts(sending: Sending, reminders: Reminders, tenant: TenantId, name: str) -> int:
    """Tell every Alertmanager of the tenant again what goes on; how many alerts that were.

    One that is away hears it the next time: nothing is kept of this.
    """
    book = await sending.books.of(tenant)
    told = 0
    for channel in book.channels.values():
        if channel.kind is not ChannelKind.ALERTMANAGER:
            continue
        messages = await reminders.on_fire(tenant, channel.name)
        if messages:
            parcel = Parcel(
                tenant=name,
                key=str(uuid.UUID(int=0)),
                at=sending.now(),
                message=messages[0],
                parts=tuple(messages),
            )
            await carry(sending, channel, parcel)
            told += len(messages)
    return told
