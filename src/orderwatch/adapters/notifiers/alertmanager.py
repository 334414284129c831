"""Alertmanager: incidents as alerts, which go on until they are resolved or no longer repeated.

https://prometheus.io/docs/alerting/latest/alerts_api/
"""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any, Final

from orderwatch.adapters.notifiers.options import text_of
from orderwatch.adapters.notifiers.posting import Poster
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.notifiers.wording import cut, link_of, one_line
from orderwatch.core.alerting.book import Channel
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.external import OURS
from orderwatch.core.alerting.incident import GROUP_SEPARATOR
from orderwatch.core.alerting.notice import Message, NoticeKind, NotSent, Outcome, Sent

_STATES: Final = frozenset(
    {NoticeKind.FIRING, NoticeKind.UPDATE, NoticeKind.RESOLVED, NoticeKind.TEST}
)
"""An escalation or a summary is no alert: its incident is there already."""
_TEST_LASTS: Final = timedelta(minutes=1)
_NO_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")


class Alertmanager:
    """Option `url` is where it is. `user` and `secret` sign in; `secret` alone is a bearer token.

    Option `org` is sent as X-Scope-OrgID, which a shared one (Mimir) tells its tenants by.
    """

    def __init__(self, poster: Poster, secrets: ChannelSecrets, public_url: str) -> None:
        """Links lead to `public_url`."""
        self._poster = poster
        self._secrets = secrets
        self._public_url = public_url

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        """Post all alerts of a parcel at once; raises BadOption or NoSecret."""
        alerts = [
            alert_of(one, parcel, self._public_url) for one in parcel.parts if one.kind in _STATES
        ]
        if not alerts:
            return Sent()
        url = text_of(channel, "url").rstrip("/") + "/api/v2/alerts"
        answer = await self._poster.post(url, alerts, self._headers(channel, parcel))
        return answer if isinstance(answer, NotSent) else Sent()

    def _headers(self, channel: Channel, parcel: Parcel) -> dict[str, str]:
        headers = {}
        if "org" in channel.options:
            headers["X-Scope-OrgID"] = text_of(channel, "org")
        secret = self._secrets.of_if_named(parcel.tenant, channel)
        if secret is not None and "user" in channel.options:
            login = f"{text_of(channel, 'user')}:{secret}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        elif secret is not None:
            headers["Authorization"] = f"Bearer {secret}"
        return headers


def alert_of(message: Message, parcel: Parcel, public_url: str) -> dict[str, Any]:
    """One alert. Its labels are the same as long as the incident lasts: they are its identity."""
    own = {
        "alertname": message.rule or "orderwatch",
        "priority": message.priority.value,
        "team": message.team,
        "tenant": parcel.tenant,
        "group": one_line(message.group.replace(GROUP_SEPARATOR, ", "), 500),
        **OURS,
    }
    labels = {_NO_LABEL.sub("_", name): cut(value, 500) for name, value in message.labels.items()}
    alert: dict[str, Any] = {
        "labels": {name: value for name, value in (labels | own).items() if value},
        "annotations": _annotations(message, public_url),
        "startsAt": message.starts_at,
        "generatorURL": link_of(message, public_url),
    }
    if message.kind is NoticeKind.RESOLVED:
        alert["endsAt"] = message.ends_at or parcel.at
    elif message.kind is NoticeKind.TEST:
        alert["endsAt"] = parcel.at + _TEST_LASTS
    return alert


def _annotations(message: Message, public_url: str) -> dict[str, str]:
    figures = "\n".join(f"{name}: {value}" for name, value in message.figures)
    said = {
        "summary": one_line(message.title, 500),
        "description": cut(f"{message.text.strip()}\n{figures}".strip(), 4_000),
        "common": message.common,
        "incident_url": link_of(message, public_url),
        "runbook_url": message.runbook or "",
    }
    return {name: value for name, value in said.items() if value}
