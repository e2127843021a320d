"""Where events come from. Each source alone knows the shape of what it reads, and answers in batches.

A batch is an Arrow table of RAW: `event_id` grows within a source and is never given twice, `data` is the event's JSON.
What a batch ends at, its `position`, is stored with it in one transaction: what is read again after a crash begins there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

RAW = pa.schema(
    [
        ("event_id", pa.int64()),
        ("sender_id", pa.string()),
        ("type_name", pa.string()),
        ("timestamp", pa.float64()),
        ("data", pa.string()),
    ]
)


BATCH = 100_000
"""Events of one append at most: some 100 MiB of memory while they are unpacked."""


@dataclass(frozen=True)
class Batch:
    """Some events, and up to where the source is read when they are stored.

    Attributes:
        more: read on at once.
        again: the ids of events that the source gave before, and does not know whether they were stored.
    """

    rows: pa.Table
    position: int
    more: bool
    again: frozenset[int] = frozenset()


class Source(Protocol):
    """What `collect` reads from."""

    name: str

    def read(self, after: int) -> Batch:
        """The events after a position that no earlier one can still come before; raises StoreError."""

    def stored(self) -> None:
        """Is told when all that was read is in the lake."""

    def remaining(self, after: int) -> int:
        """About how many are still to be read, for the progress bar."""

    def close(self) -> None:
        """Let go of what is held."""


def as_batch(
    rows: Sequence[tuple[int, str, str, float | None, str]],
    position: int,
    more: bool,
    again: frozenset[int] = frozenset(),
) -> Batch:
    """Rows of a database cursor as a batch."""
    columns = zip(*rows, strict=True) if rows else [()] * len(RAW)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, RAW, strict=True)]
    return Batch(pa.Table.from_arrays(arrays, schema=RAW), position, more, again)


def arrow_batch(rows: pa.Table, after: int, more: bool) -> Batch:
    """Rows that a driver read as Arrow, in the order of their ids, as a batch; what is no UTF-8 in them is replaced."""
    position = rows["event_id"][-1].as_py() if rows.num_rows else after
    try:
        rows.validate(full=True)
    except pa.ArrowInvalid:
        texts = [n for n, field in enumerate(rows.schema) if pa.types.is_string(field.type)]
        for n in texts:
            told = [value and value.decode("utf-8", "replace") for value in rows[n].cast(pa.binary()).to_pylist()]
            rows = rows.set_column(n, rows.schema.field(n).name, pa.array(told, pa.string()))
    return Batch(rows.cast(RAW), position, more)
