"""What every channel shares: who is speaking, what may reach Rasa as a payload, and how answers leave."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from rasa.core.channels.channel import OutputChannel

from actions.gateways.identity import TokenExpired, TokenForged, TokenMissing, verify_customer_token
from components.baton import waiting
from connectors.choices import choose
from connectors.errors import ButtonGone, OtherCustomer, Refused
from connectors.store import Accepted, ConnectorStore, Conversation, is_button
from connectors.wording import say
from privacy import secrets

# Rasa reads a message that begins with "/" as an intent, "/EXTERNAL_handoff_closed" among them.
_PAYLOAD_MARK = "/"
_TYPED_MARK = "／"
# What JSON can carry and databases or terminals cannot: control characters except tab and newline, lone surrogates.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
PRESSED_AGAIN = say("pressed_again")
PRESSED_LATE = say("pressed_late")
NOW_ASKED = say("now_asked")
NOTHING_ASKED = say("nothing_asked")
_MOST_WAITING = 20
MAX_TEXT = 2000
"""Characters of a customer's message."""
_SENTENCE_END = re.compile(r"[。！？；!?;\n]")


@dataclass(frozen=True)
class Proof:
    """What a token proves: a customer, or why nobody."""

    customer: str | None
    problem: Literal["missing", "expired", "forged"] | None


def prove(token: str | None, secret: str) -> Proof:
    """Read a customer token without raising."""
    try:
        return Proof(verify_customer_token(token, secret), None)
    except TokenMissing:
        return Proof(None, "missing")
    except TokenExpired:
        return Proof(None, "expired")
    except TokenForged:
        return Proof(None, "forged")


def admit(store: ConnectorStore, conversation: Conversation, customer: str | None) -> str | None:
    """Whom the conversation belongs to once `customer` speaks in it; binds it to its first proven customer.

    Raises OtherCustomer where it is bound to somebody whom this message does not prove.
    """
    bound = conversation.customer
    if bound is None and customer is not None:
        bound = store.bind(conversation.id, customer)
    if bound != customer:
        raise OtherCustomer("the conversation is bound to another customer")
    return bound


def refuse_backlog(store: ConnectorStore, conversation_id: str, provider_id: str) -> None:
    """Take nothing more while much of the conversation waits for its turn. Raises Refused (`too_fast`)."""
    if store.waiting_count(conversation_id) >= _MOST_WAITING:
        raise Refused("too_fast", say("backlog"), message_id=provider_id, retry_after=5)


def clean(text: str) -> str:
    """The text without characters that cannot be stored, trimmed as Rasa trims it."""
    return _UNWRITABLE.sub("", text).strip()


def as_typed(text: str) -> str:
    """What somebody typed, as Rasa may see it: never a payload."""
    text = clean(text)
    return _TYPED_MARK + text[1:] if text.startswith(_PAYLOAD_MARK) else text


def without_secrets(text: str) -> str:
    """What somebody typed, as it is written down and shown: passwords, codes and card numbers go no further than here."""
    return secrets.hide(clean(text))


def accept_text(
    store: ConnectorStore, conversation_id: str, provider_id: str, text: str, customer: str | None
) -> Accepted:
    """Write down a message of a channel that cannot tell a pressed button from typing.

    A button's id is a press: nobody types one. Anything else is typed. Raises ButtonGone.
    """
    text = clean(text)
    if is_button(text):
        return accept_press(store, conversation_id, provider_id, text, customer)
    text = without_secrets(text)
    return store.accept(conversation_id, provider_id, {"text": text}, as_typed(text), customer)


def accept_press(
    store: ConnectorStore, conversation_id: str, provider_id: str, button_id: str, customer: str | None
) -> Accepted:
    """Write down that a button was pressed. Raises ButtonGone where its question is no longer open."""
    pressed = store.press(conversation_id, provider_id, button_id, customer)
    if isinstance(pressed, Accepted):
        return pressed
    late = PRESSED_LATE + (NOW_ASKED if pressed.question else NOTHING_ASKED)
    raise ButtonGone(PRESSED_AGAIN if pressed.again else late, pressed.question, message_id=provider_id)


