"""`rasa data validate`, with its warnings read: `python -m tests.validate`. Fails at any.

What the validator cannot see and is right is left out by the importer (`components/validation.py`).
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WARNING = re.compile(r"(?:UserWarning: |\bWARNING\s+\S+\s+- |\bERROR\s+\S+\s+- )(.*)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def warnings(log: str) -> Iterator[str]:
    """The validator's warnings and errors, one line each."""
    for line in COLOUR.sub("", log).splitlines():
        found = WARNING.search(line)
        if found:
            yield found[1].strip()


def main() -> int:
    """Validate and judge; the exit code."""
    command = [sys.executable, "-m", "deploy.assistant", "data", "validate"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    told = sorted(set(warnings(run.stdout + run.stderr)))
    print("\n".join(told))
    print(f"validate: exit code {run.returncode}, {len(told)} warnings")
    if run.returncode:
        print(run.stdout[-3000:] + run.stderr[-3000:])
    return 1 if run.returncode or told else 0


if __name__ == "__main__":
    sys.exit(main())
