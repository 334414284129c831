-- Evaluation: one tenant's causes, incidents and what is decided of them, in one transaction.

-- name: stirring
-- Asked four times a second: three probes of indexes.
select exists (select from alert_causes), exists (select from incidents where state = 'firing')
  or exists (select from alert_pending)

-- name: lock
-- Who evaluates a tenant does so alone. A worker that hangs or vanishes loses it within seconds.
select pg_try_advisory_xact_lock(hashtext('orderwatch alerts'), bound_tenant()),
  set_config('idle_in_transaction_session_timeout', '8s', true)

-- name: rounds
select round, done_at from alert_rounds

-- name: round_done
insert into alert_rounds (tenant_id, round, done_at) values (bound_tenant(), %(round)s, %(now)s)
on conflict (tenant_id, round) do update set done_at = excluded.done_at

-- name: take_causes
delete from alert_causes
where cause_id in (select cause_id from alert_causes order by cause_id limit %(most)s)
returning cause_id, cause::text

-- name: firing
select incident_id, rule, group_key, priority, team, title, about::text, labels::text, runbook, state,
  cause_at, fired_at, last_joined_at, well_since, resolved_at, orders, still_open, money, currency,
  tally::text, common, told_at, told_orders, quiet, acknowledged_at, acknowledged_by, assigned_to,
  escalated_at, parent, previous, external::text
from incidents where state = 'firing' order by incident_id

-- name: members
select m.incident_id, m.order_id, m.joined_at, m.cause_at, m.system, m.reason, m.status, m.channel,
  m.location, m.payment, m.customer, m.amount, m.marks, m.recovered_at
from incident_orders m join incidents i on i.incident_id = m.incident_id
where m.order_id = any(%(order_ids)s) and i.state = 'firing'

-- name: pending
select rule, group_key, since from alert_pending

-- name: set_pending
insert into alert_pending (tenant_id, rule, group_key, since)
values (bound_tenant(), %(rule)s, %(group)s, %(since)s) on conflict do nothing

-- name: drop_pending
delete from alert_pending where rule = %(rule)s and group_key = %(group)s

-- name: silences
select silence_id, kind, matches::text, starts_at, ends_at, why, author, made_at, ended_at
from silences where starts_at <= %(now)s and coalesce(ended_at, ends_at) > %(now)s

-- name: delivered
-- When each channel last took a notice: of those that an incident says do not.
select channel, max(ended_at) from notices
where state = 'sent' and channel = any(%(channels)s) group by channel

-- name: last_words
select system, max(last_received_at) from systems group by system

-- name: new_incident
-- A recurrence is linked to the last episode of its group.
insert into incidents (tenant_id, rule, group_key, priority, team, title, about, labels, runbook,
  state, cause_at, fired_at, last_joined_at, well_since, resolved_at, orders, still_open, money,
  currency, tally, common, told_at, told_orders, quiet, acknowledged_at, acknowledged_by,
  assigned_to, escalated_at, parent, previous, external)
select bound_tenant(), rule, group_key, priority, team, title, about, labels, runbook, state,
  cause_at, fired_at, last_joined_at, well_since, resolved_at, orders, still_open, money, currency,
  tally, common, told_at, told_orders, quiet, acknowledged_at, acknowledged_by, assigned_to,
  escalated_at, parent,
  (select incident_id from incidents p where p.rule = r.rule and p.group_key = r.group_key
   order by fired_at desc, incident_id desc limit 1), external
from json_to_record(%(row)s::json) as r (rule text, group_key text, priority text, team text,
  title text, about json, labels json, runbook text, state text, cause_at timestamptz,
  fired_at timestamptz, last_joined_at timestamptz, well_since timestamptz, resolved_at timestamptz,
  orders int, still_open int, money numeric, currency text, tally json, common text,
  told_at timestamptz, told_orders int, quiet text, acknowledged_at timestamptz,
  acknowledged_by text, assigned_to text, escalated_at timestamptz, parent bigint, external json)
