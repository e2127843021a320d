"""Measures masking on a tab-separated file: `text<TAB>[{"type","start","end","text"}]`, with or without a header line.

`python -m tests.privacy.measure FILE [--all]` prints the numbers, then what was missed.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from privacy import find, mask
from privacy.forms import masked


@dataclass(frozen=True)
class Row:
    text: str
    items: list[dict[str, object]]


@dataclass
class Result:
    """`found` of `items` values hidden; `false_rows` of `clean_rows` rows without values were touched all the same."""

    found: int = 0
    items: int = 0
    exact: int = 0
    false_rows: int = 0
    clean_rows: int = 0
    extra_spans: int = 0
    misses: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)
    inexact: list[str] = field(default_factory=list)


def read(path: str | Path) -> list[Row]:
    """The rows of a file in the guide's format."""
    rows = []
    for line in Path(path).read_text(encoding="utf-8").split("\n"):
        text, _, spans = line.partition("\t")
        if spans.startswith("["):
            rows.append(Row(text, json.loads(spans)))
    return rows


def measure(path: str | Path) -> dict[str, object]:
    """Numbers and misses as a plain dict: found, items, exact, false_rows, clean_rows, extra_spans, misses, …"""
    result = Result()
    for row in read(path):
        _judge(row, result)
    return dict(vars(result))


def _judge(row: Row, result: Result) -> None:
    output = mask(row.text)
    spans = find(row.text)
    if not row.items:
        result.clean_rows += 1
        if output != row.text:
            result.false_rows += 1
            result.false_alarms.append(f"{row.text}  →  {output}")
    for item in row.items:
        start, end = int(str(item["start"])), int(str(item["end"]))
        value, kind = row.text[start:end], str(item["type"])
        assert value == item["text"], f"offsets do not fit: {row.text}"
        result.items += 1
        if any((span.start, span.end, span.type) == (start, end, kind) for span in spans):
            result.exact += 1
        else:
            result.inexact.append(f"{kind} {value}: {row.text}  →  {output}")
        if is_hidden(kind, value, output[start:end]) and value not in output:
            result.found += 1
        else:
            result.misses.append(f"{kind} {value}: {row.text}  →  {output}")
    if row.items:
        for span in spans:
            if not any(
                span.start < int(str(i["end"])) and int(str(i["start"])) < span.end for i in row.items
            ):
                result.extra_spans += 1
                result.false_alarms.append(
                    f"(beside values) {span.type} {row.text[span.start : span.end]}: {row.text}"
                )


def is_hidden(kind: str, value: str, shown: str) -> bool:
    """Is every sign the masked form hides hidden in `shown`? Hiding more is no error."""
    return all(
        there == "*" for there, wanted in zip(shown, masked(kind, value), strict=True) if wanted == "*"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure masking on a file in the guide's format.")
    parser.add_argument("file")
    parser.add_argument("--all", action="store_true", help="also list values whose borders or kind differ")
    options = parser.parse_args()
    numbers = measure(options.file)
    for name, value in numbers.items():
        if not isinstance(value, list):
            print(f"{name}={value}")
    for name in ("misses", "false_alarms", *(["inexact"] if options.all else [])):
        listed = numbers[name]
        assert isinstance(listed, list)
        for line in listed:
            print(f"{name}: {re.sub(chr(9), ' ', line)}")


if __name__ == "__main__":
    main()
