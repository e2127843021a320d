"""One open socket: who is at the other end, which conversation they may see, and what they may say in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from connectors import media
from connectors.base import (
    Proof,
    accept_press,
    admit,
    as_typed,
    log_name,
    prove,
    refuse_backlog,
    typed_before,
    without_secrets,
)
from connectors.binding import Binding
from connectors.errors import OtherCustomer, Refused
from connectors.limits import Allowance, Guard, Rate
from connectors.listeners import LiveSockets
from connectors.outbox import Outbox
from connectors.recognition.voice import is_sound
from connectors.store import Accepted, ConnectorStore, Conversation
from connectors.turns import Turns
from connectors.webchat import codec
from connectors.wording import say

logger = logging.getLogger(__name__)

CHANNEL = "webchat"
HISTORY = 200
_SEND_SECONDS = 20
_MOST_BAD_FRAMES = 30

SIGN_IN_AGAIN = "登录已过期，为保护您的信息，已为您开启新的会话。请在商城重新登录，再查询订单等信息。"
SIGN_IN = "登录信息无法确认，您现在以访客身份咨询。请在商城登录后刷新页面，再查询订单等信息。"


class Closed(Exception):
    """The line is dead or must be cut; `code` as in RFC 6455, section 7.4.1."""

    def __init__(self, code: int, reason: str) -> None:
        """Say why, for the other end's log."""
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Room:
    """What all sockets of the web chat share."""

    store: ConnectorStore
    turns: Turns
    sockets: LiveSockets
    guard: Guard
    secret: str


