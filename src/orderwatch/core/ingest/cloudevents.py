"""CloudEvents 1.0 over HTTP: from headers and body to the JSON text of each event.

All three content modes come out alike, as the text of structured events, so that everything behind
this module knows one shape. What the events mean is judged in `judge.py`, not here.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from typing import Final, Literal
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import Raw, Struct

from orderwatch.core.ingest.media_type import MediaType, parse_media_type
from orderwatch.core.ingest.scan import split_array, without_surrogates
from orderwatch.core.model import FieldError

Headers = Sequence[tuple[bytes, bytes]]
"""HTTP headers as they came, names in lower case."""

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"

_ATTRIBUTE: Final = re.compile(r"[a-z0-9]+", re.ASCII)
_NOT_ATTRIBUTES: Final = {
    "datacontenttype": "must not be sent as a header of its own; the Content-Type says it",
    "data": "must not be sent as a header; it is the body",
}
_QUOTED_PAIR: Final = re.compile(rb"\\(.)", re.DOTALL)
_ITEMS: Final = msgspec.json.Decoder(list[Raw])
_ONE: Final = msgspec.json.Decoder(Raw)


class Envelope(Struct, frozen=True):
    """One event's JSON text, or what kept its headers from becoming one."""

    text: bytes
    faults: tuple[FieldError, ...] = ()


class Binding(Struct, frozen=True):
    """How a protocol carries attributes in headers: their prefix, and a value's text (or None)."""

    prefix: bytes
    text: Callable[[bytes], str | None]
    written: str
    """What a value must be, for the message when it is not."""
    whole: str
    """The content types that need no such headers."""


class Unreadable(Struct, frozen=True):
    """A request that holds no events at all, and why."""

    code: Literal["not_json", "unsupported_media_type", "too_many_events"]
    error: FieldError


def read_cloudevents(
    content_type: str, headers: Headers, body: bytes, most: int
) -> list[Envelope] | Unreadable:
    """Take one HTTP request apart into its events, at most `most` of them."""
    media = parse_media_type(content_type)
    if not media.is_utf8:
        return Unreadable("unsupported_media_type", _NOT_UTF8)
    if media.name == STRUCTURED:
        return read_structured(body)
    if media.name == BATCH:
        return _batch(body, most)
    if media.name.startswith("application/cloudevents"):
        return Unreadable("unsupported_media_type", _NOT_OURS)
    return read_binary(_HTTP, content_type, headers, body)


_NOT_UTF8: Final = FieldError("content-type", "charset must be utf-8")
_NOT_OURS: Final = FieldError("content-type", f"must be {STRUCTURED}, {BATCH}, or binary mode")


def read_structured(body: bytes) -> list[Envelope] | Unreadable:
    """One event in JSON, attributes and all."""
    try:
        return [Envelope(_one_value(body))]
    except msgspec.DecodeError as error:
        return not_json(error)


def _batch(body: bytes, most: int) -> list[Envelope] | Unreadable:
    items: list[bytes] | None
    try:
        items = _items(body, most)
    except msgspec.ValidationError:
        return Unreadable("not_json", FieldError("body", "a batch must be a JSON array of events"))
    except msgspec.DecodeError as error:
        return not_json(error)
    if items is None:
        return Unreadable("not_json", FieldError("body", "is nested too deep to be read"))
    if len(items) > most:
        message = f"a batch holds at most {most} events; send more of them in several batches"
        return Unreadable("too_many_events", FieldError("body", message))
    return [Envelope(item) for item in items]


def _one_value(body: bytes) -> bytes:
    """The body, which is one JSON value, whatever is in its strings and how deep it is nested.

    Raises msgspec.DecodeError if it is none.
    """
    try:
        return bytes(_ONE.decode(body))
    except RecursionError:
        return body.strip()
    except msgspec.DecodeError:
        plain = without_surrogates(body)
        if plain == body:
            raise
        _one_value(plain)
        return body.strip()


def _items(body: bytes, most: int) -> list[bytes] | None:
    """The texts of a JSON array's items, by hand if need be; None if even that fails."""
    try:
        return [bytes(item) for item in _ITEMS.decode(body)]
    except RecursionError:
        return split_array(body, most)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        plain = without_surrogates(body)
        if plain == body:
            raise
        return split_array(body, most) if _items(plain, most) is not None else None


def not_json(error: Exception) -> Unreadable:
    """The body is not JSON, and where it stops being so."""
    return Unreadable("not_json", FieldError("body", f"must be JSON in UTF-8: {error}"))


def read_binary(
    binding: Binding, content_type: str, headers: Headers, body: bytes
) -> list[Envelope] | Unreadable:
    """One event whose attributes are headers and whose data is the body."""
    attributes: dict[str, str] = {}
    faults: list[FieldError] = []
    for header, value in headers:
        if header.startswith(binding.prefix):
            _read_attribute(binding, header, value, attributes, faults)
    if not attributes and not faults:
        message = f"must be {binding.whole}; any other type needs {binding.prefix.decode()} headers"
        return Unreadable("unsupported_media_type", FieldError("content-type", message))
    if content_type:
        attributes["datacontenttype"] = content_type.strip()
    try:
        data = _data(parse_media_type(content_type), body)
    except msgspec.DecodeError as error:
        return not_json(error)
    return [Envelope(msgspec.json.encode(attributes)[:-1] + data + b"}", tuple(faults))]


def _read_attribute(
    binding: Binding,
    header: bytes,
    value: bytes,
    attributes: dict[str, str],
    faults: list[FieldError],
) -> None:
    """Put one header among the attributes, or what is wrong with it among the faults."""
    name = header[len(binding.prefix) :].decode("latin-1")
    if name in _NOT_ATTRIBUTES:
        faults.append(FieldError(name, _NOT_ATTRIBUTES[name]))
    elif not _ATTRIBUTE.fullmatch(name):
        faults.append(
            FieldError(
                name[:100] or binding.prefix.decode(),
                "attribute names are made of a-z and 0-9 alone",
            )
        )
    elif name in attributes:
        faults.append(FieldError(name, "was sent twice"))
    elif (text := binding.text(value)) is None:
        faults.append(FieldError(name, f"must be {binding.written}"))
    else:
        attributes[name] = text


def header_text(value: bytes) -> str | None:
    """The value of a ce- header: unquoted, unescaped, percent-decoded; None if not UTF-8."""
    value = value.strip()
    if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"'):
        value = _QUOTED_PAIR.sub(rb"\1", value[1:-1])
    try:
        return unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        return None


_HTTP: Final = Binding(b"ce-", header_text, "percent-encoded UTF-8", f"{STRUCTURED} or {BATCH}")


def _data(media: MediaType, body: bytes) -> bytes:
    """The body as a last member of the event's JSON object; raises if JSON was promised in vain.

    It is decoded first: text that merely is put between braces could close them and go on.
    """
    if not body.strip():
        return b""
    if media.is_json or not media.name:
        return b',"data":' + _one_value(body)
    try:
        return b',"data":' + msgspec.json.encode(body.decode("utf-8"))
    except UnicodeDecodeError:
        return b',"data_base64":"' + base64.b64encode(body) + b'"'
