"""Handing a conversation to a person."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import func, select

from backoffice.api.context import AnyoneWriting, MaybeCustomerHeader, Reading, problems
from backoffice.api.inputs import (
    Body,
    ConversationId,
    HandoffPath,
    Limit,
    Offset,
    Printable,
    ShortText,
    storable,
)
from backoffice.effects import handoffs
from backoffice.effects.work import Work
from backoffice.models import Handoff
from backoffice.states import HandoffState
from backoffice.views.tickets import (
    HandoffDetailView,
    HandoffPage,
    HandoffView,
    handoff_detail_view,
    handoff_view,
)

router = APIRouter(prefix="/handoffs", tags=["handoffs"])

Word = Annotated[str, StringConstraints(min_length=1, max_length=40), Printable]


class TranscriptLine(Body):
    who: Word = Field(examples=["客户"])
    text: Annotated[str, StringConstraints(max_length=10_000), Printable] = Field(examples=["转人工"])
    time: Word | None = Field(default=None, examples=["2026-11-21T10:30:00+08:00"])


class HandoffBody(Body):
    conversation_id: ConversationId
    reason: ShortText = Field(examples=["客户要求人工"])
    intent: Annotated[str, StringConstraints(max_length=80), Printable] | None = Field(
        default=None, examples=["handoff_request"]
    )
    transcript: list[TranscriptLine] = Field(default=[], max_length=200)
    slots: Annotated[dict[str, Any], AfterValidator(storable)] = Field(default={}, max_length=200)


@router.post(
    "",
    status_code=201,
    summary="转人工",
    description="每个会话同时只有一次：已有时返回它（200）。非工作时间改为留言工单。",
    responses={
        200: {"model": HandoffView, "description": "这个会话已有的人工服务"},
        **problems(400, 404, 409, 413),
    },
    response_model=HandoffView,
)
def create_handoff(body: HandoffBody, once: AnyoneWriting) -> Response:
    def effect(work: Work) -> tuple[int, HandoffView]:
        wanted = handoffs.HandoffRequest(
            conversation_id=body.conversation_id,
            reason=body.reason,
            intent=body.intent,
            transcript=[line.model_dump() for line in body.transcript],
            slots=body.slots,
        )
        is_new, handoff = handoffs.open_handoff(work, wanted)
        place = handoffs.position(work.session, handoff)
        return 201 if is_new else 200, handoff_view(handoff, place, work.now)

    return once(body, effect)


@router.get("", summary="所有人工服务（客服用），先到的在前", responses=problems(400))
def list_handoffs(
    look: Reading,
    state_code: Annotated[HandoffState | None, Query(description="只看这个状态")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> HandoffPage:
    wanted = [Handoff.state == state_code] if state_code else []
    total = look.session.scalar(select(func.count()).select_from(Handoff).where(*wanted)) or 0
    page = select(Handoff).where(*wanted).order_by(Handoff.priority.desc(), Handoff.created_at, Handoff.id)
    found = look.session.scalars(page.limit(limit).offset(offset))
    items = [
        handoff_detail_view(handoff, handoffs.position(look.session, handoff), look.now) for handoff in found
    ]
    return HandoffPage(items=items, total=total)


@router.get("/{handoff_id}", summary="一次人工服务", responses=problems(400, 404))
def get_handoff(
    handoff_id: HandoffPath, look: Reading, customer_id: MaybeCustomerHeader = None
) -> HandoffDetailView:
    handoff = handoffs.find_handoff(look.session, handoff_id, customer_id)
    return handoff_detail_view(handoff, handoffs.position(look.session, handoff), look.now)


@router.post(
    "/{handoff_id}/close",
    summary="结束人工服务",
    responses=problems(400, 404, 409, 413),
    response_model=HandoffView,
)
def close_handoff(handoff_id: HandoffPath, once: AnyoneWriting) -> Response:
    def effect(work: Work) -> tuple[int, HandoffView]:
        return 200, handoff_view(handoffs.close(work, handoff_id), None, work.now)

    return once(None, effect)
