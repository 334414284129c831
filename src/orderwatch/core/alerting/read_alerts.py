"""What an Alertmanager posts to a webhook, version 4: trusted alerts, or every field that is wrong.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from orderwatch.core.model import FieldError

MOST_ALERTS: Final = 1_000
MOST_LABELS: Final = 64
MOST_CHARS: Final = 4_096
MOST_ERRORS: Final = 100
_STATES: Final = ("firing", "resolved")


class Alert(Struct, frozen=True, kw_only=True):
    """An alert as Alertmanager knows it. `ends_at` is when it was over; None while it goes on."""

    name: str
    fingerprint: str
    starts_at: datetime
    ends_at: datetime | None
    labels: dict[str, str]
    annotations: dict[str, str]
    generator_url: str = ""


def read_alerts(body: bytes) -> list[Alert] | list[FieldError]:
    """The alerts of a request. A mistake anywhere refuses all: nothing is lost by repeating."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return [FieldError("", f"is not JSON: {error}")]
    if not isinstance(document, dict):
        return [FieldError("", "must be an object")]
    errors = []
    if document.get("version") != "4":
        errors.append(FieldError("version", 'must be "4"'))
    given = document.get("alerts")
    if not isinstance(given, list) or len(given) > MOST_ALERTS:
        return [*errors, FieldError("alerts", f"must be a list of at most {MOST_ALERTS:,}")]
    readers = [_Reader(f"alerts[{place}]", one) for place, one in enumerate(given)]
    alerts = [reader.read() for reader in readers]
    errors += [error for reader in readers for error in reader.errors]
    if errors:
        return errors[:MOST_ERRORS]
    return [one for one in alerts if one is not None]


class _Reader:
    """Reads one alert, and gathers what is wrong with it."""

    def __init__(self, path: str, given: object) -> None:
        self._path = path
        self._given: dict[str, Any] = given if isinstance(given, dict) else {}
        self.errors: list[FieldError] = []
        if not isinstance(given, dict):
            self._refuse("", "must be an object")

    def read(self) -> Alert | None:
        status = self._given.get("status")
        if status not in _STATES:
            self._refuse("status", "must be firing or resolved")
        labels, annotations = self._texts("labels"), self._texts("annotations", needed=False)
        if not labels.get("alertname"):
            self._refuse("labels.alertname", "must be there")
        fingerprint = self._given.get("fingerprint")
        if not isinstance(fingerprint, str) or not 0 < len(fingerprint) <= 64:
            self._refuse("fingerprint", "must be a text of at most 64 characters")
        starts_at = self._instant("startsAt")
        ends_at = self._instant("endsAt") if status == "resolved" else None
        generator = self._given.get("generatorURL", "")
        if not isinstance(generator, str) or len(generator) > MOST_CHARS:
            self._refuse("generatorURL", f"must be a text of at most {MOST_CHARS:,} characters")
        if self.errors or starts_at is None:
            return None
        return Alert(
            name=labels["alertname"],
            fingerprint=str(fingerprint),
            starts_at=starts_at,
            ends_at=ends_at,
            labels=labels,
            annotations=annotations,
            generator_url=generator,
        )

    def _refuse(self, field: str, message: str) -> None:
        path = f"{self._path}.{field}" if field else self._path
        self.errors.append(FieldError(path, message))

    def _texts(self, name: str, *, needed: bool = True) -> dict[str, str]:
        given = self._given.get(name, None if needed else {})
        if not isinstance(given, dict) or len(given) > MOST_LABELS:
            self._refuse(name, f"must be an object of at most {MOST_LABELS} texts")
            return {}
        for key, value in given.items():
            if not isinstance(value, str) or len(value) > MOST_CHARS or len(key) > MOST_CHARS:
                message = f"must be a text of at most {MOST_CHARS:,} characters"
                self._refuse(f"{name}.{key[:100]}", message)
        return {key: str(value).replace("\0", "") for key, value in given.items()}

    def _instant(self, name: str) -> datetime | None:
        try:
            at = msgspec.convert(self._given.get(name), datetime)
        except msgspec.ValidationError:
            at = None
        if at is None or at.tzinfo is None:
            self._refuse(name, "must be an RFC 3339 time with its zone")
            return None
        return at.astimezone(UTC)
