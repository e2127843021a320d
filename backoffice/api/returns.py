"""After-sales: refunds, returns, exchanges, repairs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from backoffice.api.context import READS, WRITES, CustomerReading, CustomerWriting
from backoffice.api.inputs import Body, Limit, Line, Offset, OrderNumber, Printable, ShortText, SlipPath
from backoffice.api.routing import Router
from backoffice.effects import find, returns
from backoffice.effects.work import Work
from backoffice.models import Order, Return
from backoffice.states import OPEN_RETURN_STATES, ReturnKind, ReturnReason
from backoffice.views.return_options import OptionsView, options_view
from backoffice.views.returns import ReturnPage, ReturnView, return_view

router = Router(prefix="/returns", tags=["returns"])


Pickup = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2} (上午|下午)$"),
    Field(examples=["2026-11-22 上午"]),
]


class ReturnBody(Body):
    order_number: OrderNumber
    line: Line | None = Field(default=None, description="不填：退款和退货指整单")
    kind: ReturnKind = Field(description="refund 仅退款，return 退货，exchange 换货，repair 维修")
    reason: ShortText | None = Field(default=None, description="客户的原话，可不填", examples=["屏幕有划痕"])
    reason_code: ReturnReason | None = Field(default=None, description="不填则从 reason 判断")
    to_variant: Annotated[str, StringConstraints(min_length=1, max_length=60), Printable] | None = Field(
        default=None, description="换成哪个规格；不填换同规格", examples=["43 码"]
    )
    pickup: Pickup | None = Field(default=None, description="上门取件时段；不填自己寄回")
    is_paid: bool = Field(default=False, description="维修：过保也修，先报价")


class PickupBody(Body):
    pickup: Pickup


@router.post("", status_code=201, summary="申请售后", responses=WRITES, response_model=ReturnView)
def create_return(body: ReturnBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, ReturnView]:
        slip = returns.open_slip(
            work,
            body.order_number,
            body.line,
            body.kind,
            body.reason,
            body.reason_code,
            body.to_variant,
            body.pickup,
            body.is_paid,
        )
        return 201, return_view(slip, work.customer)

    return once(body, effect)


@router.get("", summary="客户的服务单，新的在前", responses=READS)
def list_returns(
    look: CustomerReading,
    order_number: Annotated[str | None, Query(pattern=r"^[0-9A-Za-z]{1,16}$")] = None,
    open: Annotated[bool | None, Query(description="true 只看进行中的，false 只看已结束的")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> ReturnPage:
    mine = [Return.customer_id == look.customer.id]
    if order_number:
        numbers = select(Order.number).where(
            (Order.number == order_number) | (Order.legacy_number == order_number)
        )
        mine.append(Return.order_number.in_(numbers))
    if open is not None:
        is_open = Return.state.in_(OPEN_RETURN_STATES)
        mine.append(is_open if open else ~is_open)
    total = look.session.scalar(select(func.count()).select_from(Return).where(*mine)) or 0
    page = (
        select(Return)
        .where(*mine)
        .options(selectinload(Return.events), selectinload(Return.order).selectinload(Order.items))
        .order_by(Return.created_at.desc(), Return.slip.desc())
        .limit(limit)
        .offset(offset)
    )
    return ReturnPage(
        items=[return_view(slip, look.customer) for slip in look.session.scalars(page)], total=total
    )


class OptionsBody(Body):
    order_number: OrderNumber
    line: Line | None = None
    text: ShortText | None = Field(default=None, description="客户说的问题", examples=["屏幕有划痕"])
    reason_code: ReturnReason | None = Field(default=None, description="不填则从 text 判断")


@router.post("/options", summary="这个订单能怎么办售后（不申请）", responses=READS)
def look_at_options(body: OptionsBody, look: CustomerReading) -> OptionsView:
    order = find.order(look.session, look.customer.id, body.order_number)
    level = look.customer.level
    return options_view(look.session, order, body.line, body.text, body.reason_code, level, look.now)


@router.get("/{slip}", summary="一张服务单", responses=READS)
def get_return(slip: SlipPath, look: CustomerReading) -> ReturnView:
    return return_view(find.slip(look.session, look.customer.id, slip), look.customer)


@router.post("/{slip}/pickup", summary="约或改上门取件时间", responses=WRITES, response_model=ReturnView)
def choose_pickup(slip: SlipPath, body: PickupBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, ReturnView]:
        return 200, return_view(returns.choose_pickup(work, slip, body.pickup), work.customer)

    return once(body, effect)


@router.post("/{slip}/cancel", summary="撤销服务单", responses=WRITES, response_model=ReturnView)
def cancel_return(slip: SlipPath, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, ReturnView]:
        return 200, return_view(returns.withdraw(work, slip), work.customer)

    return once(None, effect)
