"""What every test may ask for: a database server, and a fresh migrated database on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.report import pytest_sessionfinish, pytest_terminal_summary

from orderwatch.adapters.postgres.embedded import EmbeddedPostgres
from orderwatch.adapters.postgres.migrate import migrate

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A superuser's URL of a server for this run: an embedded one, or the one you name."""
    given = os.environ.get("ORDERWATCH_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with EmbeddedPostgres.temporary() as server:
        yield server.url_of("postgres")


@pytest.fixture(scope="session")
def new_database(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes fresh migrated databases, each a copy of one that was migrated once; gives the URL."""
    prefix = f"orderwatch_test_{os.getpid()}"
    numbers = count()
    made: list[str] = []

    def create(template: str | None = None) -> str:
        name = f"{prefix}_{next(numbers)}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template or "template0")
            )
            connection.execute(statement)
        made.append(name)
        return name

    template = create()
    migrate(database_url_on(postgres_server, template))
    yield lambda: database_url_on(postgres_server, create(template))
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for name in made:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """A database for one test alone: this version's schema, no rows but the migrations' own."""
    return new_database()


@pytest.fixture(scope="module")
def module_database_url(new_database: Callable[[], str]) -> str:
    """One database for all tests of a file that do not disturb each other."""
    return new_database()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real orders; a test that needs it says so when it is not there."""
    folder = Path(os.environ.get("ORDERWATCH_REAL_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (set ORDERWATCH_REAL_DATA)")
    return folder


def database_url_on(server: str, database: str) -> str:
    """The server's URL with another database in it, in whatever form the URL came."""
    if server.startswith(("postgresql://", "postgres://")):
        head, mark, query = server.partition("?")
        scheme, _, rest = head.partition("://")
        return f"{scheme}://{rest.split('/', 1)[0]}/{database}{mark}{query}"
    return make_conninfo(server, dbname=database)
