"""The lake: what was collected, as a Delta table of Parquet files by day.

The table's log makes each append one transaction, and keeps beside the rows how far their source is read. So a crash
at any moment leaves both or neither, and what is read again begins behind what is stored: exactly once.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError

from analytics.problems import LakeError
from analytics.staging import SCHEMA

FORMAT = 1
_SMALL_FILES = 64  # of one day, before they are joined
_KEPT_HOURS = 1  # files that a reader may still have open


class Lake:
    """A folder. Made where there is none; raises LakeError where it is something else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._about = path / "lake.json"
        if not self._about.exists():
            if path.exists() and any(not found.name.startswith(".") for found in path.iterdir()):
                raise LakeError(f"{path} 不是空的，也不是分析用的湖：请换一个文件夹")
            path.mkdir(parents=True, exist_ok=True)
            self._begin({"format": FORMAT, "key": secrets.token_hex(32)})
        try:
            about = json.loads(self._about.read_text("utf-8"))
        except ValueError as error:
            raise LakeError(f"{self._about} 读不懂：请从备份恢复它，里面的密钥丢了就认不出以前的会话") from error
        if about.get("format") != FORMAT:
            raise LakeError(f"{path} 的格式是 {about.get('format')}，这个版本认识的是 {FORMAT}：请重新采集到新的文件夹")
        self.key = bytes.fromhex(about["key"])

    def table(self) -> DeltaTable:
        """The events' table as it is now."""
        where = str(self.path / "events")
        if not DeltaTable.is_deltatable(where):
            return DeltaTable.create(where, SCHEMA, mode="ignore", partition_by=["day"])
        return DeltaTable(where)

    def files(self) -> list[str]:
        """The Parquet files that hold the events now."""
        return [uri.removeprefix("file://") for uri in self.table().file_uris()]

    @contextmanager
    def collecting(self, source: str) -> Iterator[None]:
        """One collector a source: a second one is told so."""
        name = "".join(letter if letter.isalnum() else "-" for letter in source)
        with (self.path / f".{name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise LakeError(f"来源 {source} 正由另一个 collect 采集：等它结束，或先停掉它") from error
            yield

    def position(self, source: str) -> int:
        """How far a source is read; 0 for one never read."""
        return self.table().transaction_version(source) or 0

    def digests(self, source: str, after: int) -> set[int]:
        """The digests of a source's events behind an id."""
        files = self.files()
        if not files:
            return set()
        query = "SELECT digest FROM read_parquet(?) WHERE source = ? AND event_id > ?"
        with duckdb.connect() as connection:
            return {row[0] for row in connection.execute(query, [files, source, after]).fetchall()}

    def append(self, source: str, rows: pa.Table, position: int, note: dict[str, str] | None = None) -> None:
        """Store rows and the position behind them, both or neither."""
        table = self.table()
        commit = CommitProperties(app_transactions=[Transaction(source, position)], custom_metadata=note)
        try:
            write_deltalake(table, rows, mode="append", partition_by=["day"], commit_properties=commit)
        except (DeltaError, OSError) as error:
            raise LakeError(f"写不进 {self.path}：{error}。已写的没有丢，再运行一次会接着来") from error

    def tidy(self) -> None:
        """Join the small files that following leaves behind, and remove what no reader can still need."""
        table = self.table()
        counts: dict[str, int] = {}
        for uri in table.file_uris():
            day = uri.rsplit("/", 2)[-2]
            counts[day] = counts.get(day, 0) + 1
        for day, count in counts.items():
            if count > _SMALL_FILES:
                table.optimize.compact(partition_filters=[("day", "=", day.removeprefix("day="))])
        table.create_checkpoint()
        table.vacuum(retention_hours=_KEPT_HOURS, dry_run=False, enforce_retention_duration=False)

    def _begin(self, about: dict[str, object]) -> None:
        """Whole or not at all, and of several processes that begin at once only the first one's counts."""
        with tempfile.NamedTemporaryFile("w", dir=self.path, prefix=".", encoding="utf-8") as part:  # readable by its owner alone
            part.write(json.dumps(about) + "\n")
            part.flush()
            with suppress(FileExistsError):
                os.link(part.name, self._about)
