"""The channels of an alert book: each with the options of its kind, and no secret among them."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from orderwatch.core.alerting.book import Channel, ChannelKind
from orderwatch.core.alerting.channel_options import OPTIONS, SECRET, Option, looks_secret
from orderwatch.core.alerting.read_place import Around
from orderwatch.core.yaml_fields import Fields, as_text, as_texts, did_you_mean, entries
from orderwatch.core.yaml_source import Mapping, Node, Scalar

_COMMON: Final = ("kind", "most", "most_within", "fallback")
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_ALL: Final = tuple(dict.fromkeys(name for options in OPTIONS.values() for name in options))


class _Read(Struct):
    key: Scalar
    fields: Fields
    channel: Channel


def read_channels(node: Node | None, around: Around) -> dict[str, Channel]:
    """Each channel by its name; one with problems is left out."""
    read: list[_Read] = []
    for key, value in entries(node, around.problems, of="name: {kind: mailbox}"):
        before = around.problems.count
        if not _NAME.fullmatch(key.text):
            around.problems.add(key, "a channel's name has small letters, digits, dashes: ops-mail")
        fields = _fields(value, around)
        channel = _channel(key.text, fields)
        if channel is not None and around.problems.count == before:
            read.append(_Read(key, fields, channel))
    channels = {one.channel.name: one.channel for one in read}
    for one in read:
        _check_fallback(one, channels)
    return channels


def _fields(node: Node, around: Around) -> Fields:
    """The keys its kind has; what another kind has is told apart from what none has."""
    kind = node.entries.get("kind") if isinstance(node, Mapping) else None
    known = (*_COMMON, *_ALL)
    if isinstance(kind, Scalar) and kind.text in tuple(ChannelKind):
        known = (*_COMMON, *OPTIONS[ChannelKind(kind.text)])
    return Fields(node, around.problems, known)


def _channel(name: str, fields: Fields) -> Channel | None:
    kind_node = fields.need("kind", " | ".join(ChannelKind))
    kind = fields.choice("kind", tuple(ChannelKind)) if kind_node is not None else None
    if kind is None:
        return None
    options = _options(fields, OPTIONS[ChannelKind(kind)])
    return Channel(
        name=name,
        kind=ChannelKind(kind),
        options=options,
        most=fields.integer("most") or 10,
        most_within=fields.duration("most_within")
        or Channel(name=name, kind=ChannelKind.MAILBOX).most_within,
        fallback=fields.text("fallback") or None,
    )


def _options(fields: Fields, known: dict[str, Option]) -> dict[str, str | tuple[str, ...]]:
    options: dict[str, str | tuple[str, ...]] = {}
    for name, option in known.items():
        node = fields.need(name, option.remedy or "...") if option.needed else fields.get(name)
        if node is None:
            continue
        if option.many:
            options[name] = as_texts(node, fields.problems, longest=300)
        else:
            options[name] = as_text(node, fields.problems, longest=300) or ""
        _check_form(fields, node, option, options[name])
    _check_sign_in(fields, options)
    return options


def _check_form(fields: Fields, node: Node, option: Option, value: str | tuple[str, ...]) -> None:
    for text in (value,) if isinstance(value, str) else value:
        if not text:
            continue
        if not option.identifier and looks_secret(text):
            fields.problems.add(
                node,
                "looks like a secret: write secret: NAME, and give the secret itself to the server "
                "as a setting",
            )
        elif not re.fullmatch(option.pattern, text) or (
            node.field.endswith(f".{SECRET}") and (looks_secret(text) or len(text) > 40)
        ):
            fields.problems.add(node, f"does not fit: write {option.remedy or 'a plain word'}")


def _check_sign_in(fields: Fields, options: dict[str, str | tuple[str, ...]]) -> None:
    user = fields.get("user")
    if user is not None and SECRET not in options:
        fields.problems.add(user, "signs in without a password: write secret: NAME beside it")
    if user is not None and options.get("tls") == "none":
        fields.problems.add(user, "no password is sent without tls: write tls: starttls")


def _check_fallback(read: _Read, channels: dict[str, Channel]) -> None:
    """It is there, and a chain of them comes to an end."""
    node = read.fields.get("fallback")
    name = read.channel.fallback
    if node is None or name is None:
        return
    if name not in channels:
        others = [other for other in channels if other != read.channel.name]
        read.fields.problems.add(node, f"no channel {name}: {did_you_mean(name, others)}")
        return
    passed = [read.channel.name]
    while name is not None and name in channels and name not in passed:
        passed.append(name)
        name = channels[name].fallback
    if name is not None and name in passed:
        circle = " -> ".join([*passed, name])
        read.fields.problems.add(node, f"goes in a circle: {circle}; let it end somewhere")
