"""All that a customer has, in summaries, to find out which one is meant."""

from __future__ import annotations

from backoffice.api.context import READS, CustomerReading
from backoffice.api.routing import Router
from backoffice.effects import belongings
from backoffice.views.belongings import BelongingsView, belongings_view

router = Router(prefix="/belongings", tags=["customers"])


@router.get("", summary="客户的全部订单、服务单、发票和工单（摘要），新的在前", responses=READS)
def list_belongings(look: CustomerReading) -> BelongingsView:
    return belongings_view(belongings.of(look.session, look.customer.id))
