"""Customers' pictures and recordings: taken up to a size and a rate, kept as files, given back to their conversation only."""

from __future__ import annotations

import io
import re
from pathlib import Path

import imagesize

from connectors.errors import Refused
from connectors.limits import too_many_pictures
from connectors.recognition import voice
from connectors.recognition.metadata import Broken, without_metadata
from connectors.settings import Settings
from connectors.store import ConnectorStore, Media
from connectors.wording import say

MAX_BYTES = 5 * 1024 * 1024
# A phone's camera takes 12 to 50 megapixels; a few kilobytes can claim thousands, for whoever shows them to unpack.
MAX_PIXELS = 64_000_000
_MOST = 10
_PER_SECONDS = 600
# Pictures a browser shows by itself; told by their first bytes, never by their name ("MIME Sniffing Standard").
_PICTURES: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBPVP8[ LX]", re.DOTALL), "image/webp"),
)


def picture_type(content: bytes) -> str | None:
    """The media type of a picture we take, or None."""
    return next((name for mark, name in _PICTURES if mark.match(content)), None)


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels as the picture's header says, without unpacking it; None where it says nothing."""
    try:
        width, height = imagesize.get(io.BytesIO(content))
    except Exception:  # of as many kinds as there are ways for a header to be broken
        return None
    return (int(width), int(height)) if width > 0 and height > 0 else None


def refuse_size() -> Refused:
    """The picture is too large."""
    return Refused("picture_too_large", "图片太大了，请选择 5 MB 以内的图片。")


def keep(
    store: ConnectorStore, settings: Settings, conversation_id: str, content: bytes, heard: bool = False
) -> Media:
    """Keep a picture for a conversation, or a recording where somebody can hear it (`heard`). Raises Refused, OSError."""
    if len(content) > MAX_BYTES:
        raise refuse_size()
    sound = voice.sound_type(content)
    if sound is None:
        content, content_type = _picture(content)
    else:
        content_type = _sound(content, sound, heard)
    if store.media_since(conversation_id, _PER_SECONDS) >= _MOST:
        raise too_many_pictures(60)
    if store.media_bytes() + len(content) > settings.media_megabytes * 1024 * 1024:
        raise Refused("pictures_full", "现在暂时收不了图片，请用文字说明。", retry_after=3600)
    media = store.add_media(conversation_id, content_type, len(content))
    settings.media_folder.mkdir(parents=True, exist_ok=True)
    (settings.media_folder / media.id).write_bytes(content)
    return media


def _picture(content: bytes) -> tuple[bytes, str]:
    """A picture without what a camera writes beside it, and its type. Raises Refused."""
    content_type = picture_type(content)
    size = picture_size(content)
    if content_type is None or size is None:
        raise Refused("picture_type", "只支持 JPG、PNG、WebP、GIF 图片，请换一张。")
    if size[0] * size[1] > MAX_PIXELS:
        raise Refused("picture_too_wide", "图片尺寸太大了，请缩小后再发，或发送截图。")
    try:
        return without_metadata(content, content_type), content_type
    except Broken:
        raise Refused("picture_type", "这张图片不完整，请重新选择，或换一张。") from None


def _sound(content: bytes, content_type: str, heard: bool) -> str:
    """A recording's type. Raises Refused."""
    if not heard:
        raise Refused("voice_off", say("voice_off"))
    if len(content) > voice.MAX_BYTES:
        raise Refused("voice_too_large", say("voice_too_large"))
    return content_type


def shown(media: Media) -> dict[str, str]:
    """What is kept, as a message's body and Rasa's metadata name it."""
    return {"id": media.id, "type": media.content_type, "path": f"/webhooks/webchat/media/{media.id}"}


def read(
    store: ConnectorStore, folder: Path, conversation_id: str, media_id: str
) -> tuple[Media, bytes] | None:
    """What is kept and its bytes, or None where this conversation has no such thing."""
    media = store.media(conversation_id, media_id)
    if media is None:
        return None
    try:
        return media, (folder / media.id).read_bytes()
    except FileNotFoundError:
        return None


def drop(store: ConnectorStore, folder: Path, media_id: str) -> None:
    """Keep it no longer."""
    (folder / media_id).unlink(missing_ok=True)
    store.drop_media(media_id)
