"""Two companies with incidents on a real database, and browsers of their people."""

from __future__ import annotations

from tests.integration.people.conftest import office

__all__ = ["office"]
