"""What another flow template would change: for the one who is asked before it comes into force."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import asdict

from orderwatch.core.flow.template import Template


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


def _parts(before: Mapping[str, object], after: Mapping[str, object]) -> Parts:
    return Parts(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(
            name for name, entry in after.items() if name in before and before[name] != entry
        ),
    )
