"""Everything else, through Apprise: PagerDuty, Opsgenie, Telegram and a hundred more.

Apprise is an extra of its own (`orderwatch[apprise]`): who does not need it has less to trust.
"""

from __future__ import annotations

import importlib
import logging
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.notifiers.wording import look_of, one_line, plain_text
from orderwatch.core.alerting.book import Channel, Priority
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import Message, NoticeKind, NotSent, Outcome, Sent

_MISSING: Final = "Channels of kind apprise need `pip install 'orderwatch[apprise]'`."
_TYPES: Final = {Priority.HIGH: "failure", Priority.MEDIUM: "warning", Priority.LOW: "info"}


_ABOUT_ONE: Final = frozenset(
    {NoticeKind.FIRING, NoticeKind.UPDATE, NoticeKind.ESCALATION, NoticeKind.RESOLVED}
)
"""What is said of an incident while it goes on, and that it ended: one alert at a pager."""
_KEYED: Final = {"pagerduty": "dedup", "opsgenie": "alias"}
"""What knows alerts by a key of ours and ends them: the word for the key, by kind of address."""


class Apprise:
    """`secret` is an Apprise URL. The operator sets it, so it may lead anywhere."""

    def __init__(self, secrets: ChannelSecrets, public_url: str, package: str = "apprise") -> None:
        """`package` is its name, save in a test of its absence."""
        self._secrets = secrets
        self._public_url = public_url
        self._package = package

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        """Hand it to the library, which says no more than whether it went well."""
        url = keyed(self._secrets.of(parcel.tenant, channel), parcel)
        try:
            library: Any = importlib.import_module(self._package)
        except ImportError:
            return NotSent(_MISSING, retryable=False)
        # It logs addresses, and with them what is secret.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        notifier = library.Apprise()
        if not notifier.add(url):
            return NotSent("Its secret is not a URL that Apprise knows.", retryable=False)
        message = parcel.message
        look = look_of(message)
        taken = await notifier.async_notify(
            title=f"{look.shape} {one_line(message.title, 200)}",
            body=plain_text(message, self._public_url, 3_000),
            notify_type=_type_of(message),
            body_format="text",
        )
        if taken:
            return Sent()
        # Whether a part of it arrived is not known: it is repeated as it was.
        return NotSent("Apprise could not deliver it.", retryable=True, maybe_taken=True)


def keyed(url: str, parcel: Parcel) -> str:
    """The address, told under which key a pager has this: a repeat changes the alert it has, and
    the end of an incident ends it. What the operator wrote into the address is left as it is.
    """
    scheme, _, rest = url.partition("://")
    word = _KEYED.get(scheme.lower())
    if word is None:
        return url
    about_one = parcel.incident is not None and parcel.message.kind in _ABOUT_ONE
    key = f"orderwatch-{parcel.tenant}-{parcel.incident}" if about_one else parcel.key
    given = {name for name, _ in parse_qsl(rest.partition("?")[2])}
    ours = {name: value for name, value in ((word, key), ("action", "map")) if name not in given}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(ours)}" if ours else url


def _type_of(message: Message) -> str:
    return "success" if message.kind is NoticeKind.RESOLVED else _TYPES[message.priority]
