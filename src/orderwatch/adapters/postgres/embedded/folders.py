"""The folders of an embedded server: they must be open to its user and closed to all others."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from orderwatch.adapters.postgres.embedded.account import (
    Account,
    DataDirectoryUnreachable,
    reaches,
    require_reachable,
    server_account,
)

PREFIX = "orderwatch-"
# A socket's whole path has room for 107 bytes, and its name takes these.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")
# After TMPDIR, which may be too deep for a socket or closed to the server's user.
USUAL = ("/tmp", "/var/tmp")  # noqa: S108 - parents only: mkdtemp makes the name


def new_data_directory() -> Path:
    """An empty folder that the server's user can reach, wherever TMPDIR points."""
    for parent in dict.fromkeys((tempfile.gettempdir(), *USUAL)):
        directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        account = server_account(directory / "postgres")
        # The server's user owns it: the guard removes it even when we cannot.
        give(directory, account)
        if not account.drop or reaches(account, directory):
            return directory
        directory.rmdir()
    raise DataDirectoryUnreachable("No temporary directory can be reached by the server's user")


def new_socket_folder(account: Account) -> Path:
    """A short path, for the account alone: whoever cannot enter cannot connect."""
    for parent in dict.fromkeys((tempfile.gettempdir(), *USUAL)):
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        give(folder, account)
        short = len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER
        if short and (not account.drop or reaches(account, folder)):
            return folder
        folder.rmdir()
    raise DataDirectoryUnreachable("No temporary directory is fit for the server's socket")


def prepare(data_dir: Path, account: Account) -> None:
    """Make the data directory and see that the account gets in."""
    missing = [folder for folder in (data_dir, *data_dir.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o755, exist_ok=True)
        folder.chmod(0o755)  # whatever the umask says
    if not account.drop:
        return
    if not reaches(account, data_dir) and data_dir.stat().st_uid == os.geteuid():
        # It was given to us to keep a database in: let its user pass through, not look around.
        data_dir.chmod(data_dir.stat().st_mode | 0o011)
    require_reachable(account, data_dir)


def give(path: Path, account: Account) -> None:
    """Make the account the owner, where that is somebody else."""
    if account.drop:
        os.chown(path, account.uid, account.gid)
