"""Handing a conversation to a person, and what the person does with it. Agents bring the service token."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import func, select

from backoffice.api.context import AnyoneWriting, MaybeCustomerHeader, Reading, StaffWriting, problems
from backoffice.api.inputs import (
    Body,
    ConversationId,
    HandoffPath,
    Limit,
    LongText,
    Offset,
    Printable,
    ShortText,
    storable,
)
from backoffice.api.routing import Router
from backoffice.assistant import PICTURE_TYPES, Assistant, AssistantUnreachable
from backoffice.effects import handoffs
from backoffice.effects.work import Work
from backoffice.models import Handoff
from backoffice.problems import not_found
from backoffice.states import HandoffState
from backoffice.views.handoffs import (
    HandoffCounts,
    HandoffDetailView,
    HandoffMessagesView,
    HandoffMessageView,
    HandoffPage,
    HandoffView,
    handoff_detail_view,
    handoff_view,
    message_view,
)

router = Router(prefix="/handoffs", tags=["handoffs"])

_BINARY = {"type": "string", "format": "binary"}
PICTURE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": _BINARY} for kind in PICTURE_TYPES}},
    **problems(400, 404),
}
Word = Annotated[str, StringConstraints(min_length=1, max_length=40), Printable]
MediaPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{16,128}$", description="图片编号")]
Mood = Annotated[str, StringConstraints(max_length=20), Printable]
Intent = Annotated[str, StringConstraints(max_length=80), Printable]


class MediaBody(Body):
    id: Annotated[str, StringConstraints(max_length=128), Printable]
    type: Annotated[str, StringConstraints(max_length=40), Printable] = Field(examples=["image/png"])
    path: Annotated[str, StringConstraints(max_length=300), Printable]


class TranscriptLine(Body):
    who: Word = Field(examples=["客户"])
    text: Annotated[str, StringConstraints(max_length=10_000), Printable] = Field(examples=["转人工"])
    time: Word | None = Field(default=None, examples=["2026-11-21T10:30:00+08:00"])
    media: list[MediaBody] = Field(default=[], max_length=10, description="客户发的图片")


class HandoffBody(Body):
    conversation_id: ConversationId
    reason: ShortText = Field(examples=["customer_asked"])
    intent: Intent | None = Field(default=None, examples=["handoff_request"])
    sentiment: Mood | None = Field(default=None, description="对话里最强的情绪", examples=["angry"])
    transcript: list[TranscriptLine] = Field(default=[], max_length=200)
    tags: list[Intent] = Field(default=[], max_length=20, examples=[["orders_ask_status"]])
    slots: Annotated[dict[str, Any], AfterValidator(storable)] = Field(default={}, max_length=200)


class SaidBody(Body):
    message_id: Annotated[str, StringConstraints(min_length=1, max_length=160), Printable]
    text: Annotated[str, StringConstraints(max_length=4000), Printable] = Field(examples=["还是昨天那个订单"])
    at_ms: int = Field(
        strict=True,
        ge=0,
        le=32_503_680_000_000,
        description="说话的时间：1970 年起的毫秒数（UTC）",
        examples=[1_795_228_200_000],
    )
    media: list[MediaBody] = Field(default=[], max_length=10)
    sentiment: Mood | None = Field(default=None, examples=["angry"])


class MessagesBody(Body):
    messages: list[SaidBody] = Field(min_length=1, max_length=100)


class AgentBody(Body):
    agent_id: Word = Field(examples=["xiaoli"])
    agent_name: Word = Field(examples=["小李"])


class ReplyBody(Body):
    agent_id: Word = Field(examples=["xiaoli"])
    agent_name: Word | None = Field(default=None, description="回复留言时客户看到的称呼", examples=["小李"])
    text: LongText = Field(examples=["您好，已经帮您催了，今天 18:00 前发出。"])


_QUEUE = (Handoff.priority.desc(), Handoff.created_at, Handoff.id)
_ORDER = {
    HandoffState.TICKETED: (Handoff.created_at, Handoff.id),
    HandoffState.CLOSED: (Handoff.closed_at.desc(), Handoff.id),
}


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
            sentiment=body.sentiment,
            tags=list(body.tags),
            transcript=[line.model_dump() for line in body.transcript],
            slots=body.slots,
        )
        is_new, handoff = handoffs.open_handoff(work, wanted)
        return 201 if is_new else 200, handoff_view(work.session, handoff, work.now)

    return once(body, effect)


@router.get(
    "",
    summary="人工服务（客服用）",
    description="排队的按等级和先后；留言（ticketed）先留的在前；结束的（closed）刚结束的在前。",
    responses=problems(400),
)
def list_handoffs(
    look: Reading,
    state_code: Annotated[HandoffState | None, Query(description="只看这个状态")] = None,
    open_: Annotated[bool, Query(alias="open", description="只看排队中和已接入的")] = False,
    agent_id: Annotated[
        str | None, Query(min_length=1, max_length=40, description="counts.mine 数这位客服的")
    ] = None,
    mine: Annotated[bool, Query(description="只看这位客服的")] = False,
    limit: Limit = 20,
    offset: Offset = 0,
) -> HandoffPage:
    wanted = [Handoff.state == state_code] if state_code else []
    if open_:
        wanted.append(Handoff.state.in_(handoffs.OPEN))
    if mine:
        wanted.append(Handoff.agent_id == agent_id)
    total = look.session.scalar(select(func.count()).select_from(Handoff).where(*wanted)) or 0
    order = _ORDER.get(state_code, _QUEUE) if state_code else _QUEUE
    page = select(Handoff).where(*wanted).order_by(*order)
    found = look.session.scalars(page.limit(limit).offset(offset))
    counts = handoffs.counts(look.session, agent_id, look.now)
    return HandoffPage(
        items=[handoff_view(look.session, each, look.now) for each in found],
        total=total,
        counts=HandoffCounts(**vars(counts)),
    )


@router.get("/{handoff_id}", summary="一次人工服务", responses=problems(400, 404))
def get_handoff(
    handoff_id: HandoffPath, look: Reading, customer_id: MaybeCustomerHeader = None
) -> HandoffDetailView:
    handoff = handoffs.find_handoff(look.session, handoff_id, customer_id)
    return handoff_detail_view(look.session, handoff, look.now)


@router.get("/{handoff_id}/messages", summary="转人工之后说的话，先说的在前", responses=problems(400, 404))
def list_messages(
    handoff_id: HandoffPath,
    look: Reading,
    after: Annotated[int, Query(ge=0, le=1_000_000_000, description="只要这个编号之后的")] = 0,
    limit: Limit = 100,
) -> HandoffMessagesView:
    handoff = handoffs.find_handoff(look.session, handoff_id, None)
    waiting = handoffs.undelivered(look.session, handoff_id)
    found = handoffs.messages(look.session, handoff_id, after, limit)
    return HandoffMessagesView(
        state=handoff.state.label,
        state_code=handoff.state.value,
        last_seq=handoff.last_seq,
        items=[message_view(said, waiting) for said in found],
    )


@router.post(
    "/{handoff_id}/messages",
    summary="客户说的话（机器人转来）",
    description="按 message_id 只记一次：已有的不变，缺的按顺序补上。",
    responses=problems(400, 404, 409, 413),
    response_model=HandoffView,
)
def add_messages(handoff_id: HandoffPath, body: MessagesBody, once: AnyoneWriting) -> Response:
    def effect(work: Work) -> tuple[int, HandoffView]:
        said = [
            handoffs.Said(
                each.message_id,
                each.text,
                datetime.fromtimestamp(each.at_ms / 1000, UTC),
                [media.model_dump() for media in each.media],
                each.sentiment,
            )
            for each in body.messages
        ]
        return 200, handoff_view(work.session, handoffs.heard(work, handoff_id, said), work.now)

    return once(body, effect)


@router.get(
    "/{handoff_id}/pictures/{media_id}",
    summary="客户在对话里发的图片",
    responses=PICTURE_ANSWERS,
    response_class=Response,
)
def get_picture(handoff_id: HandoffPath, media_id: MediaPath, look: Reading, request: Request) -> Response:
    handoff = handoffs.find_handoff(look.session, handoff_id, None)
    if not handoffs.has_picture(look.session, handoff.id, media_id):
        raise not_found()
    return fetched(request, handoff.conversation_id, media_id)


def fetched(request: Request, conversation_id: str, media_id: str) -> Response:
    """A picture of a conversation, which lies with the assistant. Raises 404."""
    settings = request.app.state.settings
    assistant = Assistant(settings.rasa_api_url, settings.rasa_token)
    try:
        found = assistant.picture(conversation_id, media_id)
    except AssistantUnreachable:
        found = None
    finally:
        assistant.close()
    if found is None:
        raise not_found()
    kind, content = found
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=kind, headers=headers)


@router.post(
    "/{handoff_id}/take",
    summary="客服接入",
    responses=problems(400, 404, 409, 413),
    response_model=HandoffView,
)
def take_handoff(handoff_id: HandoffPath, body: AgentBody, once: StaffWriting) -> Response:
    def effect(work: Work) -> tuple[int, HandoffView]:
        taken = handoffs.take(work, handoff_id, handoffs.Agent(body.agent_id, body.agent_name))
        return 200, handoff_view(work.session, taken, work.now)

    return once(body, effect)


@router.post(
    "/{handoff_id}/replies",
    status_code=201,
    summary="客服回复客户",
    description="先记下再送达：`delivered` 为 false 时还在路上，送到为止。回复留言后工单就办完了。",
    responses=problems(400, 404, 409, 413),
    response_model=HandoffMessageView,
)
def reply(handoff_id: HandoffPath, body: ReplyBody, once: StaffWriting) -> Response:
    def effect(work: Work) -> tuple[int, HandoffMessageView]:
        reply_id = hashlib.sha256(f"{handoff_id}\n{once.key}".encode()).hexdigest()[:32]
        agent = handoffs.Agent(body.agent_id, body.agent_name or body.agent_id)
        said = handoffs.reply(work, handoff_id, agent, body.text, reply_id)
        work.session.flush()
        return 201, message_view(said, handoffs.undelivered(work.session, handoff_id))

    return once(body, effect)


@router.post(
    "/{handoff_id}/close",
    summary="结束人工服务",
    responses=problems(400, 404, 409, 413),
    response_model=HandoffView,
)
def close_handoff(handoff_id: HandoffPath, once: AnyoneWriting) -> Response:
    def effect(work: Work) -> tuple[int, HandoffView]:
        return 200, handoff_view(work.session, handoffs.close(work, handoff_id), work.now)

    return once(None, effect)


@router.post(
    "/{handoff_id}/leave",
    summary="客户不等了，离开排队",
    description="已有客服接入时不行（409）。",
    responses=problems(400, 404, 409, 413),
    response_model=HandoffView,
)
def leave_queue(handoff_id: HandoffPath, once: AnyoneWriting) -> Response:
    def effect(work: Work) -> tuple[int, HandoffView]:
        return 200, handoff_view(work.session, handoffs.leave(work, handoff_id), work.now)

    return once(None, effect)
