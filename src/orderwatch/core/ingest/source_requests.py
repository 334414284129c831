"""What a poller reports of its requests to other systems: read from JSON, or refused by field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from orderwatch.core.ingest.faults import is_instant
from orderwatch.core.model import FieldError, Instant

MOST_REQUESTS: Final = 1000
"""In one report."""
MOST_CONNECTORS: Final = 100
"""Of one tenant: each is a label of metrics, and a group of incidents."""
_MOST_FAULTS: Final = 100
_OLDEST: Final = timedelta(days=1)
_AHEAD: Final = timedelta(minutes=5)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_REMEDIES: Final = {
    "connector": "must be 1 to 60 of a-z, 0-9, `_`, `.` and `-`, such as `magento-orders`",
    "outcome": "must be `ok`, `error` or `timeout`",
    "duration_s": "must be the seconds it took, from 0 to 86400",
    "at": "must be an RFC 3339 time with its offset, of the last day",
}


class SourceRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """One request of a connector to the system it polls: how it ended, how long it took, when."""

    connector: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,59}$")]
    outcome: Literal["ok", "error", "timeout"]
    duration_s: Annotated[float, Meta(ge=0, le=86_400)]
    at: Instant


_list = msgspec.json.Decoder(list[Raw]).decode
_object = msgspec.json.Decoder(dict[str, Raw]).decode
_one = msgspec.json.Decoder(SourceRequest).decode


def read_source_requests(
    body: bytes, now: datetime
) -> tuple[SourceRequest, ...] | tuple[FieldError, ...]:
    """All requests of a report, or everything that is wrong with it; never a part of it."""
    try:
        texts = _list(body)
    except _UNREADABLE:
        return (FieldError("body", "must be a JSON list of objects"),)
    if not texts:
        return (FieldError("body", "must name at least one request"),)
    if len(texts) > MOST_REQUESTS:
        return (FieldError("body", f"must name at most {MOST_REQUESTS:,} requests; send several"),)
    requests: list[SourceRequest] = []
    faults: list[FieldError] = []
    for index, text in enumerate(texts):
        read = _read(bytes(text), now)
        if isinstance(read, SourceRequest):
            requests.append(read)
        else:
            faults += [FieldError(f"[{index}].{one.field}", one.message) for one in read]
    return tuple(faults[:_MOST_FAULTS]) or tuple(requests)


def _read(text: bytes, now: datetime) -> SourceRequest | list[FieldError]:
    try:
        request = _one(text)
    except _UNREADABLE:
        return [*_faults(text)]
    if not is_instant(request.at) or not now - _OLDEST <= request.at <= now + _AHEAD:
        return [FieldError("at", _REMEDIES["at"])]
    return request


def _faults(text: bytes) -> Iterator[FieldError]:
    """What is wrong, field by field."""
    try:
        members = _object(text)
    except _UNREADABLE:
        yield FieldError("request", "must be a JSON object")
        return
    for field in msgspec.structs.fields(SourceRequest):
        if field.name not in members:
            yield FieldError(field.name, f"is missing; {_REMEDIES[field.name]}")
            continue
        try:
            msgspec.json.decode(members[field.name], type=field.type)
        except _UNREADABLE:
            yield FieldError(field.name, _REMEDIES[field.name])
    for name in members.keys() - _REMEDIES.keys():
        yield FieldError(name[:100], "is not known here")
