"""The sentences of incidents: a rule's text with what is known put in, as a shift leader would say.

`WORDS` lists what a text may name; the rest of a text stands as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from orderwatch.core.alerting.facts import FactValue
from orderwatch.core.alerting.incident import Incident
from orderwatch.core.flow.template import Template
from orderwatch.core.tracking.explain import clock_time, spoken

_NAME: Final = re.compile(r"\{([a-z0-9_]+)\}")
_SHARES: Final = ("trouble_share", "success_rate", "best_rate", "goal", "error_share")
_SECONDS: Final = ("quiet_s", "p50_s", "p95_s", "threshold_s", "age_s", "late_s", "lasted_s")


def say(text: str, incident: Incident, template: Template, zone: tzinfo, now: datetime) -> str:
    """The text with its names filled in; a name nobody knows leaves nothing."""
    known = words_of(incident, template, zone, now)
    said = _NAME.sub(lambda found: known.get(found[1], ""), text)
    return " ".join(said.split()).rstrip(" :,")


def words_of(
    incident: Incident, template: Template, zone: tzinfo, now: datetime
) -> Mapping[str, str]:
    """What a text may name, as it is said: shares in percent, seconds in the unit people use."""
    words = {name: _plain(value) for name, value in incident.about.items()}
    for name in _SHARES:
        if isinstance(value := incident.about.get(name), int | float):
            words[name] = percent(value)
    for name in _SECONDS:
        if isinstance(value := incident.about.get(name), int | float):
            words[name.removesuffix("_s")] = words[name] = spoken(timedelta(seconds=value))
    system = str(incident.about.get("system", ""))
    channel = str(incident.about.get("channel", ""))
    known = template.channels.get(channel)
    return words | {
        "orders": f"{incident.orders:,} {'order' if incident.orders == 1 else 'orders'}",
        "count": f"{incident.orders:,}",
        "still_open": f"{incident.still_open:,}",
        "money": money(incident.money, incident.currency or template.currency),
        "system_title": title_of(template, system),
        "channel_title": known.title if known else channel,
        "since": clock_time(incident.cause_at, now, zone),
        "waiting": words.get("waiting", ""),
    }


def title_of(template: Template, system: str) -> str:
    """What people call a system."""
    if system == template.oms:
        return template.oms_title
    rule = template.legs.get(system)
    return rule.title if rule else system


def money(value: Decimal, currency: str) -> str:
    """An amount in whole units with its currency: "THB 48,210"."""
    return f"{currency} {value:,.0f}".strip()


def percent(share: float) -> str:
    """A share as people say it: "5.2 %", never rounded up to 100."""
    if share >= 1:
        return "100 %"
    return f"{min(99.9, share * 100):.1f} %"


def _plain(value: FactValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return str(value)
