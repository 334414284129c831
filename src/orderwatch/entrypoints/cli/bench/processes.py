"""What processes cost, as the kernel tells it: memory while they run, processor time in sum."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

_SAMPLE_EVERY = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class Memory:
    """Watches how much the largest process of a session holds while a block runs."""

    def __init__(self, leader: int) -> None:
        """Watches from entering on."""
        self._leader = leader
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.samples: list[float] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_EVERY):
            self.samples.append(max(map(_resident_mb, _session(self._leader)), default=0.0))

    @property
    def peak_mb(self) -> float:
        """The most there was."""
        return max(self.samples, default=0.0)

    @property
    def growth_mb(self) -> float:
        """By how much the most of the second half exceeds the most of the first."""
        half = len(self.samples) // 2
        if not half:
            return 0.0
        return max(self.samples[half:]) - max(self.samples[:half])


def processor_seconds(leader: int) -> float:
    """What a process and all its children have used, those that ended and were waited for too."""
    spent = sum(_stat(leader)[11:15])
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = _stat(int(entry.name))
                spent += sum(stat[11:15]) if stat[1] == leader else 0
    return spent / _TICKS


def _stat(pid: int) -> list[int]:
    """/proc/PID/stat after the name: [1] is the parent, [11] to [14] processor time in ticks."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [0, *(int(word) for word in words[1:])]


def _session(leader: int) -> Iterator[int]:
    """The processes of a session."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if os.getsid(int(entry.name)) == leader:
                yield int(entry.name)


def _resident_mb(pid: int) -> float:
    with contextlib.suppress(OSError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20
    return 0.0
