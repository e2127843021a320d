"""Price protection: the difference after a price drop."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import Field
from sqlalchemy import func, select

from backoffice.api.context import READS, WRITES, CustomerReading, CustomerWriting
from backoffice.api.inputs import Body, Limit, Line, Offset, OrderNumber
from backoffice.api.routing import Router
from backoffice.effects import find, price_protections
from backoffice.effects.work import Work
from backoffice.models import Order, PriceProtection
from backoffice.views.price_protections import (
    PriceProtectionPage,
    PriceProtectionQuoteView,
    PriceProtectionView,
    price_protection_view,
    quote_view,
)

router = Router(prefix="/price-protections", tags=["promotions"])


class PriceProtectionBody(Body):
    order_number: OrderNumber
    line: Line | None = Field(default=None, description="不填：第一件有差价的商品")


@router.post("", status_code=201, summary="申请价保", responses=WRITES, response_model=PriceProtectionView)
def create_price_protection(body: PriceProtectionBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, PriceProtectionView]:
        order, protection = price_protections.protect(work, body.order_number, body.line)
        return 201, price_protection_view(protection, order)

    return once(body, effect)


@router.get("", summary="客户的价保记录，新的在前", responses=READS)
def list_price_protections(
    look: CustomerReading, limit: Limit = 20, offset: Offset = 0
) -> PriceProtectionPage:
    mine = PriceProtection.customer_id == look.customer.id
    total = look.session.scalar(select(func.count()).select_from(PriceProtection).where(mine)) or 0
    page = select(PriceProtection).where(mine)
    page = page.order_by(PriceProtection.created_at.desc(), PriceProtection.number.desc())
    found = look.session.scalars(page.limit(limit).offset(offset))
    return PriceProtectionPage(
        items=[price_protection_view(each, look.session.get_one(Order, each.order_number)) for each in found],
        total=total,
    )


@router.get(
    "/quote", summary="现在能退多少差价（不改动任何东西）", responses=READS | {409: WRITES[409]}
)
def quote_price_protection(
    look: CustomerReading,
    order_number: Annotated[str, Query(pattern=r"^[0-9A-Za-z]{1,16}$")],
    line: Annotated[int | None, Query(ge=1, le=999, description="不填：第一件有差价的商品")] = None,
) -> PriceProtectionQuoteView:
    order = find.order(look.session, look.customer.id, order_number)
    return quote_view(order, *price_protections.quote(order, line, look.now.date()))
