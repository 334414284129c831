"""Tenants, keys and templates in PostgreSQL."""

from __future__ import annotations

import base64
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from orderwatch.adapters.postgres.audit import write_deed
from orderwatch.adapters.postgres.database import BIND, Database, statements
from orderwatch.app.administer import KeyListing, NotPossible, TemplateVersion, Tenant
from orderwatch.core.model import TenantId
from orderwatch.core.people import deeds
from orderwatch.core.people.audit import THE_PRODUCT, Actor
from orderwatch.core.tenants.keys import ApiKey, NewKey, SigningSecret


class PostgresDirectory:
    """Implements the ports Directory, Keys and Templates."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("directory")

    async def tenants(self) -> list[Tenant]:
        """All tenants by name."""
        async with self._database.directory() as connection:
            rows = await (await connection.execute(self._sql["tenants"])).fetchall()
        return [Tenant(*row) for row in rows]

    async def create_tenant(self, name: str, by: Actor = THE_PRODUCT) -> TenantId | None:
        """The new tenant, or None when the name is taken."""
        try:
            async with self._database.directory() as connection:
                cursor = await connection.execute(self._sql["create_tenant"], {"name": name})
                row = await cursor.fetchone()
                if row is None:
                    return None
                await connection.execute(BIND, [str(row[0])])
                await write_deed(connection, by, deeds.tenant_made(name))
        except psycopg.errors.CheckViolation as error:
            raise NotPossible(
                "A tenant's name has small letters, digits and dashes, at most 63, "
                "and begins with a letter or digit."
            ) from error
        return TenantId(row[0])

    async def set_disabled(self, name: str, disabled: bool, by: Actor = THE_PRODUCT) -> bool:
        """Disable or enable; False when there is none of this name."""
        async with self._database.directory() as connection:
            cursor = await connection.execute(
                self._sql["disable_tenant"], {"name": name, "disabled": disabled}
            )
            row = await cursor.fetchone()
            if row is None:
                return False
            await connection.execute(BIND, [str(row[0])])
            await write_deed(connection, by, deeds.tenant_disabled(name, disabled))
        return True

    async def apply_template(
        self, tenant: TenantId, name: str, source: str, by: Actor = THE_PRODUCT
    ) -> int:
        """Put a template in force; its version."""
        async with self._database.tenant(tenant) as connection:
            cursor = await connection.execute(
                self._sql["apply_template"], {"name": name, "source": source, "by": by.name}
            )
            row = await cursor.fetchone()
            assert row is not None
            await write_deed(connection, by, deeds.template_applied(name, int(row[0])))
        return int(row[0])

    async def template_versions(self, tenant: TenantId) -> list[TemplateVersion]:
        """All versions there were, newest first."""
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(self._sql["template_versions"])).fetchall()
        return [TemplateVersion(*row) for row in rows]

    async def template_source(self, tenant: TenantId, version: int) -> str | None:
        """The YAML text of one version."""
        async with self._database.tenant(tenant) as connection:
            found = await connection.execute(self._sql["template_source"], {"version": version})
            row = await found.fetchone()
        return row[0] if row else None

    async def newest(self, tenant: TenantId) -> str | None:
        """The YAML text of the template in force."""
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(self._sql["newest_template"])).fetchone()
        return row[0] if row else None

    async def create_key(
        self,
        tenant: TenantId,
        key: NewKey,
        source_prefix: str,
        can_read: bool,
        by: Actor = THE_PRODUCT,
    ) -> None:
        """Keep a key: the hash of its secret, and what verifies its signatures."""
        signing = [{"secret": base64.b64encode(key.signing_secret).decode(), "expires_at": None}]
        async with self._database.tenant(tenant) as connection:
            await connection.execute(
                self._sql["create_key"],
                {
                    "key_id": key.id,
                    "secret_hash": key.secret_hash,
                    "source_prefix": source_prefix,
                    "can_read": can_read,
                    "signing_secrets": Jsonb(signing),
                },
            )
            await write_deed(connection, by, deeds.key_made(key.id, source_prefix, can_read))

    async def list_keys(self, tenant: TenantId) -> list[KeyListing]:
        """The tenant's keys, oldest first."""
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(self._sql["list_keys"])).fetchall()
        return [KeyListing(*row) for row in rows]

    async def revoke_key(self, tenant: TenantId, key_id: str, by: Actor = THE_PRODUCT) -> bool:
        """False when the tenant has no such key."""
        async with self._database.tenant(tenant) as connection:
            cursor = await connection.execute(self._sql["revoke_key"], {"key_id": key_id})
            if await cursor.fetchone() is None:
                return False
            await write_deed(connection, by, deeds.key_revoked(key_id))
        return True

    async def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, revoked or not; that of a disabled tenant counts as revoked."""
        async with self._database.presented_key(key_id) as connection:
            cursor = await connection.execute(self._sql["find_key"], {"key_id": key_id})
            row = await cursor.fetchone()
            if row is None:
                return None
            await connection.execute(BIND, [str(row[0])])
            disabled = await (await connection.execute(self._sql["disabled"])).fetchone()
        return ApiKey(
            tenant=TenantId(row[0]),
            id=row[1],
            secret_hash=bytes(row[2]),
            source_prefix=row[3],
            can_read=row[4],
            signing_secrets=tuple(_signing_secret(one) for one in row[5]),
            revoked_at=row[6] or (disabled[0] if disabled else None),
        )


def _signing_secret(stored: dict[str, str | None]) -> SigningSecret:
    expires = stored["expires_at"]
    return SigningSecret(
        base64.b64decode(stored["secret"] or ""),
        datetime.fromisoformat(expires) if expires else None,
    )
