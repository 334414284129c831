"""Keys in memory, and two tenants to hold them."""

from __future__ import annotations

import hashlib

from orderwatch.core.model import TenantId
from orderwatch.core.tenants.keys import RANDOM_BYTES, ApiKey, NewKey, SigningSecret, new_key

ALICE, BOB = TenantId(1), TenantId(2)


def key_of(seed: str) -> NewKey:
    """The same key for the same seed."""
    return new_key(hashlib.shake_256(seed.encode()).digest(RANDOM_BYTES))


class FakeKeys:
    """Remembers the keys it was given."""

    def __init__(self) -> None:
        self.kept: dict[str, ApiKey] = {}
        self.questions = 0

    def give(self, tenant: TenantId, prefix: str = "/", seed: str | None = None) -> NewKey:
        """Make a key and keep what is to be kept of it."""
        made = key_of(seed or f"{tenant}{prefix}")
        self.kept[made.id] = ApiKey(
            id=made.id,
            tenant=tenant,
            source_prefix=prefix,
            secret_hash=made.secret_hash,
            signing_secrets=(SigningSecret(made.signing_secret),),
        )
        return made

    async def find(self, key_id: str) -> ApiKey | None:
        """The key of this id."""
        self.questions += 1
        return self.kept.get(key_id)
