"""Word (.docx): headings, paragraphs, lists and tables in the order of the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from zipfile import BadZipFile

from docx import Document
from docx.opc.exceptions import OpcError
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph
from lxml.etree import LxmlError

from backoffice.knowledge.imports.archives import opened
from backoffice.knowledge.imports.proposals import Reading, Unreadable
from backoffice.knowledge.imports.sections import Block, Heading, Table, Text, propose

_HEADING = re.compile(r"^(?:heading|标题)\s*(\d)$", re.IGNORECASE)
BLOCKS = 20_000
_ROWS = 2000


def read(content: bytes, file: str) -> Reading:
    """Raises Unreadable."""
    archive = opened(content, "word/document.xml")
    try:
        blocks = list(_blocks(Document(archive)))
    except (
        OpcError,
        LxmlError,
        BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
        IndexError,
        TypeError,
    ) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("Word 文档损坏，请另存后再导入") from None
    return Reading(file, tuple(propose(blocks, file)))


def _blocks(document: Any) -> Iterator[Block]:
    list_items: list[str] = []
    for number, item in enumerate(document.iter_inner_content()):
        if number > BLOCKS:
            raise Unreadable("文档太长，请拆开后再导入")
        text = item.text.strip() if isinstance(item, Paragraph) else ""
        style = _style(item) if isinstance(item, Paragraph) else ""
        is_item = text and style.lower().startswith("list")
        if list_items and not is_item:
            yield Text("\n".join(list_items))
            list_items = []
        if isinstance(item, WordTable):
            yield Table(tuple(_rows(item)))
        elif not text:
            continue
        elif style.lower() == "title" or style == "标题":
            yield Heading(0, _line(text))
        elif heading := _HEADING.match(style):
            yield Heading(int(heading[1]), _line(text))
        elif is_item:
            list_items.append(f"- {_line(text)}")
        else:
            yield Text(text)
    if list_items:
        yield Text("\n".join(list_items))


def _style(paragraph: Paragraph) -> str:
    style = paragraph.style
    return (style.name or "") if style is not None else ""


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _rows(table: WordTable) -> Iterator[tuple[str, ...]]:
    for number, row in enumerate(table.rows):
        if number >= _ROWS:
            raise Unreadable("表格太长，请改用 Excel 或 CSV 导入")
        cells: list[str] = []
        previous = None
        for cell in row.cells:
            # A merged cell is told once for every column it spans.
            if previous is None or cell._tc is not previous:
                cells.append(_line(cell.text.strip()))
            previous = cell._tc
        yield tuple(cells)
