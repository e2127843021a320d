"""What the desk does by itself: brings agents' replies to the assistant, and fetches what it has missed.

One thread of the back office's process. It never runs inside a request, least of all one made by an action:
the assistant holds a conversation while its action runs, and would wait for itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from backoffice.assistant import TIMEOUT_SECONDS, Assistant, AssistantDown, AssistantUnreachable
from backoffice.clock import Clock, system_clock
from backoffice.database import Changes, Database
from backoffice.effects import handoffs
from backoffice.effects.work import Work
from backoffice.models import Handoff, Moment, OutboxItem
from backoffice.problems import Problem
from backoffice.states import HandoffState, OutboxKind

_LOOK_SECONDS = 0.25
_DUE_SECONDS = 1.0  # how late an item may be noticed whose time has come to be tried again
_TRACKER_SECONDS = 15.0
_QUEUE_SECONDS = 5.0
_LONGEST_WAIT = timedelta(seconds=30)
_LEASE = timedelta(seconds=2.5 * TIMEOUT_SECONDS)
_GIVE_UP_AFTER = timedelta(days=1)
_AT_ONCE = 4
_MOST_TRACKERS = 500
# A tracker that cannot be read may take its time to say so; the outbox waits behind it.
_MOST_UNREADABLE = 3
_UNREADABLE_SECONDS = 300.0

_log = logging.getLogger("backoffice.handoffs")

# Asked a few times a second: made once.
_DUE = select(OutboxItem).where(
    OutboxItem.id.in_(
        select(func.min(OutboxItem.id))
        .where(OutboxItem.sent_at.is_(None), OutboxItem.given_up_at.is_(None))
        .group_by(OutboxItem.handoff_id)
    ),
    OutboxItem.next_try_at <= bindparam("now", type_=Moment()),
)


@dataclass(frozen=True)
class _Parcel:
    """An outbox item out of its session."""

    id: int
    handoff_id: str
    conversation_id: str
    kind: OutboxKind
    key: str
    body: dict[str, Any]
    attempts: int
    created_at: datetime


class HandoffsWorker:
    """`start` and `stop` with the application."""

    def __init__(self, database: Database, clock: Clock, assistant: Assistant) -> None:
        self._database = database
        self._clock = clock
        self._assistant = assistant
        self._unreadable: dict[str, float] = {}
        self._changes = Changes(database, _DUE_SECONDS)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="handoffs", daemon=True)
        self._senders = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="handoffs-outbox")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Nothing is lost: what is not accepted stays in the outbox."""
        self._stopping.set()
        self._thread.join(TIMEOUT_SECONDS)
        self._senders.shutdown(wait=True, cancel_futures=True)
        self._changes.close()
        self._assistant.close()

    def _run(self) -> None:
        trackers_at = queue_at = 0.0
        while not self._stopping.wait(_LOOK_SECONDS):
            self._guarded(self._deliver_if_due)
            if time.monotonic() >= queue_at:
                self._guarded(self.tidy_queue)
                queue_at = time.monotonic() + _QUEUE_SECONDS
            if time.monotonic() >= trackers_at:
                self._guarded(self.catch_up)
                trackers_at = time.monotonic() + _TRACKER_SECONDS

    def _guarded(self, job: Callable[[], object]) -> None:
        try:
            job()
        except Exception as error:  # the database is away: the next round tries again
            # An error's own words may quote a row.
            _log.error("job=%s failed error=%s", job.__name__, type(error).__name__)

    # The outbox

    def _deliver_if_due(self) -> None:
        if self._changes():
            try:
                self.deliver()
            except BaseException:
                self._changes.again()
                raise

    def deliver(self) -> None:
        """Bring what is due, one item of each conversation at a time, in order."""
        due = self._due()
        if due:
            list(self._senders.map(self._bring, due))

    def _due(self) -> list[_Parcel]:
        with self._database.read() as session:
            found = session.scalars(_DUE, {"now": system_clock()})
            return [
                _Parcel(
                    each.id,
                    each.handoff_id,
                    each.conversation_id,
                    each.kind,
                    each.key,
                    each.body,
                    each.attempts,
                    each.created_at,
                )
                for each in found
            ]

    def _bring(self, parcel: _Parcel) -> None:
        if not self._claimed(parcel):
            return
        try:
            if parcel.kind is OutboxKind.ENDED:
                how = str(parcel.body.get("how", ""))
                self._assistant.end(parcel.conversation_id, parcel.handoff_id, how)
            elif not (parcel.attempts and self._is_there(parcel)):
                about = {name: parcel.body.get(name) for name in ("agent_id", "agent_name")}
                text = str(parcel.body.get("text", ""))
                self._assistant.say(parcel.conversation_id, text, {**about, "reply_id": parcel.key})
        except AssistantUnreachable as error:
            self._postpone(parcel, str(error))
        else:
            self._set(parcel, sent_at=system_clock())

    def _claimed(self, parcel: _Parcel) -> bool:
        """Ours to bring, not another process's; after a crash it is due again when the lease is over."""
        now = system_clock()
        mine = update(OutboxItem).where(
            OutboxItem.id == parcel.id,
            OutboxItem.attempts == parcel.attempts,
            OutboxItem.sent_at.is_(None),
            OutboxItem.next_try_at <= now,
        )
        with self._database.write() as session:
            claimed = session.execute(mine.values(attempts=parcel.attempts + 1, next_try_at=now + _LEASE))
            return bool(claimed.rowcount)  # type: ignore[attr-defined]

    def _is_there(self, parcel: _Parcel) -> bool:
        """Whether an earlier try did arrive and only its answer was lost."""
        return any(
            (event.get("metadata") or {}).get("reply_id") == parcel.key
            for event in self._assistant.events(parcel.conversation_id)
            if event.get("event") == "bot"
        )

    def _postpone(self, parcel: _Parcel, why: str) -> None:
        now = system_clock()
        if now - parcel.created_at > _GIVE_UP_AFTER:
            _log.error("outbox item=%d given up attempts=%d error=%s", parcel.id, parcel.attempts + 1, why)
            self._set(parcel, given_up_at=now)
            return
        wait = min(timedelta(seconds=0.5 * 2 ** min(parcel.attempts, 10)), _LONGEST_WAIT)
        _log.warning("outbox item=%d postponed attempts=%d error=%s", parcel.id, parcel.attempts + 1, why)
        self._set(parcel, next_try_at=now + wait)

    def _set(self, parcel: _Parcel, **values: datetime) -> None:
        with self._database.write() as session:
            session.execute(update(OutboxItem).where(OutboxItem.id == parcel.id).values(**values))

    # The queue

    def tidy_queue(self) -> None:
        """Whoever has waited too long gets a ticket and the bot back."""
        with self._database.write() as session:
            handoffs.leave_unanswered(Work(session, self._clock(), None))

    # What was missed

    def catch_up(self) -> None:
        """Add the customers' messages that were said while this process could not be reached."""
        with self._database.read() as session:
            is_open = Handoff.state.in_([HandoffState.WAITING, HandoffState.CONNECTED])
            mine = select(Handoff.id, Handoff.conversation_id).where(is_open)
            newest = mine.order_by(Handoff.created_at.desc()).limit(_MOST_TRACKERS)
            found = session.execute(newest).all()
        failed, still_open = 0, {handoff_id for handoff_id, _ in found}
        self._unreadable = {each: at for each, at in self._unreadable.items() if each in still_open}
        for handoff_id, conversation_id in found:
            if self._stopping.is_set() or failed >= _MOST_UNREADABLE:
                return
            if self._unreadable.get(handoff_id, 0.0) > time.monotonic():
                continue
            try:
                self._read(handoff_id, conversation_id)
            except AssistantDown as error:
                _log.info("trackers cannot be read error=%s", error)
                return
            except (OperationalError, InterfaceError):
                raise  # the database is away
            except Exception as error:  # whatever is wrong with this one, the others are read
                _log.warning("handoff=%s cannot be read error=%s", handoff_id, type(error).__name__)
                self._unreadable[handoff_id] = time.monotonic() + _UNREADABLE_SECONDS
                failed += 1

    def _read(self, handoff_id: str, conversation_id: str) -> None:
        """Add what one conversation's tracker has more. Raises AssistantUnreachable."""
        said = said_since(self._assistant.events(conversation_id), handoff_id)
        if not said:
            return
        with suppress(Problem), self._database.write() as session:  # a Problem: closed meanwhile
            handoffs.heard(Work(session, self._clock(), None), handoff_id, said)


def said_since(events: list[dict[str, Any]], handoff_id: str) -> list[handoffs.Said]:
    """The customer's messages since the conversation was given away by this handoff, oldest first."""
    found: list[handoffs.Said] = []
    titles: dict[str, str] = {}
    begun = False
    for event in events:
        kind = event.get("event")
        if kind == "slot" and event.get("name") == "handoff_id":
            begun, found = event.get("value") == handoff_id, []
        elif kind == "bot":
            buttons = (event.get("data") or {}).get("buttons") or []
            titles |= {str(each.get("payload")): str(each.get("title")) for each in buttons}
        elif kind == "user" and begun and not (event.get("metadata") or {}).get("is_external"):
            text = str(event.get("text") or "")
            at = float(event.get("timestamp") or 0)
            media = (event.get("metadata") or {}).get("media") or []
            found.append(
                handoffs.Said(
                    str(event.get("message_id") or f"at-{at:.6f}")[:160],
                    titles.get(text, text)[:4000],
                    datetime.fromtimestamp(at, UTC),
                    [{name: str(each.get(name) or "") for name in ("id", "type", "path")} for each in media],
                    ((event.get("parse_data") or {}).get("sentiment") or {}).get("name"),
                )
            )
    return found
