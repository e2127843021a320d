"""One customer on many channels: how an openid or a number comes to speak in the customer's own conversation.

Two ways to prove it. Who is signed in (web chat, app) writes 绑定 and gets a code; sent from WeChat within ten minutes, it
proves that both are the same person. Who is not writes 绑定 with their telephone's number: the code goes by SMS to the
telephone on record, and counts only where it was asked for; the telephone is bound with it. From then on those addresses
speak in the customer's conversation, so that what was begun on the web goes on in WeChat; 解绑 undoes it. Guessing: 8
digits, used once, five tries an hour at an address, five codes an hour for a customer.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connectors.store import NAMED_BY_CLIENTS, Accepted, ConnectorStore, new_conversation, now_ms
from connectors.tables import ADDRESSES, CODE_TRIES, CODES, CONVERSATIONS, MESSAGES, ROUTES
from connectors.wording import say

CODE_SECONDS = 600
SMS = "sms"
MOST_CODES = 5
MOST_TRIES = 5
_HOUR_MS = 3600 * 1000
_ASKED = re.compile(r"绑定(?:微信|公众号|手机号?|短信)?")
_NUMBER = re.compile(r"绑定(?:手机号?)?[\s:：]*(?:\+?86[\s-]?)?(1[3-9][0-9](?:[\s-]?[0-9]){8})")
_CODE = re.compile(r"绑定[\s:：]*([0-9](?:[\s-]?[0-9]){7})")
_UNDONE = re.compile(r"解绑|解除绑定|取消绑定")


@dataclass(frozen=True)
class Command:
    """What was written about binding: to ask for it, a code, a telephone (E.164), or to undo it."""

    code: str | None = None
    number: str | None = None
    undo: bool = False


def command(text: str) -> Command | None:
    """What a text says about binding, if that is all it says."""
    text = text.strip().rstrip("。.!！")
    if found := _CODE.fullmatch(text):
        return Command(code=re.sub(r"\D", "", found[1]))
    if found := _NUMBER.fullmatch(text):
        return Command(number="+86" + re.sub(r"\D", "", found[1]))
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
        """Give a code to whoever is signed in and asks for one, or unbind all; None where the text asks for neither."""
        told = command(text)
        if told is None or told.code or customer is None:
            return None
        store = self._store
        shown = (
            say("bind_number") if told.number else text
        )  # nobody needs it here, and it is nobody else's business
        store.append(conversation_id, "customer", {"text": shown}, key=f"in:{provider_id}")
        seq = store.accepted(conversation_id, provider_id)
        reply = self._undo_all(customer) if told.undo else self._offered(conversation_id, customer)
        store.append(conversation_id, "notice", {"text": reply}, key=f"notice:{provider_id}")
        return Accepted(seq or 0, repeat=False)

    def _offered(self, conversation_id: str, customer: str) -> str:
        code = self.offer(customer, conversation_id=conversation_id)
        if code is None:
            return say("bind_too_often")
        bound = self._bound(customer)
        already = say("bind_already", bound=bound) if bound else ""
        return say("bind_code", code=spaced(code), already=already).strip()

    def _bound(self, customer: str) -> str:
        """The addresses that are bound, as the customer may know them."""
        a = ADDRESSES.c
        with self._engine.connect() as db:
            rows = db.execute(sa.select(a.channel, a.address).where(a.customer == customer)).all()
        return "、".join(
            say(f"channel_{row.channel}") + (f"（尾号 {row.address[-4:]}）" if row.channel == SMS else "")
            for row in rows
        )

    def _undo_all(self, customer: str) -> str:
        bound, a = self._bound(customer), ADDRESSES.c
        with self._engine.begin() as db:
            for row in db.execute(sa.select(a.channel, a.address).where(a.customer == customer)).all():
                _point(db, row.channel, row.address, new_conversation(db, row.channel).id, None)
        return say("unbound_all", bound=bound) if bound else say("nothing_bound")

    def offer(
        self,
        customer: str,
        *,
        conversation_id: str | None = None,
        number: str | None = None,
        place: tuple[str, str] = ("", ""),
    ) -> str | None:
        """A new code, or None where the customer has had too many of late.

        It leads into this conversation of the customer's; or, sent to `number`, into their latest, from `place` only.
        """
        c = CODES.c
        code = f"{secrets.randbelow(10**8):08d}"
        with self._engine.begin() as db:
            db.execute(CODES.delete().where(c.at_ms < now_ms() - _HOUR_MS))
            had = sa.select(sa.func.count()).where(c.customer == customer)
            if int(db.execute(had).scalar() or 0) >= MOST_CODES:
                return None
            row = {"code": _hash(code), "conversation_id": conversation_id, "customer": customer}
            if number:
                row |= {"number": number, "channel": place[0], "address": place[1]}
            db.execute(CODES.insert().values(at_ms=now_ms(), **row))
        return code

    # Where the customer is an address

    def may_try(self, channel: str, address: str) -> bool:
        """Count a try at an address; whether it is one of those that it may have."""
        t = CODE_TRIES.c
        with self._engine.begin() as db:
            db.execute(CODE_TRIES.delete().where(t.at_ms < now_ms() - _HOUR_MS))
            mine = sa.select(sa.func.count()).where(t.channel == channel, t.address == address)
            if int(db.execute(mine).scalar() or 0) >= MOST_TRIES:
                return False
            db.execute(CODE_TRIES.insert().values(channel=channel, address=address, at_ms=now_ms()))
        return True

    def redeem(self, channel: str, address: str, code: str) -> tuple[str, str | None]:
        """Try a code at an address; what to tell the customer, and the telephone that has been proven with it."""
        if not self.may_try(channel, address):
            return say("bind_tries"), None
        c = CODES.c
        with self._engine.begin() as db:
            here = sa.or_(c.number.is_(None), sa.and_(c.channel == channel, c.address == address))
            good = sa.and_(c.code == _hash(code), c.at_ms > now_ms() - CODE_SECONDS * 1000, here)
            found = db.execute(sa.select(c.conversation_id, c.customer, c.number).where(good)).first()
            # Whoever deletes it has used it. It stays counted among the customer's codes as a used one.
            used = CODES.update().where(good).values(code=f"used {secrets.token_hex(16)}")
            if found is None or not db.execute(used).rowcount:
                return say("bind_wrong"), None
            customer, own = found.customer, found.conversation_id or _latest(db, found.customer)
            if own is None:  # new here: what was said at this address is the customer's own conversation
                own = _become(db, channel, address, customer)
            left = [_point(db, channel, address, own, customer)]
            if found.number:
                left.append(_point(db, SMS, found.number, own, customer))
        for each in left:
            if each is not None:
                self._store.proven(own, customer, each if each != own else None)
        bound = say("bound", channel=say(f"channel_{channel}"))
        return (bound + say("bound_number", tail=found.number[-4:]) if found.number else bound), found.number

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


def spaced(code: str) -> str:
    """A code as it is read."""
    return f"{code[:4]} {code[4:]}"


def _latest(db: Connection, customer: str) -> str | None:
    """The customer's conversation in which something was said last; none whose name anybody may know."""
    c, m = CONVERSATIONS.c, MESSAGES.c
    last = sa.select(sa.func.max(m.created_ms)).where(m.conversation_id == c.id).scalar_subquery()
    mine = sa.and_(c.customer == customer, c.channel.not_in(NAMED_BY_CLIENTS))
    newest = sa.func.coalesce(last, c.created_ms).desc()
    return db.execute(sa.select(c.id).where(mine).order_by(newest).limit(1)).scalar()  # type: ignore[no-any-return]


