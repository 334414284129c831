"""Figures of a benchmark: medians, percentiles, and what they say about a goal. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

import msgspec
from msgspec import Struct


class Goal(Struct, frozen=True):
    """Something wanted: `value` of `what` is to be at least (or at most) `wanted`."""

    what: str
    value: float
    wanted: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether it is so."""
        return self.value <= self.wanted if self.at_most else self.value >= self.wanted

    @property
    def verdict(self) -> str:
        """The same in words."""
        if self.met:
            return "met"
        if self.wanted <= 0 or self.value <= 0:
            return "missed"
        short = self.value / self.wanted if self.at_most else self.wanted / self.value
        return f"missed by a factor of {short:.1f}" if short >= 1.05 else "missed by a little"


class Result(Struct, frozen=True, kw_only=True):
    """What one benchmark found: ours, the limit beside it, and every run.

    `more` are further facts by name; they stand beside the others in the JSON.
    """

    bench: str
    figure: float
    limit: float
    unit: str
    figure_is: str
    limit_is: str
    runs: Sequence[dict[str, Any]]
    goals: Sequence[Goal]
    more: dict[str, Any] = {}

    @property
    def ratio(self) -> float:
        """Ours in parts of the limit."""
        return self.figure / self.limit if self.limit else math.inf

    def document(self, machine: dict[str, Any]) -> dict[str, Any]:
        """The JSON document."""
        return {
            "bench": self.bench,
            "figure": rounded(self.figure),
            "limit": rounded(self.limit),
            "ratio": rounded(self.ratio),
            "unit": self.unit,
            "runs": [{name: rounded(value) for name, value in run.items()} for run in self.runs],
            "goal": [
                {**msgspec.structs.asdict(goal), "value": rounded(goal.value), "met": goal.met}
                for goal in self.goals
            ],
            "met": all(goal.met for goal in self.goals),
            **self.more,
            "machine": machine,
        }


def middle(runs: Sequence[dict[str, Any]], name: str) -> float:
    """The median of one value over the runs."""
    return median(float(run[name]) for run in runs)


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that `part` (0 to 1) of all do not exceed: nearest rank, no guessing."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def rounded(value: Any) -> Any:
    """Three digits that mean something, all those before the point; what is no number stays."""
    if not isinstance(value, float) or not math.isfinite(value) or value == 0:
        return value
    digits = 3 - math.ceil(math.log10(abs(value)))
    return round(value, digits) if digits > 0 else round(value)


def shown(value: float) -> str:
    """A figure for people."""
    text = rounded(float(value))
    return f"{text:,.0f}" if abs(text) >= 1000 else f"{text:g}"


def growth_allowed(small: int, large: int) -> float:
    """By how much an answer may take longer when rows grow from `small` to `large`: as log n."""
    return math.log(large) / math.log(small)
