"""Every benchmark at its smallest: that it runs, and what it says, but not how fast."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest
from tests.product import REPOSITORY, environment

ALWAYS = {"bench", "figure", "limit", "ratio", "unit", "runs", "goal", "met", "machine"}


def bench(*words: str) -> dict[str, Any]:
    """One benchmark in a process of its own; what its last line says."""
    done = subprocess.run(
        [sys.executable, "-m", "orderwatch", "bench", *words, "--json"],
        env=environment(REPOSITORY, None, {}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert told.keys() >= ALWAYS
    assert told["figure"] > 0
    if told["limit"]:
        assert told["ratio"] == pytest.approx(told["figure"] / told["limit"], rel=0.01)
    assert told["machine"].keys() >= {"date", "cores", "postgresql", "load"}
    assert all(goal.keys() >= {"what", "value", "wanted", "met"} for goal in told["goal"])
    return told


def test_ingest_stands_beside_copy_and_beside_one_commit_per_event() -> None:
    told = bench("ingest", "--events", "1200", "--rounds", "2", "--connections", "2")
    assert told["unit"] == "events/s"
    assert len(told["runs"]) == 2
    for run in told["runs"]:
        assert run.keys() >= {"ours", "copy", "one_by_one", "memory_mb", "server_us_per_event"}
    assert [goal["wanted"] for goal in told["goal"]] == [0.3, 40, 300]
    assert told["orders"] > 0


def test_single_events_stand_beside_empty_posts_with_their_latency_at_half_the_rate() -> None:
    told = bench("ingest", "--single", "--events", "200", "--rounds", "1", "--connections", "8")
    assert told["runs"][0].keys() >= {"ours", "empty", "p50_ms", "p99_ms"}
    assert [goal["wanted"] for goal in told["goal"]] == [0.25, 50]


def test_rebuilding_stands_beside_reading_and_changes_nothing() -> None:
    told = bench("rebuild", "--events", "600", "--rounds", "1")
    assert told["runs"][0].keys() >= {"ours", "read", "orders"}


def test_the_first_live_order_stands_beside_a_bare_start_of_the_database() -> None:
    told = bench("start", "--rounds", "1")
    assert told["unit"] == "s"
    assert told["figure"] > told["limit"]


def test_every_call_of_a_reader_is_timed_on_a_large_ledger_and_on_a_small_one() -> None:
    sizes = ("--orders", "400", "--small", "200", "--base", "100", "--calls", "2")
    told = bench("query", *sizes, "--rounds", "1")
    assert told["large"]["orders"] == 2 * told["small"]["orders"] == 400
    assert told["large"]["legs"] == 2 * told["small"]["legs"]
    pages = {"page /", "page orders, failed", "page an order", "page parked", "page audit"}
    assert {"order", "summary", "metrics"} | pages <= told["calls"].keys()
    for call in told["calls"].values():
        assert call.keys() == {"p95_ms", "small_p95_ms", "growth"}


def test_a_cause_is_told_long_before_prometheus_and_alertmanager_tell_it() -> None:
    told = bench("detect", "--samples", "1", "--rounds", "1")
    assert told["runs"][0]["samples"] == 2
    assert 0 < told["p50_s"] <= told["p99_s"]
    assert [goal["wanted"] for goal in told["goal"]] == [1.0]
    if shutil.which("prometheus") and shutil.which("prometheus-alertmanager"):
        assert told["figure"] < told["limit"]
    else:
        assert told["limit"] == 0


def test_what_the_rules_raise_of_a_bad_day_stands_beside_its_truth_file() -> None:
    told = bench("alerts", "--orders", "200", "--seed", "3")
    assert told["orders"] == 200
    assert len(told["kinds"]) >= 10
    assert told["recall"] == 1.0, told["missed"]
    assert told["precision"] == 1.0, told["rules"]
    for kind in told["kinds"].values():
        assert kind.keys() == {"orders", "wanted", "seen", "told", "recall", "precision"}
