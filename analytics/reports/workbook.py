"""The workbook: one sheet a mart, the period's rows, with Chinese headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from analytics.metrics import UNITS
from analytics.reports import reading
from analytics.reports.findings import Finding
from analytics.reports.period import Period
from analytics.reports.study import Figure
from analytics.schema import MARTS, Table

ROWS_AT_MOST = 100_000
"""More than Excel shows with ease; the plain files hold all."""
BATCH = 20_000


def write_workbook(
    path: Path, marts: Any, period: Period, figures: Sequence[Figure], findings: Sequence[Finding]
) -> None:
    """Write the file; text stays text, whatever sign it begins with."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        lines = [(each.people, each.what, each.why, each.next) for each in findings]
        _sheet(book, "结论", ("关系到", "变了什么", "为什么要紧", "下一步"), lines, head)
        told = [
            (
                each.metric.label,
                each.value,
                each.before,
                UNITS[each.metric.unit],
                each.n,
                each.metric.definition,
            )
            for each in figures
        ]
        _sheet(book, "指标", ("指标", "本期", "上期", "单位", "样本", "定义"), told, head)
        for mart in MARTS:
            _sheet(
                book,
                mart.label,
                [column.label for column in mart.columns],
                batches(marts, mart, period, ROWS_AT_MOST),
                head,
            )


def batches(marts: Any, mart: Table, period: Period, most: int | None = None) -> Iterator[tuple[Any, ...]]:
    """The period's rows of a mart, a few thousand in memory at a time."""
    table = reading.between(marts.table(mart.name), period.since, period.until).select(*mart.names)
    table = table if most is None else table.limit(most)
    for batch in table.to_pyarrow_batches(chunk_size=BATCH):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _sheet(book: Any, name: str, heads: Sequence[str], rows: Any, head: Any) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heads) - 1, 18)
    for column, label in enumerate(heads):
        sheet.write_string(0, column, label, head)
    for line, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, bool):
                sheet.write_boolean(line, column, value)
            elif isinstance(value, (int, float)):
                sheet.write_number(line, column, value)
            elif value is not None and value != "":
                sheet.write_string(line, column, str(value))
