"""The marts as the beginning of one DuckDB statement, for figures of a lake whose marts were never made.

Asked once, a question needs a few columns of a few marts. So all that these marts are made of stands in front of the
question, less the columns that it does not need (sqlglot finds them; DuckDB does not look beyond what it works out once
and reads twice), and nothing is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import sqlglot
from ibis.expr import operations as ops
from ibis.expr.types import Table
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify

from analytics import clean
from analytics.engine import DuckDbEngine
from analytics.marts import build, stream
from analytics.project import Project


class Once:
    """Answers `raw_sql` like the connection of `open_marts`.

    Args:
        files: the Parquet files of each table that there is: the events, and the facts.
    """

    name = "duckdb"

    def __init__(self, files: dict[str, list[str]], project: Project, scratch: Path) -> None:
        self._engine = DuckDbEngine(scratch)
        self._steps: dict[str, Table] = {}
        tables = {name: self._engine.read(name, each) for name, each in files.items()}
        self._columns = {name: dict.fromkeys(table.columns, "VARCHAR") for name, table in tables.items()}
        events = tables["events"]
        doubled = self._keep("doubled", clean.doubles(events))
        flooded = self._keep("flooded", clean.floods(events, project))
        followed = self._keep("followed", stream.questions(events, project))
        cleaned = self._keep("cleaned", clean.cleaned(events, doubled, flooded))
        made = build.by_conversation(cleaned, followed, tables, project, self._keep)
        for name, table in (made | build.over_all(made, tables, project, self._keep)).items():
            if table.get_name() != name:
                self._steps[name] = table

    def raw_sql(self, query: str) -> Any:
        """The answer to a SELECT over the marts, as DuckDB's cursors tell it (`df`, `fetchall`)."""
        connection = self._engine.connection
        needed = {table.name for table in sqlglot.parse_one(query, read="duckdb").find_all(sqlglot.exp.Table)}
        for name, table in reversed(self._steps.items()):
            if name in needed:
                needed |= {other.name for other in table.op().find(ops.UnboundTable)}
        steps = [f"{name} AS ({connection.compile(table)})" for name, table in self._steps.items() if name in needed]
        whole = sqlglot.parse_one(f"WITH {', '.join(steps)} {query}" if steps else query, read="duckdb")
        lean = pushdown_projections(qualify(whole, schema=self._columns, dialect="duckdb"), schema=self._columns)
        return connection.con.execute(lean.sql("duckdb"))

    def _keep(self, name: str, table: Table) -> Table:
        self._steps[name] = table
        return ibis.table(table.schema(), name=name)
