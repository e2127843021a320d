"""What a route gets: a reading look at a customer's things, or the once-only write.

Routes that take them stand on a `Router` (backoffice/api/routing.py), which opens and closes looks.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import Depends, Header, Request
from sqlalchemy.orm import Session

from backoffice.clock import Clock
from backoffice.database import Database
from backoffice.effects.settle import is_due, settle
from backoffice.idempotency import Once, acting_customer
from backoffice.models import Customer
from backoffice.problems import MEDIA_TYPE

CUSTOMER_ID = "^[A-Za-z0-9_-]{1,32}$"
"""What a customer id looks like, here and in the tokens that prove one."""

KeyHeader = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="同一操作的重试用同一个键：只执行一次，之后返回第一次的结果",
        examples=["conv-7f3a:action_orders_cancel:m-12"],
    ),
]
CustomerHeader = Annotated[
    str,
    Header(
        alias="X-Customer-Id",
        pattern=CUSTOMER_ID,
        description="身份已验证的客户编号",
        examples=["C000001"],
    ),
]
MaybeCustomerHeader = Annotated[
    str | None,
    Header(
        alias="X-Customer-Id",
        pattern=CUSTOMER_ID,
        description="身份已验证的客户编号；匿名时不带",
    ),
]


class Look:
    """A reading session at a moment: opened in the thread of the route, closed when it has answered."""

    session: Session

    def __init__(self, request: Request) -> None:
        self._database: Database = request.app.state.database
        clock: Clock = request.app.state.clock
        self.now = clock()

    def __enter__(self) -> Self:
        self.session = self._database.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()


class CustomerLook(Look):
    """A reading session for one customer, with everything due already settled.

    Opening it raises the 404 problem for nobody's id.
    """

    customer: Customer

    def __init__(self, request: Request, customer_id: str) -> None:
        super().__init__(request)
        self._customer_id = customer_id

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            if is_due(self.session, self._customer_id, self.now):
                self.session.rollback()  # what it has seen is of before
                with self._database.write() as session:
                    settle(session, self._customer_id, self.now)
            self.customer = acting_customer(self.session, self._customer_id)
        except BaseException:
            self.session.close()
            raise
        return self


class MaybeCustomerLook(Look):
    """A reading session for a customer, or for somebody who has not proven who they are."""

    customer: Customer | None

    def __init__(self, request: Request, customer_id: str | None) -> None:
        super().__init__(request)
        self._customer_id = customer_id

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.customer = acting_customer(self.session, self._customer_id) if self._customer_id else None
        except BaseException:
            self.session.close()
            raise
        return self


# None of these waits for anything, so none needs a thread of its own.


async def _look(request: Request) -> Look:
    return Look(request)


async def _customer_look(request: Request, customer_id: CustomerHeader) -> CustomerLook:
    return CustomerLook(request, customer_id)


async def _maybe_customer_look(
    request: Request, customer_id: MaybeCustomerHeader = None
) -> MaybeCustomerLook:
    return MaybeCustomerLook(request, customer_id)


async def _customer_once(request: Request, customer_id: CustomerHeader, key: KeyHeader) -> Once:
    return Once(request, request.app.state.database, request.app.state.clock, customer_id, key)


async def _anyone_once(request: Request, key: KeyHeader, customer_id: MaybeCustomerHeader = None) -> Once:
    return Once(request, request.app.state.database, request.app.state.clock, customer_id, key)


async def _staff_once(request: Request, key: KeyHeader) -> Once:
    return Once(request, request.app.state.database, request.app.state.clock, None, key)


Reading = Annotated[Look, Depends(_look)]
CustomerReading = Annotated[CustomerLook, Depends(_customer_look)]
MaybeCustomerReading = Annotated[MaybeCustomerLook, Depends(_maybe_customer_look)]
CustomerWriting = Annotated[Once, Depends(_customer_once)]
AnyoneWriting = Annotated[Once, Depends(_anyone_once)]
StaffWriting = Annotated[Once, Depends(_staff_once)]

_MEANINGS = {
    400: "缺少必需的请求头（customer_required、idempotency_key_required），或请求内容无法读取",
    401: "服务令牌缺失或不正确（unauthorized）",
    404: "没有，或不是这位客户的（not_found）",
    409: "业务规则不允许；code 说明原因，detail 告诉客户下一步",
    413: "请求内容超过 256 KiB（too_large）",
    503: "客服那边暂时连不上，请用同一个键再来（assistant_unreachable）",
    422: "填写有误（invalid_request，errors 列出字段），或 Idempotency-Key 已用于别的请求",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented problem answers of a route; 401 and 422 belong to every one."""
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({401, 422, *statuses})
    }


READS = problems(400, 404)
"""A customer's read."""
WRITES = problems(400, 404, 409, 413)
"""A customer's write."""
