-- Accounts, sessions, tries to sign in, and invitations. Row security adds the tenant to each.

-- name: tenant_named
select tenant_id from tenants
where disabled_at is null and (%(name)s::text is null or name = %(name)s)
order by name <> 'default', tenant_id limit 1

-- name: tenant_count
select count(*) from tenants where disabled_at is null

-- name: expect_tries
-- Rows to lock, whether there was a failure before or not; always the account's first.
insert into guesses (tenant_id, of, subject, last_at, next_at)
values (bound_tenant(), 'account', %(name)s, %(at)s, %(at)s),
       (bound_tenant(), 'address', %(address)s, %(at)s, %(at)s)
on conflict do nothing

-- name: tries
select of, count, last_at, next_at from guesses
where (of = 'account' and subject = %(name)s) or (of = 'address' and subject = %(address)s)
order by of for update

-- name: count_try
update guesses set count = %(count)s, last_at = %(last_at)s, next_at = %(next_at)s
where of = %(of)s and subject = %(subject)s

-- name: forget_old_tries
delete from guesses where last_at < %(before)s

-- name: forget_tries
delete from guesses where of = 'account' and subject = %(name)s

-- name: uncount_address
-- Only this try is taken back: the address may have failed for other accounts.
update guesses set count = greatest(count - 1, 0), next_at = last_at
where of = 'address' and subject = %(address)s

-- name: user
select tenant_id, user_id, name, role, password_hash, disabled_at from users where name = %(name)s

-- name: lock_user
-- With all administrators, in one order, so that two of them cannot take each other out at once.
select name, role from users
where name = %(name)s or (role = 'administrator' and disabled_at is null) order by user_id for update

-- name: users
select name, role, created_at, disabled_at, signed_in_at from users order by name

-- name: anybody
select exists (select 1 from users)

-- name: create_user
insert into users (tenant_id, name, role, password_hash)
values (bound_tenant(), %(name)s, %(role)s, %(password_hash)s)
on conflict (tenant_id, name) do nothing
returning tenant_id, user_id, name, role, password_hash, disabled_at

-- name: set_password
update users set password_hash = %(password_hash)s, password_changed_at = %(at)s where name = %(name)s

-- name: set_role
update users set role = %(role)s where name = %(name)s

-- name: set_disabled
update users set disabled_at = %(disabled_at)s where name = %(name)s

-- name: note_sign_in
update users set signed_in_at = %(at)s, password_hash = coalesce(%(password_hash)s, password_hash)
where user_id = %(user_id)s

-- name: start_session
insert into sessions
  (tenant_id, session_id, user_id, token_hash, created_at, seen_at, expires_at, address, agent)
values (bound_tenant(), %(session_id)s, %(user_id)s, %(token_hash)s, %(at)s, %(at)s, %(expires_at)s,
        %(address)s, %(agent)s)

-- name: presented_session
select tenant_id, session_id, user_id, seen_at, expires_at, ended_at is not null from sessions

-- name: person
select u.name, u.role, u.disabled_at is not null or t.disabled_at is not null
from users u join tenants t using (tenant_id) where u.user_id = %(user_id)s

-- name: note_use
update sessions set seen_at = greatest(seen_at, %(at)s) where session_id = %(session_id)s

-- name: end_session
update sessions set ended_at = %(at)s where session_id = %(session_id)s and ended_at is null

-- name: end_sessions
update sessions set ended_at = %(at)s
where ended_at is null and user_id in (select user_id from users where name = %(name)s)

-- name: revoke_session
update sessions s set ended_at = %(at)s from users u
where s.session_id = %(session_id)s and s.ended_at is null and s.expires_at > %(at)s
  and u.tenant_id = s.tenant_id and u.user_id = s.user_id
returning u.name

-- name: sessions
select s.session_id, u.name, s.created_at, s.seen_at, s.expires_at, s.address, s.agent
from sessions s join users u using (tenant_id, user_id)
where s.ended_at is null and s.expires_at > %(at)s and s.seen_at > %(seen_after)s
  and (%(user)s::text is null or u.name = %(user)s)
order by s.created_at desc

-- name: invite
insert into invitations (tenant_id, token_hash, expires_at)
values (bound_tenant(), %(token_hash)s, %(expires_at)s)

-- name: presented_invitation
select tenant_id from invitations where used_at is null and expires_at > %(at)s

-- name: use_invitations
-- All of them: the first administrator is there, and makes the other accounts.
update invitations set used_at = %(at)s where used_at is null

-- name: first_only
-- Two first administrators at once: the second waits here and finds the first.
select pg_advisory_xact_lock(hashtext('orderwatch first user'), bound_tenant())
