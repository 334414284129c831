"""Every setting, read once from the environment; `orderwatch settings` prints this table.

A secret may also come from a file: `ORDERWATCH_X_FILE` names it. Only `bootstrap` reads settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from orderwatch.core.errors import OrderwatchError
from orderwatch.core.flow.durations import in_words

PREFIX: Final = "ORDERWATCH_"
_DURATION: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)\s*")
_DATABASES: Final = ("postgresql://", "postgres://")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_OF_CHANNELS: Final = "channel_secret_"
_SECRETS: Final = frozenset({"database_url", "migration_url", "session_secret", "metrics_token"})


class BadSetting(OrderwatchError):
    """A setting is wrong; the message names the variable and what it takes."""


def _default_data_dir() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/orderwatch")
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "orderwatch"


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of one process."""

    database_url: Annotated[
        str | None,
        Meta(description="the URL of a PostgreSQL from 14 on; unset: one in the data directory"),
    ] = None
    migration_url: Annotated[
        str | None,
        Meta(description="the URL of the role that owns the tables, when the other one may not"),
    ] = None
    data_dir: Annotated[Path, Meta(description="where the embedded PostgreSQL keeps its data")] = (
        msgspec.field(default_factory=_default_data_dir)
    )
    database_connections: Annotated[
        int, Meta(ge=2, le=500, description="most connections of one process")
    ] = 12
    writers: Annotated[
        int, Meta(ge=1, le=64, description="transactions that store events at once, per process")
    ] = 2
    waiting_events: Annotated[
        int, Meta(ge=1, description="events that may wait in memory before senders get 503")
    ] = 20_000
    key_events_per_second: Annotated[
        int, Meta(ge=1, description="events one key may send per second before it gets 429")
    ] = 100_000
    key_requests_per_second: Annotated[
        int, Meta(ge=1, description="requests one key may make per second before it gets 429")
    ] = 20_000
    retention: Annotated[
        timedelta, Meta(description="how long events are kept after their arrival, at least 31 d")
    ] = timedelta(days=400)
    watch_every: Annotated[
        timedelta, Meta(description="how often the watcher looks for passed deadlines")
    ] = timedelta(milliseconds=250)
    session_secret: Annotated[
        Annotated[str, Meta(min_length=32)] | None,
        Meta(
            description="signs the console's sessions; unset: new at each start, signing all out",
        ),
    ] = None
    session_idle: Annotated[
        timedelta, Meta(description="how long a person's session lasts without being used")
    ] = timedelta(hours=12)
    session_lasts: Annotated[
        timedelta, Meta(description="how long a person's session lasts altogether")
    ] = timedelta(days=7)
    personal_fields: Annotated[
        str,
        Meta(
            description="more names of payload fields that are masked as personal data, "
            "separated by commas; a name after a minus is not masked",
        ),
    ] = ""
    metrics_token: Annotated[
        Annotated[str, Meta(min_length=16)] | None,
        Meta(description="if set, /metrics asks for it as a bearer token"),
    ] = None
    public_url: Annotated[
        str,
        Meta(
            pattern="^https?://[^ ]+$",
            description="where people reach the console: notices link to it",
        ),
    ] = "http://127.0.0.1:8080"
    channel_hosts: Annotated[
        str,
        Meta(
            description="hosts that channels of notices may lead to, separated by commas: names, "
            "`*.DOMAIN`, `public` for all of the public internet, `*` for any",
        ),
    ] = "public"
    log_steps: Annotated[bool, Meta(description="log one line for each step an order takes")] = True
    log_level: Annotated[
        str,
        Meta(pattern="^(debug|info|warning|error)$", description="debug, info, warning or error"),
    ] = "info"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of an environment; raises BadSetting for the first that is wrong."""
    values: dict[str, Any] = {}
    hints = get_type_hints(Settings)
    for name in Settings.__struct_fields__:
        text = _text(name, environment)
        if text is not None:
            values[name] = _value(name, text, hints[name])
    unknown = sorted(
        name
        for name in environment
        if name.startswith(PREFIX) and not _known(name.removeprefix(PREFIX).lower())
    )
    if unknown:
        raise BadSetting(f"{unknown[0]} is not a setting; `orderwatch settings` lists them.")
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise BadSetting(_named(str(error), values)) from error
    for name, least, most in _BOUNDS:
        if not least <= getattr(settings, name) <= most:
            bounds = f"from {in_words(least)} to {in_words(most)}"
            raise BadSetting(f"{PREFIX}{name.upper()} must be {bounds}.")
    return settings


def channel_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets of tenants' channels, by TENANT__NAME; raises BadSetting."""
    named = {
        name.removeprefix(PREFIX).lower().removesuffix("_file")
        for name in environment
        if name.startswith(PREFIX + _OF_CHANNELS.upper())
    }
    texts = {name: _text(name, environment) for name in sorted(named)}
    return {name.removeprefix(_OF_CHANNELS).upper(): text for name, text in texts.items() if text}


