"""The flow template in force for each tenant, remembered for a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from orderwatch.core.errors import OrderwatchError
from orderwatch.core.flow.parse import TemplateError, parse_template
from orderwatch.core.flow.template import Template
from orderwatch.core.model import TenantId


class Templates(Protocol):
    """Where templates are kept."""

    async def newest(self, tenant: TenantId) -> str | None:
        """The YAML text of the version in force. Raises Unavailable."""
        ...


class NoTemplate(OrderwatchError):
    """The tenant has no valid flow template."""


class KnownTemplates:
    """Any Templates, asked at most once per tenant and `for_`. Good for one event loop."""

    def __init__(
        self,
        templates: Templates,
        monotonic: Callable[[], float],
        for_: timedelta = timedelta(seconds=2),
    ) -> None:
        self._templates = templates
        self._monotonic = monotonic
        self._for = for_.total_seconds()
        self._known: dict[TenantId, tuple[float, str, Template]] = {}

    async def of(self, tenant: TenantId) -> Template:
        """The template in force; raises NoTemplate, or Unavailable."""
        now = self._monotonic()
        known = self._known.get(tenant)
        if known is not None and now < known[0]:
            return known[2]
        source = await self._templates.newest(tenant)
        if source is None:
            raise NoTemplate(f"Tenant {tenant} has no flow template.")
        template = known[2] if known is not None and known[1] == source else parse(source)
        self._known[tenant] = (now + self._for, source, template)
        return template


def parse(source: str) -> Template:
    """The template of a text that was validated before; raises NoTemplate with its errors."""
    template = parse_template(source)
    if isinstance(template, Template):
        return template
    raise NoTemplate("; ".join(_sentence(error) for error in template))


def _sentence(error: TemplateError) -> str:
    return f"line {error.line}: {error.field}: {error.message}"
