"""Where the marts are worked out: DuckDB in this process, within a bounded memory, or a Spark cluster."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Protocol

import ibis
from ibis.expr.types import Table

from analytics.problems import MissingPart

MEMORY = "900MB"
_JAVA = 17  # what Spark 4 asks for


class Engine(Protocol):
    """Reads and writes Parquet, and works out Ibis expressions."""

    connection: Any

    def read(self, name: str, files: list[str]) -> Table:
        """Parquet files as a table; `day` comes from their folders where it is not in them."""

    def keep(self, name: str, table: Table) -> Table:
        """Work a table out once."""

    def write(self, table: Table, path: Path) -> None:
        """Write a table to a Parquet file, or a folder of them; whole or not at all."""

    def close(self) -> None:
        """End it."""


class DuckDbEngine:
    """In this process; what does not fit in memory is put aside in `scratch`."""

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


class SparkEngine:
    """On a Spark master, whose workers see the lake under the same path; what is kept lies in `scratch`.

    Args:
        master: `spark://host:7077`, or `local[2]` for this machine.
    """

    def __init__(self, master: str, scratch: Path) -> None:
        check_java()
        try:
            from pyspark.sql import SparkSession  # type: ignore[import-not-found]
        except ImportError as error:
            raise MissingPart(
                "--engine spark 要用 PySpark，这里没有装：pip install 'lingxi-analytics[spark]'（约 400 MB），"
                "源码里是 make spark；不加 --engine 就用 DuckDB"
            ) from error
        settings = {
            "spark.ui.enabled": "false",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "8",  # at the least: Spark joins and splits them by their size
            "spark.log.level": "ERROR",
        }
        builder = SparkSession.builder.master(master).appName("lingxi-analytics")
        for name, value in settings.items():
            builder = builder.config(name, value)
        try:
            self._session = builder.getOrCreate()
        except Exception as error:  # Java's own errors, of which there are many
            raise MissingPart(f"连不上 Spark（{master}）：{str(error).splitlines()[0]}") from error
        self.connection: Any = ibis.pyspark.connect(self._session)
        self._scratch = scratch

    def read(self, name: str, files: list[str]) -> Table:
        """Parquet files as a table; `day` comes from their folders where it is not in them."""
        paths = [f"file://{Path(each).resolve()}" for each in files]  # as_uri would write day%3D
        reader = self._session.read
        if "/day=" in paths[0]:
            reader = reader.option("basePath", paths[0].partition("/day=")[0])
        reader.parquet(*paths).createOrReplaceTempView(name)
        table: Table = self.connection.table(name)
        return table

    def keep(self, name: str, table: Table) -> Table:
        """Work a table out once."""
        path = self._scratch / name
        self._write(table, path)
        return self.read(name, [str(path)])

    def write(self, table: Table, path: Path) -> None:
        """Write a table to a folder of Parquet files, whole or not at all."""
        part = path.with_suffix(".part")
        self._write(table, part)
        shutil.rmtree(path, ignore_errors=True)
        part.replace(path)

    def close(self) -> None:
        """End it."""
        self.connection.disconnect()

    def _write(self, table: Table, path: Path) -> None:
        self.connection.to_parquet(table, f"file://{path.resolve()}", mode="overwrite")


def check_java() -> None:
    """Raises MissingPart, with what to do, where Spark would find no Java that it runs on."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    where = f"JAVA_HOME={home}" if home else "PATH"
    advice = f"请装 Java {_JAVA}（Debian：apt-get install openjdk-{_JAVA}-jre-headless），或把 JAVA_HOME 指到它"
    try:
        told = subprocess.run([java or "", "-version"], capture_output=True, text=True, timeout=60).stderr
    except OSError:
        raise MissingPart(f"--engine spark 要用 Java {_JAVA}，{where} 里没有：{advice}") from None
    found = re.search(r'version "(\d+)', told)
    if not found or int(found[1]) < _JAVA:
        raise MissingPart(f"--engine spark 要用 Java {_JAVA}，{where} 里的是 {found[1] if found else '不认识的版本'}：{advice}")
