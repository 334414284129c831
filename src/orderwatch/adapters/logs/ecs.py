"""JSON lines in Elastic Common Schema on standard error: the technical log and the order steps."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from orderwatch.core.model import TenantId
from orderwatch.core.tracking.changes import Changed
from orderwatch.core.tracking.counting import FAILED_BUCKETS

ECS_VERSION: Final = "8.11"
_encode = msgspec.json.Encoder(enc_hook=str).encode


def set_up_logs(level: str) -> None:
    """Every logger of this process writes ECS lines, the libraries' included."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.ExceptionRenderer(),
        _to_ecs,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared[:2],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared[2:], _line],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for talkative in ("httpx", "yoyo", "uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(talkative)
        logger.setLevel(logging.WARNING)
        logger.handlers.clear()  # whatever a library has set up for itself
        logger.propagate = True
    structlog.configure(
        processors=[*shared[:2], structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _to_ecs(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Our words into ECS fields; anything else becomes a label."""
    line: EventDict = {
        "@timestamp": _stamp(datetime.now(UTC)),
        "log.level": event.pop("level", "info"),
        "log.logger": event.pop("logger", ""),
        "message": event.pop("event", ""),
        "ecs.version": ECS_VERSION,
    }
    if (exception := event.pop("exception", None)) is not None:
        line["error.stack_trace"] = exception
    line.update((f"labels.{name}", value) for name, value in event.items() if name != "exc_info")
    return line


def _line(_: WrappedLogger, __: str, event: EventDict) -> str:
    return _encode(event).decode()


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class StepLog:
    """One line for each step an order takes, so that a log stack can be a second audit trail.

    Implements the port Announcements: lines of a transaction are written at once, after its commit.
    """

    def publish(self, tenant: TenantId, changed: Sequence[Changed]) -> None:
        """Write the steps; names and money of customers are not among their fields."""
        if not changed:
            return
        at = _stamp(datetime.now(UTC))
        sys.stderr.write("".join(_step(tenant, one, at) for one in changed))


def _step(tenant: TenantId, one: Changed, at: str) -> str:
    line = {
        "@timestamp": at,
        "log.level": "info",
        "log.logger": "orderwatch.steps",
        "message": f"order {one.order_id} is {one.bucket} in {one.status}",
        "ecs.version": ECS_VERSION,
        "event.action": "order-step",
        "event.outcome": "failure" if one.bucket in FAILED_BUCKETS else "success",
        "labels.tenant": str(tenant),
        "labels.order_id": one.order_id,
        "labels.status": one.status,
        "labels.class": one.bucket,
        "labels.rule": one.order.why.rule,
        "labels.events": list(one.order.why.events),
    }
    return _encode(line).decode() + "\n"
