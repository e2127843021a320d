"""What the channels remember: conversations, their messages in both directions, and the buttons shown in them.

Messages of a conversation are numbered from 1 without gaps, customers', the bot's and people's alike: a client that
has seen number n misses exactly what is above n. A customer's message is first written down ("accepted"), then
acknowledged, then handled; what a crash leaves unhandled is found again. Written with SQLAlchemy 1.4 Core, which Rasa
pins; SQLite (WAL) or PostgreSQL.

Adding a message begins with an UPDATE of the conversation's row. It takes that row's lock on PostgreSQL and the write
lock on SQLite, so numbers follow the order of commits, and "is it there already" holds until the commit.

A button is known by an id of its own, which is what clients are given as its payload: two questions with the same words
and the same meaning to Rasa still have different buttons (docs/adr/0010). It may be pressed while its question is open:
until the customer says anything, or the bot by itself asks something else.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.pool import QueuePool
from typing_extensions import ParamSpec

from connectors.errors import OtherChannel, UnknownConversation
from connectors.lanes import Lanes
from connectors.tables import (
    BEGINNINGS,
    BUTTONS,
    CONVERSATIONS,
    MEDIA,
    MESSAGES,
    OF_CUSTOMERS,
    TABLES,
)

P = ParamSpec("P")
R = TypeVar("R")
Who = Literal["customer", "bot", "agent", "notice", "proof"]
Body = Mapping[str, Any]

# Of every channel (the same in backoffice/assistant.py): in a path or a header it can mean nothing else.
_CONVERSATION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_BUTTON_ID = re.compile(r"btn_[A-Za-z0-9_-]{16}")
_CLOSED = -1
PROVEN = "/EXTERNAL_chat_proven"
"""What Rasa gets when somebody has just proven who they are."""
NAMED_BY_CLIENTS = ("rest",)
Place = tuple[int, str]
FIRST: Place = (0, "")
# Kept what was offered by its words: two questions could not be told apart. Codes that named no telephone. Pushes that
# were forgotten once they were read.
_REPLACED = ("offers", "codes", "intake")
_TABLES_LOCK = 0x4C585F43  # "LX_C"

# What every message asks, put together once.
_SHOWN = sa.select(
    *(MESSAGES.c[name] for name in ("conversation_id", "seq", "who", "body", "key", "reply_to", "created_ms"))
)
_THIS, _NUMBER = sa.bindparam("conversation"), sa.bindparam("number")
_LOCK = CONVERSATIONS.update().where(CONVERSATIONS.c.id == _THIS).values(last_seq=CONVERSATIONS.c.last_seq)
_COUNT_UP = (
    CONVERSATIONS.update().where(CONVERSATIONS.c.id == _THIS).values(last_seq=CONVERSATIONS.c.last_seq + 1)
)
_LAST_SEQ = sa.select(CONVERSATIONS.c.last_seq).where(CONVERSATIONS.c.id == _THIS)
_SEQ_OF_KEY = sa.select(MESSAGES.c.seq).where(
    MESSAGES.c.conversation_id == _THIS, MESSAGES.c.key == sa.bindparam("its_key")
)
_NEXT_WAITING = (
    sa.select(*(MESSAGES.c[name] for name in ("seq", "key", "said", "customer", "body", "attempts")))
    .where(MESSAGES.c.conversation_id == _THIS, MESSAGES.c.waiting)
    .order_by(MESSAGES.c.seq)
    .limit(1)
)
_ONE = MESSAGES.update().where(MESSAGES.c.conversation_id == _THIS, MESSAGES.c.seq == _NUMBER)
_ATTEMPT = _ONE.values(attempts=MESSAGES.c.attempts + 1)
_HANDLED = _ONE.values(waiting=False)
_FIND = sa.select(*(CONVERSATIONS.c[name] for name in ("id", "channel", "customer", "last_seq"))).where(
    CONVERSATIONS.c.id == _THIS
)
_IS_WAITING = sa.select(MESSAGES.c.waiting).where(
    MESSAGES.c.conversation_id == _THIS, MESSAGES.c.seq == _NUMBER
)
_ANSWERS = _SHOWN.where(MESSAGES.c.conversation_id == _THIS, MESSAGES.c.reply_to == _NUMBER).order_by(
    MESSAGES.c.seq
)
_LAST_SAID = (
    sa.select(MESSAGES.c.seq)
    .where(MESSAGES.c.conversation_id == _THIS, MESSAGES.c.who == "customer")
    .order_by(MESSAGES.c.seq.desc())
    .limit(1)
)
_FORGET_BUTTONS = BUTTONS.delete().where(
    BUTTONS.c.conversation_id == _THIS, BUTTONS.c.follows < sa.bindparam("last_said")
)
_ADD_BUTTON = BUTTONS.insert()
_ADD_MESSAGE = MESSAGES.insert()


@dataclass(frozen=True)
class Conversation:
    """One conversation. `customer` is the first customer proven in it, and stays."""

    id: str
    channel: str
    customer: str | None
    last_seq: int

    @property
    def named_by_client(self) -> bool:
        """Whether its id may be known to anybody: it was not issued by us."""
        return self.channel in NAMED_BY_CLIENTS


@dataclass(frozen=True)
class Message:
    """One stored message; `body` is what a client is shown. `at_ms`: milliseconds since 1970, UTC."""

    conversation_id: str
    seq: int
    who: Who
    body: Body
    key: str | None
    reply_to: int | None
    at_ms: int


@dataclass(frozen=True)
class Waiting:
    """A customer's accepted message on its way to Rasa: `said` is the text Rasa gets, `attempt` counts from 1.

    `begun_in`: the visitor's conversation that somebody had who has just proven who they are.
    """

    conversation_id: str
    seq: int
    provider_id: str
    said: str
    customer: str | None
    media: tuple[Mapping[str, Any], ...]
    attempt: int
    begun_in: str | None = None


@dataclass(frozen=True)
class Accepted:
    """Where a customer's message stands; `repeat` says that it was there before."""

    seq: int
    repeat: bool


