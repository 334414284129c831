"""A webhook of anybody's, signed after Standard Webhooks: `webhook-id` is the same at every try.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any, Final

import msgspec

from orderwatch.adapters.notifiers.options import BadOption, text_of
from orderwatch.adapters.notifiers.posting import Poster
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.notifiers.wording import link_of
from orderwatch.core.alerting.book import Channel
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import Message, NotSent, Outcome, Sent

TYPE: Final = "orderwatch.notice"
_PREFIX: Final = "whsec_"
_LEAST_SECRET: Final = 16


class Webhook:
    """Option `url` is where to, `secret` what it is signed with (`whsec_` and base64)."""

    def __init__(self, poster: Poster, secrets: ChannelSecrets, public_url: str) -> None:
        """Links lead to `public_url`."""
        self._poster = poster
        self._secrets = secrets
        self._public_url = public_url

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        """Post one document; raises BadOption or NoSecret."""
        secret = _key(self._secrets.of(parcel.tenant, channel), channel)
        body = msgspec.json.encode(document_of(parcel, self._public_url))
        headers = sign(secret, parcel.key, int(parcel.at.timestamp()), body)
        answer = await self._poster.post_bytes(text_of(channel, "url"), body, headers)
        return answer if isinstance(answer, NotSent) else Sent()


def sign(secret: bytes, id_: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows that the body is ours and new."""
    signed = b"%b.%d.%b" % (id_.encode(), timestamp, body)
    digest = hmac.digest(secret, signed, hashlib.sha256)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def document_of(parcel: Parcel, public_url: str) -> dict[str, Any]:
    """What is posted. `notices` are those it is made of: one, or those of a digest."""
    return {
        "type": TYPE,
        "timestamp": parcel.at,
        "data": {
            "id": parcel.key,
            "tenant": parcel.tenant,
            "incident": parcel.incident,
            **_told(parcel.message, public_url),
            "notices": [_told(one, public_url) for one in parcel.parts],
        },
    }


def _told(message: Message, public_url: str) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(message)
    return told | {"link": link_of(message, public_url)}


def _key(secret: str, channel: Channel) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < _LEAST_SECRET:
        raise BadOption(f"The secret of channel {channel.name} must be whsec_ and base64.")
    return key
