"""A real Alertmanager in a process of its own, on loopback, with a webhook to a server of ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.product import eventually, free_port

_NAMES = ("prometheus-alertmanager", "alertmanager")


class RunningAlertmanager:
    """Where it is, and what it knows."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def is_ready(self) -> bool:
        """Whether it answers."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/-/ready", timeout=5).status_code == 200
        return False

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that go on."""
        found = httpx.get(f"{self.url}/api/v2/alerts", timeout=5).json()
        assert isinstance(found, list)
        return found

    def post(self, *alerts: dict[str, Any]) -> None:
        """As a Prometheus does it."""
        httpx.post(f"{self.url}/api/v2/alerts", json=alerts, timeout=5).raise_for_status()


@contextmanager
def alertmanager(folder: Path, webhook: str, key: str) -> Iterator[RunningAlertmanager]:
    """Runs until left. Where the program is missing the test is passed over, save in CI."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        if os.environ.get("CI") == "true":
            raise AssertionError("prometheus-alertmanager is not installed")
        pytest.skip("prometheus-alertmanager is not installed")
    port = free_port()
    config = folder / "alertmanager.yml"
    config.write_text(
        "route: {receiver: us, group_by: [alertname, group], group_wait: 0s, group_interval: 1s}\n"
        "receivers:\n"
        "  - name: us\n"
        "    webhook_configs:\n"
        f"      - url: {webhook}\n"
        "        send_resolved: true\n"
        f"        http_config: {{authorization: {{credentials: {key}}}}}\n"
    )
    log = folder / "alertmanager.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={config}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            stdout=output,
            stderr=output,
        )
    running = RunningAlertmanager(port)
    try:
        eventually(running.is_ready, "Alertmanager is ready", log.read_text)
        yield running
    finally:
        process.terminate()
        process.wait(10)
