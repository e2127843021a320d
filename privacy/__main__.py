"""`python -m privacy [--json]`: masks lines from standard input to standard output, one for one."""

from __future__ import annotations

import argparse
import json
import os
import sys

from privacy.engine import scan


def main(arguments: list[str] | None = None) -> int:
    """Bytes that are not UTF-8 pass through unchanged; line ends (LF, CRLF, none on the last line) are kept."""
    parser = argparse.ArgumentParser(
        prog="python -m privacy",
        description="Mask personal data: lines in on standard input, masked lines out, one for one.",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help='write one JSON a line: {"text": masked, "spans": [{"type", "start", "end"}]}; offsets count the code points of the line',
    )
    options = parser.parse_args(arguments)
    try:
        for raw in sys.stdin.buffer:
            sys.stdout.buffer.write(_as_json(raw) if options.json else _as_text(raw))
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader has gone. Point stdout elsewhere, or the interpreter complains while it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


def _split(raw: bytes) -> tuple[str, str]:
    line = raw.decode("utf-8", "surrogateescape")
    body = line.rstrip("\r\n") if line.endswith("\n") else line
    return body, line[len(body) :]


def _as_text(raw: bytes) -> bytes:
    body, end = _split(raw)
    return (scan(body).text + end).encode("utf-8", "surrogateescape")


def _as_json(raw: bytes) -> bytes:
    result = scan(_split(raw)[0])
    spans = [{"type": span.type, "start": span.start, "end": span.end} for span in result.spans]
    text = result.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return (json.dumps({"text": text, "spans": spans}, ensure_ascii=False) + "\n").encode("utf-8")


if __name__ == "__main__":
    sys.exit(main())
