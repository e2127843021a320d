"""One of several Rasa processes behind one port: `python -m deploy.assistant run … --worker HEALTH_PORT`.

All of them listen on Rasa's port (SO_REUSEPORT): the kernel hands each new connection to one of them, and to none that has
ended. A port of its own on loopback, served by the same event loop, says whether this one still works.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import Any

from deploy.environment import LOOPBACK

HEALTHY = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
HEALTH_SECONDS = 5


def share_port(health_port: int) -> None:
    """Let Sanic, as Rasa starts it in this process, share its port with others."""
    from sanic import Sanic

    alone = Sanic.run

    def run(app: Any, host: str, port: int, **options: Any) -> None:
        app.register_listener(partial(_serve_health, health_port), "after_server_start")
        alone(app, host=host, port=port, sock=shared_socket(host, port), **options)

    Sanic.run = run  # type: ignore[assignment,method-assign]


def shared_socket(host: str, port: int) -> socket.socket:
    """A socket bound to a port that others may be bound to as well."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


async def _serve_health(port: int, app: Any, _loop: asyncio.AbstractEventLoop) -> None:
    app.ctx.health = await asyncio.start_server(_answer, LOOPBACK, port)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await asyncio.wait_for(reader.readline(), HEALTH_SECONDS)
        writer.write(HEALTHY)
        await writer.drain()
    except (OSError, asyncio.TimeoutError, ValueError):
        pass  # whoever asked has gone
    finally:
        writer.close()
