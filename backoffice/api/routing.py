"""Routes that go to a thread once: what a route looks with is opened there, and its answer is written there.

FastAPI by itself takes a thread for each dependency's beginning and end, for the route, and for checking an
answer that is already of the declared model; for a read of a millisecond that is most of its cost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from backoffice.api.context import Look


class Router(APIRouter):
    """An `APIRouter` whose routes are plain functions that get a `Look` or a `Once`."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Adds the route. Raises TypeError for a coroutine function: it would block the loop."""
        if iscoroutinefunction(endpoint):
            raise TypeError(f"{endpoint.__name__} must be a plain function")
        super().add_api_route(path, _in_one_thread(endpoint, options.get("status_code") or 200), **options)


def _in_one_thread(endpoint: Callable[..., Any], status: int) -> Callable[..., Any]:
    @wraps(endpoint)
    def answer(**values: Any) -> Any:
        with ExitStack() as looks:
            for value in values.values():
                if isinstance(value, Look):
                    looks.enter_context(value)
            told = endpoint(**values)
            if isinstance(told, BaseModel):
                return Response(told.model_dump_json(), status, media_type="application/json")
            return told

    return answer
