"""Puts the guard in front of every Sanic application that this process serves."""

from __future__ import annotations

import gc
from functools import wraps
from typing import Any

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from serving.bodies import check_body
from serving.errors import of, replace_handler
from serving.protocol import GuardedProtocol
from serving.refusal import Refusal

_RARELY = 400
"""Collections among younger objects before one of all; Python's own is 10. Under the
heaviest load that is every two minutes, and 100 MiB more at the end of them."""


def install() -> None:
    """From now on `Sanic.run`, which Rasa and its SDK call themselves, serves behind the guard. Safe to repeat."""
    serve = Sanic.run
    if getattr(serve, "guarded", False):
        return

    @wraps(serve)
    def run(app: Sanic, *args: Any, **options: Any) -> None:
        if options.get("protocol") is None:
            options["protocol"] = GuardedProtocol
        replace_handler(app.error_handler)
        if _check_body not in app.request_middleware:
            app.request_middleware.appendleft(_check_body)  # before whatever else reads the body
        if _settle not in _settling(app):
            app.register_listener(_settle, "after_server_start")
        serve(app, *args, **options)

    vars(run)["guarded"] = True
    setattr(Sanic, "run", run)  # noqa: B010  # a method of somebody else's


def _settling(app: Sanic) -> list[Any]:
    """What runs once the server is up."""
    return [each.listener for each in app._future_listeners if each.event == "after_server_start"]


async def _settle(*_: Any) -> None:
    """What a server has loaded it keeps: a model's objects are not gone through again at each collection of garbage, which
    would keep everybody waiting for a quarter of a second and more. What it holds of conversations takes as long once there
    are hundreds, and beside busy dialogues that would be every three seconds: now every two minutes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], _RARELY)


async def _check_body(request: Request) -> HTTPResponse | None:
    # Sanic runs this once more on its way to an error's answer.
    if request.method not in ("POST", "PUT") or request.route is None or hasattr(request.ctx, "checked"):
        return None
    request.ctx.checked = True
    try:
        check_body(request)
    except Refusal as refusal:
        return of(refusal.status, refusal.body())
    return None
