"""A condition of a rule: a CEL expression over the facts of what the rule looks at."""

from __future__ import annotations

from typing import Protocol

from orderwatch.core.alerting.facts import Facts
from orderwatch.core.errors import OrderwatchError


class Condition(Protocol):
    """A checked expression."""

    @property
    def text(self) -> str:
        """As it was written."""
        ...

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of these facts; raises ConditionFailed."""
        ...


class ConditionFailed(OrderwatchError):
    """A condition cannot be decided of these facts; the message says why."""
