"""How the command line says alert rules and what is wrong with them."""

from __future__ import annotations

import typer

from orderwatch.core.alerting.book import Book, Look, Rule, Watch
from orderwatch.core.alerting.book_differences import said
from orderwatch.core.alerting.parse import BookError


def say(name: str, read: Book | tuple[BookError, ...]) -> None:
    """Whether it is valid; else every problem on a line."""
    if isinstance(read, Book):
        on = sum(rule.enabled for rule in read.rules.values())
        counts = f"{len(read.rules)} rules, {on} of them on, {len(read.channels)} channels"
        typer.echo(f"{name}: {read.name} version {read.version} is valid ({counts})")
        return
    for problem in read:
        typer.echo(line(name, problem))
    typer.echo(f"{len(read)} problem{'s' if len(read) > 1 else ''}", err=True)


def line(name: str, problem: BookError) -> str:
    """A problem as editors understand it."""
    field = f" {problem.field}:" if problem.field else ""
    return f"{name}:{problem.line}:{problem.column}:{field} {problem.message}"


def document(name: str, read: Book | tuple[BookError, ...]) -> dict[str, object]:
    """The same for a program."""
    if not isinstance(read, Book):
        return {"file": name, "valid": False, "problems": read}
    return {
        "file": name,
        "valid": True,
        "alerts": read.name,
        "version": read.version,
        "rules": list(read.rules),
        "channels": list(read.channels),
        "problems": [],
    }


def rows(book: Book) -> list[tuple[str, ...]]:
    """One line for each watch; what belongs to the rule only on its first."""
    lines: list[tuple[str, ...]] = []
    for rule in book.rules.values():
        for place, watch in enumerate(rule.watches):
            on = "" if rule.enabled else "off"
            whose = (rule.team, str(rule.priority), on) if not place else ("", "", "")
            name = rule.id if not place else ""
            lines.append((name, _seen(watch), watch.when.text, *whose))
    return lines


def _seen(watch: Watch) -> str:
    over = said(watch.over) if watch.over else "the day" if watch.look is Look.WINDOW else ""
    at = f"at {said(watch.at)}" if watch.at else ""
    per = f"per {watch.per}" if watch.per else ""
    return " ".join(word for word in (watch.look.value, watch.of, over, per, at) if word)


def rule_document(rule: Rule) -> dict[str, object]:
    """A rule for a program."""
    return {
        "id": rule.id,
        "title": rule.title,
        "enabled": rule.enabled,
        "team": rule.team,
        "priority": rule.priority,
        "hours": rule.hours,
        "group_by": rule.group_by,
        "hold_s": rule.hold.total_seconds(),
        "calm_s": rule.calm.total_seconds(),
        "watches": [_watch(watch) for watch in rule.watches],
    }


def _watch(watch: Watch) -> dict[str, object]:
    return {
        "looks_at": watch.look,
        "when": watch.when.text,
        "over_s": watch.over.total_seconds() if watch.over else None,
        "per": watch.per,
        "of": watch.of,
        "at": said(watch.at) or None,
        "at_least": watch.at_least,
    }
