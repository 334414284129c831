"""All roads by the kind of channel they lead to; a channel set up wrongly is an outcome as well."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from orderwatch.adapters.notifiers.alertmanager import Alertmanager
from orderwatch.adapters.notifiers.apprise import Apprise
from orderwatch.adapters.notifiers.email import Email
from orderwatch.adapters.notifiers.hosts import Hosts
from orderwatch.adapters.notifiers.line import API_URL as LINE_URL
from orderwatch.adapters.notifiers.line import Line
from orderwatch.adapters.notifiers.mailbox import Mailbox
from orderwatch.adapters.notifiers.options import BadOption
from orderwatch.adapters.notifiers.posting import Poster
from orderwatch.adapters.notifiers.secrets import ChannelSecrets, NoSecret
from orderwatch.adapters.notifiers.slack import API_URL as SLACK_URL
from orderwatch.adapters.notifiers.slack import Slack
from orderwatch.adapters.notifiers.teams import Teams
from orderwatch.adapters.notifiers.webhook import Webhook
from orderwatch.app.send_notices import Road
from orderwatch.core.alerting.book import Channel, ChannelKind
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import NotSent, Outcome

K: Final = ChannelKind


class Surroundings(Struct, frozen=True, kw_only=True):
    """What all roads need to know of the world. The addresses are those of the services."""

    hosts: Hosts
    secrets: ChannelSecrets
    public_url: str
    trusted: ssl.SSLContext | None = None
    slack_url: str = SLACK_URL
    line_url: str = LINE_URL


class Roads:
    """One road for each kind of channel, and the connections they keep."""

    def __init__(self, about: Surroundings) -> None:
        """Nothing is opened before something is sent."""
        self._poster = poster = Poster(about.hosts, about.trusted)
        secrets, url = about.secrets, about.public_url
        roads: dict[ChannelKind, Road] = {
            K.MAILBOX: Mailbox(),
            K.EMAIL: Email(about.hosts, secrets, url, about.trusted),
            K.SLACK: Slack(poster, secrets, url, about.slack_url),
            K.TEAMS: Teams(poster, secrets, url),
            K.LINE: Line(poster, secrets, url, about.line_url),
            K.APPRISE: Apprise(secrets, url),
            K.WEBHOOK: Webhook(poster, secrets, url),
            K.ALERTMANAGER: Alertmanager(poster, secrets, url),
        }
        self.by_kind: Mapping[ChannelKind, Road] = {
            kind: Checked(road) for kind, road in roads.items()
        }

    async def close(self) -> None:
        """Let kept connections go."""
        await self._poster.close()


class Checked:
    """A road on which a channel that is set up wrongly fails for good, and says what is wrong."""

    def __init__(self, road: Road) -> None:
        """The road it leads on to."""
        self._road = road

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        """As the road does it."""
        try:
            return await self._road.send(channel, parcel)
        except (BadOption, NoSecret) as error:
            return NotSent(str(error), retryable=False)
