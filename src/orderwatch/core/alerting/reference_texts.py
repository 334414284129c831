"""The words of the page about alert rules that no table of the code has."""

from __future__ import annotations

from typing import Final

HEAD: Final = """# Alert rules and routing

An **alert book** says what is watched and who is told: rules, channels, routes, opening hours. It
is YAML, one per tenant, kept in versions, and checked against the tenant's
[flow](flow-lotus-o2o.md) before it comes into force. [How to change alert
rules](../how-to/change-alert-rules.md) shows the way; this page is the specification.

## The rules every tenant begins with

They are [templates/alerts/default.yaml](../../templates/alerts/default.yaml); every figure may be
changed. The last column is `calm`: for how long the condition must be over before the incident
counts as resolved.
"""

BOOK_KEYS: Final = (
    ("`alerts`", "its name: small letters, digits, dashes"),
    ("`version`", "a number that grows with each change"),
    ("`time_zone`", "where days begin and end; if absent that of the flow template"),
    ("`success_goal`", "the fact `goal`; `95 %` if absent"),
    ("`teams`", "each team with its title"),
    (
        "`hours`",
        (
            "by name the opening hours: `daily`, a weekday (`mon`) or several (`mon-fri`), each "
            "`08:00-22:00`, a list of such, or `closed`; a later line wins; `22:00-02:00` goes "
            "on the day after; `holidays` are the hours of holidays"
        ),
    ),
    ("`holidays`", "a list of days, such as `2026-12-31`"),
    ("`channels`", "ways to reach people, see below"),
    ("`rules`", "by id the rules, see below"),
    ("`routes`", "a list of routes, see below"),
)
"""What a book says."""

RULE_KEYS: Final = (
    ("`title`", "a few words; needed"),
    ("`team`", "whose it is; needed"),
    ("`priority`", "`high`, `medium` or `low`; needed"),
    ("`enabled`", "`false` switches it off; its incidents end then"),
    ("`looks_at`, `when` ...", "what it looks at, see below; or several under `watches`"),
    ("`watches`", "a list, each with `looks_at`, `when` and what belongs to them, and a `text`"),
    (
        "`scope`",
        ("of which `channels`, `systems`, `locations` it speaks; any, if absent. A tenant has one "
         "flow, and its book is about that"),
    ),
    (
        "`group_by`",
        ("for `order` and `deadline`: orders that agree in these facts share an incident. At most "
        "20 incidents of a rule at a time; what would be one more joins one for all others"),
    ),
    ("`hours`", "outside these nobody is told, and counted looks are not evaluated"),
    ("`hold`", "how long the condition must last before it fires"),
    ("`calm`", "how long it must be over before it is resolved"),
    ("`update_every`", "an incident that doubled is told anew at most so often; 5 min if absent"),
    ("`ignore_older_than`", "what is older when it is heard of alarms nobody; 24 h if absent"),
    ("`limits`", ("for `mismatches` the fact `limit` by type; for `silence` `quiet_s`: when "
     "silence becomes a cause")),
    ("`labels`", "words for routing and for systems that take our notices"),
    ("`text`", "the sentence people read, see below"),
    ("`runbook`", "a link: what to do"),
    ("`once`", "for `schedule`: tells, and keeps no incident"),
)  # fmt: skip
"""What a rule says."""

WATCH_KEYS: Final = (
    ("`when`", "the condition"),
    ("`over`", "the window: up to 60 min, or `day` for the day so far (`window` only)"),
    ("`per`", "one incident for each of these"),
    ("`of`", "`silence`: of `systems` (each that ever spoke; if absent) or of `orders`"),
    ("`at`", "the time of day of a `schedule`"),
    ("`at_least`", "below this volume nothing is concluded"),
)
"""What a watch says."""

