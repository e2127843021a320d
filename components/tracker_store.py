"""Where conversations are kept: Rasa's own `events` table, with three differences.

- The database is `LINGXI_TRACKER_DATABASE_URL` (SQLite under `var/` by default, whose folder is made).
- Customer tokens are proof of identity, not data: they are dropped before an event is stored or published.
- Every event is stored, but Rasa gets back only the last ones, with slots and active loop carried forward: replaying
  a whole conversation several times a turn makes its 300th message a hundred times slower than its first.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Text

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

DEFAULT_URL = "sqlite:///var/tracker.db"
WINDOW = 150  # events handed back: some fifteen turns, more than any policy looks at
TOKEN = "customer_token"


class TrackerStore(SQLTrackerStore):
    """`tracker_store: {type: components.tracker_store.TrackerStore}` in endpoints.yml."""

    def __init__(
        self,
        domain: Optional[Domain] = None,
        host: Optional[Text] = None,
        event_broker: Optional[EventBroker] = None,
        **kwargs: Any,
    ) -> None:
        url = sa.engine.make_url(os.environ.get("LINGXI_TRACKER_DATABASE_URL") or DEFAULT_URL)
        if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(domain, host=url.render_as_string(hide_password=False), event_broker=event_broker)
        self._snapshots = sa.Table(
            "tracker_snapshots",
            sa.MetaData(),
            sa.Column("sender_id", sa.String(255), primary_key=True),
            sa.Column("state", sa.Text, nullable=False),
        )
        self._snapshots.create(self.engine, checkfirst=True)
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.execute(sa.text("PRAGMA journal_mode=WAL"))
            # Not as an sa.Index: that would stay on Rasa's own table class, for every later store of the process.
            connection.execute(sa.text("CREATE INDEX IF NOT EXISTS ix_events_sender_id_id ON events (sender_id, id)"))

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The conversation's last events, after what was known before them; None where there is no conversation."""
        with self.session_scope() as session:
            rows = (
                session.query(self.SQLEvent.data)
                .filter(self.SQLEvent.sender_id == sender_id)
                .order_by(self.SQLEvent.id.desc())
                .limit(WINDOW + 1)
                .all()
            )
            known = session.execute(
                sa.select(self._snapshots.c.state).where(self._snapshots.c.sender_id == sender_id)
            ).scalar()
        if not rows or self.domain is None:
            return None
        events = [json.loads(data) for (data,) in reversed(rows)]
        if len(events) > WINDOW and known:
            events = _bounded(events, json.loads(known))
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        _mark_stored(tracker)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stores the events that are new, and what is known after them."""
        with self.session_scope() as session:
            fresh = list(self._additional_events(session, tracker))
            for event in fresh:
                data = without_token(event.as_dict())
                session.add(
                    self.SQLEvent(
                        sender_id=tracker.sender_id,
                        type_name=event.type_name,
                        timestamp=data.get("timestamp"),
                        intent_name=((data.get("parse_data") or {}).get("intent") or {}).get("name"),
                        action_name=data.get("name"),
                        data=json.dumps(data),
                    )
                )
            state = json.dumps({"slots": _known_slots(tracker), "active_loop": tracker.active_loop_name})
            mine = self._snapshots.c.sender_id == tracker.sender_id
            if not session.execute(self._snapshots.update().where(mine).values(state=state)).rowcount:
                session.execute(self._snapshots.insert().values(sender_id=tracker.sender_id, state=state))
            session.commit()
        _mark_stored(tracker)
        self._publish(fresh, tracker.sender_id)

    def _additional_events(self, session: Any, tracker: DialogueStateTracker) -> Iterator[Event]:
        stored: Optional[int] = getattr(tracker, "stored_events", None)
        if stored is None:  # not out of this store, e.g. a tracker put there over HTTP
            stored = session.query(self.SQLEvent).filter(self.SQLEvent.sender_id == tracker.sender_id).count()
        return iter(list(tracker.events)[stored:])

    def _publish(self, events: List[Event], sender_id: Text) -> None:
        if self.event_broker is not None:
            for event in events:
                self.event_broker.publish({"sender_id": sender_id, **without_token(event.as_dict())})


def without_token(data: Dict[Text, Any]) -> Dict[Text, Any]:
    """A serialised event, or any part of one, without customer tokens."""
    return {name: _cleaned(value) for name, value in data.items() if name != TOKEN}


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return without_token(value)
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def _mark_stored(tracker: DialogueStateTracker) -> None:
    tracker.stored_events = len(tracker.events)  # type: ignore[attr-defined]


def _known_slots(tracker: DialogueStateTracker) -> Dict[Text, Any]:
    return {name: slot.value for name, slot in tracker.slots.items() if slot.value != slot.initial_value}


def _bounded(events: List[Dict[Text, Any]], known: Dict[Text, Any]) -> List[Dict[Text, Any]]:
    """The window from its first user message's turn on, after the slots and the loop known before.

    The snapshot is of the end of the conversation; what the window itself sets is set again by replaying it.
    """
    turns = [i for i, event in enumerate(events) if event.get("name") == "action_listen"]
    window = events[turns[0] :] if turns else events
    time = window[0].get("timestamp")
    before: List[Event] = [SlotSet(name, value, timestamp=time) for name, value in known["slots"].items()]
    if known["active_loop"] and not any(event["event"] == ActiveLoop.type_name for event in window):
        before.append(ActiveLoop(known["active_loop"], timestamp=time))
    return [event.as_dict() for event in before] + window
