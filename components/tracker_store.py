"""Where conversations are kept: Rasa's own `events` table, with four differences.

- The database is `LINGXI_TRACKER_DATABASE_URL` (SQLite under `var/` by default, whose folder is made).
- Customer tokens are proof of identity, not data: they are dropped before anything is stored or published.
- Every event is stored, but Rasa gets back only the last ones, with slots and active loop carried forward: replaying
  a whole conversation several times a turn makes its 300th message a hundred times slower than its first.
- The conversations that spoke last are kept in memory as they were stored. Every save writes a new stamp beside the
  slots, in the same transaction as the events; memory counts only while it has the stamp of the database. So several
  processes may serve one conversation in turns.
"""

from __future__ import annotations

import json
import os
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Tuple

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import Connection
from sqlalchemy.pool import QueuePool

from components import rasa_turn
from components.rasa_turn.states import History
from components.rasa_turn.trackers import copied

DEFAULT_URL = "sqlite:///var/tracker.db"
WINDOW = 150  # events handed back: some fifteen turns, more than any policy looks at
SLACK = 50  # how many more a conversation in memory may have before it is cut to the window
MOST_EVENTS = 12_000  # in memory, of all conversations: some 40 MiB
TOKEN = "customer_token"
STAMP = "stamp"

rasa_turn.install()  # also where a server starts before it has a model


@dataclass
class _Remembered:
    """A conversation as it is stored: its window, how many events of it are made up, and the snapshot beside it."""

    tracker: DialogueStateTracker
    made_up: int
    state: Text
    weight: int = 0  # events that it counts for


_TABLES_LOCK = 0x4C585F54  # "LX_T"


class _Statements:
    """What every turn asks of the database, put together once."""

    def __init__(self, events: sa.Table, snapshots: sa.Table) -> None:
        sender, event, snapshot = sa.bindparam("sender"), events.c, snapshots.c
        self.state = sa.select(snapshot.state).where(snapshot.sender_id == sender)
        self.change = (
            snapshots.update().where(snapshot.sender_id == sender).values(state=sa.bindparam("after"))
        )
        self.replace = self.change.where(snapshot.state == sa.bindparam("before"))
        self.count = sa.select(sa.func.count()).where(event.sender_id == sender)
        self.window = (
            sa.select(event.data).where(event.sender_id == sender).order_by(event.id.desc()).limit(WINDOW + 1)
        )
        self.insert = events.insert()
        self.begin = snapshots.insert()


