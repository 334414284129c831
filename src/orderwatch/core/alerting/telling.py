"""What is kept of a parcel's fate: a line of the time line, a cause for rules, figures."""

from __future__ import annotations

from typing import Any, Final

from orderwatch.core.alerting.digest import worst_first
from orderwatch.core.alerting.incident import GROUP_SEPARATOR
from orderwatch.core.alerting.notice import NoticeKind
from orderwatch.core.alerting.sending import Claim, Delivered, GivenUp, Result
from orderwatch.core.tracking.counting import Deltas

DETECTION_BOUNDS_S: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
OF_A_CHANNEL: Final = "channel"
"""How the group of an incident about a channel begins; the channel's name follows."""


def entry_of(claim: Claim, result: Result) -> str:
    """The line for the time lines of the incidents that were told of, or not."""
    name, many = claim.channel.name, len(worst_first(claim.notices))
    kind = worst_first(claim.notices)[0].message.kind.value
    what = kind if many == 1 else f"a digest of {many:,} notices"
    match result:
        case Delivered():
            return f"{name}: {what}"
        case GivenUp(_, why):
            attempts = max(one.attempts for one in claim.notices)
            return f"{name}: {what} could not be delivered in {attempts:,} tries. {why}"
        case _:
            return f"{name}: {what} waits for its next try. {result.why}"


def failure_of(claim: Claim) -> dict[str, Any] | None:
    """What the rules are told of a parcel that was given up.

    None when it was about the failure of this very channel: that is known already.
    """
    first = worst_first(claim.notices)[0]
    if first.message.group == f"{OF_A_CHANNEL}{GROUP_SEPARATOR}{claim.channel.name}":
        return None
    return {
        "notice": {
            "channel": claim.channel.name,
            "kind": claim.channel.kind.value,
            "attempts": max(one.attempts for one in claim.notices),
            "incident": first.incident,
            "title": first.message.title,
        }
    }


def totals_of(deltas: Deltas, claim: Claim, result: Result) -> None:
    """Count the notices by what became of them, and how long people waited to hear of a cause."""
    name, many = claim.channel.name, len(claim.notices)
    match result:
        case Delivered(at):
            deltas.add("notifications", name, "sent")
            if many > 1:
                deltas.add("notifications", name, "merged", by=many - 1)
            for one in claim.notices:
                if one.message.kind is NoticeKind.FIRING:
                    lag = max(0.0, (at - one.message.cause_at).total_seconds())
                    bounds = DETECTION_BOUNDS_S
                    deltas.observe("detection_lag", lag, bounds, one.message.rule)
        case GivenUp():
            deltas.add("notifications", name, "failed", by=many)
        case _:
            deltas.add("notifications", name, "retried")
