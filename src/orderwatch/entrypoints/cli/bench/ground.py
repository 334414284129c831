"""The ground of every benchmark: a database server of its own, and the real server on it.

Both are gone when the block is left. The server is `orderwatch serve` in a process of its own, with
the settings of the environment, so that a setting can be tried by setting it.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import msgspec

from orderwatch.adapters.postgres.embedded import EmbeddedPostgres
from orderwatch.adapters.postgres.yardstick import Yardstick, create_database, drop_database
from orderwatch.bootstrap import bring_up_to_date, environment_settings
from orderwatch.core.errors import OrderwatchError
from orderwatch.entrypoints.cli.output import messages
from orderwatch.entrypoints.cli.web import listen

PATIENCE = 120.0
ADMINISTRATOR = "bench"
OURS_TO_SET = frozenset(
    {"ORDERWATCH_DATABASE_URL", "ORDERWATCH_MIGRATION_URL", "ORDERWATCH_DATA_DIR"}
)


class BenchFailed(OrderwatchError):
    """A benchmark met something that makes its figures worthless."""


class Ground:
    """A temporary database server, the databases made on it, and a folder for files."""

    def __init__(self) -> None:
        """Nothing runs before it is entered."""
        self._server = EmbeddedPostgres.temporary()
        self.folder = Path()

    def __enter__(self) -> Self:
        messages.print("starting a database server of our own; it goes when we are done")
        self._server.start()
        self.folder = Path(tempfile.mkdtemp(prefix="orderwatch-bench-"))
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url_of(self, database: str) -> str:
        """Where a database is, as its owner reaches it."""
        return self._server.url_of(database)

    @property
    def postmaster(self) -> int:
        """The database server's first process."""
        assert self._server.postmaster is not None
        return self._server.postmaster

    @property
    def postgresql(self) -> str:
        """The server's version."""
        with self.yardstick("postgres") as yardstick:
            return yardstick.version

    def yardstick(self, database: str) -> Yardstick:
        """A connection to a database as its owner."""
        return Yardstick(self.url_of(database))

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """A fresh database with the product's tables; its URL."""
        create_database(self.url_of("postgres"), name)
        try:
            bring_up_to_date(environment_settings(), self.url_of(name))
            yield self.url_of(name)
        finally:
            drop_database(self.url_of("postgres"), name)


class Product:
    """`orderwatch serve` on a database, until the block is left."""

    def __init__(self, url: str, folder: Path, words: Sequence[str] = ()) -> None:
        """`words` are further ones for its command line."""
        self.port = free_port()
        self._command = command("serve", "--port", str(self.port), *words)
        self._environment = environment(url)
        self._log = folder / f"serve-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + PATIENCE
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > until:
                said = self._log.read_text(errors="replace").splitlines()[-5:]
                raise BenchFailed(f"The server did not start: {' / '.join(said)}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/readyz")[0] in {200, 404}
        return False

    def get(self, path: str, key: str = "") -> tuple[int, bytes]:
        """One answer: status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def key(self) -> str:
        """A key of the first tenant that may send and read everything."""
        words = ("key", "create", "--tenant", "default", "--source", "/", "--read", "--json")
        made = subprocess.run(
            command(*words), env=self._environment, capture_output=True, check=True
        )
        return str(msgspec.json.decode(made.stdout.splitlines()[-1])["key"])

    def cookie(self) -> str:
        """A session of an administrator who has just been made."""
        words = ("user", "create", ADMINISTRATOR, "--role", "administrator", "--generate", "--json")
        made = subprocess.run(
            command(*words), env=self._environment, capture_output=True, check=True
        )
        password = msgspec.json.decode(made.stdout.splitlines()[-1])["password"]
        form = urlencode({"name": ADMINISTRATOR, "password": password}).encode()
        answer = self.post("/login", form, "application/x-www-form-urlencoded")
        return str(answer.getheader("set-cookie")).partition(";")[0]

    def post(
        self, path: str, body: bytes, media_type: str, key: str = ""
    ) -> http.client.HTTPResponse:
        """Send something from a page of this very server; its answer without the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            headers = {"content-type": media_type, "origin": f"http://127.0.0.1:{self.port}"}
            connection.request(
                "POST", path, body, headers | ({"authorization": f"Bearer {key}"} if key else {})
            )
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 400:
                raise BenchFailed(f"POST {path} answered {answer.status}.")
            return answer
        finally:
            connection.close()

    @property
    def pid(self) -> int:
        """Its first process; all of them share its session."""
        assert self._process is not None
        return self._process.pid


def free_port() -> int:
    """A port nobody listens on."""
    with listen("127.0.0.1", 0) as free:
        return int(free.getsockname()[1])


def command(*words: str) -> list[str]:
    """One `orderwatch` command line, with the Python that runs us."""
    return [sys.executable, "-m", "orderwatch", *words]


def environment(url: str) -> dict[str, str]:
    """Ours, with this database; and this very package, wherever it lies."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS_TO_SET}
    kept["PYTHONPATH"] = str(Path(__file__).resolve().parents[4])
    return kept | ({"ORDERWATCH_DATABASE_URL": url} if url else {})


def chosen_settings() -> dict[str, str]:
    """What the environment sets otherwise than we ship it; belongs beside every figure."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith("ORDERWATCH_") and name not in OURS_TO_SET and "KEY" not in name
    }