_BOUNDS: Final = (
    ("retention", timedelta(days=31), timedelta(days=36_500)),
    ("session_idle", timedelta(minutes=5), timedelta(days=30)),
    ("session_lasts", timedelta(minutes=15), timedelta(days=90)),
    ("watch_every", timedelta(milliseconds=10), timedelta(minutes=1)),
)
"""Durations that would do harm: msgspec knows no bounds for them."""


_CLIENT: Final = frozenset({"url", "key", "key_file", "real_data", "test_database_url"})
"""Variables of the `send` command and of the tests."""


def _known(name: str) -> bool:
    return (
        name in Settings.__struct_fields__
        or name in _CLIENT
        or name.removesuffix("_file") in _SECRETS
        or name.startswith(_OF_CHANNELS)
    )


def _text(name: str, environment: Mapping[str, str]) -> str | None:
    variable = PREFIX + name.upper()
    text = environment.get(variable)
    is_secret = name in _SECRETS or name.startswith(_OF_CHANNELS)
    file = environment.get(f"{variable}_FILE") if is_secret else None
    text = (text or "").strip()
    if file is None:
        return text or None
    if text:
        raise BadSetting(f"Set either {variable} or {variable}_FILE, not both.")
    try:
        return Path(file).read_text().strip() or None
    except OSError as error:
        raise BadSetting(f"{variable}_FILE: {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadSetting(f"{variable}_FILE: {file} is not UTF-8 text.") from error


def _value(name: str, text: str, hint: Any) -> Any:
    if name in _SECRETS and name.endswith("_url") and not text.startswith(_DATABASES):
        raise BadSetting(f"{PREFIX}{name.upper()}: write postgresql://USER@HOST/DATABASE.")
    if hint is timedelta:
        match = _DURATION.fullmatch(text)
        try:
            assert match is not None
            return timedelta(seconds=float(match[1]) * _UNITS[match[2]])
        except (AssertionError, OverflowError):
            raise BadSetting(
                f'{PREFIX}{name.upper()} is "{text}": '
                "write a duration such as 250 ms, 30 s, 15 min, 400 d."
            ) from None
    return Path(text).expanduser() if hint is Path else text


def _named(problem: str, values: Mapping[str, Any]) -> str:
    """Turn msgspec's problem (`Expected int >= 1 - at $.writers`) into one about the variable."""
    what, _, path = problem.partition(" - at `$.")
    name = path.rstrip("`")
    given = "" if name in _SECRETS else f' is "{values[name]}"'
    for words, plain in _PLAINLY:
        what = words.sub(plain, what)
    return f"{PREFIX}{name.upper()}{given}: {what}."


_PLAINLY: Final = (
    (re.compile(r", got `str`"), ""),
    (re.compile(r"Expected `str` matching regex '\^\((.*)\)\$'"), r"must be one of \1"),
    (re.compile(r"Expected `str` of length >= (\d+)"), r"must have at least \1 characters"),
    (re.compile(r"Expected `bool`"), "must be true or false"),
    (re.compile(r"Expected `int`"), "must be a whole number"),
)
"""msgspec's words, in ours."""


class SettingHelp(Struct, frozen=True):
    """One row of the settings table; a secret's value is never shown."""

    variable: str
    value: str
    default: str
    description: str


_OF_CHANNELS_HELP: Final = SettingHelp(
    variable=f"{PREFIX}{_OF_CHANNELS.upper()}<TENANT>__<NAME>[_FILE]",
    value="(secret)",
    default="(unset)",
    description="what a channel of the tenant means by `secret: NAME`; "
    "upper case, hyphens as underscores",
)


def describe(settings: Settings) -> list[SettingHelp]:
    """The settings with what is in force."""
    hints = get_type_hints(Settings, include_extras=True)
    defaults = Settings()
    rows = []
    for name in Settings.__struct_fields__:
        meta = next(extra for extra in get_args(hints[name]) if isinstance(extra, Meta))
        value = getattr(settings, name)
        rows.append(
            SettingHelp(
                variable=PREFIX + name.upper() + ("[_FILE]" if name in _SECRETS else ""),
                value="(set)" if name in _SECRETS and value else _shown(value),
                default=_shown(getattr(defaults, name)),
                description=meta.description or "",
            )
        )
    return [*rows, _OF_CHANNELS_HELP]


def _shown(value: object) -> str:
    if value is None or value == "":
        return "(unset)"
    if isinstance(value, timedelta):
        return in_words(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
