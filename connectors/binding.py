"""One customer on many channels: how an openid or a number comes to speak in the customer's own conversation.

Who is signed in (web chat, app) writes 绑定 and gets a code; sent from WeChat within ten minutes, it proves that both are the
same person. From then on that address speaks in the conversation that the code was asked for in, so that what was begun on
the web goes on in WeChat; 解绑 undoes it. Guessing: 8 digits, used once, five tries an hour at an address.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connectors.store import Accepted, ConnectorStore, new_conversation, now_ms
from connectors.tables import ADDRESSES, CODE_TRIES, CODES, ROUTES
from connectors.wording import say

CODE_SECONDS = 600
MOST_CODES = 5
MOST_TRIES = 5
_HOUR_MS = 3600 * 1000
_ASKED = re.compile(r"绑定(?:微信|公众号|手机号?|短信)?")
_CODE = re.compile(r"绑定[\s:：]*([0-9](?:[\s-]?[0-9]){7})")
_UNDONE = re.compile(r"解绑|解除绑定|取消绑定")


@dataclass(frozen=True)
class Command:
    """What was written about binding: to ask for it, a code, or to undo it."""

    code: str | None = None
    undo: bool = False


def command(text: str) -> Command | None:
    """What a text says about binding, if that is all it says."""
    text = text.strip().rstrip("。.!！")
    if found := _CODE.fullmatch(text):
        return Command(code=re.sub(r"\D", "", found[1]))
    if _UNDONE.fullmatch(text):
        return Command(undo=True)
    return Command() if _ASKED.fullmatch(text) else None


class Binding:
    """Reads and writes blockingly, in the store's database."""

    def __init__(self, store: ConnectorStore) -> None:
        """Works beside the store."""
        self._store = store
        self._engine = store.engine

    # Where the customer is proven

    def answer(
        self, conversation_id: str, provider_id: str, text: str, customer: str | None
    ) -> Accepted | None:
        """Give a code to whoever is signed in and asks for one; None where the text asks for none."""
        told = command(text)
        if told is None or told.code or told.undo or customer is None:
            return None
        store = self._store
        store.append(conversation_id, "customer", {"text": text}, key=f"in:{provider_id}")
        seq = store.accepted(conversation_id, provider_id)
        code = self.offer(conversation_id, customer)
        reply = say("bind_too_often") if code is None else say("bind_code", code=f"{code[:4]} {code[4:]}")
        store.append(conversation_id, "notice", {"text": reply}, key=f"notice:{provider_id}")
        return Accepted(seq or 0, repeat=False)

    def offer(self, conversation_id: str, customer: str) -> str | None:
        """A new code, or None where the customer has had too many of late."""
        c = CODES.c
        code = f"{secrets.randbelow(10**8):08d}"
        with self._engine.begin() as db:
            db.execute(CODES.delete().where(c.at_ms < now_ms() - _HOUR_MS))
            had = sa.select(sa.func.count()).where(c.customer == customer)
            if int(db.execute(had).scalar() or 0) >= MOST_CODES:
                return None
            row = {"code": _hash(code), "conversation_id": conversation_id, "customer": customer}
            db.execute(CODES.insert().values(at_ms=now_ms(), **row))
        return code

    # Where the customer is an address

    def redeem(self, channel: str, address: str, code: str) -> str:
        """Try a code at an address; what to tell the customer."""
        c, t = CODES.c, CODE_TRIES.c
        with self._engine.begin() as db:
            db.execute(CODE_TRIES.delete().where(t.at_ms < now_ms() - _HOUR_MS))
            mine = sa.select(sa.func.count()).where(t.channel == channel, t.address == address)
            if int(db.execute(mine).scalar() or 0) >= MOST_TRIES:
                return say("bind_tries")
            db.execute(CODE_TRIES.insert().values(channel=channel, address=address, at_ms=now_ms()))
            good = sa.and_(c.code == _hash(code), c.at_ms > now_ms() - CODE_SECONDS * 1000)
            found = db.execute(sa.select(c.conversation_id, c.customer).where(good)).first()
            # Whoever deletes it has used it. It stays counted among the customer's codes as a used one.
            used = CODES.update().where(good).values(code=f"used {secrets.token_hex(16)}")
            if found is None or not db.execute(used).rowcount:
                return say("bind_wrong")
            _point(db, channel, address, found.conversation_id, found.customer)
        return say("bound", channel=say(f"channel_{channel}"))

    def undo(self, channel: str, address: str) -> str:
        """The address speaks for nobody again, in a conversation of its own; what to tell the customer."""
        a = ADDRESSES.c
        mine = sa.select(a.customer).where(a.channel == channel, a.address == address)
        with self._engine.begin() as db:
            if db.execute(mine).scalar() is None:
                return say("not_bound")
            _point(db, channel, address, new_conversation(db, channel).id, None)
        return say("unbound")

    def state(self, channel: str, address: str) -> str:
        """Whether the address is bound, and how to change that."""
        a = ADDRESSES.c
        with self._engine.connect() as db:
            mine = sa.select(a.customer).where(a.channel == channel, a.address == address)
            customer = db.execute(mine).scalar()
        return say("bind_how") if customer is None else say("bind_state", tail=str(customer)[-4:])


def _point(db: Connection, channel: str, address: str, conversation_id: str, customer: str | None) -> None:
    """Let the address speak in this conversation, and no answers of another one go there."""
    a, r = ADDRESSES.c, ROUTES.c
    mine = sa.and_(a.channel == channel, a.address == address)
    db.execute(ADDRESSES.update().where(mine).values(conversation_id=conversation_id, customer=customer))
    db.execute(
        ROUTES.delete().where(
            r.channel == channel, r.address == address, r.conversation_id != conversation_id
        )
    )


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
