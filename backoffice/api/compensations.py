"""Compensations: a coupon for an order that came late, or left a merchant late."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from sqlalchemy import func, select

from backoffice.api.context import READS, WRITES, CustomerReading, CustomerWriting
from backoffice.api.inputs import Body, Limit, Offset, OrderNumber
from backoffice.api.routing import Router
from backoffice.effects import compensations, find
from backoffice.effects.work import Work
from backoffice.models import Compensation
from backoffice.views.compensations import (
    CompensationOffers,
    CompensationPage,
    CompensationQuoteView,
    CompensationView,
    compensation_view,
    quote_view,
)

router = Router(prefix="/compensations", tags=["promotions"])


class CompensationBody(Body):
    order_number: OrderNumber


@router.post("", status_code=201, summary="申请延误赔付", responses=WRITES, response_model=CompensationView)
def create_compensation(body: CompensationBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, CompensationView]:
        given = compensations.compensate(work, body.order_number)
        return 201, compensation_view(given, given.order)

    return once(body, effect)


@router.get("", summary="客户的延误赔付，新的在前", responses=READS)
def list_compensations(look: CustomerReading, limit: Limit = 20, offset: Offset = 0) -> CompensationPage:
    mine = Compensation.customer_id == look.customer.id
    total = look.session.scalar(select(func.count()).select_from(Compensation).where(mine)) or 0
    page = select(Compensation).where(mine)
    page = page.order_by(Compensation.created_at.desc(), Compensation.number.desc())
    found = look.session.scalars(page.limit(limit).offset(offset))
    return CompensationPage(items=[compensation_view(each, each.order) for each in found], total=total)


@router.get("/quote", summary="现在能赔多少（不改动任何东西）", responses=READS | {409: WRITES[409]})
def quote_compensation(
    look: CustomerReading,
    order_number: Annotated[str, Query(pattern=r"^[0-9A-Za-z]{1,16}$")],
) -> CompensationQuoteView:
    order = find.order(look.session, look.customer.id, order_number)
    return quote_view(order, compensations.quote(order, look.customer, look.now))


@router.get("/offers", summary="近期订单里现在能赔的（不改动任何东西）", responses=READS)
def compensation_offers(look: CustomerReading) -> CompensationOffers:
    found = compensations.offers(look.session, look.customer, look.now)
    return CompensationOffers(items=[quote_view(order, due) for order, due in found])
