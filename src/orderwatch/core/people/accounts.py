"""People's accounts: how a name and a password must be made. Passwords follow NIST SP 800-63B:
length counts, not kinds of letters; what everybody guesses first is refused; nothing expires.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final, NewType

from msgspec import Struct

from orderwatch.core.model import TenantId
from orderwatch.core.people.roles import Role
from orderwatch.core.saying import sentence

UserId = NewType("UserId", int)

LEAST_LETTERS: Final = 12
MOST_LETTERS: Final = 256
LONGEST_NAME: Final = 100
_LEAST_DIFFERENT: Final = 5
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._@+-]*[a-z0-9])?", re.ASCII)
_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm")

VERY_COMMON: Final = frozenset(
    """
    password passw0rd p@ssword p@ssw0rd p@$$w0rd pass1234 letmein welcome admin administrator
    qwerty qwertyuiop qwerty123 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc q1w2e3r4 zaq12wsx abc123
    iloveyou sunshine princess football baseball dragon monkey superman batman starwars trustno1
    whatever secret changeme changeit default master login access hello thailand bangkok lotus
    orderwatch phoenix summer winter spring autumn company test guest root correcthorsebatterystaple
    """.split()  # noqa: SIM905 - a list of words is read as a text
)
"""Words that begin most lists of stolen passwords; figures around them do not help."""


class User(Struct, frozen=True, kw_only=True):
    """One person's account as the sign-in needs it."""

    tenant: TenantId
    id: UserId
    name: str
    role: Role
    password_hash: str
    disabled_at: datetime | None = None


class UserListing(Struct, frozen=True):
    """An account as it may be shown: never its password's hash."""

    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    signed_in_at: datetime | None


def same_name(typed: str) -> str:
    """The name as it is stored and compared: small letters, nothing around it."""
    return unicodedata.normalize("NFKC", typed).strip().lower()


def fault_of_name(name: str) -> str | None:
    """What is wrong with a name that went through `same_name`; None: nothing."""
    if _NAME.fullmatch(name) and len(name) <= LONGEST_NAME:
        return None
    return sentence(
        "A name has small letters, digits and . _ @ + - between them, "
        "at most %(most)s; an e-mail address will do.",
        most=LONGEST_NAME,
    )


def normal(password: str) -> str:
    """The password as it is hashed: however a keyboard composes its letters, it is the same."""
    return unicodedata.normalize("NFKC", password)


def fault_of_password(password: str, name: str) -> str | None:
    """What is wrong with a new password of the person of this name; None: nothing."""
    letters = normal(password)
    bare = _bare(letters)
    if len(letters) < LEAST_LETTERS:
        return sentence(
            "A password has at least %(least)s letters; a few words are easy to keep.",
            least=LEAST_LETTERS,
        )
    if len(letters) > MOST_LETTERS:
        return sentence("A password has at most %(most)s letters.", most=MOST_LETTERS)
    own = {part for part in re.split(r"[^a-z]+", name) if len(part) >= len("anna")}
    if name in letters.lower() or bare in own:
        return sentence("A password must not be the name, nor hold it.")
    if len(set(letters)) < _LEAST_DIFFERENT:
        return sentence("A password has at least %(n)s different letters.", n=_LEAST_DIFFERENT)
    if _is_common(letters.lower(), bare):
        return sentence(
            "This password is among the first that are guessed; take a few words of your own."
        )
    return None


def _is_common(letters: str, bare: str) -> bool:
    if letters in VERY_COMMON or bare in VERY_COMMON:
        return True
    doubled = any(
        len(word) * 2 <= len(bare) + 1 and not bare.replace(word, "") for word in _words()
    )
    return doubled or any(letters in run * 2 or letters in run[::-1] * 2 for run in _RUNS)


def _words() -> list[str]:
    return [word for word in VERY_COMMON if word.isalpha()]


def _bare(letters: str) -> str:
    """Without the figures and signs that are put around a word to make it look like a password."""
    return re.sub(r"[^a-z]+", "", letters.lower())
