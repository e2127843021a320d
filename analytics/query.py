"""SQL on the lake, for reading only."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from analytics.problems import SettingError


class Shape(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def ask(marts: Any, sql: str, lake: Path) -> pd.DataFrame:
    """What a SELECT answers; anything that would change something, or reach beyond the lake, raises SettingError.

    Args:
        marts: what `open_marts` gave; from then on it reads no other folder than the lake's.
    """
    connection: duckdb.DuckDBPyConnection = marts.con
    try:
        if connection.execute("SELECT current_setting('enable_external_access')").fetchall()[0][0]:
            connection.execute("SET allowed_directories = [$lake]", {"lake": f"{lake.resolve()}/"})
            connection.execute("SET enable_external_access = false")
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise SettingError("只能问一句 SELECT")
        return connection.execute(statements[0]).df()
    except duckdb.Error as error:
        raise SettingError(f"这句 SQL 不行：{str(error).splitlines()[0]}") from error
