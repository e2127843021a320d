"""Metrics, declared once in `metrics.yml`, and measured on the marts for any days and by any of their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import sqlglot
import yaml

from analytics.problems import SettingError
from analytics.schema import TABLES
from analytics.staging import SHANGHAI_MS

UNITS = {"rate": "%", "seconds": "秒", "count": "个", "score": "分", "yuan": "元"}


@dataclass(frozen=True)
class Metric:
    """One figure. `value` is an aggregate over the rows of the table `of` for which `where` holds.

    Attributes:
        unit: one of UNITS; a rate is a fraction of 1.
        better: whether "up" or "down" is good, or "none".
        seed: what to compare with until there is a history; None: with nothing.
        at: the column of milliseconds that tells the day, where the table has no `day`.
    """

    name: str
    label: str
    unit: str
    better: str
    of: str
    value: str
    definition: str
    where: str = "true"
    at: str = "day"
    seed: float | None = None

    def shown(self, value: float | None) -> str:
        """A figure as a reader wants it: 12.3%, 1.5 秒."""
        if value is None or pd.isna(value):
            return "—"
        if self.unit == "rate":
            return f"{value:.1%}"
        number = f"{value:,.0f}" if self.unit == "count" and float(value).is_integer() else f"{value:,.2f}"
        return number if self.unit == "count" else f"{number} {UNITS[self.unit]}"


@cache
def read_metrics() -> dict[str, Metric]:
    """The declared metrics by name; raises SettingError with the metric that is wrong."""
    told = yaml.safe_load(Path(__file__).with_name("metrics.yml").read_text("utf-8"))
    return {name: _metric(name, each, told["rates"]) for name, each in told["metrics"].items()}


def measure(
    marts: Any,
    names: Sequence[str] | None = None,
    by: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
) -> pd.DataFrame:
    """The metrics' values: a row a metric and group, columns `metric`, those of `by`, `value`, and `n`, the rows it is of.

    Args:
        names: all, where none are named; those whose table lacks a column of `by` raise SettingError.
        by: columns of the metrics' tables; `day` works for all of them.
        since: the first day.
        until: the day after the last.
    """
    known = read_metrics()
    strange = sorted(set(names or ()) - set(known))
    if strange:
        raise SettingError(f"没有这样的指标：{', '.join(strange)}；有的见 lingxi-analytics dictionary")
    # One statement for all: what they have in common is worked out once.
    parts = [_query(known[name], n, by, since, until) for n, name in enumerate(names or known)]
    keys = [str(column) for column in by]
    query = f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS figures WHERE n > 0 ORDER BY {', '.join(['nth', *keys])}"
    return _asked(marts, query)[["metric", *keys, "value", "n"]]


def _query(metric: Metric, nth: int, by: Sequence[str], since: date | None, until: date | None) -> str:
    columns = TABLES[metric.of].names
    missing = [column for column in by if column not in columns and column != "day"]
    if missing:
        raise SettingError(f"{metric.label}（{metric.name}）不能按 {', '.join(missing)} 分：{metric.of} 有 {', '.join(columns)}")
    day = "day"
    if metric.at != "day":
        day = f"(DATE '1970-01-01' + CAST(({metric.at} + {SHANGHAI_MS}) // 86400000 AS INTEGER))"
    keys = [f"{day} AS day" if column == "day" else column for column in by]
    conditions = [metric.where]
    conditions += [f"{day} >= DATE '{since}'"] if since else []
    conditions += [f"{day} < DATE '{until}'"] if until else []
    told = [f"{nth} AS nth", f"'{metric.name}' AS metric", *keys, f"CAST({metric.value} AS DOUBLE) AS value", "count(*) AS n"]
    group = f" GROUP BY {', '.join(str(n + 3) for n in range(len(keys)))}" if keys else ""
    # Without an alias Spark takes WHERE for one, and the condition behind it for names of columns.
    where = " AND ".join(f"({each})" for each in conditions)
    return f"SELECT {', '.join(told)} FROM {metric.of} AS told WHERE {where}{group}"


def _asked(marts: Any, query: str) -> pd.DataFrame:
    frame: pd.DataFrame
    if marts.name == "pyspark":
        # To Spark 1.0 is a decimal, whose mean is rounded; and DuckDB's quantile_cont is its percentile.
        told = sqlglot.transpile(query, read="duckdb", write="spark")[0].replace("PERCENTILE_CONT(", "PERCENTILE(")
        frame = marts.raw_sql(re.sub(r"\b\d+\.\d+\b", r"\g<0>D", told)).toPandas()
    else:
        frame = marts.raw_sql(query).df()
    return frame


def _metric(name: str, told: dict[str, Any], rates: dict[str, float]) -> Metric:
    try:
        metric = Metric(name=name, **{**told, "value": told["value"].format(**rates)})
    except (TypeError, KeyError) as error:
        raise SettingError(f"指标 {name} 写得不对：{error}") from error
    if metric.of not in TABLES or metric.unit not in UNITS or metric.better not in ("up", "down", "none"):
        raise SettingError(f"指标 {name} 写得不对：of、unit 或 better 不认识")
    if metric.at != "day" and metric.at not in TABLES[metric.of].names:
        raise SettingError(f"指标 {name}：{metric.of} 没有 {metric.at} 列")
    return metric
