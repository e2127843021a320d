"""The routes under /demo: they let anybody be one of the picker's customers, so only the demo has them."""

from __future__ import annotations

import time
from pathlib import Path

import jwt
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.api.context import CUSTOMER_ID
from backoffice.database import Database
from backoffice.demo.page import Guest, PageParts, render
from backoffice.demo.shelf import goods_to_show
from backoffice.models import Customer
from backoffice.problems import not_found
from backoffice.seed.picker import PICKER
from backoffice.settings import Settings

TOKEN_SECONDS = 900
_FILES = Path(__file__).parent
_STATIC = {
    "shop.css": "text/css; charset=utf-8",
    "shop.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


class TokenRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    customer_id: str = Field(pattern=CUSTOMER_ID)


class TokenAnswer(BaseModel):
    token: str
    expires_in: int
    """Seconds."""


class PickerEntry(BaseModel):
    id: str
    name: str
    level: str
    level_code: str
    situation: str
    try_asking: list[str]


def router(settings: Settings) -> APIRouter:
    """The demo's routes; none where the demo is off, so that they are as missing as anything unknown."""
    routes = APIRouter(prefix="/demo", include_in_schema=False)
    if not settings.demo:
        return routes

    @routes.get("")
    def page(request: Request, customer: str | None = None) -> Response:
        with _database(request).read() as session:
            guests = _guests(session)
            parts = PageParts(
                guests=guests,
                chosen=next((guest for guest in guests if guest.character.id == customer), None),
                goods=goods_to_show(session),
                chat_url=settings.rasa_url.rstrip("/"),
            )
        return Response(render(parts), media_type="text/html; charset=utf-8", headers=_headers(settings))

    @routes.get("/customers")
    def customers(request: Request) -> list[PickerEntry]:
        with _database(request).read() as session:
            return [
                PickerEntry(
                    id=guest.character.id,
                    name=guest.customer.name,
                    level=guest.customer.level.label,
                    level_code=guest.customer.level.value,
                    situation=guest.character.situation,
                    try_asking=list(guest.character.try_asking),
                )
                for guest in _guests(session)
            ]

    @routes.post("/token")
    def token(request: Request, asked: TokenRequest, response: Response) -> TokenAnswer:
        """What a shop's own sign-in would give its page: proof of the customer, for a quarter of an hour."""
        with _database(request).read() as session:
            if asked.customer_id not in {guest.character.id for guest in _guests(session)}:
                raise not_found()
        response.headers["Cache-Control"] = "no-store"
        # By the real clock, whatever the shop's may be frozen at: others verify it by theirs.
        claims = {"sub": asked.customer_id, "exp": int(time.time()) + TOKEN_SECONDS}
        signed = jwt.encode(claims, settings.customer_jwt_secret, algorithm="HS256")
        return TokenAnswer(token=signed, expires_in=TOKEN_SECONDS)

    @routes.get("/{name}")
    def static(name: str) -> Response:
        if name not in _STATIC:
            raise not_found()
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response((_FILES / name).read_bytes(), media_type=_STATIC[name], headers=headers)

    return routes


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _guests(session: Session) -> list[Guest]:
    """The picker's customers that are there, in the picker's order."""
    ids = [character.id for character in PICKER]
    there = {
        customer.id: customer for customer in session.scalars(select(Customer).where(Customer.id.in_(ids)))
    }
    return [Guest(character, there[character.id]) for character in PICKER if character.id in there]


def _headers(settings: Settings) -> dict[str, str]:
    """Nothing runs on the page but its own files and the chat's."""
    chat = settings.rasa_url.rstrip("/")
    policy = {
        "default-src": "'none'",
        "script-src": f"'self' {chat}",
        "style-src": "'self'",
        "connect-src": "'self'",
        "frame-src": chat,
        "img-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
