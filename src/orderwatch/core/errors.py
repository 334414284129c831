"""Failures that say what to do. The docstring of a class is its message's beginning."""

from __future__ import annotations


class OrderwatchError(Exception):
    """Something Orderwatch cannot do; the message names what is wrong and the remedy."""

    retryable = False

    @property
    def said(self) -> str:
        """The message as it was made: a Sentence stays one."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class Unavailable(OrderwatchError):
    """The database cannot be reached just now; the same call may succeed later."""

    retryable = True
