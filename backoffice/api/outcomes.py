"""What a write was answered with, for a caller who did not hear the answer."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from backoffice.api.context import MaybeCustomerReading, problems
from backoffice.api.routing import Router
from backoffice.models import IdempotentAnswer
from backoffice.problems import not_found
from backoffice.views.base import Time, View

router = Router(prefix="/outcomes", tags=["outcomes"])


class OutcomeView(View):
    """The stored answer of a write. The request it answered is not kept."""

    status: int = Field(description="当时回答的 HTTP 状态码", examples=[200, 409])
    answer: dict[str, Any] = Field(description="当时回答的内容，和用同一个键重发得到的一样")
    answered_at: Time


@router.get("/{key}", summary="查一个写操作的结果", responses=problems(400, 404))
def get_outcome(
    look: MaybeCustomerReading,
    key: Annotated[
        str,
        Path(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", description="写操作的 Idempotency-Key"),
    ],
) -> OutcomeView:
    """404: nothing was written under this key by this customer, or it is not finished yet."""
    scope = look.customer.id if look.customer else ""
    stored = look.session.get(IdempotentAnswer, (scope, key))
    if stored is None:
        raise not_found()
    return OutcomeView(status=stored.status, answer=json.loads(stored.body), answered_at=stored.created_at)
