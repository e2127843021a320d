"""Tables of questions and answers: CSV in any common dialect, and the rows that Excel sheets hand over.

The first row names the columns; a question and an answer are needed, the rest is taken where it is there. A
table of resolved tickets is known by its columns and goes to `tickets`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from backoffice.knowledge.imports import tickets
from backoffice.knowledge.imports.proposals import Proposal, Reading, Refusal, Unreadable, made_key
from backoffice.knowledge.keys import KEY

ROWS = 20_000
COLUMNS = 200
_NAMES = {
    "key": ("id", "key", "编号", "条目编号"),
    "question": ("question", "问题", "标准问题", "标准问", "标题"),
    "answer": ("answer", "答案", "回答", "标准答案", "回复"),
    "variants": ("variants", "相似问", "相似问法", "问法", "其他问法"),
    "category": ("category", "类别", "分类", "类目"),
    "scene": ("scene", "场景"),
    "tags": ("tags", "标签"),
    "valid_from": ("valid_from", "生效日期", "开始日期"),
    "valid_until": ("valid_until", "失效日期", "结束日期"),
    "sms": ("sms", "短信", "短信答案"),
}
_SPLIT = re.compile(r"[\n|｜；;]+")


def read(text: str, file: str) -> Reading:
    """CSV or TSV. Raises Unreadable."""
    return read_rows(_csv(text), file)


def _csv(text: str) -> Iterable[Sequence[str]]:
    csv.field_size_limit(100_000)
    head = text[:20_000]
    first = head.lstrip().splitlines()[0] if head.strip() else ""
    delimiter = max(",\t;；|，", key=first.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)):
            if number > ROWS:
                raise Unreadable(f"表格超过 {ROWS} 行，请拆开后再导入")
            yield row
    except csv.Error:
        raise Unreadable("表格格式不对（可能少了引号），请另存为 UTF-8 CSV 再导入") from None


def read_rows(rows: Iterable[Sequence[str]], file: str, sheet: str = "") -> Reading:
    """A table whose first row with text names its columns. Raises Unreadable where it is no such table."""
    told = iter(rows)
    head: list[str] = []
    number = 0
    for number, row in enumerate(told, 1):  # noqa: B007  # read below
        head = [cell.strip().lower() for cell in row[:COLUMNS]]
        if any(head):
            break
    if tickets.is_tickets(head):
        return tickets.read_rows(told, head, file, number)
    columns = {
        name: next((head.index(each) for each in names if each in head), None)
        for name, names in _NAMES.items()
    }
    if columns["question"] is None or columns["answer"] is None:
        raise Unreadable("第一行要有“问题”和“答案”两列（历史工单要有“客户问题”和“最终答复”）")
    proposals: list[Proposal] = []
    refusals: list[Refusal] = []
    for line, row in enumerate(told, number + 1):
        said = {
            name: row[column].strip() if column is not None and column < len(row) else ""
            for name, column in columns.items()
        }
        place = f"{sheet}第 {line} 行"
        if not any(cell.strip() for cell in row):
            continue
        if not said["question"] or not said["answer"]:
            refusals.append(Refusal(place, "缺少问题" if not said["question"] else "缺少答案"))
        elif said["key"] and not re.match(KEY, said["key"].lower()):
            refusals.append(Refusal(place, "编号只能用字母、数字、点和横线，最长 80 个字符"))
        else:
            proposals.append(_proposal(said, file, place))
    return Reading(file, tuple(proposals), tuple(refusals))


def _proposal(said: dict[str, str], file: str, place: str) -> Proposal:
    return Proposal(
        key=said["key"].lower() or made_key("row", (file, said["question"])),
        question=re.sub(r"\s+", " ", said["question"]),
        answer=said["answer"],
        place=place,
        category=said["category"] or None,
        scene=said["scene"] or None,
        tags=tuple(each.strip() for each in re.split(r"[,，、;；]", said["tags"]) if each.strip()) or None,
        variants=tuple(each.strip() for each in _SPLIT.split(said["variants"]) if each.strip()) or None,
        short={"sms": said["sms"]} if said["sms"] else None,
        valid_from=said["valid_from"][:10] or None,
        valid_until=said["valid_until"][:10] or None,
        source={"file": file, "place": place},
    )
