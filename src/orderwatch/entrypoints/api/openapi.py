"""The API's description of itself: OpenAPI 3.1, and a page made of it that needs nothing else."""

from __future__ import annotations

import html
from typing import Any, Final

from litestar import MediaType, Request, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin

from orderwatch.core.ingest.cloudevents import BATCH, STRUCTURED
from orderwatch.entrypoints.api.openapi_events import EVENTS_PATH, SCHEMAS

_METHODS: Final = ("get", "post", "put", "patch", "delete", "options")
_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b1f24;background:#fff}}
article{{border:1px solid #d8dee4;border-radius:.5rem;margin:1rem 0;padding:.75rem 1rem}}
h2{{font-size:1.1rem;margin:0}} b{{display:inline-block;min-width:4.5rem;color:#0969da}}
code{{font-size:.95em}} table{{border-collapse:collapse;width:100%}}
td{{padding:.2rem .75rem .2rem 0;vertical-align:top;border-top:1px solid #eaeef2}}
@media (prefers-color-scheme:dark){{body{{background:#0d1117;color:#e6edf3}}
article,td{{border-color:#30363d}} b{{color:#58a6ff}} a{{color:#58a6ff}}}}
</style>
<h1>{title}</h1><p>{description}</p>
<p>As a document: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a></p>
{operations}
</html>"""


def with_events(schema: dict[str, Any]) -> dict[str, Any]:
    """The framework's document, with the door beside what the framework knows of."""
    components = schema.get("components", {})
    schemas = SCHEMAS | components.get("schemas", {})
    return schema | {
        "openapi": "3.1.0",
        "paths": {"/api/v1/events": EVENTS_PATH} | schema.get("paths", {}),
        "components": components | {"schemas": schemas},
    }


@get(
    "/api/v1/openapi.json", include_in_schema=False, media_type=MediaType.JSON, sync_to_thread=False
)
def openapi_document(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The document. The framework's own would answer for every unknown path beside it, in HTML."""
    return with_events(request.app.openapi_schema.to_schema())


class Page(OpenAPIRenderPlugin):
    """/api/v1/docs"""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document, as a page for people; nothing is loaded from elsewhere."""
        del request
        return docs_page(with_events(openapi_schema)).encode()


def docs_page(schema: dict[str, Any]) -> str:
    """Every call of the document: its parameters and its answers."""
    operations = [
        _operation(path, method, item[method])
        for path, item in schema["paths"].items()
        for method in _METHODS
        if method in item
    ]
    info = schema["info"]
    return _PAGE.format(
        title=html.escape(info["title"]),
        description=html.escape(info.get("description") or ""),
        operations="\n".join(operations),
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = [
        (f"{p.get('name', '')} ({p.get('in', '')})", p.get("description") or "")
        for p in operation.get("parameters") or ()
    ]
    rows += [
        (status, answer.get("description") or "")
        for status, answer in (operation.get("responses") or {}).items()
    ]
    table = "".join(
        f"<tr><td><code>{html.escape(str(name))}</code><td>{html.escape(text)}"
        for name, text in rows
    )
    text = operation.get("description") or operation.get("summary") or ""
    return (
        f"<article><h2><b>{method.upper()}</b> <code>{html.escape(path)}</code></h2>"
        f"<p>{html.escape(text)}</p><table>{table}</table></article>"
    )


def openapi_config(version: str) -> OpenAPIConfig:
    """What the framework is to say about the API, and where."""
    return OpenAPIConfig(
        title="Orderwatch",
        version=version,
        description=f"Order events in ({STRUCTURED}, {BATCH}), every order's verdict out.",
        path="/api/v1/docs",
        render_plugins=[Page()],
        use_handler_docstrings=True,
    )
