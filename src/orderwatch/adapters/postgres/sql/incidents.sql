-- Incidents as people see and handle them. A line that ends in `-- when NAME` is part of its
-- statement only when NAME was asked for; every statement asks an index.

-- name: list_incidents
-- What stands under another of the same state is listed there, when the list is folded.
select incident_id, rule, group_key, priority, team, title, about::text, labels::text, runbook, state,
  cause_at, fired_at, last_joined_at, well_since, resolved_at, orders, still_open, money, currency,
  tally::text, common, told_at, told_orders, quiet, acknowledged_at, acknowledged_by, assigned_to,
  escalated_at, parent, previous, external::text
from incidents as listed where true
  and state = %(state)s                                                -- when state
  and rule = %(rule)s                                                  -- when rule
  and team = %(team)s                                                  -- when team
  and priority = %(priority)s                                          -- when priority
  and about ->> 'system' = %(system)s                                  -- when system
  and fired_at >= %(fired_from)s                                       -- when fired_from
  and fired_at < %(fired_to)s                                          -- when fired_to
  and (fired_at, incident_id) < (%(after_at)s, %(after_id)s)           -- when after
  and not exists (                                                     -- when folded
    select from incidents as above                                     -- when folded
    where above.incident_id = listed.parent and above.state = listed.state) -- when folded
order by fired_at desc, incident_id desc limit %(most)s

-- name: children
-- Of each the newest few.
select child.incident_id, child.rule, child.group_key, child.priority, child.team, child.title,
  child.about::text, child.labels::text, child.runbook, child.state, child.cause_at,
  child.fired_at, child.last_joined_at, child.well_since, child.resolved_at, child.orders,
  child.still_open, child.money, child.currency, child.tally::text, child.common, child.told_at,
  child.told_orders, child.quiet, child.acknowledged_at, child.acknowledged_by, child.assigned_to,
  child.escalated_at, child.parent, child.previous, child.external::text
from unnest(%(parents)s::bigint[]) as above (incident_id),
  lateral (
    select * from incidents where parent = above.incident_id
    order by incident_id desc limit %(most)s) as child

-- name: incident
select incident_id, rule, group_key, priority, team, title, about::text, labels::text, runbook, state,
  cause_at, fired_at, last_joined_at, well_since, resolved_at, orders, still_open, money, currency,
  tally::text, common, told_at, told_orders, quiet, acknowledged_at, acknowledged_by, assigned_to,
  escalated_at, parent, previous, external::text
from incidents where incident_id = %(incident)s

-- name: episodes
-- The last of this group, this one among them.
select incident_id, rule, group_key, priority, team, title, about::text, labels::text, runbook, state,
  cause_at, fired_at, last_joined_at, well_since, resolved_at, orders, still_open, money, currency,
  tally::text, common, told_at, told_orders, quiet, acknowledged_at, acknowledged_by, assigned_to,
  escalated_at, parent, previous, external::text
from incidents where rule = %(rule)s and group_key = %(group)s
order by fired_at desc limit %(most)s

-- name: entries
select at, kind, entry, actor from incident_log where incident_id = %(incident)s
order by entry_id desc limit %(most)s

-- name: notices_of
select notice_id, channel, kind, message ->> 'title', state, created_at, due_at, ended_at, attempts,
  problem, incident_id, merged_into
from notices where incident_id = %(incident)s order by notice_id desc limit %(most)s

-- name: customers
select count(distinct customer) from incident_orders
where incident_id = %(incident)s and customer <> ''

-- name: members
-- The dearest first, in the order of the index.
select incident_id, order_id, joined_at, cause_at, system, reason, status, channel, location, payment,
  customer, amount, marks, recovered_at
from incident_orders where incident_id = %(incident)s
  and cardinality(marks) > 0                                           -- when open
  and amount_units <= (%(after_amount)s * 10000)::bigint               -- when after
  and (amount_units < (%(after_amount)s * 10000)::bigint or order_id > %(after_id)s) -- when after
order by amount_units desc, order_id limit %(most)s

-- name: is_there
select from incidents where incident_id = %(incident)s

-- name: incidents_of_order
select incident_id, rule, group_key, priority, team, title, about::text, labels::text, runbook, state,
  cause_at, fired_at, last_joined_at, well_since, resolved_at, orders, still_open, money, currency,
  tally::text, common, told_at, told_orders, quiet, acknowledged_at, acknowledged_by, assigned_to,
  escalated_at, parent, previous, external::text
from incidents where incident_id = any(array(
  select incident_id from incident_orders where order_id = %(order_id)s
  order by incident_id desc limit %(most)s))
order by fired_at desc, incident_id desc

-- name: firing
select count(*) from incidents as listed where state = 'firing' and not exists (
  select from incidents as above
  where above.incident_id = listed.parent and above.state = listed.state)

-- name: lock_incident
select incident_id, rule, group_key, priority, team, title, about::text, labels::text, runbook, state,
  cause_at, fired_at, last_joined_at, well_since, resolved_at, orders, still_open, money, currency,
  tally::text, common, told_at, told_orders, quiet, acknowledged_at, acknowledged_by, assigned_to,
  escalated_at, parent, previous, external::text
from incidents where incident_id = %(incident)s for update

-- name: keep_handled
-- Who has it; the rest is the evaluation's.
update incidents set acknowledged_at = %(acknowledged_at)s, acknowledged_by = %(acknowledged_by)s,
  assigned_to = %(assigned_to)s
where incident_id = %(incident)s

-- name: note_entry
insert into incident_log (tenant_id, incident_id, at, kind, actor, entry)
values (bound_tenant(), %(incident)s, %(at)s, %(kind)s, %(actor)s, %(entry)s)

-- name: silences_on
select silence_id, kind, matches::text, starts_at, ends_at, why, author, made_at, ended_at
from silences where ends_at > %(at)s and (ended_at is null or ended_at > %(at)s)
order by ends_at, silence_id

-- name: silences_past
select silence_id, kind, matches::text, starts_at, ends_at, why, author, made_at, ended_at
from silences where ends_at <= %(at)s or ended_at <= %(at)s
order by coalesce(ended_at, ends_at) desc, silence_id desc limit %(most)s

-- name: make_silence
insert into silences (tenant_id, kind, matches, starts_at, ends_at, why, author, made_at)
values (bound_tenant(), %(kind)s, %(matches)s, %(starts_at)s, %(ends_at)s, %(why)s, %(author)s, %(at)s)
returning silence_id

-- name: end_silence
update silences set ended_at = %(at)s
where silence_id = %(silence)s and ended_at is null and ends_at > %(at)s
returning kind
