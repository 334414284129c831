"""The slow second look at an event that was refused: every wrong field, by name, with its remedy.

The shape comes from the model itself, so it cannot differ from what the fast decoder accepts; only
the sentences are kept here. Values are never repeated: they may be somebody's personal data.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from orderwatch.core.model import EVENT_TYPE, Event, FieldError, Text200

_INSTANT: Final = "must be an RFC 3339 time with its offset, such as 2026-01-31T10:42:00+07:00"
_UP_TO: Final = "must be text of at most {} characters"
_FROM_1: Final = "must be text of 1 to {} characters"

REMEDIES: Final = {
    "specversion": 'must be "1.0"',
    "id": _FROM_1.format(200) + ", unique within its source",
    "source": _FROM_1.format(200) + ": the sender, such as /phoenix-oms",
    "type": f'must be "{EVENT_TYPE}"',
    "subject": _FROM_1.format(100) + ": the order id",
    "time": _INSTANT,
    "datacontenttype": 'must be "application/json" or left out',
    "sequence": _UP_TO.format(40),
    "correlationid": _UP_TO.format(200),
    "causationid": _UP_TO.format(200),
    "traceparent": "must be a W3C trace parent: 00-<32 hex>-<16 hex>-<2 hex>, in lower case",
    "data": "must be an object with at least `system` and `status`",
    "data.system": _FROM_1.format(60) + ": who speaks",
    "data.status": _FROM_1.format(80) + ": the system's own word",
    "data.channel": _UP_TO.format(60),
    "data.fulfilment": 'must be "store" or "warehouse"',
    "data.delivery": 'must be "express" or "scheduled"',
    "data.location": _UP_TO.format(100),
    "data.amount": "must be an object with `value` and `currency`",
    "data.amount.value": 'must be a decimal as text, such as "1250.00": at most 12 and 4 digits',
    "data.amount.currency": 'must be three capital letters, such as "THB"',
    "data.amount.kind": "must be one of order_total, authorized, captured, invoiced, refunded, "
    "cod_expected, cod_collected",
    "data.due_at": _INSTANT,
    "data.attempt": "must be a whole number from 1 to 1000",
    "data.reason": "must be an object with `code` and `text`",
    "data.reason.code": _UP_TO.format(80),
    "data.reason.text": _UP_TO.format(1000),
    "data.refs": "must be an object of at most 20 names, each with text",
    "data.details": "must be an object",
}
_REF: Final = _UP_TO.format(200)

IDENTITIES: Final = ("id", "source", "subject", "data.system")
"""Fields that name something: a blank or invisible character would make another name of it."""
_MULTILINE: Final = ("data.reason.text", "data.details")
_NOT_A_NAME: Final = "must not have control or invisible characters, or spaces around it"
_CONTROL: Final = "must not have control characters"
_UNKNOWN: Final = "is not known here; put what else is worth keeping under `data.details`"
_TIMES: Final = ("time", "data.due_at")
_NO_INSTANT: Final = "is outside of the years 1 to 9999 in UTC"


def is_name(text: str) -> bool:
    """Whether text can identify something: printable, and no space at either end."""
    return text.isprintable() and text[:1] != " " and text[-1:] != " "


def is_instant(time: datetime) -> bool:
    """Whether a time exists in UTC as well: year 1 and 9999 have hours that do not."""
    try:
        time.astimezone(UTC)
    except OverflowError:
        return False
    return True


def field_faults(value: Any) -> Iterator[FieldError]:
    """Everything that is wrong with one decoded event, field by field."""
    if not isinstance(value, dict):
        yield FieldError("event", "must be a JSON object")
        return
    if value.get("type", EVENT_TYPE) != EVENT_TYPE:
        yield FieldError("type", REMEDIES["type"])
        value = {**value, "type": EVENT_TYPE, "data": {"system": "?", "status": "?"}}
    yield from _object_faults(value, Event, "")


def _object_faults(value: dict[str, Any], shape: type[Struct], path: str) -> Iterator[FieldError]:
    known = _fields(shape)
    for name, field in known.items():
        where = path + name
        if name not in value:
            if field.required:
                yield FieldError(where, f"is missing; {REMEDIES[where]}")
        else:
            yield from _member_faults(value[name], field.type, where)
    if shape.__struct_config__.forbid_unknown_fields:
        for name in value.keys() - known.keys():
            yield FieldError(path + name[:100], _UNKNOWN)


@cache
def _fields(shape: type[Struct]) -> dict[str, FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(shape)}


def _member_faults(value: Any, shape: Any, where: str) -> Iterator[FieldError]:
    inner = _struct_in(shape)
    if inner is not None and isinstance(value, dict):
        yield from _object_faults(value, inner, f"{where}.")
        return
    if where == "data.refs" and isinstance(value, dict):
        yield from _ref_faults(value)
        return
    try:
        read = msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError:
        yield FieldError(where, REMEDIES[where])
        return
    yield from _value_faults(read, where)


def _ref_faults(refs: dict[str, Any]) -> Iterator[FieldError]:
    if len(refs) > 20:
        yield FieldError("data.refs", REMEDIES["data.refs"])
    for name, value in refs.items():
        where = f"data.refs.{name[:100]}"
        try:
            yield from _value_faults(msgspec.convert(value, Text200), where)
        except msgspec.ValidationError:
            yield FieldError(where, _REF)


def _value_faults(value: object, where: str) -> Iterator[FieldError]:
    """What types cannot say of a value that has the right one."""
    if isinstance(value, datetime) and not is_instant(value):
        yield FieldError(where, _NO_INSTANT)
    if not isinstance(value, str):
        return
    if where in IDENTITIES and not is_name(value):
        yield FieldError(where, _NOT_A_NAME)
    elif where not in _MULTILINE and any(letter < " " for letter in value):
        yield FieldError(where, _CONTROL)


@cache
def _struct_in(shape: Any) -> type[Struct] | None:
    """The object type among the alternatives of a field: `Amount | None` has Amount."""
    for alternative in (shape, *get_args(shape)):
        if isinstance(alternative, type) and issubclass(alternative, Struct):
            return alternative
    return None
