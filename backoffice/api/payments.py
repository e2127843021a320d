"""Payments: what the orders say when one went wrong. Nothing is changed; a ticket asks for a person."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from backoffice.api.context import READS, CustomerReading
from backoffice.api.routing import Router
from backoffice.effects import payments
from backoffice.states import PaymentProblem
from backoffice.views.payments import PaymentCheckView, payment_check_view

router = Router(prefix="/payments", tags=["payments"])


@router.get("/check", summary="看看付款出了什么问题", responses=READS)
def check_payment(
    look: CustomerReading,
    problem: Annotated[PaymentProblem, Query(description="客户说的是哪种问题")],
    order_number: Annotated[
        str | None, Query(pattern=r"^[0-9A-Za-z]{1,16}$", description="不填：看最近的订单")
    ] = None,
) -> PaymentCheckView:
    found = payments.check(look.session, look.customer.id, problem, order_number, look.now)
    return payment_check_view(found)
