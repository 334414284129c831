"""An embedded PostgreSQL from start to stop: make the cluster, guard it, hand out its URL."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Self

import psycopg
from psycopg import errors, sql

from orderwatch.adapters.postgres.embedded import guard
from orderwatch.adapters.postgres.embedded.account import (
    Account,
    server_account,
    server_environment,
)
from orderwatch.adapters.postgres.embedded.binaries import Binaries, find_binaries
from orderwatch.adapters.postgres.embedded.cluster import (
    CLUSTER,
    ServerFailed,
    clear_traces,
    make_cluster,
    postmaster_of,
)
from orderwatch.adapters.postgres.embedded.folders import (
    give,
    new_data_directory,
    new_socket_folder,
    prepare,
)
from orderwatch.adapters.postgres.embedded.lock import take_lock, url, write_holder
from orderwatch.adapters.postgres.embedded.parameters import parameters

DATABASE = "orderwatch"
LOG_LIMIT = 5 * 1024 * 1024  # bytes; a longer log is set aside at the next start
START_LIMIT = timedelta(minutes=5)  # recovery after a crash reads at most max_wal_size


class EmbeddedPostgres:
    """The server on one data directory, alive from `start` to `stop` or the end of this process.

    A guard process stands between us and it (guard.py): the server is started again when it dies,
    and ends when this process does, however it does. Safe to use from several threads.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        parameters: Mapping[str, str] | None = None,
        temporary: bool = False,
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._pgdata = self._data_dir / CLUSTER
        self._log = self._data_dir / "postgres.log"
        self._overrides = dict(parameters or {})
        self._temporary = temporary
        self._guard: subprocess.Popen[bytes] | None = None
        self._sockets = Path()
        self._state = ""
        self._unread = b""
        self._mutex = threading.RLock()

    @classmethod
    def temporary(cls, *, parameters: Mapping[str, str] | None = None) -> Self:
        """A server on a new data directory that goes with it. Start it like any other."""
        return cls(new_data_directory(), parameters=parameters, temporary=True)

    @property
    def url(self) -> str:
        """The connection URL of the product's database; valid while started, across restarts."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The connection URL of any database of this server."""
        if self._guard is None:
            raise ServerFailed("The embedded PostgreSQL has not been started: call start() first")
        return url(self._sockets, database)

    @property
    def postmaster(self) -> int | None:
        """The pid of the server's first process while it has one."""
        return postmaster_of(self._pgdata)

    def start(self) -> str:
        """Bring the server up, making the cluster at first; its URL. Starting twice is once."""
        with self._mutex:
            if self._guard is None:
                try:
                    self._launch()
                    self._await_ready(START_LIMIT)
                    self._require_database()
                except BaseException:
                    self.stop()
                    raise
            return self.url

    def stop(self) -> None:
        """Shut the server down in good order and wait for it. Stopping twice is once."""
        with self._mutex:
            self._dismiss_guard()
            if self._temporary:
                shutil.rmtree(self._data_dir, ignore_errors=True)

    def ensure_running(self, within: timedelta = START_LIMIT) -> None:
        """Return once the server takes connections again; ServerFailed when it will not."""
        with self._mutex:
            until = time.monotonic() + within.total_seconds()
            while not self._answers():
                if self._guard is None or self._guard.poll() is not None:
                    self._dismiss_guard()
                    self.start()
                elif time.monotonic() > until:
                    raise ServerFailed(self._complaint())
                else:
                    self._listen(0.05)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def _launch(self) -> None:
        account = server_account(self._pgdata)
        prepare(self._data_dir, account)
        binaries = find_binaries(account, self._data_dir)
        lock = take_lock(self._data_dir)
        try:
            make_cluster(self._data_dir, account, binaries, lock)
            clear_traces(self._data_dir)
            self._sockets = new_socket_folder(account)
            write_holder(lock, 0, self._sockets)  # should we be killed now, the next one clears it
            self._spawn_guard(account, binaries, lock)
        finally:
            os.close(lock)  # the guard holds it now, and every process of the server

    def _spawn_guard(self, account: Account, binaries: Binaries, lock: int) -> None:
        if self._log.exists() and self._log.stat().st_size > LOG_LIMIT:
            self._log.rename(self._log.with_suffix(".log.1"))
        self._log.touch(mode=0o640)
        give(self._log, account)
        plan = guard.Plan(
            owner=os.getpid(),
            uid=account.uid,
            gid=account.gid,
            drop=account.drop,
            command=[
                *(binaries.postgres, "-D", str(self._pgdata)),
                *parameters(self._sockets, self._overrides),
            ],
            environment=server_environment(),
            pgdata=str(self._pgdata),
            log=str(self._log),
            lock=lock,
            sockets=str(self._sockets),
            discard=str(self._data_dir) if self._temporary else "",
        )
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(guard.__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(lock,),
            cwd="/",
            start_new_session=True,  # Ctrl-C is for us: we stop the server when we are done
        )
        write_holder(lock, self._guard.pid, self._sockets)
        assert self._guard.stdin is not None
        self._guard.stdin.write(json.dumps(plan._asdict()).encode() + b"\n")
        self._guard.stdin.flush()

    def _dismiss_guard(self) -> None:
        """Close its standard input, which asks it to stop the server, and wait until it has."""
        if self._guard is None:
            return
        assert self._guard.stdin is not None
        assert self._guard.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.close()
        self._guard.wait()
        self._guard.stdout.close()
        shutil.rmtree(self._sockets, ignore_errors=True)  # in case it was killed
        self._guard, self._state, self._unread = None, "", b""

    def _await_ready(self, within: timedelta) -> None:
        until = time.monotonic() + within.total_seconds()
        while self._listen(0.5) != "ready":
            assert self._guard is not None
            if self._state == "failed" or self._guard.poll() is not None:
                raise ServerFailed(self._complaint())
            if time.monotonic() > until:
                raise ServerFailed(f"The embedded PostgreSQL is still starting after {within}")

    def _listen(self, seconds: float) -> str:
        """The guard's last word, waiting this long for another."""
        assert self._guard is not None
        assert self._guard.stdout is not None
        if select.select([self._guard.stdout], [], [], seconds)[0]:
            self._unread += os.read(self._guard.stdout.fileno(), 65536)
            *lines, self._unread = self._unread.split(b"\n")
            if lines:
                self._state = json.loads(lines[-1])["state"]
        return self._state

    def _answers(self) -> bool:
        if self._guard is None or self._guard.poll() is not None:
            return False
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _require_database(self) -> None:
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError as missing:
            with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
                try:
                    connection.execute(
                        sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
                    )
                except errors.DuplicateDatabase:
                    raise missing from None

    def _complaint(self) -> str:
        said = self._log.read_text(errors="replace").splitlines()[-5:] if self._log.exists() else []
        return f"The embedded PostgreSQL does not run. {self._log} ends with: " + " / ".join(said)
