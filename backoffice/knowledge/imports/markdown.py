"""Markdown. A heading followed by `<!-- id: … · category: … -->` is an entry under its own key; the other
sections become proposals as those of any document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from backoffice.knowledge.imports.proposals import Proposal, Reading, Refusal
from backoffice.knowledge.imports.sections import Block, Heading, Table, Text, propose, sections
from backoffice.knowledge.imports.sections import markdown_table as _table
from backoffice.knowledge.keys import KEY

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_COMMENT = re.compile(r"^\s*<!--(.{0,2000}?)-->\s*$")
_ABOUT = re.compile(
    r"^\s*生效日期\s*[:：]\s*(\d{4}-\d{2}-\d{2})(?:\s*·\s*负责人\s*[:：]\s*(\S.{0,40}?))?\s*$"
)
_FIELDS = ("id", "category", "scene", "tags", "from", "to")
_RULE = re.compile(r"^\|?\s*:?-{3,}:?\s*(\|\s*:?-{3,}:?\s*)*\|?\s*$")


def read(text: str, file: str) -> Reading:
    """The entries of a document, those with a key of their own and those made from its headings."""
    blocks, about, refusals = blocks_of(text)
    proposals: list[Proposal] = []
    for section in sections(blocks):
        if section.told:
            _take_own(section.told, section.path, section.blocks, file, about, proposals, refusals)
    proposals += propose(blocks, file, about)
    return Reading(file, tuple(proposals), tuple(refusals))


def _take_own(
    told: Mapping[str, str],
    path: tuple[str, ...],
    blocks: list[Text | Table],
    file: str,
    about: Mapping[str, Any],
    proposals: list[Proposal],
    refusals: list[Refusal],
) -> None:
    place = path[-1] if path else file
    unknown = [name for name in told if name not in _FIELDS]
    if unknown:
        refusals.append(Refusal(place, f"注释里有不认识的项：{'、'.join(unknown)[:80]}"))
    elif not re.match(KEY, told.get("id", "")):
        refusals.append(Refusal(place, "id 只能用小写字母、数字、点和横线，最长 80 个字符"))
    elif not blocks:
        refusals.append(Refusal(place, "标题下没有答案"))
    else:
        parts = [each.text if isinstance(each, Text) else _table(list(each.rows)) for each in blocks]
        tags = [tag.strip() for tag in re.split(r"[,，、]", told.get("tags", "")) if tag.strip()]
        proposals.append(
            Proposal(
                key=told["id"],
                question=place,
                answer="\n\n".join(parts),
                place=place,
                category=told.get("category") or None,
                scene=told.get("scene") or (path[0][:40] if len(path) > 1 else None),
                tags=tuple(tags) or None,
                valid_from=told.get("from") or None,
                valid_until=told.get("to") or None,
                source={"file": file, "place": path[0] if len(path) > 1 else place, **about},
            )
        )


def blocks_of(text: str) -> tuple[list[Block], dict[str, Any], list[Refusal]]:
    """Blocks, what the document says about itself (effective, owner), and comments that cannot be read."""
    blocks: list[Block] = []
    about: dict[str, Any] = {}
    refusals: list[Refusal] = []
    paragraph: list[str] = []
    fence = ""

    def close() -> None:
        if lines := [line for line in paragraph if line.strip()]:
            table = _rows(lines)
            blocks.append(table if table else Text("\n".join(lines)))
        paragraph.clear()

    for number, line in enumerate(text.splitlines(), 1):
        if fence or (opened := _FENCE.match(line)):
            if not fence and opened:
                fence = opened[1]
            elif line.strip().startswith(fence):
                fence = ""
            paragraph.append(line)
        elif heading := _HEADING.match(line):
            close()
            blocks.append(Heading(len(heading[1]), heading[2].strip()))
        elif comment := _COMMENT.match(line):
            close()
            told = _told(comment[1])
            if "id" not in told:
                continue
            if blocks and isinstance(blocks[-1], Heading):
                last = blocks[-1]
                blocks[-1] = Heading(last.level, last.text, last.page, told)
            else:
                refusals.append(Refusal(f"第 {number} 行", "带 id 的注释要紧跟在标题下面"))
        elif (said := _ABOUT.match(line)) and not about:
            close()
            about = {"effective": said[1], **({"owner": said[2]} if said[2] else {})}
        elif not line.strip():
            close()
        else:
            paragraph.append(line)
    close()
    return blocks, about, refusals


def _told(comment: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in comment.replace("：", ":").split("·"))
    return {name.strip().lower(): value.strip() for name, separator, value in pairs if separator}


def _rows(lines: list[str]) -> Table | None:
    if len(lines) < 2 or "|" not in lines[0] or not _RULE.match(lines[1]) or len(lines[1]) > 1000:
        return None
    rows = [lines[0], *lines[2:]]
    return Table(tuple(tuple(cell.strip() for cell in row.strip().strip("|").split("|")) for row in rows))
