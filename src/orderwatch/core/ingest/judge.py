"""One event's JSON text becomes a trusted event, or is refused with every reason.

Most events are right: those cost one decode and a few cheap questions. Whatever answers one of them
oddly is looked at again, slowly, by `scan` and `faults`.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw

from orderwatch.core.ingest.batch import Candidate, RefusalCode, Refused
from orderwatch.core.ingest.faults import field_faults
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.ingest.media_type import parse_media_type
from orderwatch.core.ingest.scan import find_faults, has_suspect_escape, is_suspect
from orderwatch.core.model import Event, FieldError

_EVENT: Final = msgspec.json.Decoder(Event)
_MEMBERS: Final = msgspec.json.Decoder(dict[str, Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_ANY: Final = msgspec.json.Decoder()
_KNOWN: Final = frozenset(field.encode_name for field in msgspec.structs.fields(Event))
_PATH: Final = re.compile(r"`\$\.([\w.]+)")
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def judge_event(index: int, text: bytes, limits: Limits) -> Candidate | Refused:
    """Decide about one event. The stored text says exactly what the event says."""
    if len(text) > limits.event_bytes:
        message = f"must be at most {limits.event_bytes} bytes of JSON"
        return _refuse(index, text, "too_large", [FieldError("event", message)])
    event = _at_a_glance(text, limits.depth)
    if event is not None:
        return Candidate(index, event, text)
    return _at_length(index, text, limits)


def _at_a_glance(text: bytes, depth: int) -> Event | None:
    """The event, if it is right beyond doubt; None if only a second look can tell."""
    try:
        event = _EVENT.decode(text)
        extended = not (_MEMBERS.decode(text).keys() <= _KNOWN)
        if not text.isascii():
            text.decode()
    except _UNREADABLE:
        return None
    if has_suspect_escape(text):
        return None
    if (extended or event.data.details is not UNSET) and is_suspect(text, depth):
        return None
    data = event.data
    names = event.id + event.source + event.order_id + data.system
    if " " in names or not names.isprintable():
        return None
    if not 1 < event.time.year < 9999:
        return None
    return event if data.due_at is None or 1 < data.due_at.year < 9999 else None


def _at_length(index: int, text: bytes, limits: Limits) -> Candidate | Refused:
    """Find all that is wrong, or find that nothing is."""
    faults = find_faults(text, limits.depth)
    try:
        value = _ANY.decode(text) if not faults else None
    except _UNREADABLE as error:
        faults = [FieldError("event", f"must be JSON in UTF-8: {error}")]
        return _refuse(index, text, "not_json", faults)
    if faults:
        return _refuse(index, text, _code_of(faults), faults)
    plain, value = _tidy(text, value)
    faults = list(islice(field_faults(value), limits.errors_per_event))
    if faults:
        return _refuse(index, text, _code_of(faults), faults)
    try:
        return Candidate(index, _EVENT.decode(plain), plain)
    except msgspec.ValidationError as error:
        return _refuse(index, text, "invalid", [_twice(error)])


def _twice(error: msgspec.ValidationError) -> FieldError:
    """The only way for a decoder to mind what its last values do not show: an earlier value."""
    path = _PATH.search(str(error))
    return FieldError(path[1] if path else "event", "comes more than once, and was wrong before")


def _code_of(faults: list[FieldError]) -> RefusalCode:
    if any("nested" in fault.message for fault in faults):
        return "too_deep"
    if any(fault.field == "type" for fault in faults):
        return "unsupported_type"
    return "invalid"


def _tidy(text: bytes, value: Any) -> tuple[bytes, Any]:
    """Write the same event in its plain form: CloudEvents allows more spellings than one.

    An attribute that is null is one that was left out, and JSON is UTF-8 with or without saying so.
    """
    if not isinstance(value, dict):
        return text, value
    drop = {name for name, member in value.items() if member is None and name != "data"}
    plain = _is_json_at_length(value.get("datacontenttype"))
    if not drop and not plain:
        return text, value
    members: dict[str, Any] = _MEMBERS.decode(text)
    if plain:
        members["datacontenttype"] = value["datacontenttype"] = "application/json"
    kept = {name: member for name, member in members.items() if name not in drop}
    return msgspec.json.encode(kept), {name: value[name] for name in kept}


def _is_json_at_length(content_type: object) -> bool:
    """Whether it is `application/json; charset=utf-8`, or the like."""
    if not isinstance(content_type, str) or content_type == "application/json":
        return False
    media = parse_media_type(content_type)
    return media.name == "application/json" and media.is_utf8


def _refuse(index: int, text: bytes, code: RefusalCode, faults: list[FieldError]) -> Refused:
    """Keep the event whole; its names as far as they can be read."""
    members = _members(text)
    return Refused(
        index=index,
        code=code,
        errors=tuple(faults),
        payload=text,
        id=_legible(members.get("id"), 200),
        source=_legible(members.get("source"), 200),
        order_id=_legible(members.get("subject"), 100),
        system=_legible(_members(members.get("data", b"")).get("system"), 60),
    )


def _members(text: bytes | Raw) -> dict[str, Raw]:
    try:
        return _MEMBERS.decode(text)
    except _UNREADABLE:
        return {}


def _legible(member: Raw | None, most: int) -> str | None:
    """A name from an event nobody trusts, fit to be stored and shown; None if it is none."""
    try:
        text = _TEXT.decode(member or b"null")
    except _UNREADABLE:
        return None
    shown = (letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return "".join(islice(shown, most)) or None
