"""What a caller reads when something is refused: RFC 9457 documents with a machine-readable `code`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.routing import Route

from backoffice.rules.facts import Decision

API_PREFIX = "/api/v1"
MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "请求不完整",
    401: "没有通过验证",
    404: "没有找到",
    405: "不支持的操作",
    409: "办不了",
    413: "内容太大",
    422: "填写有误",
    500: "系统出错",
}
_CODES = {405: "method_not_allowed", 413: "too_large", 404: "not_found", 500: "internal_error"}


class FieldError(BaseModel):
    field: str = Field(examples=["phone"])
    message: str = Field(examples=["不能超过 20 个字"])


class ProblemDocument(BaseModel):
    """The body of every answer that is no success."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=["urn:lingxi:problem:order_shipped"])
    title: str = Field(examples=["办不了"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["订单已出库，不能直接取消。可以申请退款拦截包裹，或者收货时拒收。"])
    code: str = Field(examples=["order_shipped"])
    instance: str = Field(examples=["/api/v1/orders/{number}/cancel"])
    """The route without the number asked for: another's order and a missing one answer the same bytes."""
    for_customer: bool = Field(default=False, examples=[True])
    """Whether `detail` is written for the customer, or else for whoever wrote the client."""
    deadline: str | None = Field(default=None, examples=["2026-11-28"])
    errors: list[FieldError] | None = None


@dataclass
class Problem(Exception):
    """Raised anywhere below a route; the answer of the request."""

    status: int
    code: str
    detail: str
    deadline: str | None = None
    errors: list[FieldError] = field(default_factory=list)
    for_customer: bool = False

    def body(self, instance: str) -> str:
        """The document as JSON text."""
        document: dict[str, Any] = {
            "type": f"urn:lingxi:problem:{self.code}",
            "title": _TITLES.get(self.status, "办不了"),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "instance": instance,
        }
        if self.for_customer:
            document["for_customer"] = True
        if self.deadline:
            document["deadline"] = self.deadline
        if self.errors:
            document["errors"] = [error.model_dump() for error in self.errors]
        return json.dumps(document, ensure_ascii=False)

    def response(self, request: Request) -> Response:
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else None
        return Response(
            self.body(route_path(request)), status_code=self.status, media_type=MEDIA_TYPE, headers=headers
        )


def refused(decision: Decision) -> Problem:
    """A rule's refusal as the answer 409."""
    return Problem(
        409,
        decision.code,
        decision.detail or "",
        deadline=decision.deadline.isoformat() if decision.deadline else None,
        for_customer=True,
    )


def not_found() -> Problem:
    """The same for what is another's and what is not there."""
    return Problem(404, "not_found", "没有找到，请核对号码后再试。")


def unauthorized() -> Problem:
    return Problem(401, "unauthorized", "服务令牌缺失或不正确。")


def invalid(*errors: tuple[str, str]) -> Problem:
    """(field, message) pairs; the values themselves are never repeated."""
    listed = [FieldError(field=name, message=message) for name, message in errors]
    detail = "；".join(f"{error.field}：{error.message}" for error in listed)
    return Problem(422, "invalid_request", f"填写有误：{detail}。", errors=listed)


def of_status(status: int) -> Problem:
    """For what the framework itself answers (unknown path, wrong method, unreadable body)."""
    details = {
        404: "没有这个地址。",
        405: "这个地址不支持该方法。",
        413: "内容太大，请缩短后再试。",
        500: "系统出错了，请稍后再试。",
    }
    code = _CODES.get(status, "invalid_request")
    return Problem(status, code, details.get(status, "请求内容无法读取，请检查格式。"))


def route_path(request: Request) -> str:
    """The path of the route with its placeholders; constant where no route matched."""
    route = request.scope.get("route")
    if not isinstance(route, Route):
        return "/"
    # A route knows its path below the prefix it was included under.
    return API_PREFIX + route.path if request.url.path.startswith(API_PREFIX + "/") else route.path
