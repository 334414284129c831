-- People: their accounts and sessions, who tries to guess, and the log of what everybody did.
-- depends: 0002-reading

create table users (
  tenant_id int not null references tenants,
  user_id int generated always as identity,
  name text collate "C" not null,
  role text collate "C" not null
    check (role in ('viewer', 'operator', 'developer', 'manager', 'administrator')),
  -- argon2id, with the parameters it was made with.
  password_hash text not null,
  password_changed_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  signed_in_at timestamptz,
  primary key (tenant_id, user_id),
  unique (tenant_id, name)
);

-- Of a session's token only the hash is kept; who reads this table cannot take a session over.
create table sessions (
  tenant_id int not null,
  session_id text collate "C" not null,
  user_id int not null,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  address text not null,
  agent text not null,
  primary key (tenant_id, session_id),
  foreign key (tenant_id, user_id) references users
);
create index sessions_of_user on sessions (tenant_id, user_id) where ended_at is null;

-- Failed sign-ins in a row, of an account's name (whether there is one or not) and of an address.
create table guesses (
  tenant_id int not null references tenants,
  of text collate "C" not null check (of in ('account', 'address')),
  subject text collate "C" not null,
  count int not null default 0,
  last_at timestamptz not null,
  next_at timestamptz not null,
  primary key (tenant_id, of, subject)
);

-- Links that make the first administrator: each good once, for a while.
create table invitations (
  tenant_id int not null references tenants,
  token_hash bytea not null unique,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, token_hash)
);

-- Each row is sealed with a hash over itself and the row before it; core/people/audit.py says how.
create table audit_log (
  tenant_id int not null references tenants,
  seq bigint not null check (seq > 0),
  at timestamptz not null,
  kind text collate "C" not null check (kind in ('person', 'key', 'cli', 'system')),
  actor text not null,
  address text not null,
  action text collate "C" not null,
  subject text not null,
  details json not null,
  previous bytea not null check (length(previous) = 32),
  hash bytea not null check (length(hash) = 32),
  primary key (tenant_id, seq)
);

do $$
declare t text;
begin
  foreach t in array array['users', 'sessions', 'guesses', 'invitations', 'audit_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy of_bound_tenant on %I using (tenant_id = (select bound_tenant())) '
                   'with check (tenant_id = (select bound_tenant()))', t);
  end loop;
end $$;
grant select, insert, update on users, sessions, invitations to orderwatch_app;
grant select, insert, update, delete on guesses to orderwatch_app;
-- Written once. The application may not change it, and the owner not by mistake.
grant select, insert on audit_log to orderwatch_app;

create function keep_audit_log() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is written once: nothing in it is changed or taken out';
end $$;
create trigger audit_log_kept before update or delete or truncate on audit_log
  for each statement execute function keep_audit_log();

-- A session and an invitation are looked up by their token before their tenant is known: binding
-- the token's hash shows that one row.
create function presented_token() returns bytea language sql stable parallel safe
  return decode(nullif(current_setting('orderwatch.token', true), ''), 'hex');
create policy presented on sessions for select using (token_hash = (select presented_token()));
create policy presented on invitations for select using (token_hash = (select presented_token()));
