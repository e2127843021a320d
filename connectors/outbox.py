"""What is to be pushed, to whom, and how far that has come: the part of the channels' memory that delivery works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connectors.store import ConnectorStore, Conversation, Message, as_message, new_conversation, now_ms
from connectors.tables import ADDRESSES, CALLS, CONVERSATIONS, MESSAGES, ROUTES, UNDELIVERED

Place = tuple[str, str]
"""A channel, and an address on it."""

_MOST_AT_ONCE = 50
_LOOKS = ""
"""The address of a channel that shows what is stored."""


@dataclass(frozen=True)
class Pending:
    """What waits to be pushed to one address, oldest first.

    Attributes:
        tries: how often the first of them has failed.
        due_ms: when to try; milliseconds since 1970, UTC.
        again: whether a person has asked for it to be sent once more.
    """

    address: str
    messages: tuple[Message, ...]
    tries: int
    due_ms: int
    again: bool


@dataclass(frozen=True)
class Undelivered:
    """A message that was given up, why and when (milliseconds since 1970, UTC)."""

    conversation_id: str
    seq: int
    channel: str
    problem: str
    at_ms: int


class Outbox:
    """Reads and writes blockingly; on the event loop call it by the store's `on_thread`."""

    def __init__(self, store: ConnectorStore) -> None:
        """Works in the store's database."""
        self._engine = store.engine

    # Who is where

    def reach(self, channel: str, address: str) -> Conversation:
        """The conversation of whoever is at this address, begun if need be."""
        found = self._at(channel, address)
        if found is not None:
            return found
        try:
            with self._engine.begin() as db:
                begun = new_conversation(db, channel)
                row = {
                    "channel": channel,
                    "address": address,
                    "conversation_id": begun.id,
                    "created_ms": now_ms(),
                }
                db.execute(ADDRESSES.insert().values(row))
            return begun
        except sa.exc.IntegrityError:  # another process was faster
            found = self._at(channel, address)
            if found is None:
                raise
            return found

    def _at(self, channel: str, address: str) -> Conversation | None:
        a, c = ADDRESSES.c, CONVERSATIONS.c
        with self._engine.connect() as db:
            row = db.execute(
                sa.select(c.id, c.channel, c.customer, c.last_seq)
                .join(ADDRESSES, a.conversation_id == c.id)
                .where(a.channel == channel, a.address == address)
            ).first()
        return Conversation(*row) if row else None

    def heard(self, conversation_id: str, channel: str, address: str) -> None:
        """The customer writes from this address: answers go there from now on, what was held back among them.

        What was said where the customer looked by themselves (`looked`, or before any address was known) is not pushed
        after them.
        """
        told = {
            "channel": channel,
            "address": address,
            "tries": 0,
            "due_ms": 0,
            "held": False,
            "problem": None,
        }
        r, last = ROUTES.c, sa.select(CONVERSATIONS.c.last_seq).where(CONVERSATIONS.c.id == conversation_id)
        seen = sa.case((r.address == _LOOKS, last.scalar_subquery()), else_=r.pushed)
        going = sa.select(r.pushed).where(
            r.conversation_id == conversation_id,
            r.channel == channel,
            r.address == address,
            sa.not_(r.held),
            r.tries == 0,
        )
        with self._engine.connect() as db:  # mostly nothing changes: no reason to begin a write
            if db.execute(going).first() is not None:
                return
        with self._engine.begin() as db:
            if not self._move(db, conversation_id, {**told, "pushed": seen}):
                try:
                    with db.begin_nested():
                        row = {**told, "conversation_id": conversation_id, "pushed": last.scalar_subquery()}
                        db.execute(ROUTES.insert().values(row))
                except sa.exc.IntegrityError:  # at the same time, by another process
                    self._move(db, conversation_id, told)

    def looked(self, conversation_id: str, channel: str) -> None:
        """The customer writes where answers are shown without a push: none is pushed any more."""
        r = ROUTES.c
        elsewhere = sa.select(r.channel).where(r.conversation_id == conversation_id, r.address != _LOOKS)
        with self._engine.connect() as db:  # most conversations have no address: no reason to begin a write
            if db.execute(elsewhere).first() is None:
                return
        with self._engine.begin() as db:
            self._move(db, conversation_id, {"channel": channel, "address": _LOOKS})

    @staticmethod
    def _move(
        db: Connection, conversation_id: str, told: Mapping[str, object], place: Place | None = None
    ) -> int:
        """Change the conversation's route; with `place` only while it leads there."""
        change = ROUTES.update().where(ROUTES.c.conversation_id == conversation_id)
        if place is not None:
            change = change.where(ROUTES.c.channel == place[0], ROUTES.c.address == place[1])
        return int(db.execute(change.values(told)).rowcount)

    def first_use(self, channel: str, nonce: str, digest: str, keep_seconds: int) -> bool:
        """False where a call with this nonce has come before with another body. Forgotten after `keep_seconds`."""
        c = CALLS.c
        mine = sa.select(c.digest).where(c.channel == channel, c.nonce == nonce)
        row = {"channel": channel, "nonce": nonce, "digest": digest, "at_ms": now_ms()}
        try:
            with self._engine.begin() as db:
                db.execute(CALLS.delete().where(c.at_ms < now_ms() - keep_seconds * 1000))
                before = db.execute(mine).scalar()
                if before is None:
                    db.execute(CALLS.insert().values(row))
        except sa.exc.IntegrityError:  # at the same time, by another process
            with self._engine.connect() as db:
                before = db.execute(mine).scalar()
        return before in (None, digest)

    # What is to go

    def pending(self, conversation_id: str, channel: str) -> Pending | None:
        """What this channel has to push in the conversation now or later; None when there is nothing."""
        r, m, u = ROUTES.c, MESSAGES.c, UNDELIVERED.c
        here = sa.select(ROUTES).where(r.conversation_id == conversation_id, r.channel == channel)
        with self._engine.connect() as db:
            route = db.execute(here).first()
            if route is None or route.held:
                return None
            asked = db.execute(
                sa.select(u.seq).where(u.conversation_id == conversation_id, u.again).order_by(u.seq).limit(1)
            ).scalar()
            which = m.seq > route.pushed if asked is None else m.seq == asked
            rows = db.execute(
                sa.select(MESSAGES)
                .where(m.conversation_id == conversation_id, m.who.not_in(("customer", "proof")), which)
                .order_by(m.seq)
                .limit(_MOST_AT_ONCE)
            ).all()
        if not rows:
            return None
        messages = tuple(as_message(row) for row in rows)
        return Pending(route.address, messages, route.tries, route.due_ms, asked is not None)

    def with_unsent(self, channel: str) -> list[str]:
        """Conversations in which this channel may have something to push."""
        r, c, u = ROUTES.c, CONVERSATIONS.c, UNDELIVERED.c
        new = (
            sa.select(r.conversation_id)
            .join(CONVERSATIONS, c.id == r.conversation_id)
            .where(r.channel == channel, sa.not_(r.held), r.pushed < c.last_seq)
        )
        again = sa.select(u.conversation_id).where(u.channel == channel, u.again)
        with self._engine.connect() as db:
            return [row[0] for row in db.execute(new.union(again))]

    # How it went

    def sent(self, conversation_id: str, messages: Sequence[Message]) -> None:
        """The provider has taken these."""
        with self._engine.begin() as db:
            self._done(db, conversation_id, messages)

    def later(self, conversation_id: str, place: Place, due_ms: int, problem: str) -> None:
        """Not now: to be tried again at `due_ms`, unless the customer is elsewhere by now."""
        with self._engine.begin() as db:
            told = {"tries": ROUTES.c.tries + 1, "due_ms": due_ms, "problem": problem[:80]}
            self._move(db, conversation_id, told, place)

    def hold(self, conversation_id: str, place: Place, problem: str) -> None:
        """Not before the customer writes again, unless they are elsewhere by now."""
        with self._engine.begin() as db:
            self._move(db, conversation_id, {"held": True, "problem": problem[:80]}, place)

    def proven(self, conversation_id: str) -> list[Place]:
        """The addresses that are proven to be the customer's, the newest first."""
        a = ADDRESSES.c
        mine = sa.and_(a.conversation_id == conversation_id, a.customer.is_not(None))
        with self._engine.connect() as db:
            rows = db.execute(sa.select(a.channel, a.address).where(mine).order_by(a.created_ms.desc()))
            return [(row.channel, row.address) for row in rows]

    def divert(self, conversation_id: str, place: Place, to: Place) -> None:
        """What waits for `place` goes to another address of the customer's, unless they are elsewhere by now."""
        told = {"channel": to[0], "address": to[1], "tries": 0, "due_ms": 0, "held": False, "problem": None}
        with self._engine.begin() as db:
            self._move(db, conversation_id, told, place)

    def give_up(self, conversation_id: str, channel: str, messages: Sequence[Message], problem: str) -> None:
        """These will not be tried again unless a person asks for it."""
        with self._engine.begin() as db:
            self._done(db, conversation_id, messages)
            rows = [
                {
                    "conversation_id": conversation_id,
                    "seq": message.seq,
                    "channel": channel,
                    "problem": problem[:80],
                    "at_ms": now_ms(),
                    "again": False,
                }
                for message in messages
            ]
            db.execute(UNDELIVERED.insert(), rows)

    @staticmethod
    def _done(db: Connection, conversation_id: str, messages: Sequence[Message]) -> None:
        r, u = ROUTES.c, UNDELIVERED.c
        numbers = [message.seq for message in messages]
        db.execute(UNDELIVERED.delete().where(u.conversation_id == conversation_id, u.seq.in_(numbers)))
        upto = sa.case((r.pushed < max(numbers), max(numbers)), else_=r.pushed)
        told = {"pushed": upto, "tries": 0, "due_ms": 0, "problem": None}
        db.execute(ROUTES.update().where(r.conversation_id == conversation_id).values(told))

    def undelivered(self, channel: str | None = None) -> list[Undelivered]:
        """What was given up, newest last."""
        u = UNDELIVERED.c
        wanted = sa.select(u.conversation_id, u.seq, u.channel, u.problem, u.at_ms).order_by(u.at_ms)
        with self._engine.connect() as db:
            rows = db.execute(wanted if channel is None else wanted.where(u.channel == channel)).all()
        return [Undelivered(*row) for row in rows]

    def send_again(self, channel: str) -> int:
        """Have everything that was given up pushed once more; how much that is."""
        u = UNDELIVERED.c
        with self._engine.begin() as db:
            return int(
                db.execute(UNDELIVERED.update().where(u.channel == channel).values(again=True)).rowcount
            )
