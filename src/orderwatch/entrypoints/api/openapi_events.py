"""What the API's document says about POST /api/v1/events, which the framework cannot see."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from orderwatch.core.ingest.cloudevents import BATCH, STRUCTURED
from orderwatch.core.model import Event, Statement

_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_EVENT: Final = {"$ref": "#/components/schemas/OrderEvent"}
_BINARY_HEADERS: Final = ("specversion", "id", "source", "type", "subject", "time")

_FAULTS: Final = {"type": "array", "items": {"$ref": "#/components/schemas/FieldFault"}}
_RECEIPT: Final = {
    "type": "object",
    "required": ["accepted", "duplicates", "parked", "rejected"],
    "properties": {
        "accepted": _COUNT,
        "duplicates": _COUNT,
        "parked": _COUNT,
        "rejected": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "index": _COUNT,
                    "id": {"type": ["string", "null"]},
                    "errors": _FAULTS,
                },
            },
        },
    },
}
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "errors": _FAULTS,
    },
}


def _event_schemas() -> dict[str, Any]:
    """The model's own schemas: what the door accepts is what its description says."""
    (event,), components = msgspec.json.schema_components(
        [Event], ref_template="#/components/schemas/{name}"
    )
    del event
    components["OrderEvent"] = components.pop(Event.__name__)
    components["OrderEventData"] = components.pop(Statement.__name__)
    data = {"$ref": "#/components/schemas/OrderEventData"}
    components["OrderEvent"]["properties"]["data"] = data
    return components


SCHEMAS: Final[dict[str, Any]] = _event_schemas() | {
    "FieldFault": {
        "type": "object",
        "required": ["field", "message"],
        "properties": {"field": _TEXT, "message": _TEXT},
    },
    "EventsReceipt": _RECEIPT,
    "Problem": _PROBLEM,
}

_ANSWERS: Final = {
    "400": "Not JSON. The body is kept as a dead letter.",
    "401": "No key, a wrong or revoked one, or a wrong or stale signature.",
    "403": "The key may not speak for the source of any of the events.",
    "408": "The body took too long.",
    "413": "The body, the batch or the only event is too large.",
    "415": "Not CloudEvents in JSON and UTF-8, or an encoding other than gzip.",
    "422": "Every event was refused; `rejected` says why. They are kept as dead letters.",
    "429": "Faster than this key may send: wait `Retry-After` seconds.",
    "503": "Nothing was stored: send the same again after `Retry-After` seconds.",
}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": _TEXT}


EVENTS_PATH: Final[dict[str, Any]] = {
    "post": {
        "operationId": "ReceiveEvents",
        "summary": "Send order events",
        "description": "CloudEvents 1.0, structured, batch or binary. Answered after the commit.",
        "parameters": [
            _header("Authorization", "Bearer KEY; or sign with Standard Webhooks"),
            _header("webhook-id", "Standard Webhooks: the message"),
            _header("webhook-timestamp", "Standard Webhooks: seconds since 1970, within 5 minutes"),
            _header("webhook-signature", "Standard Webhooks: v1,BASE64; several, space separated"),
            _header("Orderwatch-Key-Id", "the id of the signing key, if the URL does not name it"),
            {"name": "key", "in": "query", "schema": _TEXT, "description": "the same, in the URL"},
            *(_header(f"ce-{name}", "binary mode") for name in _BINARY_HEADERS),
        ],
        "requestBody": {
            "required": True,
            "content": {
                STRUCTURED: {"schema": _EVENT},
                BATCH: {"schema": {"type": "array", "maxItems": 10_000, "items": _EVENT}},
                "application/json": {"schema": {"$ref": "#/components/schemas/OrderEventData"}},
            },
        },
        "responses": {
            "202": {
                "description": "Committed. Refused events beside good ones are in `rejected`.",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/EventsReceipt"}}
                },
            },
        }
        | {status: _problem(text) for status, text in _ANSWERS.items()},
    },
    "options": {
        "operationId": "AllowWebhooks",
        "summary": "CloudEvents webhook handshake",
        "description": "Answers WebHook-Request-Origin with WebHook-Allowed-Origin and -Rate.",
        "responses": {"204": {"description": "Deliveries are welcome; each needs its key."}},
    },
}
