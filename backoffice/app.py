"""Puts the back office together: database, gate, problems, routers, OpenAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from backoffice import desk, reference
from backoffice.api import (
    belongings,
    compensations,
    customers,
    facts,
    feedback,
    handoffs,
    invoices,
    knowledge,
    knowledge_search,
    notices,
    orders,
    outcomes,
    payments,
    pictures,
    price_protections,
    products,
    returns,
    shipments,
    tickets,
)
from backoffice.assistant import Assistant
from backoffice.database import Database
from backoffice.gate import Gate
from backoffice.handoffs_worker import HandoffsWorker
from backoffice.knowledge import engine
from backoffice.knowledge.search.service import CACHE_FOLDER, KnowledgeSearch, endpoint_of
from backoffice.problems import (
    API_PREFIX,
    Problem,
    ProblemDocument,
    invalid,
    not_found,
    of_status,
    route_path,
)
from backoffice.settings import Settings

_TAGS = [
    {"name": "orders", "description": "订单：查询、取消、修改、催发货"},
    {"name": "shipments", "description": "物流：查询、催派送、安排派送、报告问题"},
    {"name": "returns", "description": "售后：退款、退货、换货、维修"},
    {"name": "invoices", "description": "发票：申请、换开、重新发送"},
    {"name": "payments", "description": "支付：付款出了问题，先看订单和退款"},
    {"name": "promotions", "description": "优惠券、灵犀币、价保、延误赔付"},
    {"name": "products", "description": "商品：价格、库存、参数"},
    {"name": "customers", "description": "客户资料"},
    {"name": "tickets", "description": "工单：投诉、核查、催办"},
    {"name": "handoffs", "description": "转人工"},
    {"name": "feedback", "description": "评价和建议"},
    {"name": "outcomes", "description": "没收到回答的写操作结果如何"},
    {"name": "knowledge", "description": "知识库：条目、审核、发布、导入、没答上的问题"},
    {"name": "facts", "description": "成批的事实，给分析用"},
    {"name": "health", "description": "是否在运行"},
]
_DESCRIPTION = """
灵犀商城的业务系统。金额是两位小数的字符串（元），时间带 +08:00，
状态同时给出中文（`state`）和代码（`state_code`）。

- 每个请求带 `Authorization: Bearer <服务令牌>`；
- 代表客户的请求带 `X-Customer-Id`，别人的和不存在的一律 404；
- 每个写操作带 `Idempotency-Key`：重试不会重复执行；
- 出错时返回 `application/problem+json`，`code` 给程序看；
  只有 `for_customer` 为 true 时，`detail` 才可以直接告诉客户。
"""
_ROUTERS = (
    orders,
    shipments,
    returns,
    invoices,
    payments,
    pictures,
    price_protections,
    compensations,
    customers,
    belongings,
    products,
    tickets,
    handoffs,
    notices,
    feedback,
    outcomes,
    knowledge_search,
    knowledge,
    facts,
)


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """The application; opens its database unless one is given, and closes it at the end."""
    opened = database or Database(settings.database_url)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        worker = None
        app.state.knowledge.start()
        await run_in_threadpool(app.state.knowledge.wait)  # who asks first is answered too
        if settings.rasa_token:  # last: what it tells the assistant is asked about here at once
            assistant = Assistant(settings.rasa_api_url, settings.rasa_token)
            worker = HandoffsWorker(opened, settings.clock, assistant)
            worker.start()
        yield
        await run_in_threadpool(app.state.knowledge.stop)
        if worker:
            await run_in_threadpool(worker.stop)
        opened.close()

    app = FastAPI(
        title="灵犀商城业务系统",
        version="1.0.0",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        lifespan=lifespan,
        openapi_url=None,  # its own pages load scripts from elsewhere, and are open to everybody
    )
    app.state.database = opened
    app.state.clock = settings.clock
    app.state.settings = settings
    app.state.knowledge = KnowledgeSearch(
        opened, settings.clock, CACHE_FOLDER, endpoint_of(settings.embeddings)
    )
    app.state.build_searcher = engine.build
    app.state.sentence_vectors = engine.sentence_vectors
    # The gate checks the token; the bearer dependency only tells OpenAPI about it.
    bearer = Security(HTTPBearer(auto_error=False))
    api = APIRouter(prefix=API_PREFIX, dependencies=[bearer, Depends(_declared_queries_only)])
    for module in _ROUTERS:
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(desk.router)
    app.include_router(reference.router(settings))
    if settings.demo and find_spec("backoffice.demo"):
        # A shop's own image may leave the demo page out.
        app.include_router(import_module("backoffice.demo").router(settings))

    @app.get("/health", tags=["health"], summary="是否在运行")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_middleware(Gate, service_token=settings.service_token)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


async def _declared_queries_only(request: Request) -> None:
    """A misspelt filter would silently answer everything."""
    operation = request.app.openapi()["paths"][route_path(request)][request.method.lower()]
    declared = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
    if unknown := [name for name in request.query_params if name not in declared]:
        raise invalid((unknown[0][:100], "没有这个查询参数"))


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response(request)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = of_status(error.status_code).response(request)
    if error.status_code == 405:
        # The router names only the methods of the first route with this path.
        operations = request.app.openapi()["paths"].get(route_path(request), {})
        answer.headers["Allow"] = ", ".join(sorted(method.upper() for method in operations))
    return answer


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _problem_of(list(error.errors())).response(request)


_MISSING_HEADERS = {
    "x-customer-id": ("customer_required", "缺少 X-Customer-Id：请先验证客户身份。"),
    "idempotency-key": ("idempotency_key_required", "缺少 Idempotency-Key：写操作要带一个不重复的键。"),
}
_MESSAGES = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段",
    "string_too_long": "太长，最多 {max_length} 个字",
    "string_too_short": "太短，至少 {min_length} 个字",
    "string_pattern_mismatch": "格式不对",
    "string_type": "应为文字",
    "string_unicode": "含有无法识别的字符",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "bool_parsing": "应为 true 或 false",
    "enum": "应为 {expected} 之一",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "too_long": "太多，最多 {max_length} 条",
    "json_invalid": "不是有效的 JSON",
    "model_attributes_type": "应为 JSON 对象",
    "dict_type": "应为 JSON 对象",
    "list_type": "应为列表",
}


def _problem_of(errors: list[dict[str, Any]]) -> Problem:
    """Field and reason of each error, never the value: it may be somebody's phone."""
    for error in errors:
        name = str(error["loc"][-1]).lower()
        if error["type"] == "missing" and error["loc"][0] == "header" and name in _MISSING_HEADERS:
            code, detail = _MISSING_HEADERS[name]
            return Problem(400, code, detail)
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem(400, "invalid_request", "请求内容不是有效的 JSON。")
    if all(error["loc"][0] == "path" for error in errors):
        # What cannot be a number of ours does not exist.
        return not_found()
    return invalid(*[(_field(error["loc"]), _message(error)) for error in errors[:20]])


def _field(loc: tuple[str | int, ...]) -> str:
    inner = ".".join(str(part) for part in loc[1:])
    # A field's name comes from the caller where it is an unknown one.
    return inner.encode("utf-8", "replace").decode()[:100] or "body"


def _message(error: dict[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return _MESSAGES.get(error["type"], "填写有误").format_map(error.get("ctx", {}))


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schemas["Problem"].pop("$defs", {}))
        app.openapi_schema = schema
    return app.openapi_schema
