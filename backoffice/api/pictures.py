"""Customers' pictures of what is wrong: which slip or ticket they belong to. The pictures lie with the assistant."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.api.context import WRITES, CustomerWriting, Reading, problems
from backoffice.api.handoffs import PICTURE_ANSWERS, MediaPath, fetched
from backoffice.api.inputs import Body, ConversationId
from backoffice.api.routing import Router
from backoffice.effects import find
from backoffice.effects.work import Work
from backoffice.models import Picture
from backoffice.problems import Problem, not_found
from backoffice.views.base import Time, View

router = Router(prefix="/pictures", tags=["returns"])

_SLIP = "TH"
_MOST = 30
Number = Annotated[
    str,
    StringConstraints(pattern=r"^(TH|GD)[0-9]{12}$"),
    Field(description="服务单号或工单号", examples=["TH202611210001"]),
]
NumberPath = Annotated[
    str, Path(pattern=r"^(TH|GD)[0-9]{12}$", description="服务单号或工单号", examples=["TH202611210001"])
]


class PictureBody(Body):
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,128}$")]
    type: Annotated[str, StringConstraints(pattern=r"^image/[a-z]{3,10}$")] = Field(examples=["image/jpeg"])


class PicturesBody(Body):
    number: Number
    conversation_id: ConversationId
    pictures: list[PictureBody] = Field(min_length=1, max_length=10)


class PictureView(View):
    id: str
    type: str = Field(examples=["image/jpeg"])
    added_at: Time


class PicturesView(View):
    number: str = Field(examples=["TH202611210001"])
    items: list[PictureView]


@router.post(
    "", summary="把客户发的图片附到服务单或工单", responses=WRITES, response_model=PicturesView
)
def attach(body: PicturesBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, PicturesView]:
        mine = find.slip if body.number.startswith(_SLIP) else find.ticket
        if not mine(work.session, work.customer.id, body.number, lock=True).state.is_open:
            raise Problem(409, "already_over", "这一单已经结束了，图片没有附上去。", for_customer=True)
        known = {each.id for each in _of(work.session, body.number)}
        for each in body.pictures:
            if each.id not in known and len(known) < _MOST:
                known.add(each.id)
                work.session.add(
                    Picture(
                        number=body.number,
                        id=each.id,
                        conversation_id=body.conversation_id,
                        media_type=each.type,
                        added_at=work.now,
                    )
                )
        work.session.flush()
        return 200, _view(work.session, body.number)

    return once(body, effect)


@router.get("", summary="服务单或工单附的图片（内部用）", responses=problems(400))
def list_pictures(look: Reading, number: Annotated[str, Query(pattern=r"^(TH|GD)[0-9]{12}$")]) -> PicturesView:
    return _view(look.session, number)


@router.get(
    "/{number}/{media_id}", summary="附的一张图片（内部用）", responses=PICTURE_ANSWERS, response_class=Response
)
def get_picture(number: NumberPath, media_id: MediaPath, look: Reading, request: Request) -> Response:
    found = look.session.get(Picture, (number, media_id))
    if found is None:
        raise not_found()
    return fetched(request, found.conversation_id, media_id)


def _of(session: Session, number: str) -> list[Picture]:
    mine = select(Picture).where(Picture.number == number)
    return list(session.scalars(mine.order_by(Picture.added_at, Picture.id)))


def _view(session: Session, number: str) -> PicturesView:
    items = [
        PictureView(id=each.id, type=each.media_type, added_at=each.added_at) for each in _of(session, number)
    ]
    return PicturesView(number=number, items=items)
