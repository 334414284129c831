"""Brings a database to this version's schema: plain SQL files, applied in their order by yoyo."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
import yoyo
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from orderwatch.core.errors import OrderwatchError, Unavailable

APP_ROLE = "orderwatch_app"
"""The role the application works as: it owns nothing and is subject to row-level security."""
MIGRATIONS = Path(__file__).parent / "migrations"


class CannotMigrate(OrderwatchError):
    """The database cannot be brought to this version's schema."""


def migrate(url: str) -> list[str]:
    """Apply what is missing and return its names in order; nothing to do is an empty list.

    `url` must be that of a role that may create tables and, the first time, roles. Two at once
    wait for each other.
    """
    _check_legible(url)
    try:
        _ensure_app_role(url)
        backend = yoyo.get_backend(_yoyo_url(url))
        steps = yoyo.read_migrations(str(MIGRATIONS))
        with backend.lock():
            missing = backend.to_apply(steps)
            names = [step.id for step in missing]
            backend.apply_migrations(missing)
        backend.connection.close()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("select ensure_event_partitions(current_date, 3)")
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {error}".strip()) from error
    return names


def pending(url: str) -> list[str]:
    """The names of the migrations this database still lacks."""
    backend = yoyo.get_backend(_yoyo_url(url))
    names = [step.id for step in backend.to_apply(yoyo.read_migrations(str(MIGRATIONS)))]
    backend.connection.close()
    return names


def _check_legible(url: str) -> None:
    """What the library says of an illegible URL would show parts of it, a password perhaps."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise CannotMigrate(
            "The database URL cannot be read: write postgresql://USER@HOST/DATABASE, with "
            "special characters of a password percent-encoded."
        ) from None


def _ensure_app_role(url: str) -> None:
    role = sql.Identifier(APP_ROLE)
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.info.server_version < 140000:
            raise CannotMigrate(
                f"PostgreSQL {connection.info.server_version // 10000} is too old: "
                "Orderwatch needs 14 or newer."
            )
        known = connection.execute("select 1 from pg_roles where rolname = %s", [APP_ROLE])
        try:
            if known.fetchone() is None:
                connection.execute(sql.SQL("create role {} nologin").format(role))
            member = connection.execute(
                "select pg_has_role(current_user, %s, 'member')", [APP_ROLE]
            ).fetchone()
            if member is None or not member[0]:
                connection.execute(sql.SQL("grant {} to current_user").format(role))
        except psycopg.errors.DuplicateObject:
            pass  # another migration made it this very moment
        except psycopg.errors.UniqueViolation:
            pass
        except psycopg.errors.InsufficientPrivilege as error:
            raise CannotMigrate(
                f"This database user may not create the role {APP_ROLE}. Have an administrator "
                f"run: CREATE ROLE {APP_ROLE} NOLOGIN; GRANT {APP_ROLE} TO "
                f"{connection.info.user}; then migrate again."
            ) from error


def _yoyo_url(url: str) -> str:
    """The same database in yoyo's own URL form; socket folders and options go into the query."""
    parts = conninfo_to_dict(url)
    user = quote(str(parts.pop("user", "") or ""), safe="")
    password = parts.pop("password", None)
    database = quote(str(parts.pop("dbname", "") or ""), safe="")
    login = user + (f":{quote(str(password), safe='')}" if password else "")
    query = urlencode({name: str(value) for name, value in parts.items() if value is not None})
    return f"postgresql+psycopg://{login}{'@' if login else ''}/{database}?{query}"
