"""Swagger UI from a wheel, without any network; outside a demo only for who has the service token."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from backoffice.gate import bears
from backoffice.problems import not_found, unauthorized
from backoffice.settings import Settings

_FILES = Path(__file__).parent
_OURS = {
    "reference.js": "text/javascript; charset=utf-8",
    "reference.css": "text/css; charset=utf-8",
}
_SWAGGER = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # Swagger UI sets styles on its elements
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def router(settings: Settings) -> APIRouter:
    """The routes; the page itself holds nothing and asks for the token where one is needed."""
    routes = APIRouter(include_in_schema=False)
    swagger = files("fastapi_offline") / "static"

    def is_open(request: Request) -> bool:
        return settings.demo or bears(request, settings.service_token)

    @routes.get("/openapi.json")
    def description(request: Request) -> Response:
        if not is_open(request):
            raise unauthorized()
        return JSONResponse(request.app.openapi(), headers={"Cache-Control": "no-cache"})

    @routes.get("/docs")
    def page(request: Request) -> Response:
        content = (_FILES / "reference.html").read_bytes()
        told = {} if is_open(request) else {"WWW-Authenticate": "Bearer"}
        return Response(
            content,
            status_code=401 if told else 200,
            media_type="text/html; charset=utf-8",
            headers={**_HEADERS, **told},
        )

    @routes.get("/docs/{name}")
    def static(name: str) -> Response:
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if name in _OURS:
            return Response((_FILES / name).read_bytes(), media_type=_OURS[name], headers=headers)
        if name in _SWAGGER:
            return Response((swagger / name).read_bytes(), media_type=_SWAGGER[name], headers=headers)
        raise not_found()

    return routes
