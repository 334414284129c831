"""Which system of a flow comes after which, and in which column it is drawn, by its template."""

from __future__ import annotations

from collections.abc import Mapping

from orderwatch.core.flow.template import PLACED, LegRule, Template
from orderwatch.core.model import System


def starts_of(rule: LegRule, template: Template) -> tuple[System, ...]:
    """The systems a leg comes after; the OMS places orders."""
    named = (template.oms if start == PLACED else start for start in rule.starts)
    return tuple(dict.fromkeys(named))


def columns_of(template: Template) -> dict[System, int]:
    """The column of each system: right of all it waits for, beside the others of its stage.

    A leg that follows another of its own stage stands below it, in the same column. When the
    stages go round in a circle they cannot keep together; then only what waits for what counts.
    """
    return _settled(template, keeps_stages=True) or _settled(template, keeps_stages=False) or {}


def _settled(template: Template, *, keeps_stages: bool) -> dict[System, int] | None:
    """The columns when nothing moves any further; None when it never would."""
    chains = chains_of(template)
    columns = {template.oms: 0} | dict.fromkeys(template.legs, 1)
    for _ in range(len(template.legs) + 1):
        known = dict(columns)
        for rule in template.legs.values():
            columns[rule.system] = _column(rule, template, columns, chains, keeps_stages)
        if columns == known:
            return columns
    return None


def _column(
    rule: LegRule,
    template: Template,
    columns: Mapping[System, int],
    chains: Mapping[System, System],
    keeps_stages: bool,
) -> int:
    column = columns[rule.system]
    for start in starts_of(rule, template):
        follows = chains.get(rule.system) == start
        column = max(column, columns[start] + (0 if follows else 1))
    if keeps_stages and rule.stage and rule.system not in chains:
        mates = (r for r in template.legs.values() if r.stage == rule.stage)
        column = max(column, *(columns[r.system] for r in mates if r.system not in chains), 1)
    return column


def chains_of(template: Template) -> dict[System, System]:
    """Legs that stand below another of their stage, each by the one above it: one below one."""
    chains: dict[System, System] = {}
    for rule in template.legs.values():
        for start in starts_of(rule, template):
            above = template.legs.get(start)
            alike = above is not None and rule.stage and above.stage == rule.stage
            if alike and start not in chains.values() and rule.system not in chains:
                chains[rule.system] = start
    return chains
