"""Reads a fault plan from YAML; every problem names its line, its field and the remedy."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, cast

from orderwatch.core.simulation.faults import KINDS, FaultPlan, FaultRule, Kind
from orderwatch.core.simulation.plan import Plan
from orderwatch.core.yaml_fields import Fields, Problems, as_choice, entries
from orderwatch.core.yaml_source import Listing, Mapping, Node, Scalar, SourceProblem, read_yaml

_COMMON: Final = ("rate", "from", "to")
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")


def read_faults(text: str, plan: Plan) -> tuple[FaultPlan, tuple[SourceProblem, ...]]:
    """The rules of a fault plan for this plan's systems; usable only if there are no problems."""
    root, found = read_yaml(text)
    problems = Problems(found)
    rules: list[FaultRule] = []
    if not (isinstance(root, Scalar) and root.empty):
        for kind, node in entries(root, problems, of="fault kinds"):
            if as_choice(kind, problems, tuple(KINDS)):
                rules += _rules(kind.text, node, problems, plan)
    order = list(KINDS)
    return tuple(sorted(rules, key=lambda rule: order.index(rule.kind))), problems.sorted()


def _rules(kind: str, node: Node, problems: Problems, plan: Plan) -> list[FaultRule]:
    nodes = node.items if isinstance(node, Listing) else (node,)
    return [_rule(kind, each, problems, plan) for each in nodes]


def _rule(kind: str, node: Node, problems: Problems, plan: Plan) -> FaultRule:
    if isinstance(node, Scalar) and not node.empty:
        return FaultRule(kind=cast(Kind, kind), rate=_number(node, problems, 0, 1) or 0.0)
    fields = Fields(node, problems, (*_COMMON, *KINDS[kind].keys))
    default = 1.0 if kind == "silent" else 0.0
    rate = fields.get("rate") if kind == "silent" else fields.need("rate", "0.01")
    system = fields.choice("system", plan.systems)
    since, until = _clock(fields, "from"), _clock(fields, "to")
    if isinstance(node, Mapping):
        _complete(kind, node, fields, problems)
    spread, offset = fields.duration("spread"), fields.get("offset")
    return FaultRule(
        kind=cast(Kind, kind),
        rate=default if rate is None else _number(rate, problems, 0, 1) or 0.0,
        system=system,
        status=fields.choice("status", _words(plan, system)),
        since=since,
        until=until,
        factor=_optional(fields, "factor", 10.0, 0.01, 1e6),
        copies=fields.integer("copies") or 1,
        spread=spread.total_seconds() if spread else 120.0,
        offset=None if offset is None else _number(offset, problems, -864_000, 864_000),
        backlog="lost" if fields.choice("backlog", ("sent", "lost")) == "lost" else "sent",
    )


def _complete(kind: str, node: Mapping, fields: Fields, problems: Problems) -> None:
    """What a rule needs besides its rate."""
    hours = [key for key in ("from", "to") if fields.get(key) is not None]
    if len(hours) == 1:
        fields.need("to" if hours == ["from"] else "from", '"10:30"')
    if kind == "silent":
        fields.need("system", "stock")
        if not hours:
            problems.add(node, 'needs the hours of silence: from: "10:00", to: "10:30"')
    if kind == "slow":
        fields.need("system", "stock")


def _words(plan: Plan, system: str | None) -> Collection[str]:
    said = (step.status for step in plan.steps if system in (None, step.system))
    return tuple(dict.fromkeys(said))


def _clock(fields: Fields, key: str) -> float | None:
    """Seconds of the day of a `"10:30"`."""
    node = fields.get(key)
    if node is None:
        return None
    match = _CLOCK.fullmatch(node.text) if isinstance(node, Scalar) else None
    if match is None:
        fields.problems.add(node, 'must be a time of the day such as "10:30"')
        return None
    return int(match[1]) * 3600.0 + int(match[2]) * 60.0


def _optional(fields: Fields, key: str, default: float, least: float, most: float) -> float:
    node = fields.get(key)
    if node is None:
        return default
    number = _number(node, fields.problems, least, most)
    return default if number is None else number


def _number(node: Node, problems: Problems, least: float, most: float) -> float | None:
    text = node.text if isinstance(node, Scalar) else ""
    if _NUMBER.fullmatch(text) and least <= float(text) <= most:
        return float(text)
    problems.add(node, f"must be a number from {least:g} to {most:g}")
    return None
