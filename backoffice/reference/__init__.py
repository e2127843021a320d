"""The API's reference under /docs, and its description under /openapi.json."""

from __future__ import annotations

from backoffice.reference.routes import router

__all__ = ["router"]