class TrackerStore(SQLTrackerStore):
    """`tracker_store: {type: components.tracker_store.TrackerStore}` in endpoints.yml."""

    engine: Any

    def __init__(
        self,
        domain: Optional[Domain] = None,
        host: Optional[Text] = None,
        event_broker: Optional[EventBroker] = None,
        **kwargs: Any,
    ) -> None:
        url = sa.engine.make_url(os.environ.get("LINGXI_TRACKER_DATABASE_URL") or DEFAULT_URL)
        sqlite = url.get_backend_name() == "sqlite"
        if sqlite and url.database not in (None, "", ":memory:"):
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        self._memory: OrderedDict[Text, _Remembered] = OrderedDict()
        self._held = 0
        super().__init__(domain, host=url.render_as_string(hide_password=False), event_broker=event_broker)
        if sqlite:
            # Rasa opens the file anew for each statement; a kept connection keeps its settings too.
            self.engine.dispose()
            self.engine = sa.create_engine(
                url, poolclass=QueuePool, connect_args={"check_same_thread": False, "timeout": 15}
            )
            sa.event.listen(self.engine, "connect", _tune_sqlite)
            self.sessionmaker = sa.orm.session.sessionmaker(bind=self.engine)
        self._events = self.SQLEvent.__table__
        self._snapshots = sa.Table(
            "tracker_snapshots",
            sa.MetaData(),
            sa.Column("sender_id", sa.String(255), primary_key=True),
            sa.Column("state", sa.Text, nullable=False),
        )
        self._statements = _Statements(self._events, self._snapshots)
        with self.engine.begin() as connection:
            if not sqlite:
                # Several workers start at once: "is it there already" holds for one of them at a time.
                connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_TABLES_LOCK})"))
            self._snapshots.create(connection, checkfirst=True)
            # Not as an sa.Index: that would stay on Rasa's own table class, for every later store of the process.
            connection.execute(
                sa.text("CREATE INDEX IF NOT EXISTS ix_events_sender_id_id ON events (sender_id, id)")
            )
            self._strip_tokens(connection)

    @property
    def domain(self) -> Domain:
        """The domain whose slots the trackers have."""
        return self._domain

    @domain.setter
    def domain(self, domain: Optional[Domain]) -> None:
        self._domain = domain or Domain.empty()
        self._memory.clear()
        self._held = 0

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The conversation's last events, after what was known before them; None where there is no conversation."""
        with self.engine.connect() as connection:
            state = self._state(connection, sender_id)
            remembered = self._memory.get(sender_id)
            if remembered is None or remembered.state != state:
                remembered = self._read(connection, sender_id, state)
        if remembered is None:
            return None
        if state is not None:
            self._remember(sender_id, remembered)
        # What is told here need not be told to every copy.
        History.of(remembered.tracker, History.predicting or self.domain)
        tracker = copied(remembered.tracker)
        _mark_stored(tracker)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stores the events that are new, and what is known after them: one transaction, none where nothing is new."""
        stored: Optional[int] = getattr(tracker, "stored_events", None)
        if stored is not None and stored == len(tracker.events):
            return
        sender_id = tracker.sender_id
        remembered = self._forget(sender_id)
        with self.engine.begin() as connection:
            if stored is None:  # not out of this store, e.g. a tracker put there over HTTP
                remembered = None
                stored = int(connection.execute(self._statements.count, {"sender": sender_id}).scalar() or 0)
            fresh = list(tracker.events)[stored:]
            rows = [without_token(event.as_dict()) for event in fresh]
            if not rows:
                return
            state = json.dumps(
                {
                    "slots": without_token(_known_slots(tracker)),
                    "active_loop": tracker.active_loop_name,
                    STAMP: secrets.token_hex(8),
                }
            )
            if not self._replace_state(
                connection, sender_id, state, remembered.state if remembered else None
            ):
                remembered = None
            connection.execute(self._statements.insert, [_row(sender_id, data) for data in rows])
        if not stored:
            self._remember(sender_id, self._windowed(sender_id, _as_read(rows), state))
        elif remembered is not None and len(remembered.tracker.events) == stored:
            self._extend(sender_id, remembered, rows, state)
        _mark_stored(tracker)
        self._publish(rows, sender_id)

    def _state(self, connection: Connection, sender_id: Text) -> Optional[Text]:
        found: Optional[Text] = connection.execute(self._statements.state, {"sender": sender_id}).scalar()
        return found

    def _replace_state(
        self, connection: Connection, sender_id: Text, state: Text, before: Optional[Text]
    ) -> bool:
        """Write the snapshot; whether the one it replaces is the one that is remembered."""
        known = {"sender": sender_id, "after": state, "before": before}
        if before and connection.execute(self._statements.replace, known).rowcount:
            return True
        if not connection.execute(self._statements.change, known).rowcount:
            connection.execute(self._statements.begin, {"sender_id": sender_id, "state": state})
        return False

    def _read(self, connection: Connection, sender_id: Text, state: Optional[Text]) -> Optional[_Remembered]:
        rows = connection.execute(self._statements.window, {"sender": sender_id}).all()
        if not rows:
            return None
        events = deserialise_events([json.loads(data) for (data,) in reversed(rows)])
        return self._windowed(sender_id, events, state)

    def _windowed(self, sender_id: Text, events: List[Event], state: Optional[Text]) -> _Remembered:
        made_up = 0
        if len(events) > WINDOW and state:
            events, made_up = _bounded(events[-WINDOW - 1 :], json.loads(state))
        tracker = DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        return _Remembered(tracker, made_up, state or "")

    def _extend(
        self, sender_id: Text, remembered: _Remembered, rows: List[Dict[Text, Any]], state: Text
    ) -> None:
        """Remember what was stored beside what is remembered."""
        tracker = remembered.tracker
        for event in _as_read(rows):
            tracker.update(event)
        remembered.state = state
        if len(tracker.events) - remembered.made_up > WINDOW + SLACK:
            remembered = self._windowed(sender_id, list(tracker.events), state)
        self._remember(sender_id, remembered)

    def _remember(self, sender_id: Text, remembered: _Remembered) -> None:
        self._forget(sender_id)
        remembered.weight = len(remembered.tracker.events)
        self._memory[sender_id] = remembered
        self._held += remembered.weight
        while self._held > MOST_EVENTS:
            self._forget(next(iter(self._memory)))

    def _forget(self, sender_id: Text) -> Optional[_Remembered]:
        remembered = self._memory.pop(sender_id, None)
        if remembered is not None:
            self._held -= remembered.weight
        return remembered

    def _publish(self, rows: List[Dict[Text, Any]], sender_id: Text) -> None:
        if self.event_broker is not None:
            for data in rows:
                self.event_broker.publish({"sender_id": sender_id, **data})

    def _strip_tokens(self, connection: Connection) -> None:
        """Take tokens out of what versions before the stamp have stored, once: what is stripped gets a stamp."""
        snapshots, events = self._snapshots.c, self._events.c
        old = sa.select(snapshots.sender_id, snapshots.state).where(snapshots.state.not_like(f'%"{STAMP}"%'))
        for sender_id, state in connection.execute(old).all():
            rows = sa.select(events.id, events.data).where(
                events.sender_id == sender_id, events.data.contains(TOKEN)
            )
            for id_, data in connection.execute(rows).all():
                clean = json.dumps(without_token(json.loads(data)))
                connection.execute(self._events.update().where(events.id == id_).values(data=clean))
            clean = json.dumps({**without_token(json.loads(state)), STAMP: secrets.token_hex(8)})
            connection.execute(
                self._snapshots.update().where(snapshots.sender_id == sender_id).values(state=clean)
            )


def without_token(data: Dict[Text, Any]) -> Dict[Text, Any]:
    """A serialised event, or any part of one, without customer tokens."""
    return {name: _cleaned(value) for name, value in data.items() if name != TOKEN}


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return without_token(value)
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def _as_read(rows: List[Dict[Text, Any]]) -> List[Event]:
    """The events that a read would find: out of JSON, without tokens, and nobody else's."""
    events: List[Event] = deserialise_events(json.loads(json.dumps(rows)))
    return events


