"""Runs a page of the documentation: its blocks in their order, as its reader would type them.

- A `bash` or `python` block is run and must exit 0. Variables and functions stay for later ones.
- A block that ends in a command that serves (`serve`, `demo`) goes on until the page ends.
- A `text` block says what the reader sees; every line of it must be in what the block before it
  printed, in that order. `...` stands for anything.
- A `yaml` block whose first line is a comment that begins with a file's name is that file.
- `<!-- not run: WHY -->` before a block leaves it out; `<!-- needs: a running server -->` before
  the first one lends a server that the page takes for granted; pages share it.

The reader's working folder is a scratch copy of the checkout's front. Ports, hosts and folders are
changed to free ones, and `./dev run` is this test's environment.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx
from msgspec import Struct
from tests.product import REPOSITORY, Product, environment, eventually, free_port

PATIENCE: Final = 120.0
_FENCE: Final = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_NOTE: Final = re.compile(r"<!-- (not run|needs): (.*?) -->\s*\Z")
_SERVES: Final = re.compile(r"^(\./dev demo|\./dev run orderwatch (serve|demo))\b")
_WARM: Final = Path(__file__).parent / "warm.py"
_PORT: Final = re.compile(r"--port (\d+)")
_FRONT: Final = ("templates", "examples", "docs", "src", "README.md")
_DEV: Final = """#!/usr/bin/env bash
# Stands for the script of the same name: the same commands in the environment of the tests.
set -euo pipefail
command=$1; shift
case $command in
  demo) exec {python} -m orderwatch demo --port {port} "$@" ;;
  run)
    case "$1 $2" in
      "orderwatch serve") shift; exec {python} -m orderwatch "$@" ;;
      orderwatch*) shift; exec {python} -S -E {warm} run {socket} "$@" ;;
      *) exec "$@" ;;
    esac ;;
  *) echo "a page runs ./dev $command" >&2; exit 2 ;;
esac
"""


class Block(Struct, frozen=True):
    """One fenced block: its language, its text, where it begins, and what was noted before it."""

    language: str
    text: str
    line: int
    not_run: str | None
    needs: str | None

    @property
    def is_run(self) -> bool:
        """Whether its reader would run it."""
        return self.language in {"bash", "python"}


def blocks_of(page: Path) -> list[Block]:
    """The page's blocks in their order."""
    text = page.read_text("utf-8")
    found = []
    for match in _FENCE.finditer(text):
        note = _NOTE.search(text[: match.start()])
        kind, what = (note[1], note[2]) if note else ("", None)
        body = "".join(line.removeprefix(match[1]) for line in match[3].splitlines(keepends=True))
        found.append(
            Block(
                language=match[2],
                text=body,
                line=text.count("\n", 0, match.start()) + 1,
                not_run=what if kind == "not run" else None,
                needs=what if kind == "needs" else None,
            )
        )
    return found


