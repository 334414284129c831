"""Wires what sends notices: the outbox, the roads, and who says that something waits."""

from __future__ import annotations

import os
import random
from datetime import datetime
from typing import Final

from msgspec import Struct

from orderwatch.adapters import clock
from orderwatch.adapters.notifiers.hosts import Hosts
from orderwatch.adapters.notifiers.mail import html_of
from orderwatch.adapters.notifiers.roads import Roads, Surroundings
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.listening import PostgresWakes
from orderwatch.adapters.postgres.outbox import PostgresOutbox
from orderwatch.adapters.postgres.outbox_log import PostgresOutboxLog
from orderwatch.app.known_books import KnownBooks
from orderwatch.app.send_notices import Sending
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import Message
from orderwatch.settings import Settings, channel_secrets

_CHANCE: Final = random.SystemRandom().random
"""Spreads tries: senders that fail together must not come again together."""


class Post(Struct, frozen=True):
    """The parts that send. `wakes` listens for as long as somebody sends."""

    sending: Sending
    outbox: PostgresOutbox
    roads: Roads
    wakes: PostgresWakes
    log: PostgresOutboxLog


def furnish_post(settings: Settings, database: Database, url: str, books: KnownBooks) -> Post:
    """Nothing is opened before something is sent; raises BadSetting for a channel's secret."""
    outbox = PostgresOutbox(database)
    roads = Roads(
        Surroundings(
            hosts=Hosts(settings.channel_hosts.split(",")),
            secrets=ChannelSecrets(channel_secrets(os.environ)),
            public_url=settings.public_url,
        )
    )
    sending = Sending(
        outbox=outbox, books=books, roads=roads.by_kind, now=clock.now, chance=_CHANCE
    )
    return Post(sending, outbox, roads, PostgresWakes(url), PostgresOutboxLog(database))


def mail_of(tenant: str, message: Message, at: datetime, public_url: str) -> str:
    """A message as a mail: of whose, when, and where its links lead."""
    parcel = Parcel(tenant=tenant, key="", at=at, message=message, parts=(message,))
    return html_of(parcel, public_url)
