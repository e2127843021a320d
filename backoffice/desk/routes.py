"""The page under /desk. It holds nothing: the browser asks the API with the token the agent gives it."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Response

from backoffice.problems import not_found

router = APIRouter(prefix="/desk", include_in_schema=False)

_FILES = Path(__file__).parent
_STATIC = {
    "desk.css": "text/css; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' blob:",
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


@router.get("")
def page() -> Response:
    content = (_FILES / "desk.html").read_bytes()
    return Response(content, media_type="text/html; charset=utf-8", headers=_HEADERS)


@router.get("/{name}")
def static(name: str) -> Response:
    if name not in _STATIC:
        raise not_found()
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response((_FILES / name).read_bytes(), media_type=_STATIC[name], headers=headers)