class Reader:
    """Somebody with a shell, who does what a page says."""

    def __init__(
        self, folder: Path, warm: Path, lent: Product, rewrites: Mapping[str, str] | None = None
    ) -> None:
        """`folder` is empty and open to the database's user; `rewrites` are texts to replace."""
        self.folder = folder
        self._warm = warm
        self._lent = lent
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.exported = environment(folder / "data", None, {"url": self.url})
        self._rewrites = {
            "8080": str(self.port),
            "8081": str(free_port()),
            "0.0.0.0": "127.0.0.1",
            "/tmp/": f"{folder}/",
            **(rewrites or {}),
        }
        self._servers: list[subprocess.Popen[bytes]] = []
        self.desk = folder / "desk"
        self._furnish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for server in reversed(self._servers):
            server.terminate()
        for server in self._servers:
            server.wait(PATIENCE)

    def follow(self, page: Path) -> list[str]:
        """Run a page; what each of its blocks printed, in their order."""
        printed: list[str] = []
        for block in blocks_of(page):
            where = f"{page.relative_to(REPOSITORY)}:{block.line}"
            if block.needs == "a running server":
                self._move_to(self._lent)
            if block.language == "text":
                assert printed, f"{where}: nothing was run before it"
                shows(block.text, printed[-1], where)
            elif block.language == "yaml":
                self._save(block.text)
            elif block.is_run and block.not_run is None:
                printed.append(self._run(block, where))
        return printed

    def _move_to(self, lent: Product) -> None:
        """Go on before another server, in the same shell."""
        self._rewrites["8080"] = str(lent.port)
        settings = {**lent.settings, "ORDERWATCH_URL": lent.url}
        self.exported |= settings
        with (self.folder / "shell").open("a") as shell:
            shell.writelines(f"export {k}={shlex.quote(v)}\n" for k, v in settings.items())

    def _furnish(self) -> None:
        self.desk.mkdir(parents=True)
        for name in _FRONT:
            (self.desk / name).symlink_to(REPOSITORY / name)
        dev = self.desk / "dev"
        names = {"python": sys.executable, "warm": _WARM, "socket": self._warm}
        quoted = {name: shlex.quote(str(value)) for name, value in names.items()}
        dev.write_text(_DEV.format(port=self.port, **quoted))
        dev.chmod(0o755)

    def _save(self, text: str) -> None:
        if name := re.match(r"# (\S+\.yaml)\b", text):
            (self.desk / name[1]).write_text(text, "utf-8")

    def _run(self, block: Block, where: str) -> str:
        text = self._rewritten(block.text)
        if block.language == "python":
            return self._shell(f"{shlex.quote(sys.executable)} - <<'PYTHON'\n{text}\nPYTHON", where)
        *before, last = text.strip().splitlines()
        if not _SERVES.match(last):
            return self._shell(text, where)
        said = self._shell("\n".join(before), where)
        self._serve(last.partition("#")[0], where)
        return said

    def _rewritten(self, text: str) -> str:
        for old, new in self._rewrites.items():
            text = text.replace(old, new)
        return text

    def _shell(self, script: str, where: str) -> str:
        """Run in a shell that goes on where the one before it ended."""
        before, exported = self.folder / "shell", self.folder / "exported"
        go_on = f"[ ! -e {before} ] || . {before}\nset -euo pipefail"
        keep = f"{{ declare -p | grep -vE '^declare -[a-zA-Z]*r'; declare -f; }} > {before}"
        done = subprocess.run(
            ["bash", "-c", f"{go_on}\n{script}\n{keep}\nenv -0 > {exported}"],
            cwd=self.desk,
            env=self.exported,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{where}: exit {done.returncode}\n{script}\n{done.stdout}"
        self.exported = dict(one.split("=", 1) for one in exported.read_text().split("\0") if one)
        return done.stdout

    def _serve(self, command: str, where: str) -> None:
        """Start what serves and wait until it is ready."""
        command = self._rewritten(command)
        log = self.folder / f"server-{len(self._servers)}.log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.desk,
                env=self.exported,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._servers.append(server)
        named = _PORT.search(command)
        url = f"http://127.0.0.1:{named[1] if named else self.port}/readyz"

        def is_ready() -> bool:
            assert server.poll() is None, f"{where}: {command} ended\n{log.read_text()}"
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(url).status_code == 200
            return False

        eventually(is_ready, f"{where}: {command} is ready", log.read_text, within=PATIENCE)


def shows(said: str, printed: str, where: str) -> None:
    """Every line the page shows was printed, in that order; blanks count as one."""
    rest = " ".join(printed.split())
    for line in filter(str.strip, said.splitlines()):
        pattern = ".*?".join(re.escape(" ".join(part.split())) for part in line.split("..."))
        match = re.search(pattern, rest)
        assert match, f"{where}: it says\n{line}\nand what was printed has, from there on,\n{rest}"
        rest = rest[match.end() :]


@contextmanager
def warm_orderwatch(folder: Path) -> Iterator[Path]:
    """The socket of a process that runs commands at once, for as long as the block lasts."""
    path = folder / "warm"
    environment_ = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
    warm = subprocess.Popen([sys.executable, _WARM, "serve", path], env=environment_)
    try:
        eventually(path.exists, "commands are taken")
        yield path
    finally:
        warm.kill()
        warm.wait()


def pages() -> list[Path]:
    """Every page whose commands a newcomer types."""
    return [
        REPOSITORY / "README.md",
        *sorted((REPOSITORY / "docs" / "tutorial").glob("*.md")),
        *sorted((REPOSITORY / "docs" / "how-to").glob("*.md")),
    ]
