"""A document as blocks (headings, text, tables), and its sections as proposed entries.

Every section with text of its own becomes one. What a heading alone would not say (which product?) comes
from the document's title; the rows of a table are further ways to ask.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.knowledge.imports.proposals import Proposal, made_key

QUESTION_CHARACTERS = 200
ANSWER_CHARACTERS = 6000
"""Longer sections are cut at a paragraph: nobody reads more in a chat."""
_KINDS = re.compile(r"\s*(产品手册|使用手册|用户手册|使用说明书?|说明书|操作指南|手册)\s*$")
_ASKS = re.compile(r"[？?]\s*$")


@dataclass(frozen=True)
class Heading:
    level: int
    text: str
    page: int | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    """What the document says about the section itself: id, category, …"""


@dataclass(frozen=True)
class Text:
    """A paragraph or list, as Markdown."""

    text: str
    page: int | None = None


@dataclass(frozen=True)
class Table:
    """Rows of cells; the first row names the columns."""

    rows: tuple[tuple[str, ...], ...]
    page: int | None = None


Block = Heading | Text | Table


@dataclass
class Section:
    """A heading's own blocks, without those of the headings below it."""

    path: tuple[str, ...]
    told: Mapping[str, str]
    page: int | None
    blocks: list[Text | Table] = field(default_factory=list)


def sections(blocks: Iterable[Block]) -> Iterator[Section]:
    """In reading order, empty ones left out; what stands before the first heading has an empty path."""
    open_headings: list[Heading] = []
    current = Section((), {}, None)
    for block in blocks:
        if isinstance(block, Heading):
            if current.blocks or current.told:
                yield current
            open_headings = [each for each in open_headings if each.level < block.level] + [block]
            current = Section(tuple(each.text for each in open_headings), block.told, block.page)
        else:
            if current.page is None:
                current.page = block.page
            current.blocks.append(block)
    if current.blocks or current.told:
        yield current


def title_of(blocks: Iterable[Block], file: str) -> str:
    """The first heading of the highest level used once, else the file's name."""
    headings = [block for block in blocks if isinstance(block, Heading)]
    counts = Counter(each.level for each in headings)
    if headings and headings[0].level == min(counts) and counts[headings[0].level] == 1 < len(headings):
        return headings[0].text
    return re.sub(r"^[\d\s._-]+", "", file.rsplit(".", 1)[0]) or file


def propose(blocks: list[Block], file: str, about: Mapping[str, Any] | None = None) -> list[Proposal]:
    """A proposal for every section that names no key of its own; `about` is added to each source."""
    title = title_of(blocks, file)
    subject = _KINDS.sub("", title).strip() or title
    preface = title.removeprefix(subject).strip()  # else nothing but the goods would be asked about
    found = [section for section in sections(blocks) if section.blocks and not section.told]
    leaves = Counter(_leaf(section, title) for section in found)
    made: Counter[tuple[str, ...]] = Counter()
    proposals = []
    for section in found:
        path = tuple(part for part in section.path if part != title)
        leaf = _leaf(section, title)
        if leaves[leaf] > 1 and len(path) > 1:
            leaf = " ".join(path[-2:])
        answers = _answers(section)
        for number, (answer, labels, page) in enumerate(answers, 1):
            made[section.path] += 1
            question = _question(subject, leaf or (preface if len(found) > 1 else ""))
            if len(answers) > 1:
                question = f"{question}（{number}）"
            place = " > ".join(path) or title
            source: dict[str, Any] = {"file": file, "place": place, **(about or {})}
            if page is not None:
                source["page"] = page
            proposals.append(
                Proposal(
                    key=made_key("doc", (file, *section.path, str(made[section.path]))),
                    question=question[:QUESTION_CHARACTERS],
                    answer=answer,
                    place=place if page is None else f"{place}（第 {page} 页）",
                    variants=tuple(_question(subject, label) for label in labels) or None,
                    source=source,
                )
            )
    return proposals


def _leaf(section: Section, title: str) -> str:
    leaf = section.path[-1] if section.path else title
    return "" if leaf == title else leaf


def _question(subject: str, leaf: str) -> str:
    """The heading first: on a button, what is cut off or skipped is the end."""
    if not leaf:
        return subject
    # A heading that asks stands for itself.
    return (leaf if _ASKS.search(leaf) else f"{leaf}（{subject}）")[:QUESTION_CHARACTERS]


def _answers(section: Section) -> list[tuple[str, list[str], int | None]]:
    """(Markdown, what its tables' rows are about, page) of each part of a section."""
    parts: list[tuple[str, list[str], int | None]] = []
    for block in section.blocks:
        for text, labels in _pieces(block):
            page = block.page if block.page is not None else section.page
            if parts and len(parts[-1][0]) + len(text) <= ANSWER_CHARACTERS:
                last = parts[-1]
                parts[-1] = (f"{last[0]}\n\n{text}", [*last[1], *labels], last[2])
            else:
                parts.append((text, labels, page))
    return [(text, list(dict.fromkeys(labels)), page) for text, labels, page in parts]


def _pieces(block: Text | Table) -> Iterator[tuple[str, list[str]]]:
    if isinstance(block, Text):
        for start in range(0, len(block.text), ANSWER_CHARACTERS):
            if piece := block.text[start : start + ANSWER_CHARACTERS].strip():
                yield piece, []
        return
    rows = [row for row in block.rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        if rows:
            yield markdown_table(rows)[:ANSWER_CHARACTERS], []
        return
    head, body = rows[0], rows[1:]
    while body:
        taken, length = 0, 0
        while taken < len(body) and (taken == 0 or length + _width(body[taken]) < ANSWER_CHARACTERS // 2):
            length += _width(body[taken])
            taken += 1
        part, body = body[:taken], body[taken:]
        labels = [row[0].strip() for row in part if row and row[0].strip()]
        yield markdown_table([head, *part])[:ANSWER_CHARACTERS], labels[:100]


def _width(row: tuple[str, ...]) -> int:
    return sum(len(cell) + 3 for cell in row)


def markdown_table(rows: list[tuple[str, ...]]) -> str:
    """Rows as a Markdown table, the first one its head."""
    columns = max(len(row) for row in rows)
    lines = []
    for number, row in enumerate(rows):
        cells = [re.sub(r"\s+", " ", cell).replace("|", "／").strip() for cell in row]
        lines.append("| " + " | ".join([*cells, *[""] * (columns - len(row))]) + " |")
        if number == 0:
            lines.append("|" + "---|" * columns)
    return "\n".join(lines)
