"""LINE, through the Messaging API (LINE Notify has ended): a push message to a user or a group.

https://developers.line.biz/en/reference/messaging-api/#send-push-message
"""

from __future__ import annotations

from typing import Final

from orderwatch.adapters.notifiers.options import text_of
from orderwatch.adapters.notifiers.posting import Poster
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.notifiers.wording import plain_text
from orderwatch.core.alerting.book import Channel
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import NotSent, Outcome, Sent

API_URL: Final = "https://api.line.me"
_MOST_TEXT: Final = 2_400
"""LINE takes 5,000 UTF-16 units, and some characters are two."""
_TAKEN_BEFORE: Final = 409
"""A retry key that LINE has seen: the first try arrived after all."""


class Line:
    """`secret` is a channel access token; option `to` is the id of a user, group or room."""

    def __init__(
        self, poster: Poster, secrets: ChannelSecrets, public_url: str, api_url: str = API_URL
    ) -> None:
        """`api_url` is LINE's, save in tests."""
        self._poster = poster
        self._secrets = secrets
        self._public_url = public_url
        self._api_url = api_url

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        """Push one text, at most once for a key; raises BadOption or NoSecret."""
        text = plain_text(parcel.message, self._public_url, _MOST_TEXT)
        document = {"to": text_of(channel, "to"), "messages": [{"type": "text", "text": text}]}
        headers = {
            "Authorization": f"Bearer {self._secrets.of(parcel.tenant, channel)}",
            "X-Line-Retry-Key": parcel.key,
        }
        url = f"{self._api_url}/v2/bot/message/push"
        answer = await self._poster.post(url, document, headers)
        if isinstance(answer, NotSent) and f"answered {_TAKEN_BEFORE}" not in answer.why:
            return answer
        return Sent()
