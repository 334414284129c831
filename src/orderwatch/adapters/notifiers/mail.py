"""A notice as an e-mail: what its headers say, and its two bodies. Nothing is sent here."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, Template
from msgspec import Struct

from orderwatch.adapters.notifiers.options import BadOption
from orderwatch.adapters.notifiers.wording import link_of, look_of, one_line, plain_text
from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.digest import MOST_NAMED, Parcel
from orderwatch.core.alerting.notice import NoticeKind

_TEMPLATES: Final = Path(__file__).parent / "templates"
_MOST_SUBJECT: Final = 180


class Letter(Struct, frozen=True):
    """An e-mail and its envelope."""

    message: EmailMessage
    message_id: str
    sender: str
    recipients: tuple[str, ...]


def letter_of(parcel: Parcel, sender: str, recipients: tuple[str, ...], public_url: str) -> Letter:
    """The e-mail of a parcel; raises BadOption for an address that is none."""
    author = _address(sender)
    to = tuple(_address(one) for one in recipients)
    message_id = f"<{parcel.key}@{author.domain}>"
    letter = EmailMessage(policy=SMTP)
    letter["From"] = author
    letter["To"] = to
    letter["Subject"] = subject_of(parcel)
    letter["Date"] = format_datetime(parcel.at)
    letter["Message-ID"] = message_id
    letter["List-Id"] = f"Orderwatch alerts of {parcel.tenant} <{parcel.tenant}.{author.domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    if parcel.message.priority is Priority.HIGH and parcel.message.kind is NoticeKind.FIRING:
        letter["Importance"] = "high"
    if parcel.thread and parcel.thread != message_id:
        letter["In-Reply-To"] = parcel.thread
        letter["References"] = parcel.thread
    letter.set_content(plain_text(parcel.message, public_url))
    letter.add_alternative(html_of(parcel, public_url), subtype="html")
    return Letter(letter, message_id, author.addr_spec, tuple(one.addr_spec for one in to))


def subject_of(parcel: Parcel) -> str:
    """Shape, word and title on one line."""
    look = look_of(parcel.message)
    return f"{look.shape} {one_line(parcel.message.title, _MOST_SUBJECT)}"


def html_of(parcel: Parcel, public_url: str) -> str:
    """The HTML body: one column, its colours in both themes, no picture and no script."""
    message = parcel.message
    parts = parcel.parts if len(parcel.parts) > 1 else ()
    return _template().render(
        parts=[(look_of(one), one_line(one.title, 300)) for one in parts[:MOST_NAMED]],
        more_parts=max(0, len(parts) - MOST_NAMED),
        tenant=parcel.tenant,
        message=message,
        look=look_of(message),
        title=one_line(message.title, 500),
        lines=[line for line in message.text.splitlines() if line.strip()],
        link=link_of(message, public_url),
    )


@cache
def _template() -> Template:
    loader = FileSystemLoader(_TEMPLATES)
    return Environment(loader=loader, autoescape=True, trim_blocks=True).get_template("mail.html")


def _address(text: str) -> Address:
    name, spec = parseaddr(text)
    try:
        address = Address(one_line(name, 100), addr_spec=spec)
    except (ValueError, IndexError) as error:
        raise BadOption(f"{one_line(text, 100)} is not an e-mail address.") from error
    if not address.username or not address.domain:
        raise BadOption(f"{one_line(text, 100)} is not an e-mail address.")
    return address
