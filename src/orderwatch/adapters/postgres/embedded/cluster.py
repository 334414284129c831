"""The cluster on disk: made once, whole or not at all, and cleared of what a crash left behind."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from orderwatch.adapters.postgres.embedded.account import Account, run_as
from orderwatch.adapters.postgres.embedded.binaries import Binaries
from orderwatch.adapters.postgres.embedded.folders import PREFIX, give
from orderwatch.adapters.postgres.embedded.lock import DataDirectoryInUse, read_holder
from orderwatch.core.errors import OrderwatchError

CLUSTER = "postgres"  # the folder in the data directory
# Text sorts the same on every machine. Whoever can enter the socket's folder is trusted; nobody
# comes by network. It syncs what it wrote: durable from the first moment, for less than 0.1 s.
INITDB = (
    *("--username=postgres", "--encoding=UTF8", "--locale=C"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    *("--auth-local=trust", "--auth-host=reject", "--no-instructions"),
)


class ServerFailed(OrderwatchError):
    """The embedded PostgreSQL did not start or did not stay up."""


def make_cluster(data_dir: Path, account: Account, binaries: Binaries, lock: int) -> None:
    """initdb beside its final place, then one rename: no half-made cluster is ever used."""
    pgdata = data_dir / CLUSTER
    if pgdata.exists():
        _require_version(pgdata, binaries.major)
        return
    unfinished = data_dir / f"{CLUSTER}.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    give(unfinished, account)
    made = run_as(
        account,
        [binaries.initdb, "-D", str(unfinished), *INITDB],
        keep=(lock,),  # should we be killed, the next start waits for initdb to end
    )
    if made.returncode != 0:
        raise ServerFailed(f"initdb could not make a cluster: {made.stdout.strip()}")
    unfinished.rename(pgdata)


def clear_traces(data_dir: Path) -> None:
    """What a crash left: a socket folder, and a postmaster.pid that names a living stranger.

    For the holder of the lock, so no server of ours lives. PostgreSQL sees by itself that a dead
    pid is stale, but takes any process that has got the same number since for a server.
    """
    holder = read_holder(data_dir)
    if holder and Path(holder.sockets).name.startswith(PREFIX):
        shutil.rmtree(holder.sockets, ignore_errors=True)
    pgdata = data_dir / CLUSTER
    pid = postmaster_of(pgdata)
    if pid is None or not Path(f"/proc/{pid}").exists():
        return
    with contextlib.suppress(OSError):  # another user's process is not our server
        if Path(f"/proc/{pid}/cwd").readlink() == pgdata.resolve():
            raise DataDirectoryInUse(
                f"{pgdata} is in use by process {pid}, a PostgreSQL that Orderwatch did not "
                "start: stop it first"
            )
    (pgdata / "postmaster.pid").unlink()


def postmaster_of(pgdata: Path) -> int | None:
    """The pid that the cluster says its server has; it may be a dead one's."""
    try:
        return int((pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _require_version(pgdata: Path, major: str) -> None:
    made_by = (pgdata / "PG_VERSION").read_text().strip()
    if made_by != major:
        raise ServerFailed(
            f"{pgdata} was written by PostgreSQL {made_by} and this is PostgreSQL {major}: dump "
            "it with the old version and load it with this one"
        )