class Session:
    """The server's end of one socket.

    Frames are answered one by one by `receive`; everything said in the conversation goes out through `stream`, a task
    that reads the store from `_seen` on. The two never wait for each other.
    """

    def __init__(self, room: Room, address: str, send: Callable[[str], Awaitable[None]]) -> None:
        """`address` is whom limits count; `send` writes a frame and returns when the line can take more."""
        self._room = room
        self._address = address
        self._send_frame = send
        self._conversation_id: str | None = None
        self._customer: str | None = None
        self._token: str | None = None
        self._open = False
        self._evicted = False
        self._seen = 0
        self._typing_shown = False
        self._news = asyncio.Event()
        self._frames = Allowance(Rate(40, 480))
        self._beginnings = Allowance(Rate(5, 6))
        self._bad_frames = 0

    # What the registry may ask

    def wake(self) -> None:
        """There may be news."""
        self._news.set()

    def customer_proven(self, customer: str) -> None:
        """Look away unless this socket has proven to be `customer`."""
        if self._customer != customer:
            self._leave()
            self._evicted = True
            self.wake()

    # What comes in

    async def receive(self, raw: object) -> None:
        """Answer one frame. Raises Closed when there is nothing more to say to this client."""
        try:
            wait = self._frames.take()
            if wait:
                raise Refused("too_fast", "发送太快了，请稍等几秒再发。", retry_after=round(wait + 1, 1))
            frame = codec.parse(raw)
            if isinstance(frame, codec.Hello):
                await self._hello(frame)
            elif isinstance(frame, codec.Token):
                await self._token_refreshed(frame.token)
            elif isinstance(frame, codec.Ping):
                await self._send(codec.pong())
            else:
                await self._say(frame)
        except Refused as reason:
            await self._send(codec.error(reason))
            if reason.code in _CLIENT_FAULTS:
                self._bad_frames += 1
                if self._bad_frames >= _MOST_BAD_FRAMES:
                    raise Closed(1008, "too many bad frames") from None

    def close(self) -> None:
        """The line is gone."""
        self._leave()

    async def _hello(self, hello: codec.Hello) -> None:
        proof = prove(hello.token, self._room.secret)
        if proof.problem == "expired":
            raise _expired()
        store, sockets = self._room.store, self._room.sockets
        conversation, notice = await store.on_thread(self._resume, hello, proof)
        resumed = conversation is not None
        if conversation is None:
            if self._beginnings.take():
                raise Closed(1008, "too many new conversations")
            self._room.guard.conversation(self._address)
            conversation = await store.on_thread(store.begin, CHANNEL, proof.customer)
        self._leave()
        self._customer = proof.customer
        self._token = hello.token if proof.customer else None
        self._conversation_id = conversation.id
        if not sockets.add(conversation.id, self):
            self._conversation_id = None
            raise Closed(1013, "too many sockets for this conversation")
        if proof.customer:
            sockets.customer_proven(conversation.id, proof.customer)
        elif (await self._conversation()).customer is not None:
            raise _other_customer()  # bound by another socket while this one came in
        if notice:
            await store.on_thread(store.append, conversation.id, "notice", {"text": notice})
        history = None
        if resumed and hello.last_seq is not None:
            self._seen = min(hello.last_seq, conversation.last_seq)
        else:
            history = await store.on_thread(store.latest, conversation.id, HISTORY)
            self._seen = history[-1].seq if history else 0
        await self._signed_in(conversation)
        await self._send(
            codec.welcome(
                conversation.id, customer=bool(proof.customer), history=history, last_seq=self._seen
            )
        )
        self._typing_shown = False
        self._open = self._conversation_id is not None
        self.wake()

    def _resume(self, hello: codec.Hello, proof: Proof) -> tuple[Conversation | None, str | None]:
        """The conversation the client asks for, if it may have it, and what it must be told."""
        store = self._room.store
        asked = store.find(hello.conversation) if hello.conversation else None
        if asked is not None and asked.channel != CHANNEL:
            asked = None
        forged = SIGN_IN if proof.problem == "forged" else None
        if asked is not None:
            try:
                admit(store, asked, proof.customer)
            except OtherCustomer:
                logger.info("event=conversation_refused channel=webchat conversation=%s", log_name(asked.id))
            else:
                return asked, forged
        if proof.customer:
            return None, None
        return None, forged or (SIGN_IN_AGAIN if asked is not None or hello.signed_out else None)

    async def _token_refreshed(self, token: str) -> None:
        conversation = await self._conversation()
        proof = prove(token, self._room.secret)
        if proof.problem == "expired":
            raise _expired()
        if proof.customer is None:
            raise Refused("token_forged", SIGN_IN)
        try:
            await self._room.store.on_thread(admit, self._room.store, conversation, proof.customer)
        except OtherCustomer:
            raise _other_customer() from None
        self._token, self._customer = token, proof.customer
        self._room.sockets.customer_proven(conversation.id, proof.customer)
        await self._signed_in(conversation)
        await self._send(codec.signed_in())

    async def _signed_in(self, before: Conversation) -> None:
        """Where a visitor's conversation has just become a customer's, what could not be done before goes on."""
        if self._customer is not None and before.customer is None and before.last_seq:
            await self._room.store.on_thread(self._room.store.proven, before.id, self._customer)
            self._room.turns.work(before.id)

    async def _say(self, said: codec.Say) -> None:
        conversation = await self._conversation(said.id)
        proof = prove(self._token, self._room.secret)
        if proof.problem == "expired":
            raise _expired(said.id)
        self._room.guard.message(self._address, conversation.id, said.id)
        try:
            accepted = await self._room.store.on_thread(
                _accept, self._room.store, conversation, proof.customer, said
            )
        except OtherCustomer:
            raise _other_customer(said.id) from None
        await self._send(codec.ack(said.id, accepted.seq))
        if not accepted.repeat:
            self._room.sockets.wake(conversation.id)
        self._room.turns.work(conversation.id)

    async def _conversation(self, message_id: str | None = None) -> Conversation:
        if self._conversation_id is not None:
            found = await self._room.store.on_thread(self._room.store.find, self._conversation_id)
            if found is not None:
                return found
        raise Refused("hello_first", "会话还没有建立，请刷新页面。", message_id=message_id)

    # What goes out

    async def stream(self) -> None:
        """Send what is said in the conversation, for as long as the line lives. Raises Closed."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self._send_news()

    async def _send_news(self) -> None:
        store = self._room.store
        if self._evicted:
            self._evicted = False
            await self._send(codec.error(_other_customer()))
        while self._open and (conversation_id := self._conversation_id) is not None:
            messages = await store.on_thread(store.after, conversation_id, self._seen)
            for message in messages:
                if self._conversation_id != conversation_id:
                    return
                # Moved on before it is sent: a hello in between starts from its own number.
                self._seen = message.seq
                await self._send(codec.message(message))
            if not messages:
                break
        if self._open and self._conversation_id is not None:
            busy = self._room.turns.busy(self._conversation_id)
            if busy != self._typing_shown:
                self._typing_shown = busy
                await self._send(codec.typing(busy))

    async def _send(self, frame: str) -> None:
        try:
            await asyncio.wait_for(self._send_frame(frame), _SEND_SECONDS)
        except asyncio.TimeoutError:
            # It reads nothing any more. When it comes back it says what it has seen.
            raise Closed(1008, "too slow") from None

    def _leave(self) -> None:
        self._open = False
        if self._conversation_id is not None:
            self._room.sockets.remove(self._conversation_id, self)
            self._conversation_id = None


# Frames no widget of ours sends: after many of them the line is cut.
_CLIENT_FAULTS = {
    "binary_frame",
    "frame_too_large",
    "invalid_json",
    "invalid_frame",
    "unknown_type",
    "id_invalid",
    "too_fast",
}


def _expired(message_id: str | None = None) -> Refused:
    return Refused("token_expired", "登录已过期，正在为您更新登录状态…", message_id=message_id)


def _other_customer(message_id: str | None = None) -> Refused:
    return Refused(
        "other_customer", "这个会话属于另一个登录身份，已为您开启新的会话。", message_id=message_id
    )


def _accept(
    store: ConnectorStore, conversation: Conversation, customer: str | None, said: codec.Say
) -> Accepted:
    """Write a message down. Raises OtherCustomer or Refused."""
    admit(store, conversation, customer)
    before = store.accepted(conversation.id, said.id)
    if before is not None:
        return Accepted(before, repeat=True)
    refuse_backlog(store, conversation.id, said.id)
    Outbox(store).looked(conversation.id, CHANNEL)
    if isinstance(said, codec.SayText):
        answered = Binding(store).answer(conversation.id, said.id, said.text, customer)
        if answered is not None:
            return answered
        text = without_secrets(said.text, typed_before(store, conversation.id))
        return store.accept(conversation.id, said.id, {"text": text}, as_typed(text), customer)
    if isinstance(said, codec.SayPayload):
        return accept_press(store, conversation.id, said.id, said.payload, customer)
    kept = store.media(conversation.id, said.media)
    if kept is None:
        raise Refused("media_unknown", "图片没有上传成功，请重新选择图片。", message_id=said.id)
    shown = media.shown(kept)
    words = say("voice") if is_sound(shown) else say("picture")
    return store.accept(conversation.id, said.id, {"media": shown}, words, customer)
