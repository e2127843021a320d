"""Resolved tickets: what the customer asked and was finally told becomes a proposal, without personal data.

Tickets that ask nearly the same are folded: the best rated answer is kept, the other questions are variants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backoffice.knowledge.imports.proposals import Proposal, Reading, Refusal, made_key
from privacy import find, mask

_NUMBER, _QUESTION, _ANSWER = ("工单号", "编号"), ("客户问题", "问题描述"), ("最终答复", "最终回复")
_CATEGORY, _RATING = ("类别", "分类"), ("满意度", "评分")
_NEAR = 0.5
"""The share of common character pairs from which two questions are the same."""
_HEARD = re.compile(r"[*＊]")
_NUMBERS = re.compile(r"(?:订单号?|运单号?|单号)?\s*[:：]?\s*(?:[A-Z]{2,4}\d{8,}|\d{12,})")
"""Of orders and parcels: a rule is asked about, not this one."""
_GREETING = re.compile(
    r"^(?:(?:尊敬的)?[\u4e00-\u9fff*]{0,4}(?:先生|女士|客户|顾客|用户|同学)(?:您好|你好)?|您好|你好)[，,！!。：:\s]+"
)
_QUESTION_CHARACTERS = 200
_FOLDED_AT_MOST = 3000


@dataclass
class _Ticket:
    line: int
    number: str
    question: str
    answer: str
    category: str
    rating: float
    pairs: frozenset[str]


def is_tickets(head: Sequence[str]) -> bool:
    """Whether the columns are those of tickets."""
    return any(name in head for name in _QUESTION) and any(name in head for name in _ANSWER)


def read_rows(rows: Iterable[Sequence[str]], head: Sequence[str], file: str, first: int) -> Reading:
    """Proposals of the rows after a table's head; `first` is the head's line."""
    refusals: list[Refusal] = []
    folded: list[list[_Ticket]] = []
    for line, row in enumerate(rows, first + 1):
        if not any(cell.strip() for cell in row):
            continue
        place = f"第 {line} 行"
        question, answer = _cell(row, head, _QUESTION), _cell(row, head, _ANSWER)
        if not question or not answer:
            refusals.append(Refusal(place, "没有客户问题" if not question else "没有最终答复"))
            continue
        question, answer = _impersonal(question), _GREETING.sub("", _NUMBERS.sub("…", mask(answer)))
        if len(re.findall(r"[\u4e00-\u9fffA-Za-z0-9]", question)) < 4:
            refusals.append(Refusal(place, "去掉个人信息后，问题没有内容"))
            continue
        ticket = _Ticket(
            line,
            _cell(row, head, _NUMBER),
            question,
            answer,
            _cell(row, head, _CATEGORY),
            _rating(_cell(row, head, _RATING)),
            _pairs(question),
        )
        same = _same(folded, ticket) if len(folded) <= _FOLDED_AT_MOST else None
        if same is None:
            folded.append([ticket])
        else:
            same.append(ticket)
    return Reading(file, tuple(_proposal(group, file) for group in folded), tuple(refusals))


def _same(folded: list[list[_Ticket]], ticket: _Ticket) -> list[_Ticket] | None:
    for group in folded:
        other = group[0].pairs
        if len(other & ticket.pairs) >= _NEAR * len(other | ticket.pairs):
            return group
    return None


def _proposal(group: list[_Ticket], file: str) -> Proposal:
    best = max(group, key=lambda ticket: (ticket.rating, len(ticket.answer)))
    others = dict.fromkeys(ticket.question for ticket in group if ticket.question != best.question)
    numbers = [mask(ticket.number) for ticket in group]
    lines = "、".join(str(ticket.line) for ticket in group)
    first = group[0]
    return Proposal(
        key=made_key("ticket", (first.number or first.question,)),
        question=best.question,
        answer=best.answer,
        place=f"第 {lines} 行",
        # A ticket's category says which desk it was for; an entry's is proposed from the other entries.
        tags=tuple(dict.fromkeys(each.category[:40] for each in group if each.category)) or None,
        variants=tuple(others) or None,
        source={"file": file, "place": f"第 {lines} 行", "tickets": numbers},
    )


def _impersonal(question: str) -> str:
    """The question without the clauses that only say who asks."""
    told = _NUMBERS.sub("", mask(question))
    clauses = re.split(r"(?<=[，。！？；,!?;\n])", told)
    kept = [clause for clause in clauses if not _HEARD.search(clause) and not find(clause)]
    if any(re.search(r"\w{3}", clause) for clause in kept):
        told = "".join(kept)
    return re.sub(r"\s+", " ", told).strip(" ，,。；;")[:_QUESTION_CHARACTERS]


def _pairs(text: str) -> frozenset[str]:
    bare = re.sub(r"[\W_]+", "", text)
    return frozenset(bare[at : at + 2] for at in range(len(bare) - 1)) or frozenset({bare})


def _cell(row: Sequence[str], head: Sequence[str], names: Sequence[str]) -> str:
    column = next((head.index(name) for name in names if name in head), None)
    return row[column].strip() if column is not None and column < len(row) else ""


def _rating(told: str) -> float:
    try:
        return float(told)
    except ValueError:
        return 0.0
