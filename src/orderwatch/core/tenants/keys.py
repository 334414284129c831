"""A sender's key: `ow_<id>_<secret>`. The id is public; of the secret only its hash is kept.

The secret is 32 random bytes, so one round of SHA-256 is enough: there is nothing to guess.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

from msgspec import Struct

from orderwatch.core.model import TenantId

ID_BYTES: Final = 6
SECRET_BYTES: Final = 32
RANDOM_BYTES: Final = ID_BYTES + 2 * SECRET_BYTES
ANY_SOURCE: Final = "/"

_KEY: Final = re.compile(r"ow_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_NOBODY: Final = bytes(32)


class SigningSecret(Struct, frozen=True):
    """A Standard Webhooks secret. Several are valid at once while senders rotate them."""

    secret: bytes
    expires_at: datetime | None = None


class ApiKey(Struct, frozen=True, kw_only=True):
    """Who may send (and, with `can_read`, read) what for which tenant."""

    id: str
    tenant: TenantId
    source_prefix: str
    secret_hash: bytes
    can_read: bool = False
    signing_secrets: tuple[SigningSecret, ...] = ()
    revoked_at: datetime | None = None

    def may_speak_for(self, source: str) -> bool:
        """Whether events of this source may come with this key. `/` is any source."""
        return self.source_prefix == ANY_SOURCE or source.startswith(self.source_prefix)


class NewKey(Struct, frozen=True):
    """A key at the one moment its texts are known: show them, store the rest."""

    id: str
    text: str
    secret_hash: bytes
    signing_text: str
    signing_secret: bytes


class PresentedKey(Struct, frozen=True):
    """What a request claims: the id of a key and its secret."""

    id: str
    secret: str


def new_key(random_bytes: bytes) -> NewKey:
    """Make a key of RANDOM_BYTES random bytes: id, secret and signing secret."""
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"a key is made of {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    id_ = random_bytes[:ID_BYTES].hex()
    secret = base64.urlsafe_b64encode(random_bytes[ID_BYTES : ID_BYTES + SECRET_BYTES])
    text = secret.rstrip(b"=").decode()
    signing = random_bytes[ID_BYTES + SECRET_BYTES :]
    return NewKey(id_, f"ow_{id_}_{text}", hash_secret(text), signing_text(signing), signing)


def signing_text(secret: bytes) -> str:
    """A signing secret as Standard Webhooks writes it: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(secret).decode()


def parse_key(text: str) -> PresentedKey | None:
    """Read `ow_<id>_<secret>`; None when it is not one."""
    match = _KEY.fullmatch(text)
    return PresentedKey(match[1], match[2]) if match else None


def hash_secret(secret: str) -> bytes:
    """What is stored of a key's secret."""
    return hashlib.sha256(secret.encode()).digest()


def verify(key: ApiKey | None, presented: PresentedKey) -> bool:
    """Whether the secret is the key's; takes as long for a key that does not exist."""
    stored = key.secret_hash if key is not None else _NOBODY
    same = hmac.compare_digest(stored, hash_secret(presented.secret))
    return same and key is not None and key.revoked_at is None
