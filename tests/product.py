"""The running product as a stranger meets it: `orderwatch serve` in a process of its own.

    with Product(folder) as product:
        alice = product.tenant("alice")
        alice.send(events)

Every process is gone when the block is left, whatever happened inside.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
from tests.sender import Counts, Sender, lines_of
from typer.testing import CliRunner

from orderwatch.adapters.postgres.embedded import running_url
from orderwatch.entrypoints.cli.main import app

REPOSITORY = Path(__file__).resolve().parent.parent
OURS = "ORDERWATCH_"
PATIENCE = 60.0
"""Seconds until what must happen counts as not happening, also on a machine that is busy."""


class Product:
    """One server on one data directory, and the ways to use and to hurt it."""

    def __init__(
        self,
        folder: Path,
        *,
        role: str = "all",
        database_url: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing runs before `start`. Without `database_url` it has an embedded database."""
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{role}-{self.port}.log"
        self._role = role
        self._given = database_url
        self._environment = environment(folder, database_url, settings or {})
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start the server and wait until it says that it is ready."""
        self.launch()
        eventually(self.is_ready, "the server is ready", self.tail)
        return self

    def launch(self) -> None:
        """Start the server and do not wait."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command("serve", "--role", self._role, "--port", str(self.port)),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> int | None:
        """Ask the server to end and wait for it; its exit code. What does not listen is killed."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """kill -9 of the server, as a machine that runs out of memory does it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def kill_database(self) -> None:
        """kill -9 of the embedded database's first process."""
        os.kill(self.postmaster, signal.SIGKILL)

    def kill_a_connection(self) -> None:
        """kill -9 of one of the server's connections, upon which the database drops all of them."""
        with self.owner() as connection:
            row = connection.execute(
                "select pid from pg_stat_activity where backend_type = 'client backend'"
                " and pid <> pg_backend_pid() order by query_start desc limit 1"
            ).fetchone()
        assert row is not None
        os.kill(row[0], signal.SIGKILL)

    def is_ready(self) -> bool:
        """Whether the server answers; fails at once when it has ended."""
        if self._process is None or self._process.poll() is not None:
            raise AssertionError(f"the server ended by itself\n{self.tail()}")
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def postmaster(self) -> int:
        """The process id of the embedded database's first process."""
        pid_file = self.folder / "postgres" / "postmaster.pid"
        return int(pid_file.read_text().split("\n")[0])

    @property
    def memory(self) -> int:
        """Bytes of memory the server's process holds."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    @property
    def database_url(self) -> str:
        """How the database's owner reaches it; the application's role is one `set role` away."""
        url = self._given or running_url(self.folder)
        assert url is not None, self.tail()
        return url

    def tail(self) -> str:
        """The end of the server's log, for the message of a test that failed."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        told = [line for line in lines if '"info"' not in line]
        return "\n".join(told[-30:])

    def run(self, *words: str, exits: int = 0) -> Any:
        """One `orderwatch` command beside the server; the JSON document it ends with."""
        return json.loads(self.do(*words, "--json", exits=exits).splitlines()[-1])

    def do(self, *words: str, exits: int = 0) -> str:
        """One `orderwatch` command beside the server; what it says on standard output."""
        done = subprocess.run(
            command(*words),
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )
        assert done.returncode == exits, f"{words}: {done.stdout}\n{done.stderr}\n{self.tail()}"
        return done.stdout

    @property
    def settings(self) -> dict[str, str]:
        """The product's own environment variables."""
        return {k: v for k, v in self._environment.items() if k.startswith(OURS)}

    def administer(self, *words: str) -> Any:
        """The same as `run`, in this process: starting Python costs more than most commands."""
        with only(self._environment):
            done = CliRunner().invoke(app, [*words, "--json"])
        assert done.exit_code == 0, f"{words}: {done.output}\n{self.tail()}"
        return json.loads(done.stdout.splitlines()[-1])

    def tenant(self, name: str) -> Tenant:
        """A customer of this server, made if it is new, with a key that may do anything."""
        if name != "default":
            self.administer("tenant", "create", name)
        return Tenant(self, name, self.key(name, read=True))

    def key(self, tenant: str, source: str = "/", *, read: bool = False) -> str:
        """A new key of a tenant for what it sends under a source."""
        more = ["--read"] if read else []
        made = self.administer("key", "create", "--tenant", tenant, "--source", source, *more)
        return str(made["key"])

    @contextmanager
    def owner(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """The database as its owner sees it: everything of everybody."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("set timezone = 'UTC'")
            yield connection


class Tenant:
    """One customer: what it sends and what it sees."""

    def __init__(self, product: Product, name: str, key: str) -> None:
        self.product = product
        self.name = name
        self.key = key
        with product.owner() as connection:
            row = connection.execute(
                "select tenant_id from tenants where name = %s", [name]
            ).fetchone()
        assert row is not None
        self.id = int(row[0])

    def sender(self, **more: Any) -> Sender:
        """A patient sender of this tenant's events."""
        return Sender(self.product.url, self.key, log=self.product.tail, **more)

    def send(self, events: Sequence[bytes] | Sequence[dict[str, Any]], batch: int = 500) -> Counts:
        """Post events in order, one request after the other; the sum of the answers."""
        with self.sender() as sender:
            return sender.send(lines_of(events), batch)

    def post(self, *events: dict[str, Any]) -> httpx.Response:
        """One request, whatever its answer."""
        return httpx.post(
            f"{self.product.url}/api/v1/events",
            content=json.dumps(events).encode(),
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/cloudevents-batch+json",
            },
            timeout=PATIENCE,
        )

    def get(self, path: str, **query: str) -> httpx.Response:
        """Ask the API."""
        return httpx.get(
            f"{self.product.url}/api/v1/{path}",
            params=query,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=PATIENCE,
        )

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """A query as the application's role, bound to this tenant: row security decides."""
        with self.product.owner() as connection, connection.transaction():
            connection.execute("set local role orderwatch_app")
            connection.execute("select set_config('orderwatch.tenant', %s, true)", [str(self.id)])
            return connection.execute(query, values or None).fetchall()

    def rebuild(self) -> dict[str, Any]:
        """`orderwatch rebuild` of this tenant, in this process beside the server."""
        told = self.product.administer("rebuild", "--tenant", self.name)
        assert isinstance(told, dict)
        return told


