"""One server per data directory. The kernel holds the lock, so a crash cannot leave it behind."""

from __future__ import annotations

import fcntl
import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from orderwatch.core.errors import OrderwatchError

NAME = "postgres.lock"
# A server whose owner was killed writes a last checkpoint; this is how long we wait for that.
PATIENCE = timedelta(seconds=45)
LOOK_EVERY = 0.02  # seconds


class DataDirectoryInUse(OrderwatchError):
    """Another process runs a database on this data directory."""


class Holder(NamedTuple):
    """Who runs a server here: pids with their start times (a pid alone may be used again)."""

    owner: int
    owner_started: str
    guard: int
    guard_started: str
    sockets: str

    @property
    def lives(self) -> bool:
        """False once either is gone: then the server is going too."""
        return (
            started(self.owner) == self.owner_started and started(self.guard) == self.guard_started
        )


def take_lock(data_dir: Path) -> int:
    """A locked descriptor, once nobody holds it. Raises DataDirectoryInUse, naming the pid."""
    descriptor = os.open(data_dir / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    until = time.monotonic() + PATIENCE.total_seconds()
    while not _locked(descriptor, fcntl.LOCK_EX):
        holder = read_holder(data_dir)
        if (holder and holder.lives) or time.monotonic() > until:
            os.close(descriptor)
            raise DataDirectoryInUse(
                f"{data_dir} is in use by process {holder.owner if holder else 'unknown'}: stop "
                "that process, connect to its server, or choose another data directory"
            )
        time.sleep(LOOK_EVERY)
    return descriptor


def write_holder(descriptor: int, guard: int, sockets: Path) -> None:
    """Sign the lock we hold, for whoever meets it; guard 0 while there is none yet."""
    owner = os.getpid()
    holder = Holder(owner, started(owner), guard, started(guard), str(sockets))
    text = json.dumps(holder._asdict()).encode()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text, 0)


def read_holder(data_dir: Path) -> Holder | None:
    """The last one who signed, dead or alive; None when nobody did or is just about to."""
    try:
        return Holder(**json.loads((data_dir / NAME).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def running_url(data_dir: Path, database: str = "orderwatch") -> str | None:
    """How to reach the server another process runs on this data directory, if one does."""
    holder = read_holder(data_dir)
    return url(holder.sockets, database) if holder and holder.lives else None


def url(sockets: str | Path, database: str) -> str:
    """A connection URL by way of the server's socket folder."""
    return f"postgresql://postgres@/{database}?host={quote(str(sockets), safe='')}"


def started(pid: int) -> str:
    """When a process began, in clock ticks since boot; empty when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The 22nd field; the second is the name in brackets, which may hold spaces.
    state, *_, tick = stat.rpartition(")")[2].split()[:20]
    return "" if state == "Z" else tick


def _locked(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
