"""Style, script and icon, each at an address with the hash of its content: kept for ever.

A new version has a new address, so no browser shows an old style under a new page.
"""

from __future__ import annotations

import hashlib
import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

from litestar import Response, get
from msgspec import Struct

from orderwatch.entrypoints.web.sign_in import open_to_all

FOLDER: Final = Path(__file__).parent / "static"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS: Final = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
}
_NO_SUCH: Final = {"cache-control": "no-store"}


class StaticFile(Struct, frozen=True):
    """One file and where it is served."""

    address: str
    content: bytes
    media_type: str


_IMPORT: Final = re.compile(rb'(?<=from ")\./([a-z]+\.js)(?=")')
"""How one script names another."""


def load(folder: Path) -> dict[str, StaticFile]:
    """All files by name. Scripts come after those they import, and import them by hashed name."""
    texts = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    needs = {name: [to.decode() for to in _IMPORT.findall(text)] for name, text in texts.items()}
    files: dict[str, StaticFile] = {}
    for name in TopologicalSorter(needs).static_order():
        text = _IMPORT.sub(lambda to: files[to[1].decode()].address.encode(), texts[name])
        files[name] = _file(name, text)
    return files


def _file(name: str, content: bytes) -> StaticFile:
    stem, _, suffix = name.partition(".")
    digest = hashlib.sha256(content).hexdigest()[:12]
    return StaticFile(f"/static/{stem}.{digest}.{suffix}", content, _MEDIA_TYPES[f".{suffix}"])


FILES: Final = load(FOLDER)
_BY_ADDRESS: Final = {file.address: file for file in FILES.values()}


def address_of(name: str) -> str:
    """The address of a static file: `console.css` is at `/static/console.<hash>.css`."""
    return FILES[name].address


@get("/static/{name:str}", opt=open_to_all(), include_in_schema=False)
async def static_file(name: str) -> Response[bytes]:
    """One file, by its hashed name."""
    file = _BY_ADDRESS.get(f"/static/{name}")
    if file is None:
        return Response(b"", status_code=404, media_type="text/plain", headers=_NO_SUCH)
    return Response(file.content, media_type=file.media_type, headers=_HEADERS)
