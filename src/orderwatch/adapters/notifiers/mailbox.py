"""The mailbox: a notice stays where it is, in the outbox, and a page of the console shows it."""

from __future__ import annotations

from orderwatch.core.alerting.book import Channel
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import Outcome, Sent


class Mailbox:
    """A road that ends at home."""

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:  # noqa: ARG002
        """It is kept already."""
        return Sent()
