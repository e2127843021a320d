"""The back office's settings, read once from the environment (and `.env` in the project's root)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dotenv import dotenv_values

from backoffice.clock import Clock, frozen_clock, system_clock
from backoffice.database import PROJECT_ROOT

MIN_SECRET_LENGTH = 32
_PLACEHOLDERS = frozenset(
    {
        "change-me",
        "changeme",
        "change_me",
        "secret",
        "password",
        "placeholder",
        "token",
        "example",
        "todo",
        "xxx",
    }
)


class SettingsError(ValueError):
    """A variable is missing or wrong; the message names it."""


@dataclass(frozen=True)
class Embeddings:
    """An OpenAI-compatible endpoint: its address up to `/embeddings`, the model, and a key where it
    asks for one."""

    url: str
    model: str
    key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """What the process runs with. Secrets stay out of `repr`."""

    service_token: str = field(repr=False)
    customer_jwt_secret: str = field(repr=False)
    database_url: str = field(default="sqlite:///var/backoffice.db", repr=False)
    bind: str = "127.0.0.1"
    port: int = 8000
    demo: bool = False
    rasa_url: str = "http://127.0.0.1:5005"
    """Where a browser finds the assistant's web chat."""
    rasa_api_url: str = "http://127.0.0.1:5005"
    """Where this process finds the assistant."""
    rasa_token: str = field(default="", repr=False)
    """Of the assistant's API; empty: nothing is told to the assistant."""
    public_url: str = "http://127.0.0.1:8000"
    clock: Clock = system_clock
    embeddings: Embeddings | None = None
    """Where sentence vectors come from instead of the bundled encoder."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Reads LINGXI_… variables; the real environment wins over `.env`. Raises SettingsError."""
        env = _environment() if environment is None else environment
        port = _port(env, "LINGXI_BACKOFFICE_PORT", 8000)
        rasa_port = _port(env, "LINGXI_RASA_PORT", 5005)
        rasa_url = env.get("LINGXI_RASA_URL") or f"http://127.0.0.1:{rasa_port}"
        return cls(
            service_token=_secret(env, "LINGXI_SERVICE_TOKEN"),
            customer_jwt_secret=_secret(env, "LINGXI_CUSTOMER_JWT_SECRET"),
            database_url=env.get("LINGXI_BACKOFFICE_DATABASE_URL") or cls.database_url,
            bind=env.get("LINGXI_BIND") or cls.bind,
            port=port,
            demo=env.get("LINGXI_DEMO") == "1",
            rasa_url=rasa_url,
            rasa_api_url=env.get("LINGXI_RASA_API_URL") or rasa_url,
            rasa_token=_secret(env, "LINGXI_RASA_TOKEN"),
            public_url=env.get("LINGXI_BACKOFFICE_URL") or f"http://127.0.0.1:{port}",
            clock=_clock(env),
            embeddings=_embeddings(env),
        )


def database_url_from_env() -> str:
    """Only the database, for commands that need no secrets (`migrate`, `seed`)."""
    return _environment().get("LINGXI_BACKOFFICE_DATABASE_URL") or Settings.database_url


def clock_from_env() -> Clock:
    return _clock(_environment())


def _environment() -> dict[str, str]:
    from_file = {
        name: value for name, value in dotenv_values(PROJECT_ROOT / ".env").items() if value is not None
    }
    return {**from_file, **os.environ}


def _secret(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set")
    if value.lower() in _PLACEHOLDERS or set(value) <= {"x", "…", ".", "*"} or value.startswith("change"):
        raise SettingsError(f"{name} is a placeholder")
    if len(value) < MIN_SECRET_LENGTH:
        raise SettingsError(f"{name} is too short: at least {MIN_SECRET_LENGTH} characters")
    if not value.isascii():
        raise SettingsError(f"{name} has characters that no header can carry")
    return value


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise SettingsError(f"{name} is no port number")
    return int(value)


def _embeddings(env: Mapping[str, str]) -> Embeddings | None:
    url, model = (env.get(f"LINGXI_EMBEDDINGS_{name}", "").strip() for name in ("URL", "MODEL"))
    if not url:
        return None
    if not url.startswith(("http://", "https://")):
        raise SettingsError("LINGXI_EMBEDDINGS_URL is no http address")
    if not model:
        raise SettingsError("LINGXI_EMBEDDINGS_MODEL is not set")
    return Embeddings(url, model, env.get("LINGXI_EMBEDDINGS_KEY", "").strip())


def _clock(env: Mapping[str, str]) -> Clock:
    value = env.get("LINGXI_CLOCK")
    if not value:
        return system_clock
    try:
        return frozen_clock(datetime.fromisoformat(value))
    except ValueError:
        raise SettingsError("LINGXI_CLOCK is no ISO time") from None
