"""Where the marts are worked out: DuckDB in this process, within a bounded memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ibis
from ibis.expr.types import Table

MEMORY = "900MB"


class DuckDbEngine:
    """Reads and writes Parquet with DuckDB; what does not fit in memory is put aside in `scratch`."""

    def __init__(self, scratch: Path) -> None:
        self.connection: Any = ibis.duckdb.connect(
            memory_limit=MEMORY,
            temp_directory=str(scratch),
            threads=os.cpu_count() or 2,
            preserve_insertion_order=False,
        )

    def read(self, name: str, files: list[str]) -> Table:
        """Parquet files as a table; `day` comes from their folders where it is not in them."""
        table: Table = self.connection.read_parquet(files, table_name=name, hive_partitioning=True)
        return table

    def keep(self, name: str, table: Table) -> Table:
        """Work a table out once."""
        kept: Table = self.connection.create_table(name, table, temp=True)
        return kept

    def write(self, table: Table, path: Path) -> None:
        """Write a table to one Parquet file, whole or not at all."""
        part = path.with_suffix(".part")
        self.connection.to_parquet(table, part, compression="zstd")
        part.replace(path)

    def close(self) -> None:
        """End it."""
        self.connection.disconnect()