returning incident_id, previous

-- name: move_incidents
-- What people do to an incident meanwhile (acknowledge, assign) is theirs and not written here.
update incidents i set title = r.title, about = r.about, state = r.state, cause_at = r.cause_at,
  last_joined_at = r.last_joined_at, well_since = r.well_since, resolved_at = r.resolved_at,
  orders = r.orders, still_open = r.still_open, money = r.money, tally = r.tally,
  common = r.common, told_at = r.told_at, told_orders = r.told_orders, quiet = r.quiet,
  escalated_at = r.escalated_at, parent = r.parent, external = r.external
from json_to_recordset(%(rows)s::json) as r (incident_id bigint, title text, about json, state text,
  cause_at timestamptz, last_joined_at timestamptz, well_since timestamptz, resolved_at timestamptz,
  orders int, still_open int, money numeric, tally json, common text, told_at timestamptz,
  told_orders int, quiet text, escalated_at timestamptz, parent bigint, external json)
where i.incident_id = r.incident_id

-- name: set_members
insert into incident_orders as m (tenant_id, incident_id, order_id, joined_at, cause_at, system,
  reason, status, channel, location, payment, customer, amount, marks, recovered_at)
select bound_tenant(), incident_id, order_id, joined_at, cause_at, system, reason, status, channel,
  location, payment, customer, amount, marks, recovered_at
from json_to_recordset(%(rows)s::json) as r (incident_id bigint, order_id text,
  joined_at timestamptz, cause_at timestamptz, system text, reason text, status text, channel text,
  location text, payment text, customer text, amount numeric, marks text[],
  recovered_at timestamptz)
order by incident_id, order_id
on conflict (tenant_id, incident_id, order_id)
do update set marks = excluded.marks, recovered_at = excluded.recovered_at

-- name: log
insert into incident_log (tenant_id, incident_id, at, kind, actor, entry)
select bound_tenant(), incident_id, at, kind, actor, entry
from json_to_recordset(%(rows)s::json)
  as r (incident_id bigint, at timestamptz, kind text, actor text, entry text)

-- name: note_faults
-- Conditions that could not be decided, one line a rule.
insert into rule_faults as f (tenant_id, rule, why, first_at, last_at, times)
select bound_tenant(), rule, why, %(now)s, %(now)s, times
from json_to_recordset(%(rows)s::json) as r (rule text, why text, times bigint) order by rule
on conflict (tenant_id, rule)
do update set why = excluded.why, last_at = excluded.last_at, times = f.times + excluded.times

-- name: worst
-- The orders worth most of each incident, those in trouble first.
select w.incident_id, w.order_id, w.joined_at, w.cause_at, w.system, w.reason, w.status, w.channel,
  w.location, w.payment, w.customer, w.amount, w.marks, w.recovered_at
from unnest(%(incident_ids)s::bigint[]) as wanted (incident_id), lateral (
  select * from (
    select * from incident_orders m where m.incident_id = wanted.incident_id
    order by m.amount_units desc, m.order_id limit 200) as dearest
  order by (dearest.recovered_at is not null), dearest.amount desc, dearest.order_id
  limit %(most)s) as w

-- name: customers
select incident_id, count(distinct customer) from incident_orders
where incident_id = any(%(incident_ids)s) and customer <> '' group by incident_id

-- name: timeline
select incident_id, at, kind, entry, actor from incident_log
where incident_id = any(%(incident_ids)s) order by entry_id

-- name: tell
insert into notices (tenant_id, channel, incident_id, kind, rule, message, created_at, due_at)
select bound_tenant(), channel, incident_id, kind, rule, message, created_at, due_at
from json_to_recordset(%(rows)s::json) as r (channel text, incident_id bigint, kind text, rule text,
  message json, created_at timestamptz, due_at timestamptz)

-- name: wake_senders
-- Heard when this transaction has committed, and not at all when it has not.
select pg_notify('orderwatch_notices', bound_tenant()::text)