def accept_choice(
    store: ConnectorStore, conversation_id: str, provider_id: str, text: str, customer: str | None
) -> Accepted:
    """Write down a message of a channel where options are numbered: choosing one that is offered now is a press.

    Raises Refused (`message_too_long`), ButtonGone.
    """
    question = store.open_question(conversation_id)
    if question is not None:
        buttons = question.body["buttons"]
        chosen = choose(text, [button["title"] for button in buttons])
        if chosen is not None:
            return accept_press(store, conversation_id, provider_id, buttons[chosen]["payload"], customer)
    if len(text) > MAX_TEXT:
        raise Refused("message_too_long", say("message_too_long", most=MAX_TEXT), message_id=provider_id)
    return accept_text(store, conversation_id, provider_id, text, customer)


def split_text(text: str, limit: int) -> Iterator[str]:
    """Pieces of at most `limit` characters: one a paragraph, long ones cut at the end of a sentence if possible."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        rest = paragraph.strip()
        while len(rest) > limit:
            ends = [match.end() for match in _SENTENCE_END.finditer(rest, limit // 2, limit)]
            cut = ends[-1] if ends else limit
            yield rest[:cut].strip()
            rest = rest[cut:].strip()
        if rest:
            yield rest


def outgoing(message: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """A message of Rasa's (`BotUttered.message()`) as the bodies to be stored, shown one below the other."""
    buttons = [
        {
            "title": str(button.get("title") or button.get("payload")),
            "payload": str(button.get("payload") or ""),
        }
        for button in [*(message.get("buttons") or ()), *(message.get("quick_replies") or ())]
        if button.get("payload")
    ]
    bodies: list[dict[str, Any]] = [
        {"text": piece} for piece in split_text(str(message.get("text") or ""), limit)
    ]
    if buttons:
        if not bodies:
            bodies.append({"text": say("please_choose")})
        bodies[-1]["buttons"] = buttons
    if message.get("custom"):
        bodies.append({"custom": message["custom"]})
    if message.get("image"):
        bodies.append({"image": str(message["image"])})
    if message.get("attachment"):
        bodies.append({"attachment": str(message["attachment"])})
    for element in message.get("elements") or ():
        bodies += outgoing(
            {
                "text": "\n".join(str(element[part]) for part in ("title", "subtitle") if element.get(part)),
                "image": element.get("image_url"),
                "buttons": element.get("buttons"),
            },
            limit,
        )
    return bodies


class StoredOutput(OutputChannel):
    """Writes what is said to the conversation's outbox, then tells whoever is listening.

    A message with `agent_id` is from a person; `agent_name`, if given, may be shown. One with `reply_id` is taken once.
    """

    def __init__(
        self,
        channel: str,
        store: ConnectorStore,
        tell: Callable[[str], None],
        max_text_length: int,
        reply_to: int | None = None,
    ) -> None:
        """Answers message number `reply_to`, or nobody's. `tell` gets the id of a conversation with news."""
        self._channel = channel
        self._store = store
        self._tell = tell
        self._max_text_length = max_text_length
        self._reply_to = reply_to
        self._said = 0

    def name(self) -> str:
        """Responses with this `channel:` are meant for it."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Store one message of Rasa's. Raises UnknownConversation."""
        agent = message.get("agent_id")
        reply_id = message.get("reply_id")
        for part, body in enumerate(outgoing(message, self._max_text_length)):
            if agent and message.get("agent_name"):
                body = {**body, "agent_name": str(message["agent_name"])}
            if reply_id:
                key: str | None = f"reply:{reply_id}:{part}"
            elif self._reply_to is not None:
                # The same message handled again after a crash mostly says the same again: then it was said already,
                # in whichever of a response's wordings.
                self._said += 1
                key = f"out:{self._reply_to}:{self._said}:{_fingerprint(str(message.get('utter_action') or repr(body)))}"
            else:
                key = None
            async with waiting():
                await self._store.on_thread(
                    self._store.append,
                    recipient_id,
                    "agent" if agent else "bot",
                    body,
                    key=key,
                    reply_to=self._reply_to,
                )
        self._tell(recipient_id)

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Store a text; Rasa's other ways of sending end here as well."""
        await self.send_response(recipient_id, {"text": text})


def log_name(conversation_id: str) -> str:
    """What a log calls a conversation, whose id is a secret."""
    return _fingerprint(conversation_id)


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