def _row(sender_id: Text, data: Dict[Text, Any]) -> Dict[Text, Any]:
    return {
        "sender_id": sender_id,
        "type_name": data["event"],
        "timestamp": data.get("timestamp"),
        "intent_name": ((data.get("parse_data") or {}).get("intent") or {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def _mark_stored(tracker: DialogueStateTracker) -> None:
    tracker.stored_events = len(tracker.events)  # type: ignore[attr-defined]


def _known_slots(tracker: DialogueStateTracker) -> Dict[Text, Any]:
    return {name: slot.value for name, slot in tracker.slots.items() if slot.value != slot.initial_value}


def _bounded(events: List[Event], known: Dict[Text, Any]) -> Tuple[List[Event], int]:
    """The window from its first user message's turn on, after the slots and the loop known before; how many these are.

    The snapshot is of the end of the conversation; what the window itself sets is set again by replaying it.
    """
    turns = [
        n
        for n, event in enumerate(events)
        if isinstance(event, ActionExecuted) and event.action_name == "action_listen"
    ]
    window = events[turns[0] :] if turns else events
    time = window[0].timestamp
    before: List[Event] = [SlotSet(name, value, timestamp=time) for name, value in known["slots"].items()]
    if known["active_loop"] and not any(event.type_name == ActiveLoop.type_name for event in window):
        before.append(ActiveLoop(known["active_loop"], timestamp=time))
    return [*before, *window], len(before)


def _tune_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # WAL lets readers and the writer work at once. NORMAL survives a killed process; only a power cut can lose the
    # last few turns.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
