"""Reading a file that nobody vouches for: in a process of its own, with limits on size, memory and time.

    python -m backoffice.knowledge.imports.reading PATH NAME

is that process; it prints a `Reading` as JSON, or says on one line why the file cannot be read (status 3).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

from backoffice.knowledge.imports.proposals import Reading, Unreadable

PROJECT_ROOT = Path(__file__).resolve().parents[3]
FILE_BYTES = 20 * 1024 * 1024
_MEMORY_BYTES = 1024 * 1024 * 1024
_SECONDS = 30
_OUTPUT_BYTES = 64 * 1024 * 1024
_CANNOT = 3
_AT_ONCE = threading.BoundedSemaphore(2)
"""So many files are read beside each other; the next ones wait."""


def read_file(path: Path, name: str | None = None) -> Reading:
    """What a file proposes; `name` is what its sender calls it. Raises Unreadable."""
    called = Path((name or path.name).replace("\\", "/")).name[-120:] or "file"
    try:
        size = path.stat().st_size
    except OSError:
        raise Unreadable("打不开这个文件") from None
    if not path.is_file():
        raise Unreadable("这不是一个文件")
    if size > FILE_BYTES:
        raise Unreadable(f"文件太大，最多 {FILE_BYTES // 1024 // 1024} MB，请拆开后再导入")
    if size == 0:
        raise Unreadable("文件是空的")
    command = [sys.executable, "-m", "backoffice.knowledge.imports.reading", str(path.resolve()), called]
    # No secrets and no threads: what reads a stranger's file needs neither.
    environment = {
        name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ
    }
    environment |= {"PYTHONPATH": str(PROJECT_ROOT), "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}
    try:
        with _AT_ONCE:
            done = subprocess.run(
                command, cwd=PROJECT_ROOT, env=environment, capture_output=True, timeout=_SECONDS, check=False
            )
    except subprocess.TimeoutExpired:
        raise Unreadable("文件读得太久，请拆开或另存后再导入") from None
    if done.returncode == 0:
        return Reading.from_json(done.stdout.decode("utf-8"))
    if done.returncode == _CANNOT:
        raise Unreadable(done.stderr.decode("utf-8", "replace").strip().splitlines()[-1])
    raise Unreadable("文件损坏，或内容大得读不了，请另存后再导入")


def _main(path: Path, name: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    from backoffice.knowledge.imports.formats import read

    try:
        told = read(path.read_bytes(), name).as_json().encode("utf-8", "replace")
        if len(told) > _OUTPUT_BYTES:
            raise Unreadable("内容太多，请拆开后再导入")
    except Unreadable as error:
        print(error, file=sys.stderr)
        return _CANNOT
    except MemoryError:
        print("内容大得读不了，请拆开后再导入", file=sys.stderr)
        return _CANNOT
    sys.stdout.buffer.write(told)
    return 0


if __name__ == "__main__":
    raise SystemExit(_main(Path(sys.argv[1]), sys.argv[2]))
