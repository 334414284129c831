"""What each kind of channel wants to know. Secrets are named, never written down."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from orderwatch.core.alerting.book import ChannelKind


class Option(Struct, frozen=True):
    """One option of a kind of channel: whether it must be there, and what it may look like."""

    means: str
    needed: bool = False
    many: bool = False
    pattern: str = r".+"
    remedy: str = ""
    identifier: bool = False
    """May look like a secret, and is none."""


_URL: Final = r"https?://[A-Za-z0-9.\-\[\]:]+(/\S*)?"
_MAIL: Final = r"[^@\s<>]+@[A-Za-z0-9.\-]+|[^@<>\r\n]*<[^@\s<>]+@[A-Za-z0-9.\-]+>"
SECRET: Final = "secret"  # noqa: S105  (the name of an option)

_SECRET: Final = Option(
    "the name of a secret",
    needed=True,
    pattern=r"[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*",
    remedy="the name of a secret such as OPS_SLACK; the secret itself is a setting of the server",
)
_ADDRESS: Final = Option("where it is sent to", needed=True, pattern=_URL, remedy="https://...")


def _secret(means: str, *, needed: bool = True) -> Option:
    return Option(means, needed, False, _SECRET.pattern, _SECRET.remedy, identifier=True)


OPTIONS: Final[dict[ChannelKind, dict[str, Option]]] = {
    ChannelKind.MAILBOX: {},
    ChannelKind.EMAIL: {
        "host": Option("the SMTP server", True, False, r"[A-Za-z0-9.\-:\[\]]+", "smtp.example.com"),
        "from": Option("the sender's address", True, False, _MAIL, "orderwatch@example.com"),
        "to": Option("the recipients' addresses", True, True, _MAIL, "shift@example.com"),
        "port": Option("its port, if not the usual one", pattern=r"[0-9]{1,5}", remedy="587"),
        "tls": Option(
            "starttls (if nothing is said), tls from the first byte, or none",
            pattern=r"starttls|tls|none",
            remedy="starttls, tls or none",
        ),
        "user": Option("who signs in there"),
        SECRET: _secret("the name of that user's password", needed=False),
    },
    ChannelKind.SLACK: {
        SECRET: _secret("the name of the bot's token, or of an incoming webhook's address"),
        "to": Option("the Slack channel, with a bot's token", pattern=r"[#@]?[\w.\-]+"),
    },
    ChannelKind.TEAMS: {SECRET: _secret("the name of the workflow's address")},
    ChannelKind.LINE: {
        SECRET: _secret("the name of the channel access token"),
        "to": Option(
            "the id of a user, group or room", True, False, r"[UCR][0-9a-f]{32}",
            "U, C or R and 32 letters and digits", identifier=True,
        ),
    },
    ChannelKind.APPRISE: {SECRET: _secret("the name of an Apprise URL")},
    ChannelKind.WEBHOOK: {
        "url": _ADDRESS,
        SECRET: _secret("the name of the key it is signed with"),
    },
    ChannelKind.ALERTMANAGER: {
        "url": Option("where Alertmanager is", True, False, _URL, "http://alertmanager:9093"),
        "user": Option("who signs in there"),
        SECRET: _secret("the name of that user's password, or of a bearer token", needed=False),
        "org": Option("the tenant of a shared Alertmanager (X-Scope-OrgID)"),
    },
}  # fmt: skip
"""By kind, every option there is."""

_URL_WITH_PASSWORD: Final = re.compile(r"://[^/@\s]*:[^/@\s]*@|://[^/@\s]+@")
_KNOWN_SECRETS: Final = re.compile(
    r"xox[abeprs]-|whsec_|hooks\.slack\.com/|\.webhook\.office\.com|logic\.azure\.com|"
    r"[?&](token|key|sig|signature|secret|password|apikey|api_key|access_token)=",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+/_=\-]{24,}")


def looks_secret(text: str) -> bool:
    """Whether a value had better not stand in a file that many may read."""
    if _URL_WITH_PASSWORD.search(text) or _KNOWN_SECRETS.search(text):
        return True
    parts = text.split("://", 1)[-1].split("/") if "://" in text else [text]
    return any(_TOKEN.fullmatch(part) for part in parts)
