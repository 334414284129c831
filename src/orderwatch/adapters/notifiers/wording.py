"""What all roads have in common of a message: its state as shape, colour and word; its link."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.notice import Message, NoticeKind, OrderLine

Tone = Literal["failed", "overdue", "waiting", "success"]


class Look(Struct, frozen=True):
    """How a state looks: the same shapes and colours as in the console."""

    tone: Tone
    shape: str
    colour: str
    word: str


_BY_PRIORITY: Final = {
    Priority.HIGH: Look("failed", "\N{BLACK DIAMOND}", "#c62f2b", "High"),
    Priority.MEDIUM: Look("overdue", "\N{BLACK UP-POINTING TRIANGLE}", "#a86400", "Medium"),
    Priority.LOW: Look("waiting", "\N{WHITE CIRCLE}", "#5b6b7d", "Low"),
}
_RESOLVED: Final = Look("success", "\N{BLACK CIRCLE}", "#1c7c4a", "Resolved")
_KINDS: Final = {
    NoticeKind.UPDATE: ", still going on",
    NoticeKind.ESCALATION: ", nobody has acknowledged it",
    NoticeKind.SUMMARY: ", summary",
    NoticeKind.REPORT: ", report",
    NoticeKind.TEST: ", a test",
}


def look_of(message: Message) -> Look:
    """Colour, shape and word of what a message says."""
    if message.kind is NoticeKind.RESOLVED:
        return _RESOLVED
    look = _BY_PRIORITY[message.priority]
    return Look(look.tone, look.shape, look.colour, look.word + _KINDS.get(message.kind, ""))


def one_line(text: str, most: int) -> str:
    """Text for a title or a header: no control characters, no line breaks, cut with an ellipsis."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return cut(clean, most)


def cut(text: str, most: int) -> str:
    """At most so many characters; what is missing is an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def link_of(message: Message, public_url: str) -> str:
    """The page of the console, as an absolute address."""
    return public_url.rstrip("/") + "/" + message.link.lstrip("/")


def plain_text(message: Message, public_url: str, most: int = 20_000) -> str:
    """The whole message as plain text, the most important first."""
    look = look_of(message)
    lines = [f"{look.shape} {look.word}", one_line(message.title, 500), "", message.text.strip()]
    if message.common:
        lines += ["", f"In common: {message.common}"]
    lines += ["", *(f"{name}: {value}" for name, value in message.figures)]
    lines += ["", *(_order(one) for one in message.orders)]
    if message.more_orders:
        lines.append(f"and {message.more_orders:,} more")
    lines += ["", f"See {link_of(message, public_url)}"]
    if message.runbook:
        lines.append(f"What to do: {message.runbook}")
    lines.append(f"For team {message.team}, rule {message.rule}.")
    return cut(_without_double_gaps(lines), most)


def _order(one: OrderLine) -> str:
    return f"- {one.order_id}: {one.sentence}, {one.amount} {one.currency}".rstrip()


def _without_double_gaps(lines: list[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip() + "\n"
