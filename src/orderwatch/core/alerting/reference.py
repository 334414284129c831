"""The specification of alert rules and routing as a page, from the tables the code reads by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from orderwatch.core.alerting.book import Book, Look, Watch
from orderwatch.core.alerting.book_differences import said
from orderwatch.core.alerting.channel_options import OPTIONS
from orderwatch.core.alerting.facts import FACTS
from orderwatch.core.alerting.looks import LOOKS
from orderwatch.core.alerting.read_text import SAID
from orderwatch.core.alerting.read_tokens import FUNCTIONS, MAX_DEPTH, MAX_LENGTH
from orderwatch.core.alerting.reference_texts import (
    BOOK_KEYS,
    CHANNEL_KEYS,
    CHANNELS,
    CONDITIONS,
    FOOT,
    HEAD,
    LIFE,
    ROUTE_KEYS,
    ROUTING,
    RULE_KEYS,
    TEXTS,
    WATCH_KEYS,
)

_SAME_FACTS: Final = {Look.DEADLINE: Look.ORDER}


def alerts_page(default: Book) -> str:
    """The page, in Markdown; `default` is the book every tenant begins with."""
    parts = (
        HEAD,
        _defaults(default),
        "## A book\n",
        _pairs("key", BOOK_KEYS),
        "## A rule\n",
        _pairs("key", RULE_KEYS),
        "## What a rule looks at\n",
        _looks(),
        _pairs("key", WATCH_KEYS),
        CONDITIONS.format(longest=MAX_LENGTH, deepest=MAX_DEPTH),
        _pairs("function", [(f"`text.{name}(...)`", means) for name, means in FUNCTIONS.items()]),
        *_facts(),
        TEXTS,
        _pairs("name", [(f"`{{{name}}}`", means) for name, means in SAID.items()]),
        LIFE,
        CHANNELS,
        _pairs("key", CHANNEL_KEYS),
        _options(),
        ROUTING,
        _pairs("key", ROUTE_KEYS),
        FOOT,
    )
    return "\n".join(part.strip() + "\n" for part in parts)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(columns)
    lines = [head, ["---"] * len(head), *(list(row) for row in rows)]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )


def _pairs(name: str, rows: Iterable[tuple[str, str]]) -> str:
    return _table((name, "what it says"), rows)


def _defaults(book: Book) -> str:
    return _table(
        ("rule", "team", "priority", "looks at", "fires when", "over for"),
        (
            (
                f"`{rule.id}`",
                rule.team,
                rule.priority.value,
                "; ".join(_seen(watch) for watch in rule.watches),
                "; ".join(f"`{watch.when.text}`{_at_least(watch)}" for watch in rule.watches),
                said(rule.calm) if rule.calm else "",
            )
            for rule in book.rules.values()
        ),
    )


def _seen(watch: Watch) -> str:
    over = said(watch.over) if watch.over else "the day" if watch.look is Look.WINDOW else ""
    words = (watch.look.value, watch.of or "", f"per {watch.per}" if watch.per else "", over)
    at = f"at {said(watch.at)}" if watch.at else ""
    return " ".join(word for word in (*words, at) if word)


def _at_least(watch: Watch) -> str:
    return f", of at least {watch.at_least}" if watch.at_least else ""


def _looks() -> str:
    return _table(
        ("`looks_at`", "what it sees", "keys", "`per`", "`scope`"),
        (
            (
                f"`{look.value}`",
                rule.means,
                ", ".join(f"`{key}`" for key in rule.keys),
                ", ".join(f"`{one}`" for one in rule.per),
                ", ".join(rule.scope) or f"none: {rule.why_not}",
            )
            for look, rule in LOOKS.items()
        ),
    )


def _facts() -> Iterator[str]:
    shared = {same: [look for look, of in _SAME_FACTS.items() if of is same] for same in Look}
    for look, others in shared.items():
        if look in _SAME_FACTS:
            continue
        names = " and ".join(f"`{one.value}`" for one in (look, *others))
        yield f"### Facts of {names}"
        yield _table(
            ("fact", "type", "what it is"),
            ((f"`{name}`", fact.type.value, fact.means) for name, fact in FACTS[look].items()),
        )


def _options() -> str:
    nothing = "nothing: the console shows what would be sent"
    rows: list[tuple[str, ...]] = []
    for kind, options in OPTIONS.items():
        if not options:
            rows.append((f"`{kind.value}`", "", "", nothing))
        for name, one in options.items():
            needed = "needed" if one.needed else ""
            rows.append((f"`{kind.value}`", f"`{name}`", needed, one.means))
    return _table(("kind", "option", "", "what it says"), rows)
