"""The table at the end of a test run: what ran, by folder, and what did not, with the reason."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

import pytest
from _pytest.terminal import TerminalReporter

DEPTH = 2  # tests/unit, not tests/unit/core/flow


@dataclass
class Row:
    """One folder's results; `seconds` counts set-up and teardown too."""

    results: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def line(self, name: str) -> str:
        """The row as text, in the columns of HEADER."""
        passed, failed, skipped = (self.results[word] for word in ("passed", "failed", "skipped"))
        return f"{name:<24}{passed:>8}{failed:>8}{skipped:>9}{self.seconds:>9.1f} s"


HEADER = f"{'folder':<24}{'passed':>8}{'failed':>8}{'skipped':>9}{'time':>11}"


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the table and the reasons; pytest's own line with the totals follows as the last."""
    reports = list(_reports(terminalreporter))
    if not reports:
        return
    rows: dict[str, Row] = defaultdict(Row)
    for report in reports:
        row = rows[_folder(report)]
        row.seconds += getattr(report, "duration", 0.0)
        if result := _result(report):
            row.results[result] += 1
    terminalreporter.section("what ran")
    terminalreporter.write_line(HEADER)
    for name in sorted(rows):
        terminalreporter.write_line(rows[name].line(name))
    for reason, times in skip_reasons(terminalreporter).most_common():
        terminalreporter.write_line(f"skipped {times}: {reason}")
    if skips_fail(terminalreporter):
        terminalreporter.write_line("FAILED: in CI every test has to run, and some were skipped")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that did not run is not a test that passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.exitstatus == pytest.ExitCode.OK and reporter and skips_fail(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def skips_fail(reporter: TerminalReporter) -> bool:
    """Whether this run is in CI and left something out."""
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return in_ci and bool(reporter.stats.get("skipped"))


def skip_reasons(reporter: TerminalReporter) -> Counter[str]:
    """Why tests were skipped, with how many times each."""
    reasons: Counter[str] = Counter()
    for report in reporter.stats.get("skipped", []):
        place = report.longrepr
        text = place[2] if isinstance(place, tuple) else str(place)
        reasons[text.removeprefix("Skipped: ")] += 1
    return reasons


def _reports(reporter: TerminalReporter) -> Iterable[pytest.TestReport | pytest.CollectReport]:
    for reports in reporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport | pytest.CollectReport):
                yield report


def _folder(report: pytest.TestReport | pytest.CollectReport) -> str:
    return "/".join(PurePath(report.nodeid.split("::")[0]).parent.parts[:DEPTH]) or "."


def _result(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """One word a test: its call decides, unless its set-up or teardown went wrong."""
    if report.failed:
        return "failed"
    if report.skipped:
        return "skipped"
    return "passed" if getattr(report, "when", None) == "call" else None
