"""Administration: tenants, their keys and their templates, beside a running server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from orderwatch.app.known_templates import parse
from orderwatch.core.errors import OrderwatchError
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import THE_PRODUCT, Actor
from orderwatch.core.tenants.keys import RANDOM_BYTES, NewKey, new_key


class Tenant(Struct, frozen=True):
    """One customer company."""

    tenant_id: TenantId
    name: str
    created_at: datetime
    disabled_at: datetime | None


class KeyListing(Struct, frozen=True):
    """A key as it may be shown: never its secret."""

    id: str
    source_prefix: str
    can_read: bool
    created_at: datetime
    revoked_at: datetime | None


class TemplateVersion(Struct, frozen=True):
    """A version of a tenant's flow template: when and by whom it was put in force.

    `by` is None for what was applied before that was kept.
    """

    version: int
    name: str
    applied_at: datetime
    by: str | None


class Directory(Protocol):
    """Where tenants, keys and templates are kept. Each change is written to the audit log."""

    async def tenants(self) -> list[Tenant]:
        """All tenants by name."""
        ...

    async def create_tenant(self, name: str, by: Actor = THE_PRODUCT) -> TenantId | None:
        """The new tenant, or None when the name is taken."""
        ...

    async def set_disabled(self, name: str, disabled: bool, by: Actor = THE_PRODUCT) -> bool:
        """Disable or enable; False when there is none of this name."""
        ...

    async def apply_template(
        self, tenant: TenantId, name: str, source: str, by: Actor = THE_PRODUCT
    ) -> int:
        """Put a template in force; its version."""
        ...

    async def template_versions(self, tenant: TenantId) -> list[TemplateVersion]:
        """All versions there were, newest first."""
        ...

    async def template_source(self, tenant: TenantId, version: int) -> str | None:
        """The YAML text of one version."""
        ...

    async def create_key(
        self,
        tenant: TenantId,
        key: NewKey,
        source_prefix: str,
        can_read: bool,
        by: Actor = THE_PRODUCT,
    ) -> None:
        """Keep a key."""
        ...

    async def list_keys(self, tenant: TenantId) -> list[KeyListing]:
        """The tenant's keys, oldest first."""
        ...

    async def revoke_key(self, tenant: TenantId, key_id: str, by: Actor = THE_PRODUCT) -> bool:
        """False when the tenant has no such key."""
        ...


class NotPossible(OrderwatchError):
    """The request cannot be carried out as it stands."""


async def create_tenant(
    directory: Directory, name: str, template: str, by: Actor = THE_PRODUCT
) -> TenantId:
    """A tenant with a flow template (YAML text); NotPossible when the name is taken."""
    flow = parse(template)
    tenant = await directory.create_tenant(name, by)
    if tenant is None:
        raise NotPossible(f"There is a tenant {name} already.")
    await directory.apply_template(tenant, flow.name, template, by)
    return tenant


async def find_tenant(directory: Directory, name: str) -> Tenant:
    """The tenant of a name; NotPossible with the names there are."""
    tenants = await directory.tenants()
    for tenant in tenants:
        if tenant.name == name:
            return tenant
    names = ", ".join(one.name for one in tenants) or "none yet"
    raise NotPossible(f"There is no tenant {name}; there are: {names}.")


async def create_key(
    directory: Directory,
    tenant: TenantId,
    source_prefix: str,
    can_read: bool,
    random_bytes: Callable[[int], bytes],
    by: Actor = THE_PRODUCT,
) -> NewKey:
    """A key for sources beginning with the prefix; its text is shown once and not kept."""
    if not source_prefix or len(source_prefix) > 200:
        raise NotPossible("--source is the beginning of the event sources, / for any.")
    key = new_key(random_bytes(RANDOM_BYTES))
    await directory.create_key(tenant, key, source_prefix, can_read, by)
    return key