@dataclass(frozen=True)
class Gone:
    """A button that can no longer be pressed.

    Attributes:
        again: whether it is the very button that the customer's last message pressed.
        question: what may be answered instead, as the client was shown it; None where nothing is open.
    """

    again: bool
    question: Message | None


@dataclass(frozen=True)
class Media:
    """A stored picture."""

    id: str
    content_type: str
    size: int


class ConnectorStore:
    """The channels' memory. Methods block for about a millisecond; on the event loop call them by `on_thread`."""

    def __init__(self, url: str) -> None:
        """Open the database, making the folder, the file and the tables where they are missing."""
        address = make_url(url)
        sqlite = address.get_backend_name() == "sqlite"
        if sqlite:
            Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
            self.engine = sa.create_engine(
                address,
                poolclass=QueuePool,
                connect_args={"check_same_thread": False, "timeout": 15},
                hide_parameters=True,
            )
            sa.event.listen(self.engine, "connect", _tune_sqlite)
        else:
            self.engine = sa.create_engine(address, pool_pre_ping=True, hide_parameters=True)
        with self.engine.begin() as db:
            if not sqlite:
                # Several workers start at once: "is it there already" holds for one of them at a time.
                db.execute(sa.text(f"SELECT pg_advisory_xact_lock({_TABLES_LOCK})"))
            TABLES.create_all(db)
            for index in (BEGINNINGS, OF_CUSTOMERS):  # tables of before lack them
                index.create(db, checkfirst=True)
            for table in _REPLACED:
                db.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
        self._subscribers: list[Callable[[str], None]] = []
        # SQLite has one writer at a time, and lets others wait by sleeping: a second thread would starve beside a busy one.
        self._lanes = Lanes(1 if sqlite else 5, "connectors-store")

    def subscribe(self, told: Callable[[str], None]) -> None:
        """Have `told` called with the id of every conversation with news, on the event loop's thread."""
        self._subscribers.append(told)

    def tell(self, conversation_id: str) -> None:
        """There may be news in the conversation: a customer may look at it on several channels. Returns at once."""
        for told in self._subscribers:
            told(conversation_id)

    async def on_thread(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one of the store's methods without stalling the event loop."""
        job = partial(method, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._lanes.usual, job)

    async def at_once(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `on_thread`, and ahead of all that waits there: a provider waits a few seconds for "it has arrived"."""
        job = partial(method, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._lanes.urgent, job)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._lanes.close()
        self.engine.dispose()

    # Conversations

    def begin(self, channel: str, customer: str | None = None) -> Conversation:
        """A new conversation with an id nobody can guess (256 bits), bound to `customer` if given."""
        with self.engine.begin() as db:
            return new_conversation(db, channel, customer)

    def named(self, channel: str, conversation_id: str) -> Conversation:
        """The conversation a client has named itself, begun if need be. Raises OtherChannel, ValueError."""
        if not is_conversation_id(conversation_id):
            raise ValueError("not a conversation id")
        found = self.find(conversation_id)
        if found is None:
            try:
                with self.engine.begin() as db:
                    _insert_conversation(db, Conversation(conversation_id, channel, None, 0))
            except sa.exc.IntegrityError:
                pass  # begun by someone else in between
            found = self.find(conversation_id)
            if found is None:
                raise UnknownConversation("the conversation vanished while it was begun")
        if found.channel != channel:
            raise OtherChannel(f"this conversation is not one of {channel}")
        return found

    def find(self, conversation_id: str) -> Conversation | None:
        """The conversation, or None."""
        with self.engine.connect() as db:
            row = db.execute(_FIND, {"conversation": conversation_id}).first()
        return Conversation(*row) if row else None

    def bind(self, conversation_id: str, customer: str) -> str:
        """Bind the conversation to `customer` unless it is bound already; returns whom it is bound to."""
        c = CONVERSATIONS.c
        with self.engine.begin() as db:
            db.execute(
                CONVERSATIONS.update()
                .where(c.id == conversation_id, c.customer.is_(None))
                .values(customer=customer)
            )
            bound = db.execute(sa.select(c.customer).where(c.id == conversation_id)).scalar()
        if bound is None:
            raise UnknownConversation("cannot bind a conversation that was never begun")
        return str(bound)

    # Customers' messages

    def accept(
        self, conversation_id: str, provider_id: str, body: Body, said: str, customer: str | None
    ) -> Accepted:
        """Write down a customer's message once; a repeat of `provider_id` changes nothing."""
        key = f"in:{provider_id}"
        with self.engine.begin() as db:
            _lock(db, conversation_id)
            before = _seq_of_key(db, conversation_id, key)
            if before is not None:
                return Accepted(before, repeat=True)
            seq = _insert_said(db, conversation_id, key, body, said, customer)
        return Accepted(seq, repeat=False)

    def press(
        self, conversation_id: str, provider_id: str, button_id: str, customer: str | None
    ) -> Accepted | Gone:
        """Write down that a button was pressed, once, if its question is still open; else nothing is written."""
        key = f"in:{provider_id}"
        b = BUTTONS.c
        with self.engine.begin() as db:
            _lock(db, conversation_id)
            before = _seq_of_key(db, conversation_id, key)
            if before is not None:
                return Accepted(before, repeat=True)
            mine = sa.and_(b.conversation_id == conversation_id, b.id == button_id)
            button = db.execute(sa.select(b.title, b.payload, b.follows, b.pressed).where(mine)).first()
            last = _last_said(db, conversation_id)
            if button is None or button.follows != last:
                again = button is not None and button.pressed is not None and button.pressed == last
                return Gone(again, _open_question(db, conversation_id, last))
            seq = _insert_said(db, conversation_id, key, {"text": button.title}, button.payload, customer)
            db.execute(BUTTONS.update().where(mine).values(pressed=seq))
        return Accepted(seq, repeat=False)

    def proven(self, conversation_id: str, customer: str, begun_in: str | None = None) -> None:
        """The customer has just been proven in it: Rasa is to go on with what was begun here or in `begun_in`, once."""
        key = f"in:proven:{begun_in or ''}"
        with self.engine.begin() as db:
            _lock(db, conversation_id)
            if _seq_of_key(db, conversation_id, key) is None:
                seq, body = _next_seq(db, conversation_id), {"begun_in": begun_in}
                told = {"said": PROVEN, "customer": customer, "waiting": True}
                _insert_message(db, conversation_id, seq, "proof", body, key, **told)  # type: ignore[arg-type]

    def prepared(self, conversation_id: str, seq: int, body: Body, said: str) -> None:
        """What a message says is known only now: what was to be fetched is here."""
        with self.engine.begin() as db:
            row = {"conversation": conversation_id, "number": seq}
            db.execute(_ONE.values(body=json.dumps(body), said=said), row)

    def accepted(self, conversation_id: str, provider_id: str) -> int | None:
        """The number of the message with this provider's id, or None."""
        with self.engine.connect() as db:
            return _seq_of_key(db, conversation_id, f"in:{provider_id}")

    def has(self, conversation_id: str, key: str) -> bool:
        """Whether a message with this key is there."""
        with self.engine.connect() as db:
            return _seq_of_key(db, conversation_id, key) is not None

    def next_waiting(self, conversation_id: str) -> Waiting | None:
        """The oldest message not handled yet, counting this as an attempt."""
        with self.engine.connect() as db:  # most looks find nothing: no reason to begin a write
            row = db.execute(_NEXT_WAITING, {"conversation": conversation_id}).first()
        if row is None:
            return None
        with self.engine.begin() as db:
            db.execute(_ATTEMPT, {"conversation": conversation_id, "number": row.seq})
        body = json.loads(row.body)
        media = body.get("media")
        return Waiting(
            conversation_id=conversation_id,
            seq=row.seq,
            provider_id=row.key[len("in:") :],
            said=row.said,
            customer=row.customer,
            media=(media,) if media else (),
            attempt=row.attempts + 1,
            begun_in=body.get("begun_in"),
        )

    def handled(self, conversation_id: str, seq: int) -> None:
        """This message needs nothing more."""
        with self.engine.begin() as db:
            db.execute(_HANDLED, {"conversation": conversation_id, "number": seq})

    def is_waiting(self, conversation_id: str, seq: int) -> bool:
        """Whether the message is yet to be handled."""
        with self.engine.connect() as db:
            return bool(db.execute(_IS_WAITING, {"conversation": conversation_id, "number": seq}).scalar())

    def waiting_count(self, conversation_id: str) -> int:
        """How many of the conversation's messages are yet to be handled."""
        m = MESSAGES.c
        with self.engine.connect() as db:
            return int(
                db.execute(
                    sa.select(sa.func.count()).where(m.conversation_id == conversation_id, m.waiting)
                ).scalar()
                or 0
            )

    def with_waiting(self, channel: str) -> list[str]:
        """Conversations of a channel that a stop or crash has left with unhandled messages."""
        m, c = MESSAGES.c, CONVERSATIONS.c
        with self.engine.connect() as db:
            rows = db.execute(
                sa.select(m.conversation_id)
                .distinct()
                .join(CONVERSATIONS, c.id == m.conversation_id)
                .where(m.waiting, c.channel == channel)
            )
            return [row.conversation_id for row in rows]

    # Answers

    def append(
        self,
        conversation_id: str,
        who: Who,
        body: Body,
        *,
        key: str | None = None,
        reply_to: int | None = None,
    ) -> bool:
        """Put a message in the conversation's outbox; False when one with this `key` is there already.

        Its buttons (`title`, `payload` for Rasa) are kept, and shown with their ids as payloads.
        """
        with self.engine.begin() as db:
            _lock(db, conversation_id)
            if key is not None and _seq_of_key(db, conversation_id, key) is not None:
                return False
            seq = _next_seq(db, conversation_id)
            if body.get("buttons"):
                if who == "bot" and reply_to is None:
                    # Asked by itself: what was asked before is no longer what an answer answers.
                    _close_buttons(db, conversation_id)
                follows = _last_said(db, conversation_id) if reply_to is None else reply_to
                shown = [_add_button(db, conversation_id, seq, follows, each) for each in body["buttons"]]
                body = {**body, "buttons": shown}
            _insert_message(db, conversation_id, seq, who, body, key, reply_to=reply_to)
        return True

    def open_question(self, conversation_id: str) -> Message | None:
        """The message whose buttons may be pressed now."""
        with self.engine.connect() as db:
            return _open_question(db, conversation_id, _last_said(db, conversation_id))

    def after(self, conversation_id: str, seq: int, limit: int = 100) -> list[Message]:
        """Messages above number `seq`, oldest first."""
        m = MESSAGES.c
        return self._read(
            sa.and_(m.conversation_id == conversation_id, m.seq > seq), order=m.seq, limit=limit
        )

    def latest(self, conversation_id: str, limit: int = 100) -> list[Message]:
        """The last messages, oldest first."""
        m = MESSAGES.c
        return self._read(m.conversation_id == conversation_id, order=m.seq.desc(), limit=limit)[::-1]

    def answers(self, conversation_id: str, seq: int) -> list[Message]:
        """What was answered to message `seq`, oldest first."""
        with self.engine.connect() as db:
            rows = db.execute(_ANSWERS, {"conversation": conversation_id, "number": seq}).all()
        return [as_message(row) for row in rows]

    def unasked(self, conversation_id: str, seq: int, limit: int = 100) -> list[Message]:
        """Messages above `seq` that answer no message: a person's replies, and what the bot says by itself."""
        m = MESSAGES.c
        return self._read(
            sa.and_(
                m.conversation_id == conversation_id,
                m.seq > seq,
                m.reply_to.is_(None),
                m.who != "customer",
            ),
            order=m.seq,
            limit=limit,
        )

    def _read(self, where: Any, order: Any, limit: int | None) -> list[Message]:
        with self.engine.connect() as db:
            shown = _SHOWN.where(where, MESSAGES.c.who != "proof")
            rows = db.execute(shown.order_by(order).limit(limit)).all()
        return [as_message(row) for row in rows]

    # Media

    def add_media(self, conversation_id: str, content_type: str, size: int) -> Media:
        """Write down a picture about to be stored; its id cannot be guessed."""
        media = Media(secrets.token_urlsafe(24), content_type, size)
        with self.engine.begin() as db:
            db.execute(
                MEDIA.insert().values(
                    id=media.id,
                    conversation_id=conversation_id,
                    content_type=content_type,
                    size=size,
                    created_ms=now_ms(),
                )
            )
        return media

    def media(self, conversation_id: str, media_id: str) -> Media | None:
        """The picture, if it belongs to this conversation."""
        c = MEDIA.c
        with self.engine.connect() as db:
            row = db.execute(
                sa.select(c.id, c.content_type, c.size).where(
                    c.id == media_id, c.conversation_id == conversation_id
                )
            ).first()
        return Media(*row) if row else None

    def drop_media(self, media_id: str) -> None:
        """It is kept no longer."""
        with self.engine.begin() as db:
            db.execute(MEDIA.delete().where(MEDIA.c.id == media_id))

    def media_since(self, conversation_id: str, seconds: int) -> int:
        """How many pictures the conversation has had in the last `seconds`."""
        c = MEDIA.c
        with self.engine.connect() as db:
            return int(
                db.execute(
                    sa.select(sa.func.count()).where(
                        c.conversation_id == conversation_id, c.created_ms > now_ms() - seconds * 1000
                    )
                ).scalar()
                or 0
            )

    def media_bytes(self) -> int:
        """The size of all pictures together."""
        with self.engine.connect() as db:
            return int(db.execute(sa.select(sa.func.sum(MEDIA.c.size))).scalar() or 0)

    # Forgetting

    def idle(
        self, before: int, empty_before: int, place: Place, limit: int
    ) -> tuple[list[str], Place | None]:
        """Conversations that may be forgotten, among the `limit` begun next after `place`; and where to go on, if anywhere.

        `before`: when the last message was written at the latest; `empty_before`: when one without messages was begun.
        Milliseconds since 1970, UTC.
        """
        c, m = CONVERSATIONS.c, MESSAGES.c
        at, conversation_id = place
        looked_at = (
            sa.select(c.id, c.created_ms, c.last_seq)
            .where(
                c.created_ms < max(before, empty_before),
                sa.or_(c.created_ms > at, sa.and_(c.created_ms == at, c.id > conversation_id)),
            )
            .order_by(c.created_ms, c.id)
            .limit(limit)
            .subquery()
        )
        last = sa.and_(m.conversation_id == looked_at.c.id, m.seq == looked_at.c.last_seq)
        with self.engine.connect() as db:
            rows = db.execute(
                sa.select(looked_at, m.created_ms.label("said_ms"))
                .outerjoin(MESSAGES, last)
                .order_by(looked_at.c.created_ms, looked_at.c.id)
            ).all()
        ids = [
            row.id
            for row in rows
            if (row.created_ms < empty_before if row.last_seq == 0 else (row.said_ms or before) < before)
        ]
        return ids, (rows[-1].created_ms, rows[-1].id) if len(rows) == limit else None

    def forgettable(self, conversation_id: str, before: int, empty_before: int) -> list[str] | None:
        """The pictures of a conversation that may be forgotten; None for one that may not, or not any more."""
        with self.engine.connect() as db:
            return _forgettable(db, conversation_id, before, empty_before)

    def forget(self, conversation_id: str, before: int, empty_before: int) -> bool:
        """Delete a conversation with all that belongs to it, unless something was said in it just now.

        Where clients name their conversations themselves, whose it was is kept: the name must not become another's.
        """
        c = CONVERSATIONS.c
        with self.engine.begin() as db:
            try:
                _lock(db, conversation_id)
            except UnknownConversation:
                return False
            if _forgettable(db, conversation_id, before, empty_before) is None:
                return False
            for table in TABLES.sorted_tables:
                if "conversation_id" in table.c:
                    db.execute(table.delete().where(table.c.conversation_id == conversation_id))
            named_and_bound = sa.and_(c.channel.in_(NAMED_BY_CLIENTS), c.customer.is_not(None))
            db.execute(CONVERSATIONS.delete().where(c.id == conversation_id, sa.not_(named_and_bound)))
        return True


@cache
def open_store(url: str) -> ConnectorStore:
    """The process's one store for this address: the channels share it."""
    return ConnectorStore(url)


def _tune_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # WAL lets readers and the writer work at once. NORMAL survives a killed process; only a power cut can lose the
    # last few messages, and those the client sends again.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _lock(db: Connection, conversation_id: str) -> None:
    """Keep other writers out of the conversation until the commit."""
    locked = db.execute(_LOCK, {"conversation": conversation_id})
    if locked.rowcount == 0:
        raise UnknownConversation("no channel has begun this conversation")


def _next_seq(db: Connection, conversation_id: str) -> int:
    db.execute(_COUNT_UP, {"conversation": conversation_id})
    return int(db.execute(_LAST_SEQ, {"conversation": conversation_id}).scalar_one())


def _forgettable(db: Connection, conversation_id: str, before: int, empty_before: int) -> list[str] | None:
    c, m, p = CONVERSATIONS.c, MESSAGES.c, MEDIA.c
    begun = db.execute(sa.select(c.created_ms, c.last_seq).where(c.id == conversation_id)).first()
    if begun is None:
        return None
    mine = m.conversation_id == conversation_id
    latest = sa.select(m.created_ms).where(mine).order_by(m.seq.desc()).limit(1)
    said = db.execute(latest).scalar()
    pictures = db.execute(sa.select(p.id, p.created_ms).where(p.conversation_id == conversation_id)).all()
    limit = empty_before if begun.last_seq == 0 else before
    if max(begun.created_ms, said or 0, *(each.created_ms for each in pictures)) >= limit:
        return None
    if db.execute(sa.select(m.seq).where(mine, m.waiting).limit(1)).first() is not None:
        return None
    return [each.id for each in pictures]


def _seq_of_key(db: Connection, conversation_id: str, key: str) -> int | None:
    seq = db.execute(_SEQ_OF_KEY, {"conversation": conversation_id, "its_key": key}).scalar()
    return None if seq is None else int(seq)


def new_conversation(db: Connection, channel: str, customer: str | None = None) -> Conversation:
    """Begin a conversation within a transaction."""
    conversation = Conversation(secrets.token_urlsafe(32), channel, customer, 0)
    _insert_conversation(db, conversation)
    return conversation


def _insert_conversation(db: Connection, conversation: Conversation) -> None:
    db.execute(
        CONVERSATIONS.insert().values(
            id=conversation.id,
            channel=conversation.channel,
            customer=conversation.customer,
            last_seq=conversation.last_seq,
            created_ms=now_ms(),
        )
    )


def _insert_message(
    db: Connection,
    conversation_id: str,
    seq: int,
    who: Who,
    body: Body,
    key: str | None,
    *,
    reply_to: int | None = None,
    said: str | None = None,
    customer: str | None = None,
    waiting: bool = False,
) -> None:
    row = {
        "conversation_id": conversation_id,
        "seq": seq,
        "who": who,
        # ASCII escapes keep what a database's text cannot hold (NUL, lone surrogates) out of its way.
        "body": json.dumps(body),
        "key": key,
        "reply_to": reply_to,
        "created_ms": now_ms(),
        "said": said,
        "customer": customer,
        "waiting": waiting,
    }
    db.execute(_ADD_MESSAGE, row)


def _insert_said(
    db: Connection, conversation_id: str, key: str, body: Body, said: str, customer: str | None
) -> int:
    """A customer's message. Buttons of the question before the one it answers will never be asked about again."""
    last = _last_said(db, conversation_id)
    db.execute(_FORGET_BUTTONS, {"conversation": conversation_id, "last_said": last})
    seq = _next_seq(db, conversation_id)
    _insert_message(
        db, conversation_id, seq, "customer", body, key, said=said, customer=customer, waiting=True
    )
    return seq


def _last_said(db: Connection, conversation_id: str) -> int:
    """The number of the customer's latest message, or 0."""
    return int(db.execute(_LAST_SAID, {"conversation": conversation_id}).scalar() or 0)


def _add_button(
    db: Connection, conversation_id: str, seq: int, follows: int, button: Mapping[str, str]
) -> dict[str, str]:
    """Keep a button; as clients are shown it."""
    button_id = f"btn_{secrets.token_urlsafe(12)}"
    row = {
        "conversation_id": conversation_id,
        "id": button_id,
        "title": button["title"],
        "payload": button["payload"],
        "seq": seq,
        "follows": follows,
    }
    db.execute(_ADD_BUTTON, row)
    return {"title": button["title"], "payload": button_id}


def _close_buttons(db: Connection, conversation_id: str) -> None:
    b = BUTTONS.c
    db.execute(BUTTONS.update().where(b.conversation_id == conversation_id).values(follows=_CLOSED))


def _open_question(db: Connection, conversation_id: str, last_said: int) -> Message | None:
    """The latest message with buttons that may be pressed now."""
    b, m = BUTTONS.c, MESSAGES.c
    newest = sa.select(sa.func.max(b.seq)).where(b.conversation_id == conversation_id, b.follows == last_said)
    seq = db.execute(newest).scalar()
    if seq is None:
        return None
    row = db.execute(_SHOWN.where(m.conversation_id == conversation_id, m.seq == seq)).first()
    return None if row is None else as_message(row)


def as_message(row: Any) -> Message:
    """A row of the messages' table."""
    return Message(
        row.conversation_id, row.seq, row.who, json.loads(row.body), row.key, row.reply_to, row.created_ms
    )


def is_conversation_id(text: str) -> bool:
    """Whether a text can name a conversation."""
    return _CONVERSATION_ID.fullmatch(text) is not None


def is_button(text: str) -> bool:
    """Whether a text can only be a button's id, in time or long gone."""
    return _BUTTON_ID.fullmatch(text) is not None


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000
