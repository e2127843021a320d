"""PDF: the text of its pages, cut at its bookmarks or at what looks like headings; each with its page."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from backoffice.knowledge.imports.proposals import Reading, Unreadable
from backoffice.knowledge.imports.sections import Block, Heading, Text, propose

PAGES = 500
_CHARACTERS = 2_000_000
_NUMBERED = re.compile(
    r"^(第[一二三四五六七八九十百\d]{1,4}[章节条部分]|[一二三四五六七八九十]{1,3}、"
    r"|\d{1,2}(\.\d{1,2}){0,3}[.、 ])\s*\S"
)
_SENTENCE_ENDS = "。！；，、：:,;"
_HEADING_CHARACTERS = 30


def read(content: bytes, file: str) -> Reading:
    """Raises Unreadable: encrypted, damaged, too long, or pictures only."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        document = PdfReader(io.BytesIO(content))
        if document.is_encrypted and not document.decrypt(""):
            raise Unreadable("PDF 加了密码，请去掉密码后再导入")
        if len(document.pages) > PAGES:
            raise Unreadable(f"PDF 超过 {PAGES} 页，请拆开后再导入")
        pages = list(_pages(document))
        marks = set(_bookmarks(document.outline))
    except Unreadable:
        raise
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        OSError,
        NotImplementedError,
        ArithmeticError,
        AssertionError,
        ImportError,
    ):
        raise Unreadable("PDF 损坏，或用了不支持的加密，请另存后再导入") from None
    if not any(pages):
        raise Unreadable("PDF 里没有文字（可能是扫描件），请先识别文字再导入")
    return Reading(file, tuple(propose(list(_blocks(pages, marks)), file)))


def _pages(document: PdfReader) -> Iterator[list[str]]:
    total = 0
    for page in document.pages:
        text = page.extract_text() or ""
        total += len(text)
        if total > _CHARACTERS:
            raise Unreadable("PDF 文字太多，请拆开后再导入")
        yield [line.strip() for line in text.splitlines() if line.strip()]


def _bookmarks(outline: Sequence[object], depth: int = 0) -> Iterator[str]:
    for each in outline:
        if isinstance(each, list):
            if depth < 10:
                yield from _bookmarks(each, depth + 1)
        else:
            yield _bare(str(getattr(each, "title", "") or ""))


def _blocks(pages: Sequence[list[str]], marks: set[str]) -> Iterator[Block]:
    repeated = _repeated(pages)
    paragraph: list[str] = []
    for number, lines in enumerate(pages, 1):
        for line in lines:
            if _bare(line) in repeated or line.isdecimal():
                continue
            level = _level(line, marks)
            if level is None:
                paragraph.append(line)
                if line.endswith(("。", "！", "？", ".", "!", "?")):
                    yield Text(_joined(paragraph), number)
                    paragraph = []
                continue
            if paragraph:
                yield Text(_joined(paragraph), number)
                paragraph = []
            yield Heading(level, line, number)
        if paragraph:
            yield Text(_joined(paragraph), number)
            paragraph = []


def _repeated(pages: Sequence[list[str]]) -> set[str]:
    """Running heads and feet: the first or last lines of most pages."""
    if len(pages) < 4:
        return set()
    edges = Counter(_bare(line) for lines in pages for line in {*lines[:1], *lines[-1:]})
    return {line for line, count in edges.items() if count > len(pages) / 2}


def _level(line: str, marks: set[str]) -> int | None:
    if len(line) > 2 * _HEADING_CHARACTERS:
        return None
    if _bare(line) in marks:
        return 2
    if len(line) > _HEADING_CHARACTERS or line.endswith(tuple(_SENTENCE_ENDS)):
        return None
    if _NUMBERED.match(line):
        return 2 + line.split(" ")[0].rstrip(".").count(".")
    return 2 if line.endswith(("？", "?")) and not marks else None


def _joined(lines: list[str]) -> str:
    told = ""
    for line in lines:
        # Words of Latin letters need the space that the end of a line stood for.
        told += f" {line}" if told and told[-1].isascii() and line[0].isascii() else line
    return told


def _bare(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text)
