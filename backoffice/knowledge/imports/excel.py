"""Excel (.xlsx): each sheet as a table, its values as they are shown."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from backoffice.knowledge.imports import tables
from backoffice.knowledge.imports.archives import opened
from backoffice.knowledge.imports.proposals import Proposal, Reading, Refusal, Unreadable

_SHEETS = 50


def read(content: bytes, file: str) -> Reading:
    """Raises Unreadable where no sheet has questions and answers."""
    archive = opened(content, "xl/workbook.xml")
    warnings.simplefilter("ignore")
    proposals: list[Proposal] = []
    refusals: list[Refusal] = []
    complaint: Unreadable | None = None
    try:
        book = load_workbook(archive, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets[:_SHEETS]:
            # What a file says its size is, is not to be believed: without this a cell far away fills memory.
            sheet.reset_dimensions()
            try:
                reading = tables.read_rows(_rows(sheet), file, f"{sheet.title} ")
            except Unreadable as error:
                complaint = error
                continue
            proposals += reading.proposals
            refusals += reading.refusals
    except (
        BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,
        OSError,
        OverflowError,
    ):
        raise Unreadable("Excel 表格损坏，请另存后再导入") from None
    if not proposals and not refusals:
        raise complaint or Unreadable("表格里没有内容")
    return Reading(file, tuple(proposals), tuple(refusals))


def _rows(sheet: Any) -> Iterator[list[str]]:
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=tables.COLUMNS)):
        if number > tables.ROWS:
            raise Unreadable(f"表格超过 {tables.ROWS} 行，请拆开后再导入")
        yield [_text(value) for value in row]


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
