"""Secrets of channels: the book names one, a setting of the process holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orderwatch.core.alerting.book import Channel
from orderwatch.core.errors import OrderwatchError

SEPARATOR: Final = "__"
VARIABLE: Final = "ORDERWATCH_CHANNEL_SECRET_"


class NoSecret(OrderwatchError):
    """A channel names a secret that is not set; the message names the variable."""


class ChannelSecrets:
    """The secrets of all tenants, each to be had under its own tenant's name alone."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """`values` are by TENANT__NAME, as `settings.channel_secrets` reads them."""
        self._values = dict(values)

    def of(self, tenant: str, channel: Channel) -> str:
        """What the channel's option `secret` names; raises NoSecret."""
        name = channel.options.get("secret")
        if not isinstance(name, str) or not name:
            raise NoSecret(f"Channel {channel.name} needs the option `secret`.")
        key = key_of(tenant, name)
        value = self._values.get(key)
        if value is None:
            raise NoSecret(f"Set {VARIABLE}{key} (or {VARIABLE}{key}_FILE) for {channel.name}.")
        return value

    def of_if_named(self, tenant: str, channel: Channel) -> str | None:
        """The same, or None when the channel names none."""
        return self.of(tenant, channel) if "secret" in channel.options else None


def key_of(tenant: str, name: str) -> str:
    """TENANT__NAME. Names have no double and no leading underscore, so that the last `__` parts.

    Raises NoSecret for a name that might be another tenant's.
    """
    word = name.upper().replace("-", "_")
    plain = word.replace("_", "")
    if SEPARATOR in word or word.startswith("_") or not (plain.isascii() and plain.isalnum()):
        raise NoSecret("A secret's name has letters, digits and single hyphens or underscores.")
    return f"{tenant.upper().replace('-', '_')}{SEPARATOR}{word}"
