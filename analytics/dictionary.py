"""The data dictionary, out of what is declared: nobody keeps it up by hand."""

from __future__ import annotations

from collections.abc import Iterator

from analytics.metrics import UNITS, read_metrics
from analytics.schema import TABLES

TYPES = {"string": "文字", "int64": "整数", "float64": "小数", "boolean": "是否", "date": "日期"}


def described() -> str:
    """Every metric, table and column, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# 数据字典"
    yield "\n## 指标\n"
    yield "| 指标 | 名字 | 单位 | 对照值 | 定义 | 表 | 怎么算 |"
    yield "|---|---|---|---|---|---|---|"
    for metric in read_metrics().values():
        seed = metric.shown(metric.seed) if metric.seed is not None else "—"
        formula = f"`{metric.value}`" + (f"，其中 `{metric.where}`" if metric.where != "true" else "")
        yield (
            f"| {metric.label} | `{metric.name}` | {UNITS[metric.unit]} | {seed} | {metric.definition}"
            f" | `{metric.of}` | {formula} |"
        )
    for table in TABLES.values():
        yield f"\n## {table.label} `{table.name}`\n"
        yield f"一行是：{table.grain}。\n"
        yield "| 列 | 名字 | 类型 | 含义 |"
        yield "|---|---|---|---|"
        for column in table.columns:
            yield f"| {column.label} | `{column.name}` | {TYPES[column.type]} | {column.meaning} |"