def command(*words: str) -> list[str]:
    """The command line of one `orderwatch` command in this test's environment."""
    return [sys.executable, "-m", "orderwatch", *words]


def environment(
    folder: Path, database_url: str | None, settings: Mapping[str, str]
) -> dict[str, str]:
    """The environment of the product: nothing of ours but what the test says."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    clean["PYTHONPATH"] = str(REPOSITORY / "src")
    clean["ORDERWATCH_DATA_DIR"] = str(folder)
    clean["ORDERWATCH_LOG_STEPS"] = "false"
    if database_url is not None:
        clean["ORDERWATCH_DATABASE_URL"] = database_url
    return clean | {f"ORDERWATCH_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def only(settings: Mapping[str, str]) -> Iterator[None]:
    """This process's settings are these for as long as the block lasts."""
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(OURS)}
    here = {name: value for name, value in settings.items() if name.startswith(OURS)}
    os.environ.update(here)
    try:
        yield
    finally:
        for name in here:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def data_folder() -> Iterator[Path]:
    """Not pytest's tmp_path: that one is closed to the user a server started by root runs as."""
    folder = Path(tempfile.mkdtemp(prefix="orderwatch-acceptance-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def eventually(
    holds: Callable[[], object],
    what: str,
    said: Callable[[], str] = str,
    within: float = PATIENCE,
) -> float:
    """Look again and again until it holds; the seconds it took."""
    began = time.monotonic()
    while not holds():
        took = time.monotonic() - began
        assert took < within, f"not within {within} s: {what}\n{said()}"
        time.sleep(0.02)
    return time.monotonic() - began


def processes_of(folder: Path) -> list[str]:
    """The command lines of all live processes that name this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(folder) in line:
                    found.append(f"{entry.name} {line}")
    return found
