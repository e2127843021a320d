"""What the channels read from their environment, once, failing early."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from dotenv import load_dotenv
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from connectors.errors import SettingsError
from connectors.limits import Limits, Network, Rate, networks

ROOT = Path(__file__).resolve().parent.parent
_SHORTEST_SECRET = 32
_PLACEHOLDERS = {"", "change-me", "changeme", "secret", "…", "..."}
_LOOPBACK = "127.0.0.0/8,::1"
_RATES = {
    "conversation_messages": "LINGXI_LIMIT_CONVERSATION_MESSAGES",
    "address_messages": "LINGXI_LIMIT_ADDRESS_MESSAGES",
    "address_conversations": "LINGXI_LIMIT_ADDRESS_CONVERSATIONS",
    "address_pictures": "LINGXI_LIMIT_ADDRESS_PICTURES",
    "all_messages": "LINGXI_LIMIT_ALL_MESSAGES",
    "all_conversations": "LINGXI_LIMIT_ALL_CONVERSATIONS",
    "all_pictures": "LINGXI_LIMIT_ALL_PICTURES",
}
_RATE = re.compile(r"([1-9]\d{0,6})/([1-9]\d{0,6})")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


@dataclass(frozen=True)
class Settings:
    """Settings of all channels.

    Attributes:
        demo: whether routes that only a demo shop may have exist.
        customer_jwt_secret: what customer tokens are signed with.
        database_url: where conversations and messages are kept (SQLite or PostgreSQL).
        media_folder: where customers' pictures are kept.
        webchat_origins: origins, besides the chat's own, that may embed the web chat or open its socket.
        redis_url: where several Rasa processes tell each other of news; empty with one.
        limits: what a conversation, an address and all together may do.
        trusted_proxies: whose word is taken for a client's address.
        retention_days: for how long after its last message a conversation is kept; 0: for ever.
        media_megabytes: what all pictures together may take.
    """

    demo: bool
    customer_jwt_secret: str
    database_url: str
    media_folder: Path
    webchat_origins: tuple[str, ...]
    redis_url: str = ""
    limits: Limits = field(default_factory=Limits)
    trusted_proxies: tuple[Network, ...] = networks(_LOOPBACK)
    retention_days: int = 180
    media_megabytes: int = 4096

    @classmethod
    def from_env(cls) -> Settings:
        """Read the environment, and the project root's `.env` for what it leaves out. Raises SettingsError."""
        load_dotenv(ROOT / ".env", override=False)
        demo = os.environ.get("LINGXI_DEMO", "").strip() == "1"
        database_url, media_folder = _database(os.environ.get("LINGXI_CONNECTORS_DATABASE_URL", "").strip())
        return cls(
            demo=demo,
            customer_jwt_secret=_secret("LINGXI_CUSTOMER_JWT_SECRET"),
            database_url=database_url,
            media_folder=media_folder,
            webchat_origins=_origins(demo),
            redis_url=os.environ.get("LINGXI_REDIS_URL", "").strip(),
            limits=_limits(),
            trusted_proxies=_proxies(),
            retention_days=_number("LINGXI_RETENTION_DAYS", cls.retention_days, least=0),
            media_megabytes=_number("LINGXI_MEDIA_MEGABYTES", cls.media_megabytes),
        )


def together(*names: str) -> tuple[str, ...] | None:
    """Variables that a channel needs all of; None where none is set. Raises SettingsError."""
    load_dotenv(ROOT / ".env", override=False)
    values = tuple(os.environ.get(name, "").strip() for name in names)
    if not any(values):
        return None
    missing = [name for name, value in zip(names, values, strict=True) if value.lower() in _PLACEHOLDERS]
    if missing:
        raise SettingsError(
            f"{', '.join(missing)}: set it beside {', '.join(set(names) - set(missing))}, or leave out all"
        )
    return values


def _secret(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if value.lower() in _PLACEHOLDERS or len(value) < _SHORTEST_SECRET:
        raise SettingsError(
            f"{name} is missing, a placeholder, or shorter than {_SHORTEST_SECRET} characters: "
            "set it in the environment or in .env"
        )
    return value


def _database(text: str) -> tuple[str, Path]:
    """The database's URL, and the folder for media: beside an SQLite file, else under `var/`."""
    try:
        url = make_url(text or "sqlite:///var/connectors.db")
    except ArgumentError:
        raise SettingsError(
            "LINGXI_CONNECTORS_DATABASE_URL is not a database address: write sqlite:///var/connectors.db "
            "or postgresql://user:password@host:5432/name"
        ) from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise SettingsError(
                "LINGXI_CONNECTORS_DATABASE_URL must name a file: messages outlive the process"
            )
        file = ROOT / url.database
        return url.set(database=str(file)).render_as_string(hide_password=False), file.parent / "media"
    if url.get_backend_name() != "postgresql":
        raise SettingsError("LINGXI_CONNECTORS_DATABASE_URL must begin with sqlite:/// or postgresql://")
    return url.render_as_string(hide_password=False), ROOT / "var" / "media"


def _limits() -> Limits:
    told: dict[str, Rate | int] = {}
    for name, variable in _RATES.items():
        text = os.environ.get(variable, "").strip()
        if text:
            rate = _RATE.fullmatch(text)
            if rate is None:
                raise SettingsError(
                    f"{variable}: write how many at once and how many a minute, such as 60/120"
                )
            told[name] = Rate(int(rate[1]), int(rate[2]))
    default = Limits()
    told["address_sockets"] = _number("LINGXI_LIMIT_ADDRESS_SOCKETS", default.address_sockets)
    told["all_sockets"] = _number("LINGXI_LIMIT_ALL_SOCKETS", default.all_sockets)
    return replace(default, **told).times(_number("LINGXI_LIMITS_TIMES", 1))  # type: ignore[arg-type]


def _number(variable: str, default: int, least: int = 1) -> int:
    text = os.environ.get(variable, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and int(text) >= least):
        raise SettingsError(f"{variable} must be a whole number, {least} or more")
    return int(text)


def _proxies() -> tuple[Network, ...]:
    try:
        return networks(os.environ.get("LINGXI_TRUSTED_PROXIES", "").strip() or _LOOPBACK)
    except ValueError:
        raise SettingsError(
            "LINGXI_TRUSTED_PROXIES: write addresses or networks, several with commas, such as 10.0.0.0/8"
        ) from None


def _origins(demo: bool) -> tuple[str, ...]:
    text = os.environ.get("LINGXI_WEBCHAT_ORIGINS", "").strip()
    if not text:
        port = os.environ.get("LINGXI_BACKOFFICE_PORT", "").strip() or "8000"
        return (f"http://127.0.0.1:{port}", f"http://localhost:{port}") if demo else ()
    origins = tuple(part.strip().rstrip("/").lower() for part in text.split(",") if part.strip())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"LINGXI_WEBCHAT_ORIGINS: {origin!r} is not an origin: write https://shop.example, several with commas"
            )
    return origins
