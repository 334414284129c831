"""Who runs the embedded PostgreSQL. It refuses to be root, so root starts it as somebody else."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from orderwatch.core.errors import OrderwatchError

# In order of preference: an account made for us, the usual one, and the one that always exists.
CANDIDATES = ("orderwatch", "postgres", "nobody")


class NoServerAccount(OrderwatchError):
    """PostgreSQL refuses to run as root, and no unprivileged account was found."""


class DataDirectoryUnreachable(OrderwatchError):
    """The database server cannot work in its data directory."""


class Account(NamedTuple):
    """The user the server runs as; `drop` says whether we must change to it first."""

    name: str
    uid: int
    gid: int
    drop: bool


def server_account(pgdata: Path) -> Account:
    """Ourselves, or when we are root the owner of `pgdata`, or the first candidate that exists."""
    if os.geteuid() != 0:
        return _ourselves(pgdata)
    if pgdata.exists() and (uid := pgdata.stat().st_uid) != 0:
        return _entry(pwd.getpwuid(uid))
    for name in CANDIDATES:
        try:
            return _entry(pwd.getpwnam(name))
        except KeyError:
            continue
    raise NoServerAccount(
        f"PostgreSQL refuses to run as root, and none of the accounts {', '.join(CANDIDATES)} "
        "exists: create one of them, or start Orderwatch as an unprivileged user"
    )


def _ourselves(pgdata: Path) -> Account:
    uid = os.geteuid()
    if pgdata.exists() and pgdata.stat().st_uid != uid:
        raise DataDirectoryUnreachable(
            f"{pgdata} belongs to user id {pgdata.stat().st_uid} and you are user id {uid}: "
            "start Orderwatch as that user or choose another data directory"
        )
    return Account(str(uid), uid, os.getegid(), drop=False)


def _entry(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, drop=True)


def run_as(
    account: Account, command: Sequence[str], *, keep: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end as the account, in an environment of its own; `keep` stay open."""
    return subprocess.run(
        command,
        user=account.uid if account.drop else None,
        group=account.gid if account.drop else None,
        extra_groups=[] if account.drop else None,
        pass_fds=keep,
        cwd="/",
        env=server_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def server_environment() -> dict[str, str]:
    """Nothing of the caller's: a stray PGDATA, PGOPTIONS or LANG would change the server."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def reaches(account: Account, directory: Path) -> bool:
    """Whether the account can enter the directory, found by trying: modes do not tell all."""
    entered = run_as(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(directory)])
    return entered.returncode == 0


def require_reachable(account: Account, directory: Path) -> None:
    """Raise DataDirectoryUnreachable, naming the folder in the way, unless the account gets in."""
    if reaches(account, directory):
        return
    path = (*reversed(directory.parents), directory)
    barrier = next((folder for folder in path if not reaches(account, folder)), directory)
    raise DataDirectoryUnreachable(
        f"PostgreSQL refuses to run as root and runs as user {account.name}, who may not enter "
        f"{barrier}: choose a data directory elsewhere (for example under /var/lib), start "
        f"Orderwatch as an unprivileged user, or allow it with: chmod o+x {barrier}"
    )
