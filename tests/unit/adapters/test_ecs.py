"""The log is one ECS document a line, whoever speaks; it tells no secrets and no small talk."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import structlog
from tests.story import placed, said, told

from orderwatch.adapters.logs.ecs import StepLog, set_up_logs
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.changes import Changed
from orderwatch.core.tracking.counting import standing

TALKATIVE = ("httpx", "yoyo", "uvicorn")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Logging is one per process: what a test set up, it puts back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in TALKATIVE}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    documents = [json.loads(line) for line in captured.err.splitlines()]
    for one in documents:
        assert datetime.fromisoformat(one["@timestamp"]).tzinfo is not None
        assert one["ecs.version"] == "8.11"
        assert one["log.level"]
        assert one["message"]
    return documents


def test_our_words_and_those_of_libraries_come_out_alike(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("info")
    structlog.get_logger("orderwatch.ours").warning("parked", order_id="2000001234", n=3)
    logging.getLogger("library").error("it said %s\nand more", "ลาดพร้าว")
    ours, theirs = lines(capsys)
    assert (ours["log.level"], ours["log.logger"]) == ("warning", "orderwatch.ours")
    assert (ours["labels.order_id"], ours["labels.n"]) == ("2000001234", 3)
    assert theirs["message"] == "it said ลาดพร้าว\nand more"


def test_a_failure_keeps_its_trace_on_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info")
    try:
        int("no such leg")
    except ValueError:
        logging.getLogger("orderwatch").exception("the round failed")
    (line,) = lines(capsys)
    assert line["log.level"] == "error"
    assert "no such leg" in line["error.stack_trace"]


def test_the_level_is_obeyed_and_servers_keep_their_small_talk(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("info")
    logging.getLogger("orderwatch").debug("not wanted")
    for name in ("uvicorn.error", "uvicorn.access", "yoyo.migrations", "httpx"):
        logging.getLogger(name).info("GET /?key=secret")
    logging.getLogger("uvicorn.error").error("the socket is gone")
    (line,) = lines(capsys)
    assert line["message"] == "the socket is gone"


def test_a_step_of_an_order_names_the_order_its_rule_and_its_events(
    capsys: pytest.CaptureFixture[str],
) -> None:
    StepLog().publish(TenantId(7), [rejected()])
    (line,) = lines(capsys)
    assert line["event.action"] == "order-step"
    assert line["event.outcome"] == "failure"
    assert line["labels.tenant"] == "7"
    assert line["labels.order_id"]
    assert line["labels.rule"]
    assert line["labels.events"]


def test_a_step_tells_nothing_of_a_customer(capsys: pytest.CaptureFixture[str]) -> None:
    StepLog().publish(TenantId(7), [rejected()])
    assert "Somchai" not in capsys.readouterr().err


def rejected() -> Changed:
    """What is published when the commerce engine rejects an order."""
    order = told(
        placed(),
        said("commerce_engine", "REJECTED", at=5, reason={"text": "basket of Somchai J."}),
    )
    stands = standing(order)
    return Changed(order.order_id, stands.bucket, "waiting", order.status, order)
