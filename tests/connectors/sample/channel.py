"""The sample channel."""

from __future__ import annotations

import os

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.base import accept_choice
from connectors.channel import Channel
from connectors.delivery import Parcel
from tests.connectors.sample import client, codec


class SampleInput(Channel):
    """Pushes in, pushes out."""

    supports_buttons = False
    max_text_length = 160
    can_push = True

    def is_on(self) -> bool:
        return "SAMPLE_URL" in os.environ

    async def push(self, address: str, parcel: Parcel) -> None:
        for message in parcel.messages:
            await client.send(address, codec.render(message))

    def add_routes(self, routes: Blueprint) -> None:
        @routes.post("/")
        async def receive(request: Request) -> HTTPResponse:
            said = codec.read(request.body, request.headers.get("x-signature", ""))
            if said is None:
                return response.text("forged", status=403)
            await self.hear(
                said.sender,
                said.id,
                lambda store, c: accept_choice(store, c.id, said.id, said.text, c.customer),
            )
            return response.text("ok")
