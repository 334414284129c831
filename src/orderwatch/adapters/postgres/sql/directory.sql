-- Who the tenants are, their keys and their templates.

-- name: tenants
select tenant_id, name, created_at, disabled_at from tenants order by name

-- name: create_tenant
insert into tenants (name) values (%(name)s) on conflict (name) do nothing returning tenant_id

-- name: disable_tenant
update tenants set disabled_at = case when %(disabled)s then now() end where name = %(name)s returning tenant_id

-- name: find_key
select tenant_id, key_id, secret_hash, source_prefix, can_read, signing_secrets, revoked_at
from keys where key_id = %(key_id)s

-- name: disabled
select disabled_at from tenants where tenant_id = bound_tenant()

-- name: create_key
insert into keys (tenant_id, key_id, secret_hash, source_prefix, can_read, signing_secrets)
values (bound_tenant(), %(key_id)s, %(secret_hash)s, %(source_prefix)s, %(can_read)s, %(signing_secrets)s)

-- name: list_keys
select key_id, source_prefix, can_read, created_at, revoked_at from keys
where tenant_id = bound_tenant() order by created_at

-- name: revoke_key
update keys set revoked_at = coalesce(revoked_at, now())
where key_id = %(key_id)s and tenant_id = bound_tenant() returning key_id

-- name: apply_template
insert into templates (tenant_id, version, name, source, applied_by)
select bound_tenant(), coalesce(max(version), 0) + 1, %(name)s, %(source)s, %(by)s from templates
returning version

-- name: template_versions
select version, name, applied_at, applied_by from templates order by version desc

-- name: template_source
select source from templates where version = %(version)s

-- name: newest_template
select source from templates order by version desc limit 1
