"""Prometheus with Alertmanager beside us, as they are usually set up, for `bench detect`."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx

from orderwatch.entrypoints.cli.bench.ground import BenchFailed, free_port

EVERY: Final = "15s"
_READY_WITHIN_S: Final = 20.0
_CONFIG: Final = """\
global: {{scrape_interval: {every}, evaluation_interval: {every}}}
scrape_configs:
  - job_name: orderwatch
    static_configs: [{{targets: ["127.0.0.1:{ours}"]}}]
rule_files: [rules.yml]
alerting:
  alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]
"""
_RULES: Final = """\
groups:
  - name: orders
    rules:
      - alert: OrdersFailed
        expr: orderwatch_transmissions_total{class="failed"} > 0
"""
_ROUTES: Final = """\
route: {{receiver: sink, group_by: ["..."], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: sink, webhook_configs: [{{url: "{sink}"}}]}}]
"""


def _program(*names: str) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


@contextmanager
def prometheus(folder: Path, ours: int, sink: str) -> Iterator[bool]:
    """Both running and watching us; False when they are not installed."""
    prom, manager = _program("prometheus"), _program("prometheus-alertmanager", "alertmanager")
    if prom is None or manager is None:
        yield False
        return
    home = folder / f"prometheus-{ours}"
    home.mkdir()
    ports = {"prometheus": free_port(), "alertmanager": free_port()}
    (home / "prometheus.yml").write_text(
        _CONFIG.format(every=EVERY, ours=ours, alertmanager=ports["alertmanager"])
    )
    (home / "rules.yml").write_text(_RULES)
    (home / "alertmanager.yml").write_text(_ROUTES.format(sink=sink))
    with ExitStack() as stack:
        stack.enter_context(_running(home, _manager_words(manager, home, ports["alertmanager"])))
        stack.enter_context(_running(home, _prometheus_words(prom, home, ports["prometheus"])))
        for name, port in ports.items():
            _wait_for(name, port)
        yield True


def _manager_words(program: str, home: Path, port: int) -> list[str]:
    return [
        program,
        f"--config.file={home / 'alertmanager.yml'}",
        f"--storage.path={home / 'manager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]


def _prometheus_words(program: str, home: Path, port: int) -> list[str]:
    return [
        program,
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]


@contextmanager
def _running(home: Path, words: Sequence[str]) -> Iterator[None]:
    with (home / f"{Path(words[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=home, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(name: str, port: int) -> None:
    until = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/-/ready", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise BenchFailed(f"{name} did not come up within {_READY_WITHIN_S:g} s.")
