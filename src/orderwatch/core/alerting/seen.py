"""One watch and all it may look at, and what it sees of one group."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from orderwatch.core.alerting.book import Book, Rule, Watch
from orderwatch.core.alerting.facts import Facts
from orderwatch.core.alerting.figures import Figures
from orderwatch.core.flow.template import Template
from orderwatch.core.model import System


class View(Struct, frozen=True):
    """A watch of a rule in one round."""

    book: Book
    template: Template
    figures: Figures
    rule: Rule
    watch: Watch
    now: datetime

    def concerns_channel(self, channel: str) -> bool:
        """Whether the rule speaks of this channel."""
        return not self.rule.scope.channels or channel in self.rule.scope.channels

    def concerns_system(self, system: System) -> bool:
        """Whether the rule speaks of this system."""
        return not self.rule.scope.systems or system in self.rule.scope.systems


class Seen(Struct, frozen=True):
    """What a watch sees of one group. `volume` is held against `at_least`.

    `since`: how long it has been so, where that is known.
    """

    group: str
    about: Facts
    facts: Facts
    volume: int
    since: datetime | None = None
