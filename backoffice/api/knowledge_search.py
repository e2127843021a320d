"""Asking the knowledge base: which entry answers a customer's question, and whether to answer, ask
which, or pass."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel, Field

from backoffice.api.context import problems
from backoffice.api.routing import Router
from backoffice.knowledge.search import Found, Hit, KnowledgeSearch, Talk
from backoffice.problems import not_found
from backoffice.states import SearchDecision

router = Router(prefix="/knowledge", tags=["knowledge"])


class FactView(BaseModel):
    """A figure of the answer that programs read."""

    name: str
    type: str
    value: str
    unit: str
    label: str


class KnowledgeHitView(BaseModel):
    """An entry that may answer."""

    key: str
    question: str
    answer: str = Field(description="Markdown")
    score: float = Field(description="它能回答这个问题的概率", ge=0, le=1)
    version: int
    category: str
    lead: list[str] = Field(description="答案里最贴近这个问题的一两句，按原文顺序")
    short: dict[str, str] = Field(description="渠道的短答案")
    facts: list[FactView]
    source: dict[str, Any] = Field(description="来自哪个文件、哪一节；后台新写的为空")
    source_line: str = Field(description="可以给客户看的出处", examples=["配送与运费"])


class KnowledgeFoundView(BaseModel):
    """What the search makes of a question; hits best first."""

    decision: SearchDecision
    hits: list[KnowledgeHitView]


@router.get("/search", summary="搜索知识库：直接回答、请客户选择，还是没有答案", responses=problems())
def search(
    request: Request,
    q: Annotated[str, Query(max_length=3_000, description="客户的话，原样")],
    k: Annotated[int, Query(ge=1, le=10, description="最多几条")] = 3,
    said: Annotated[str, Query(max_length=1_000, description="客户在这之前说的话")] = "",
    told: Annotated[str, Query(max_length=80, description="刚才回答的条目")] = "",
    topic: Annotated[str, Query(max_length=200, description="正在说哪件事，例如：换货")] = "",
    goods: Annotated[str, Query(max_length=500, description="正在说的商品名")] = "",
) -> KnowledgeFoundView:
    engine: KnowledgeSearch = request.app.state.knowledge
    return found_view(engine.search(q, k, Talk(said, told, topic, goods)))


@router.get(
    "/published/{entry_key}",
    summary="一个已发布的条目，按这个问题挑出先说的句子",
    responses=problems(404),
)
def one_published(
    request: Request,
    entry_key: Annotated[str, Path(max_length=80)],
    q: Annotated[str, Query(max_length=3_000, description="客户的话，原样")] = "",
) -> KnowledgeHitView:
    engine: KnowledgeSearch = request.app.state.knowledge
    found = engine.entry(entry_key, q)
    if found is None:
        raise not_found()
    return hit_view(found)


def found_view(found: Found) -> KnowledgeFoundView:
    """What is found, as the API tells it."""
    return KnowledgeFoundView(decision=found.decision, hits=[hit_view(hit) for hit in found.hits])


def hit_view(hit: Hit) -> KnowledgeHitView:
    """An entry, as the API tells it."""
    return KnowledgeHitView(
        key=hit.key,
        question=hit.entry.question,
        answer=hit.entry.answer,
        score=round(hit.score, 4),
        version=hit.entry.version,
        category=hit.entry.category,
        lead=list(hit.lead),
        short=dict(hit.entry.short),
        facts=[
            FactView(name=f.name, type=f.type, value=f.value, unit=f.unit, label=f.label)
            for f in hit.entry.facts
        ],
        source=dict(hit.entry.source),
        source_line=_source_line(hit.entry.source),
    )


def _source_line(source: Any) -> str:
    """The document's name without its number and ending."""
    name = str(source.get("file", "")).rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return name.lstrip("0123456789").lstrip("-_ ")
