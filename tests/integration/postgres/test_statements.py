"""SQL is source: every named statement is one that the migrated schema understands."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from orderwatch.adapters.postgres.database import SQL, statements
from orderwatch.adapters.postgres.migrate import APP_ROLE, MIGRATIONS, migrate, pending

NAMED = [(path.stem, name) for path in sorted(SQL.glob("*.sql")) for name in statements(path.stem)]
PLACEHOLDER = re.compile(r"%\((\w+)\)[sb]")


def numbered(text: str) -> str:
    """The statement with $1, $2 where psycopg would put them."""
    names = list(dict.fromkeys(PLACEHOLDER.findall(text)))
    text = PLACEHOLDER.sub(lambda found: f"${names.index(found[1]) + 1}", text)
    return text.replace("%%", "%")


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[f"{file}.{name}" for file, name in NAMED])
def test_a_statement_can_be_prepared(module_database_url: str, file: str, name: str) -> None:
    text = statements(file)[name]
    with psycopg.connect(module_database_url) as connection:
        connection.execute(f"set role {APP_ROLE}")
        checked = numbered(without_comments(text))
        if checked.startswith("copy"):  # nothing to prepare, and only for the owner: no rows
            connection.execute("reset role")
            with connection.cursor().copy(checked):
                return
        connection.execute("prepare checked as " + checked)


def without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))


@pytest.mark.parametrize("path", sorted(SQL.glob("*.sql")), ids=lambda path: path.stem)
def test_no_name_is_given_twice(path: Path) -> None:
    names = re.findall(r"^-- name: (.+)$", path.read_text(), flags=re.MULTILINE)
    assert sorted(set(names)) == sorted(names)


def test_a_migrated_database_lacks_nothing_and_migrating_it_again_does_nothing(
    database_url: str,
) -> None:
    assert pending(database_url) == []
    assert migrate(database_url) == []
    with psycopg.connect(database_url) as connection:
        applied = connection.execute("select migration_id from _yoyo_migration order by 1")
        assert [row[0] for row in applied] == sorted(path.stem for path in MIGRATIONS.glob("*.sql"))
