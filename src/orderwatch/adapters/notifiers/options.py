"""Reading a channel's options, which came from a tenant's book."""

from __future__ import annotations

from orderwatch.core.alerting.book import Channel
from orderwatch.core.errors import OrderwatchError


class BadOption(OrderwatchError):
    """A channel's option is missing or wrong; the message names channel and option."""


def text_of(channel: Channel, name: str, default: str | None = None) -> str:
    """An option that is one text; raises BadOption when it is missing and has no default."""
    value = channel.options.get(name, default)
    if not isinstance(value, str) or not value:
        raise BadOption(f"Channel {channel.name} needs the option `{name}`.")
    return value


def texts_of(channel: Channel, name: str) -> tuple[str, ...]:
    """An option that is one or several texts; raises BadOption when there is none."""
    value = channel.options.get(name, ())
    texts = (value,) if isinstance(value, str) else tuple(value)
    if not any(texts):
        raise BadOption(f"Channel {channel.name} needs the option `{name}`.")
    return texts


def one_of(channel: Channel, name: str, words: tuple[str, ...]) -> str:
    """An option that is one of these words, the first if it is not given; raises BadOption."""
    word = text_of(channel, name, words[0])
    if word not in words:
        known = ", ".join(words)
        raise BadOption(f"Channel {channel.name}: `{name}` must be one of {known}.")
    return word
