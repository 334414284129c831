"""Settings come from the environment alone; a wrong one stops the start and names its variable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from orderwatch.settings import (
    BadSetting,
    Settings,
    channel_secrets,
    describe,
    read_settings,
)

SECRETS = {
    "database_url": "postgresql://orderwatch:hunter2@db.example/orderwatch",
    "migration_url": "postgresql://owner:hunter2@db.example/orderwatch",
    "session_secret": "hunter2 " * 5,
    "metrics_token": "hunter2 hunter2 hunter2",
}


def read(**values: str) -> Settings:
    return read_settings({f"ORDERWATCH_{name.upper()}": text for name, text in values.items()})


def complaint(**values: str) -> str:
    with pytest.raises(BadSetting) as caught:
        read(**values)
    return str(caught.value)


def test_an_empty_environment_is_a_working_one() -> None:
    settings = read()
    assert settings == Settings()
    assert settings.database_url is None
    assert settings.retention == timedelta(days=400)
    assert read(writers="", database_url="  ") == settings


def test_values_are_read_as_people_write_them() -> None:
    settings = read(writers=" 4 ", watch_every="0.5 s", retention="90d", log_steps="false")
    assert (settings.writers, settings.log_steps) == (4, False)
    assert settings.watch_every == timedelta(milliseconds=500)
    assert settings.retention == timedelta(days=90)
    assert read(data_dir="~/orders").data_dir == Path.home() / "orders"


@pytest.mark.parametrize(
    ("name", "wrong", "takes"),
    [
        ("writers", "many", "must be a whole number"),
        ("writers", "0", "must be a whole number >= 1"),
        ("writers", "65", "must be a whole number <= 64"),
        ("waiting_events", "-1", "must be a whole number >= 1"),
        ("database_connections", "1.5", "must be a whole number"),
        ("retention", "3 weeks", "write a duration such as"),
        ("retention", "30 d", "must be from 31 d"),
        ("retention", "9" * 400 + " d", "write a duration such as"),
        ("watch_every", "0 s", "must be from 0.01 s to 60 s"),
        ("watch_every", "2 h", "must be from 0.01 s to 60 s"),
        ("log_level", "loud", "must be one of debug|info|warning|error"),
        ("log_steps", "perhaps", "must be true or false"),
        ("session_secret", "short", "must have at least 32 characters"),
        ("metrics_token", "short", "must have at least 16 characters"),
        ("database_url", "mysql://db.example/x", "write postgresql://"),
        ("migration_url", "db.example", "write postgresql://"),
    ],
)
def test_a_wrong_value_names_its_variable_and_what_it_takes(
    name: str, wrong: str, takes: str
) -> None:
    said = complaint(**{name: wrong})
    assert said.startswith(f"ORDERWATCH_{name.upper()}")
    assert takes in said


def test_a_variable_that_is_no_setting_is_refused_rather_than_ignored() -> None:
    assert complaint(retension="90 d").startswith("ORDERWATCH_RETENSION is not a setting")
    assert complaint(writers_file="/x").startswith("ORDERWATCH_WRITERS_FILE is not a setting")


def test_what_other_programs_and_other_commands_read_is_left_alone() -> None:
    others = {"PATH": "/bin", "ORDERWATCH_URL": "http://x", "ORDERWATCH_KEY": "k"}
    assert read_settings(others) == Settings()


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRETS[name] + "\n")
    assert getattr(read(**{f"{name}_file": str(file)}), name) == SECRETS[name].strip()
    assert "not both" in complaint(**{f"{name}_file": str(file), name: SECRETS[name]})


def test_a_secret_file_that_cannot_be_read_names_its_variable(tmp_path: Path) -> None:
    said = complaint(database_url_file=str(tmp_path / "none"))
    assert said.startswith("ORDERWATCH_DATABASE_URL_FILE: ")
    assert "No such file" in said
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in complaint(session_secret_file=str(binary))


def test_a_secret_is_never_shown() -> None:
    rows = describe(read(**SECRETS))
    assert [row.value for row in rows if row.variable.endswith("[_FILE]")] == [
        *["(set)"] * 4,
        "(secret)",
    ]
    assert "hunter2" not in str(rows)
    assert "hunter2" not in complaint(metrics_token="hunter2")
    assert "hunter2" not in complaint(database_url="oracle://hunter2@x")


def test_the_table_has_a_row_for_every_setting_with_its_default_and_its_meaning() -> None:
    rows = {row.variable.removesuffix("[_FILE]"): row for row in describe(read(writers="7"))}
    *own, of_channels = rows
    assert own == [f"ORDERWATCH_{name.upper()}" for name in Settings.__struct_fields__]
    assert of_channels == "ORDERWATCH_CHANNEL_SECRET_<TENANT>__<NAME>"
    assert all(row.description and row.default for row in rows.values())
    assert (rows["ORDERWATCH_WRITERS"].value, rows["ORDERWATCH_WRITERS"].default) == ("7", "2")
    assert rows["ORDERWATCH_RETENTION"].default == "400 d"


def test_a_shown_default_can_be_written_back_as_it_stands() -> None:
    shown = {
        row.variable.removesuffix("[_FILE]"): row.default
        for row in describe(Settings())
        if row.default != "(unset)"
    }
    assert read_settings(shown) == Settings()


def test_a_channels_secret_is_read_from_its_variable_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from a file\n")
    environment = {
        "ORDERWATCH_CHANNEL_SECRET_ALICE__SLACK": "xoxb-1",
        "ORDERWATCH_CHANNEL_SECRET_ALICE__SMTP_FILE": str(file),
        "ORDERWATCH_CHANNEL_SECRET_BOB__EMPTY": " ",
    }
    assert read_settings(environment) == Settings()
    assert channel_secrets(environment) == {"ALICE__SLACK": "xoxb-1", "ALICE__SMTP": "from a file"}
    with pytest.raises(BadSetting, match="not both"):
        channel_secrets(environment | {"ORDERWATCH_CHANNEL_SECRET_ALICE__SMTP": "x"})
