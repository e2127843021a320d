"""What a client hears when a handler fails: JSON with what to do, never a trace, and never what was sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from inspect import isawaitable
from traceback import extract_tb
from typing import Any

from sanic import response
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler
from sanic.request import Request
from sanic.response import BaseHTTPResponse, HTTPResponse

from serving.refusal import Refusal

_log = logging.getLogger(__name__)
_ANSWERS = {
    400: ("bad_request", "请求无法读取，请检查格式。"),
    401: ("unauthorized", "缺少令牌或令牌不正确。"),
    403: ("forbidden", "没有权限。"),
    404: ("not_found", "没有这个地址。"),
    405: ("method_not_allowed", "这个地址不支持该方法。"),
    408: ("timeout", "请求没有及时发完，请重试。"),
    413: ("too_large", "请求内容太大。"),
    417: ("expectation_failed", "Expect 请求头只支持 100-continue。"),
    422: ("invalid_body", "请求内容不符合这个接口的要求，请对照接口说明检查。"),
    426: ("upgrade_required", "这个地址只接受 WebSocket 连接。"),
    500: ("internal_error", "系统出错了，请稍后再试。"),
    503: ("unavailable", "暂时无法处理，请稍后再试。"),
}
_TRAINING = ("/model/train", "/model/test/")
# What Rasa's handlers raise when a body is not as they expect; they turn it into a 500 themselves.
_OF_INPUT = (LookupError, TypeError, AttributeError, ValueError, RecursionError, OverflowError)


def answer(request: Request, exception: BaseException, rasa: Any) -> Any:
    """The response to a failed request; `rasa` answers the errors that Rasa's API raises on purpose."""
    if isinstance(exception, Refusal):
        return of(exception.status, exception.body())
    if isinstance(exception, SanicException):
        return _known(exception)
    status = getattr(exception, "status", None)
    if hasattr(exception, "error_info") and isinstance(status, int):  # Rasa's ErrorResponse
        if status < 500:
            return rasa(request, exception)
        _tell(exception.__context__ or exception)
    else:
        _tell(exception)
    return _answered(422 if _caused_by_input(request, exception) else 500)


def of(status: int, body: dict[str, Any]) -> HTTPResponse:
    """A JSON response."""
    return response.json(body, status=status, ensure_ascii=False)


def replace_handler(handler: ErrorHandler) -> None:
    """Have this application's errors answered here."""
    if hasattr(handler, "guarded"):
        return
    own = handler.response

    async def answered(request: Request, exception: BaseException) -> BaseHTTPResponse | None:
        told = answer(request, exception, own)
        response: BaseHTTPResponse | None = await told if isawaitable(told) else told
        return response

    handler.__dict__.update(guarded=True, response=answered, log=_log_quietly)


def _answered(status: int) -> HTTPResponse:
    code, detail = _ANSWERS.get(status, _ANSWERS[400 if status < 500 else 500])
    return of(status, {"status": status, "code": code, "detail": detail})


def _known(exception: SanicException) -> HTTPResponse:
    status = int(getattr(exception, "status_code", None) or 500)
    if status >= 500 and status != 503:
        _tell(exception)
    answered = _answered(status)
    for name, value in (getattr(exception, "headers", None) or {}).items():
        if name.lower() in ("allow", "www-authenticate", "retry-after"):
            answered.headers[name] = value
    return answered


def _caused_by_input(request: Request, exception: BaseException) -> bool:
    if isinstance(exception, RecursionError) or request.path.startswith(_TRAINING):
        return True  # nested without end; training data that one of Rasa's many readers stumbles over
    if not hasattr(exception, "error_info"):
        return False
    causes = list(_contexts(exception))
    refused = any(getattr(cause, "status", 500) < 500 for cause in causes if hasattr(cause, "error_info"))
    return refused or (bool(request.body) and any(isinstance(cause, _OF_INPUT) for cause in causes))


def _contexts(exception: BaseException) -> Iterator[BaseException]:
    cause = exception.__context__
    while cause is not None:
        yield cause
        cause = cause.__context__


def _tell(exception: BaseException) -> None:
    """Which error and where: its text may quote what a customer wrote."""
    places = [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in extract_tb(exception.__traceback__)
    ]
    _log.error("event=request_failed error=%s at=%s", type(exception).__name__, " < ".join(places[-6:][::-1]))


def _log_quietly(_request: Request, exception: BaseException) -> None:
    _tell(exception)