CONDITIONS: Final = """## Conditions

A condition is an expression of [CEL](https://cel.dev) that is true or false: facts, texts in
quotes, numbers, `true`, `false`, comparisons (`== != < <= > >=`), `&&`, `||`, `!`, `in ["a",
"b"]`, arithmetic (`+ - * /`), `a ? b : c`, brackets. A text is compared with a text, a number
with a number; whole numbers and others go together. At most {longest} characters and {deepest}
brackets deep. There are no loops, lists of facts or macros.

Names, types and words are checked before a rule is taken: `class == "Failed"` is refused, since
`class` is never that. A condition that cannot be decided all the same is logged, counts as false,
and stops no other rule. In YAML a condition that begins with a quote, `!` or `[` stands in
quotes, or below `when: >-`.
"""

TEXTS: Final = """## Sentences

`text` may name facts in braces, such as `{trouble_share}`: of orders those under `group_by`, else
all facts of the look. Shares are said in percent and seconds in the unit people use; `{quiet}` is
`{quiet_s}` as well. A name without a value leaves nothing. Beside the facts:
"""

LIFE: Final = """## From a cause to an incident

**inactive, pending, firing, resolved.** A condition that is true is *pending* until it lasted for
`hold`, then its incident is *firing*; it is *resolved* when the condition was evaluated again and
has been false for `calm`. Time alone resolves nothing.

- **Orders** (`order`, `deadline`): evaluated for each order at the commit that moves it into
  trouble. An order joins the incident of its group. The incident goes on while one of its orders
  is in trouble that is not final, or the last one joined less than `calm` ago.
- **Counted looks** are evaluated every 30 s from counters, `season` every minute, `schedule` when
  its time has come; a worker that was away makes up for the latest missed time, if that is less
  than a day ago.
- **Recurrence** opens a new incident, linked to the last of its group.
- **Cause and effect.** While an incident of silence is firing, overdue legs at that system are
  grouped under it and not told apart.
- **Growth.** An incident is told anew when it has twice as many orders as people were told
  of, and at most every `update_every`.
- **Quiet.** Silences, maintenance windows and `hours` keep people from being told. The incident
  is recorded all the same, and says why it is quiet. When the quiet ends and it still goes on,
  people are told.
- **Summaries.** `looks_at: incident` tells its team of each resolved incident that its condition
  fits.
- **Broken channels.** `looks_at: notice` opens an incident for a channel that failed for good.
  Notices about such an incident that fail too do not cause another one.
"""

CHANNELS: Final = """## Channels

Secrets are named, never written: `secret: OPS_SLACK` stands for a setting of the server, one per
tenant (see [settings](settings.md)). A value that looks like a secret, or a URL with a password,
is refused.
"""

CHANNEL_KEYS: Final = (
    ("`kind`", "which kind, see below; needed"),
    (
        "`most`, `most_within`",
        (
            "at most so many notices in so long a time (10 in 10 min if absent; twice as many of "
            "high priority); the rest waits and comes as one digest"
        ),
    ),
    ("`fallback`", "the channel that is told when this one fails for good"),
)
"""What every channel says."""

ROUTING: Final = """## Routes

The **first route that fits decides**, unless it says `go_on`: then those after it are asked too.
A route fits when everything it names agrees; what it does not name may be anything. A rule that
no route could ever fit is refused.
"""

ROUTE_KEYS: Final = (
    ("`to`", "the channels; needed"),
    ("`teams`, `priorities`, `rules`", "of which incidents"),
    ("`mismatch_types`", "of which types of mismatches"),
    ("`labels`", "that the rule must all have"),
    ("`hours`, `outside_hours`", "only within, or only outside, these hours"),
    (
        "`escalate_after`, `escalate_to`",
        "who is told as well when nobody acknowledged in time; once for each incident",
    ),
    ("`go_on`", "`true`: the routes after it are asked as well"),
)
"""What a route says."""

FOOT: Final = """
This page is generated: `./dev run orderwatch reference alerts > docs/reference/alerts.md`
"""
