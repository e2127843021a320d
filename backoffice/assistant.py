"""The assistant's own HTTP API (Rasa's), as far as the desk needs it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import httpx

TIMEOUT_SECONDS = 10.0
"""A turn at work holds the conversation: what is posted meanwhile waits for it."""
# Of every channel (the same in connectors/store.py): in a path or a header it can mean nothing else.
CONVERSATION_ID = r"[0-9A-Za-z_-]{1,128}"
PICTURE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")


class AssistantUnreachable(Exception):
    """Not accepted: nobody answered, or with an error. To be tried again."""


class AssistantDown(AssistantUnreachable):
    """Nobody listens there: whatever else would be asked now fails as well."""


class Assistant:
    """Speaks in conversations, gives them back, and reads them. Blocks; for the background worker only."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        # A proxy of the machine is no business of a local call.
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            params={"token": token},
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=2.0),
            trust_env=False,
            transport=transport,
        )

    def say(self, conversation_id: str, text: str, metadata: dict[str, Any]) -> None:
        """A person's words: into the tracker, and out by the customer's channel, once by `reply_id`."""
        self._post(
            f"{_path(conversation_id)}/tracker/events",
            {"event": "bot", "text": text, "metadata": metadata},
            output_channel="latest",
            execute_side_effects="true",
            include_events="NONE",
        )

    def end(self, conversation_id: str, handoff_id: str, how: str) -> None:
        """The bot has the conversation again; a repeat says nothing."""
        self._post(
            f"{_path(conversation_id)}/trigger_intent",
            {
                "name": "EXTERNAL_handoff_closed",
                "entities": {"handoff_ended": handoff_id, "handoff_how": "" if how == "closed" else how},
            },
            output_channel="latest",
            include_events="NONE",
        )

    def events(self, conversation_id: str) -> list[dict[str, Any]]:
        """The conversation's last events, oldest first."""
        answer = self._call("GET", f"{_path(conversation_id)}/tracker", params={"include_events": "ALL"})
        events = answer.get("events")
        return events if isinstance(events, list) else []

    def picture(self, conversation_id: str, media_id: str) -> tuple[str, bytes] | None:
        """(media type, content) of a picture sent by the web chat, or None where it has none."""
        try:
            answer = self._client.get(
                f"/webhooks/webchat/media/{quote(media_id, safe='')}",
                headers={"Authorization": f"Bearer {_checked(conversation_id)}"},
            )
        except httpx.HTTPError as error:
            raise AssistantUnreachable(type(error).__name__) from None
        kind = answer.headers.get("content-type", "")
        return (kind, answer.content) if answer.is_success and kind in PICTURE_TYPES else None

    def notify(self, service_token: str, notice: dict[str, Any]) -> str | None:
        """Tell a customer something, once by its `key`: how it was told; None for one who has never come."""
        try:
            answer = self._client.post(
                "/webhooks/wechat/notices", json=notice, headers={"Authorization": f"Bearer {service_token}"}
            )
            if answer.status_code == 404 and answer.json().get("code") == "nowhere":
                return None
            if not answer.is_success:
                raise AssistantUnreachable(f"notices answered {answer.status_code}")
            return str(answer.json()["told"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise AssistantUnreachable(type(error).__name__) from None

    def close(self) -> None:
        self._client.close()

    def _post(self, path: str, body: dict[str, Any], **query: str) -> None:
        self._call("POST", path, json=body, params=query)

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._client.request(method, path, **options)
            if not answer.is_success:
                raise AssistantUnreachable(f"{method} answered {answer.status_code}")
            told = answer.json()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise AssistantDown(type(error).__name__) from None
        except (httpx.HTTPError, ValueError) as error:
            raise AssistantUnreachable(type(error).__name__) from None
        return told if isinstance(told, dict) else {}


def _path(conversation_id: str) -> str:
    return f"/conversations/{quote(_checked(conversation_id), safe='')}"


def _checked(conversation_id: str) -> str:
    """The id, if it is one: another text could reach another conversation."""
    if re.fullmatch(CONVERSATION_ID, conversation_id) is None:
        raise AssistantUnreachable("this is no conversation's id")
    return conversation_id
