"""Analytics and Rasa agree on the tracker store: what is simulated Rasa reads, what Rasa writes is understood."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    SessionStarted,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

ROOT = Path(__file__).resolve().parents[2]
ANALYTICS = ROOT / ".venv-services" / "bin" / "python"


def analytics(*arguments: str) -> str:
    """Run the command in its own environment; what it prints."""
    command = [str(ANALYTICS), "-m", "analytics", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_a_simulated_store_is_what_rasa_would_have_written(tmp_path: Path) -> None:
    store = tmp_path / "tracker.db"
    analytics("simulate", f"sqlite:///{store}", "--days", "2", "--conversations", "10")
    declared = {column.name for column in SQLTrackerStore.SQLEvent.__table__.columns}
    found = {column["name"] for column in sa.inspect(sa.create_engine(f"sqlite:///{store}")).get_columns("events")}
    assert found == declared
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT type_name, timestamp, data FROM events ORDER BY id").fetchall()
    events = deserialise_events([json.loads(data) for _, _, data in rows])
    assert [(event.type_name, event.timestamp) for event in events] == [(kind, at) for kind, at, _ in rows]


def test_the_store_of_a_stock_rasa_project_is_understood(tmp_path: Path) -> None:
    """Moodbot, as `rasa init` makes it: Rasa's own store and events, none of our slots, actions or components."""
    domain = Domain.from_dict({"intents": ["greet", "mood_great", "nlu_fallback"], "actions": ["utter_greet", "utter_happy"]})
    store = SQLTrackerStore(domain, dialect="sqlite", db=str(tmp_path / "rasa.db"))

    def said(text: str, intent: str, at: float) -> UserUttered:
        return UserUttered(text, {"name": intent, "confidence": 0.98}, input_channel="rest", timestamp=at)

    def uttered(action: str, text: str, at: float) -> list[object]:
        told = BotUttered(text, metadata={"utter_action": action}, timestamp=at)
        return [ActionExecuted(action, "RulePolicy", 1.0, timestamp=at), told, ActionExecuted("action_listen", timestamp=at)]

    now = 1_795_000_000.0
    events = [
        ActionExecuted("action_session_start", timestamp=now), SessionStarted(timestamp=now), ActionExecuted("action_listen", timestamp=now),
        said("hey", "greet", now + 1), *uttered("utter_greet", "Hey! How are you?", now + 2),
        said("perfect", "mood_great", now + 10), *uttered("utter_happy", "Great, carry on!", now + 11),
        said("asdf", "nlu_fallback", now + 20), *uttered("action_default_fallback", "Sorry, I didn't get that.", now + 22),
    ]  # fmt: skip
    asyncio.run(store.save(DialogueStateTracker.from_events("visitor-1", events, domain=domain)))
    lake = str(tmp_path / "lake")
    analytics("collect", f"sqlite:///{tmp_path}/rasa.db", "--lake", lake)
    names = ("sessions", "customer_messages", "response_time", "fallback_rate", "abandoned_rate")
    figures = {row["metric"]: row["value"] for row in json.loads(analytics("metrics", *names, "--lake", lake, "--json"))}
    assert figures["sessions"] == 1
    assert figures["customer_messages"] == 3
    assert round(figures["response_time"], 3) == 1.333
    assert round(figures["fallback_rate"], 3) == 0.333
    assert figures["abandoned_rate"] == 1, "the last thing said was not understood"
