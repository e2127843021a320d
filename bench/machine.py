"""What figures were measured on."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path


def description() -> str:
    """The machine and the day, for a report's head."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    today = datetime.date.today().isoformat()
    return f"{today}, {_processor()}, {cores} cores, {_memory():.0f} GiB, load {load:.1f} at the end, {platform.system()}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> float:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) / 2**20
    return 0.0
