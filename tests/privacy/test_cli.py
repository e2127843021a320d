"""`python -m privacy` as a filter in a pipe."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "privacy"]


def run(data: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *options], input=data, capture_output=True, cwd=ROOT, timeout=60, check=False
    )


def test_lines_in_lines_out() -> None:
    done = run("我叫李建国\n\n手机13812345678\n".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "我叫李**\n\n手机138****5678\n"


def test_line_ends_stay() -> None:
    assert (
        run("手机13812345678\r\n你好\r\n最后一行".encode()).stdout.decode()
        == "手机138****5678\r\n你好\r\n最后一行"
    )
    assert run(b"").stdout == b""


def test_json_lines() -> None:
    done = run("😀我叫李建国\r\n\n你好".encode(), "--json")
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert lines == [
        {"text": "😀我叫李**", "spans": [{"type": "person", "start": 3, "end": 6}]},
        {"text": "", "spans": []},
        {"text": "你好", "spans": []},
    ]


def test_bytes_that_are_no_utf8_pass_through() -> None:
    assert run(b"\xff\xfe 13812345678 \x00\n").stdout == b"\xff\xfe 138****5678 \x00\n"
    done = run(b"\xff13812345678\n", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["spans"] == [{"type": "phone", "start": 1, "end": 12}]


def test_unicode_line_separators_do_not_split_a_line() -> None:
    assert run("一\u2028二\x0b三\u0085四\n".encode()).stdout.decode() == "一\u2028二\x0b三\u0085四\n"


def test_a_very_long_line() -> None:
    done = run(("你好" * 30_000 + "13812345678\n").encode())
    assert done.stdout.decode().endswith("138****5678\n")


def test_each_line_is_answered_at_once() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("手机13812345678\n".encode())
        process.stdin.flush()
        assert process.stdout.readline().decode() == "手机138****5678\n"
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_a_reader_that_leaves_is_no_error() -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            for _ in range(2_000):
                process.stdin.write("手机13812345678\n".encode())
                process.stdin.flush()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=10) == 0


def test_help_and_unknown_options() -> None:
    assert b"--json" in run(b"", "--help").stdout
    done = run(b"", "--jsno")
    assert done.returncode == 2
    assert b"--jsno" in done.stderr
