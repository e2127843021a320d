"""The process that reads pictures: one request a line on its input, one answer a line on its output, both JSON.

    {"path": "/…/var/media/abc"}  →  {"lines": ["订单编号：202606010001"]}  |  {"problem": "not a whole picture"}

It is small before its first picture, and ends when its input does.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from connectors.recognition import pictures

_MEMORY = 3 * 1024**3
"""Of address space: a decoder gone wild ends this process, not the machine."""


def answer(request: str) -> dict[str, object]:
    """The answer to one request."""
    try:
        content = Path(json.loads(request)["path"]).read_bytes()
        return {"lines": pictures.lines_of(content)}
    except pictures.Unreadable as problem:
        return {"problem": str(problem)}
    except Exception as error:  # whatever broke: the next picture is another one
        return {"problem": type(error).__name__}


def main() -> None:
    """Serve until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    out, sys.stdout = sys.stdout, sys.stderr  # libraries that print must not be taken for answers
    for request in sys.stdin:
        print(json.dumps(answer(request)), file=out, flush=True)


if __name__ == "__main__":
    main()
