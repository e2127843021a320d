"""HTML: what a reader sees of a page, without scripts, styles, navigation and forms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from backoffice.knowledge.imports.proposals import Reading, Unreadable
from backoffice.knowledge.imports.sections import Block, Heading, Table, Text, propose

_DROPPED = (
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "canvas", "nav", "form",
    "button", "select", "head", "footer", "aside",
)  # fmt: skip
_TEXTS = ("p", "ul", "ol", "pre", "blockquote", "dl")
_CONTAINERS = ("table", "h1", "h2", "h3", "h4", "h5", "h6", *_TEXTS)
_DEEPEST = 150
_ELEMENTS = 100_000
_ROWS = 2000
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read(text: str, file: str) -> Reading:
    """Raises Unreadable for pages of no end."""
    try:
        page = BeautifulSoup(text, "lxml")
    except (AssertionError, ValueError, RecursionError):
        raise Unreadable("网页读不了，请另存后再导入") from None
    for number, tag in enumerate(page.find_all(True)):
        if number > _ELEMENTS or (number % 50 == 0 and sum(1 for _ in tag.parents) > _DEEPEST):
            raise Unreadable("网页太大或嵌套太深，请拆开后再导入")
    for tag in page.find_all(_DROPPED):
        tag.decompose()
    for tag in page.find_all(_is_hidden):
        if not tag.decomposed:
            tag.decompose()
    body = page.find("main") or page.find("article") or page.body or page
    assert isinstance(body, Tag)
    return Reading(file, tuple(propose(list(_blocks(body)), file)))


def _is_hidden(tag: Tag) -> bool:
    return tag.has_attr("hidden") or bool(_HIDDEN.search(str(tag.get("style") or "")))


def _blocks(body: Tag) -> Iterator[Block]:
    loose: list[str] = []
    for each in _walk(body):
        if isinstance(each, str):
            loose.append(each)
            continue
        if told := _line(" ".join(loose)):
            yield Text(told)
        loose = []
        text = _line(each.get_text(" "))
        if not text:
            continue
        if re.fullmatch("h[1-6]", each.name):
            yield Heading(int(each.name[1]), text[:200])
        elif each.name == "table":
            yield Table(tuple(_rows(each)))
        elif each.name in ("ul", "ol"):
            items = [_line(item.get_text(" ")) for item in each.find_all("li")]
            yield Text("\n".join(f"- {item}" for item in items if item) or text)
        else:
            yield Text(text)
    if told := _line(" ".join(loose)):
        yield Text(told)


def _walk(tag: Tag) -> Iterator[Tag | str]:
    """Blocks in reading order; text outside of any block as it comes."""
    for child in tag.children:
        if isinstance(child, Tag):
            if child.name in _CONTAINERS:
                yield child
            else:
                yield from _walk(child)
        elif type(child) is NavigableString and child.strip():  # a comment is a subclass
            yield str(child)


def _rows(table: Tag) -> Iterator[tuple[str, ...]]:
    for number, row in enumerate(table.find_all("tr")):
        if number >= _ROWS:
            raise Unreadable("表格太长，请改用 Excel 或 CSV 导入")
        yield tuple(_line(cell.get_text(" ")) for cell in row.find_all(["td", "th"]))


def _line(text: str) -> str:
    # What stands between two Chinese characters in a page's source is a line break, not a space.
    return re.sub(
        r"(?<=[\u4e00-\u9fff，。；：、！？]) (?=[\u4e00-\u9fff])", "", re.sub(r"\s+", " ", text)
    ).strip()
