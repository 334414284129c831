"""Style, script and icon, each at an address with the hash of its content: kept for ever.

A new version has a new address, so no browser shows an old style under a new page. What others
made lies in a folder that `./dev` builds (browser/files.txt); without it pages do, and say so.
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
BUILT: Final = Path(__file__).parent / "built"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_HEADERS: Final = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
}
_TEXTS: Final = (".css", ".js")
_NO_SUCH: Final = {"cache-control": "no-store"}


class StaticFile(Struct, frozen=True):
    """One file and where it is served."""

    address: str
    content: bytes
    media_type: str


_IMPORT: Final = re.compile(rb'(?:(?<=from ")|(?<=url\("))\./([\w.-]+)(?=")')
"""How a script names another, and a style its font."""


def load(*folders: Path) -> dict[str, StaticFile]:
    """All files by name. Each comes after those it names, and names them by their hashed names.

    A folder that is not there has no files; who names a file that is not there keeps its name.
    """
    paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    texts = {path.name: path.read_bytes() for path in paths if path.is_file()}
    needs = {name: _named_by(name, text) & texts.keys() for name, text in texts.items()}
    files: dict[str, StaticFile] = {}
    for name in TopologicalSorter(needs).static_order():
        files[name] = _file(name, _with_addresses(name, texts[name], files))
    return files


def _named_by(name: str, text: bytes) -> set[str]:
    return {to.decode() for to in _IMPORT.findall(text)} if name.endswith(_TEXTS) else set()


def _with_addresses(name: str, text: bytes, files: dict[str, StaticFile]) -> bytes:
    def address(found: re.Match[bytes]) -> bytes:
        file = files.get(found[1].decode())
        return file.address.encode() if file else found[0]

    return _IMPORT.sub(address, text) if name.endswith(_TEXTS) else text


def _file(name: str, content: bytes) -> StaticFile:
    suffix = Path(name).suffix
    digest = hashlib.sha256(content).hexdigest()[:12]
    address = f"/static/{name.removesuffix(suffix)}.{digest}{suffix}"
    return StaticFile(address, content, _MEDIA_TYPES[suffix])


FILES: Final = load(FOLDER, BUILT)
_BY_ADDRESS: Final = {file.address: file for file in FILES.values()}
_FROM_OTHERS: Final = frozenset(
    {
        "htmx.min.js",
        "idiomorph.min.js",
        "uPlot.iife.min.js",
        "uPlot.min.css",
        "inter-latin-wght-normal.woff2",
        "inter-latin-ext-wght-normal.woff2",
        "noto-sans-thai-thai-wght-normal.woff2",
    }
)


def missing_files() -> list[str]:
    """What pages ask for and nobody built, by name; empty in every sound installation."""
    return sorted(_FROM_OTHERS - FILES.keys())


def address_of(name: str) -> str:
    """The address of a static file: `console.css` is at `/static/console.<hash>.css`.

    A file that was not built has one as well, where nothing is found.
    """
    if name in _FROM_OTHERS and name not in FILES:
        return f"/static/{name}"
    return FILES[name].address


@get("/static/{name:str}", opt=open_to_all(), include_in_schema=False)
async def static_file(name: str) -> Response[bytes]:
    """One file, by its hashed name."""
    file = _BY_ADDRESS.get(f"/static/{name}")
    if file is None:
        return Response(b"", status_code=404, media_type="text/plain", headers=_NO_SUCH)
    return Response(file.content, media_type=file.media_type, headers=_HEADERS)
