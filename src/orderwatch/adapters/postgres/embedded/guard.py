"""The process between Orderwatch and its embedded PostgreSQL: it keeps one alive for the other.

Runs alone as `python -I -S guard.py` and imports nothing of ours. It becomes the server's user,
starts the postmaster and
  1. stops it when its owner asks (standard input closes) or dies in whatever way,
  2. starts it again when it dies,
  3. is killed with it: the kernel ends the postmaster when this process ends.
The kernel's "die with your parent" is tied to the thread that forked. This process has only one,
which is why it exists. It speaks one JSON object a line: starting, ready, down, failed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

# linux/prctl.h
PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36

POLL: Final = 0.005  # seconds between looks at postmaster.pid while the server starts
PAUSES: Final = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds before restart 1, 2, ... and all others
HEALTHY: Final = 60.0  # seconds of service after which earlier deaths are forgotten
PATIENCE: Final = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 6.0), (signal.SIGKILL, 5.0))


class Plan(NamedTuple):
    """What the owner wants: its first and only line on standard input."""

    owner: int
    uid: int
    gid: int
    drop: bool
    command: list[str]
    environment: dict[str, str]
    pgdata: str
    log: str
    lock: int
    sockets: str
    # Temporary: nothing is worth a checkpoint, and the whole directory goes when the server does.
    discard: str


class Guard:
    """One postmaster and the three descriptors that can change its fate."""

    def __init__(self, plan: Plan, owner: int | None, orphaned: bool) -> None:
        self._plan = plan
        self._postmaster = 0
        self._asked_to_stop = orphaned
        self._signals, wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _nothing)
        self._poll = select.poll()
        for descriptor in (0, self._signals, owner):
            if descriptor is not None:
                self._poll.register(descriptor, select.POLLIN | select.POLLHUP)

    def run(self) -> int:
        """Serve until asked to stop; 1 if it never worked, else 0. Nothing of the server is left.

        One that has worked is started again for ever: a full disk may be cleared in an hour.
        """
        deaths, code = 0, 0
        while not self._asked_to_stop:
            began = time.monotonic()
            served = self._start()
            while self._postmaster and not self._asked_to_stop:
                self._wait(None)
            if self._asked_to_stop:
                break
            self._end_leftovers()
            never_worked = not served and deaths == 0
            deaths = 1 if time.monotonic() - began > HEALTHY else deaths + 1
            if never_worked:
                say("failed")
                code = 1
                break
            say("down")
            self._pause(PAUSES[min(deaths, len(PAUSES)) - 1])
        self._stop()
        self._clean()
        return code

    def _start(self) -> bool:
        """Spawn, and wait until the server takes connections; False if it did not get there."""
        self._clear_sockets()
        self._postmaster = spawn(self._plan)
        say("starting", self._postmaster)
        while self._postmaster and not self._asked_to_stop:
            if is_ready(self._plan.pgdata, self._postmaster):
                say("ready", self._postmaster)
                return True
            self._wait(POLL)
        return False

    def _wait(self, seconds: float | None) -> None:
        """Sleep until something happens or the time is up, and take note of it."""
        for descriptor, _ in self._poll.poll(None if seconds is None else seconds * 1000):
            if descriptor == self._signals:
                self._asked_to_stop |= signal.SIGTERM in os.read(self._signals, 4096)
                self._reap()
            elif descriptor != 0 or not os.read(0, 4096):
                self._asked_to_stop = True
                self._poll.unregister(descriptor)

    def _reap(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._postmaster:
                self._postmaster = 0

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._asked_to_stop and (left := until - time.monotonic()) > 0:
            self._wait(left)

    def _stop(self) -> None:
        patience = PATIENCE[1:] if self._plan.discard else PATIENCE
        for number, seconds in patience:
            until = time.monotonic() + seconds
            if self._postmaster:
                os.kill(self._postmaster, number)
            while self._postmaster and (left := until - time.monotonic()) > 0:
                self._wait(left)
        self._end_leftovers()

    def _end_leftovers(self) -> None:
        """Backends of a dead postmaster come to us; a new one must not meet them."""
        while leftovers := children():
            for pid in leftovers:
                os.kill(pid, signal.SIGKILL)
            self._wait(POLL)
            self._reap()

    def _clear_sockets(self) -> None:
        # The folder is ours alone. A dead server's lock file there may name a living stranger.
        for entry in Path(self._plan.sockets).iterdir():
            entry.unlink()

    def _clean(self) -> None:
        shutil.rmtree(self._plan.sockets, ignore_errors=True)
        if self._plan.discard:
            shutil.rmtree(self._plan.discard, ignore_errors=True)


def spawn(plan: Plan) -> int:
    """The pid of a new postmaster that the kernel ends at once should this process die."""
    guard = os.getpid()
    log = os.open(plan.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    pid = os.fork()
    if pid:
        os.close(log)
        return pid
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != guard:  # it died before we asked
            os._exit(1)
        for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        # Every process of the server holds the lock: it is free when the last one is gone.
        os.set_inheritable(plan.lock, True)
        os.execve(plan.command[0], plan.command, plan.environment)  # noqa: S606 - as it should
    finally:
        os._exit(127)


def is_ready(pgdata: str, pid: int) -> bool:
    """The eighth line of postmaster.pid is the server's own word on its state."""
    try:
        lines = Path(pgdata, "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def children() -> list[int]:
    """Every live process whose parent is this one."""
    me, found = str(os.getpid()), []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # pid (name) state parent ...; the name may hold spaces and brackets
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if parent == me and state != "Z":
            found.append(int(entry.name))
    return found


def prctl(option: int, value: int) -> None:
    """Linux alone has it, as the rest of this file."""
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def watched(owner: int) -> int | None:
    """A descriptor that turns readable when the owner ends; None before Linux 5.3.

    There the closed pipe alone tells, which a forked child of the owner may hold open.
    """
    try:
        return os.pidfd_open(owner)
    except (AttributeError, OSError):
        return None


def say(state: str, pid: int = 0) -> None:
    """Tell the owner, if it still listens."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps({"state": state, "pid": pid}).encode() + b"\n")


def become(plan: Plan) -> None:
    """Give up root for good."""
    if plan.drop:
        os.setgroups([])
        os.setgid(plan.gid)
        os.setuid(plan.uid)


def _nothing(*_: Any) -> None:
    """The wakeup descriptor carries the signal; the handler only has to exist."""


def main() -> int:
    """Read the plan, give up root, guard."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    owner = watched(plan.owner)
    orphaned = os.getppid() != plan.owner  # it died before we could watch it
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.set_blocking(1, False)
    become(plan)
    return Guard(plan, owner, orphaned).run()


if __name__ == "__main__":
    sys.exit(main())
