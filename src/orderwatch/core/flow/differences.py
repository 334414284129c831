"""What another flow template would change: for the one who is asked before it comes into force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import asdict, replace

from orderwatch.core.flow.template import LegRule, Template, Threshold


class Parts(Struct, frozen=True):
    """Names of a table's entries that are new, gone, or say something else."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.added) + len(self.removed) + len(self.changed)


class Differences(Struct, frozen=True):
    """How a template differs from the one before it; `other` are its remaining fields by name."""

    statuses: Parts
    legs: Parts
    other: tuple[str, ...]


def differences(before: Template, after: Template) -> Differences:
    """Everything a verdict, a page or a reader could notice."""
    old, new = asdict(before), asdict(after)
    tables = ("statuses", "legs")
    return Differences(
        statuses=_parts(before.statuses, after.statuses),
        legs=_parts(before.legs, after.legs),
        other=tuple(name for name in old if name not in tables and old[name] != new[name]),
    )


def refolds(before: Template, after: Template) -> bool:
    """Whether what was heard so far may mean something else: then every state is to be folded anew.

    Without it the two only judge differently: thresholds, classes, what is required and when.
    """
    return _meaning(before) != _meaning(after)


def _meaning(template: Template) -> Template:
    """The template without all that is asked only when an order is judged or shown."""
    return replace(
        template,
        title="",
        version=1,
        currency="",
        time_zone="",
        oms_title="",
        oms_silent_after=None,
        channels={},
        statuses={
            name: replace(status, threshold=None, when_overdue=None, meaning="")
            for name, status in template.statuses.items()
        },
        legs={
            name: LegRule(
                system=leg.system,
                title="",
                threshold=Threshold(timedelta(0)),
                success=leg.success,
                failed=leg.failed,
                in_progress=leg.in_progress,
            )
            for name, leg in template.legs.items()
        },
    )


def _parts(before: Mapping[str, object], after: Mapping[str, object]) -> Parts:
    return Parts(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(
            name for name, entry in after.items() if name in before and before[name] != entry
        ),
    )
