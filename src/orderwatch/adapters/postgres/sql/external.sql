-- Incidents that another system raises: alerts of an Alertmanager.

-- name: lock
-- The same that evaluation holds: who writes incidents of a tenant does so alone.
select pg_advisory_xact_lock(hashtext('orderwatch alerts'), bound_tenant())

-- name: episodes
-- Of each alert what goes on, and the episode that began when it did.
select i.incident_id, i.rule, i.group_key, i.priority, i.team, i.title, i.about::text, i.labels::text,
  i.runbook, i.state, i.cause_at, i.fired_at, i.last_joined_at, i.well_since, i.resolved_at, i.orders,
  i.still_open, i.money, i.currency, i.tally::text, i.common, i.told_at, i.told_orders, i.quiet,
  i.acknowledged_at, i.acknowledged_by, i.assigned_to, i.escalated_at, i.parent, i.previous,
  i.external::text
from incidents as i
where (i.rule, i.group_key) in (select * from unnest(%(rules)s::text[], %(groups)s::text[]))
  and (i.state = 'firing' or i.cause_at = any(%(starts)s::timestamptz[]))
order by i.incident_id
