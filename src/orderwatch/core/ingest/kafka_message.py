"""CloudEvents 1.0 on Kafka: from a message's headers and value to the JSON text of its event.

Behind it everything is as with HTTP: the same envelope, judged by the same `judge.py`.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orderwatch.core.ingest.cloudevents import (
    STRUCTURED,
    Binding,
    Envelope,
    Unreadable,
    read_binary,
    read_structured,
)
from orderwatch.core.ingest.media_type import parse_media_type
from orderwatch.core.model import FieldError

KafkaHeaders = Sequence[tuple[bytes, bytes | None]]

_CONTENT_TYPE: Final = b"content-type"


def read_kafka_message(headers: KafkaHeaders, value: bytes | None) -> Envelope | Unreadable:
    """The one event of a message; a value of None is an event without data.

    Header names are taken without regard to case, a header of None as left out. Kafka knows no
    batch mode.
    """
    lowered = [(name.lower(), text) for name, text in headers if text is not None]
    content_type = dict(lowered).get(_CONTENT_TYPE, b"").decode("latin-1")
    media = parse_media_type(content_type)
    if not media.is_utf8:
        return _unsupported("charset must be utf-8")
    if media.name == STRUCTURED:
        read = read_structured(value or b"")
    elif media.name.startswith("application/cloudevents"):
        return _unsupported(f"must be {STRUCTURED}, or binary mode with ce_ headers")
    else:
        read = read_binary(_KAFKA, content_type, lowered, value or b"")
    return read if isinstance(read, Unreadable) else read[0]


def _text(value: bytes) -> str | None:
    """A header's value as it stands: on Kafka nothing is quoted or percent-encoded."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _unsupported(message: str) -> Unreadable:
    return Unreadable("unsupported_media_type", FieldError("content-type", message))


_KAFKA: Final = Binding(b"ce_", _text, "UTF-8", STRUCTURED)