def _become(db: Connection, channel: str, address: str, customer: str) -> str:
    """Make the address's own conversation the customer's, or begin one where it is another's."""
    a, c = ADDRESSES.c, CONVERSATIONS.c
    own = db.execute(
        sa.select(a.conversation_id).where(a.channel == channel, a.address == address, a.customer.is_(None))
    ).scalar()
    taken = CONVERSATIONS.update().where(c.id == own, c.customer.is_(None)).values(customer=customer)
    if own is not None and db.execute(taken).rowcount:
        return str(own)
    return new_conversation(db, channel, customer).id


def _point(
    db: Connection, channel: str, address: str, conversation_id: str, customer: str | None
) -> str | None:
    """Let the address speak in this conversation, and no answers of another one go there.

    The visitor's conversation that it has left, if it was one.
    """
    a, r = ADDRESSES.c, ROUTES.c
    mine = sa.and_(a.channel == channel, a.address == address)
    left = db.execute(sa.select(a.conversation_id).where(mine, a.customer.is_(None))).scalar()
    told = {"conversation_id": conversation_id, "customer": customer}
    if not db.execute(ADDRESSES.update().where(mine).values(told)).rowcount:
        row = {"channel": channel, "address": address, "created_ms": now_ms()}
        db.execute(ADDRESSES.insert().values(**told, **row))
    db.execute(
        ROUTES.delete().where(
            r.channel == channel, r.address == address, r.conversation_id != conversation_id
        )
    )
    return None if left is None else str(left)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
