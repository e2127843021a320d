"""What running processes cost, read from /proc: memory and CPU of a process with all that it has started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MiB of memory in use by a process and all that it started; 0 when it is gone."""
    return sum(_resident_alone(each) for each in (pid, *_descendants(pid)))


def cpu(pid: int) -> float:
    """CPU seconds, user and system, of a process, all that it started and what ended among them; 0 when it is gone."""
    return sum(_cpu_alone(each) for each in (pid, *_descendants(pid)))


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = [
            child
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from _descendants(child)


def _resident_alone(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def _cpu_alone(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS  # utime, stime, and those of children that have ended
