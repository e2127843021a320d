"""Run in the copy of the project by `test_adding.py`: talks to the new topic; what was said is a line of JSON."""

from __future__ import annotations

import json

from rasa.core.actions.action import RemoteAction

from actions import wiring
from actions.settings import Settings
from tests.actions.fakes import Shop
from tests.actions.talk import SECRET
from tests.dialogue.talk import Assistant
from tests.understanding.learned import newest_model

gateways = Shop().gateways()
wiring.gateways = lambda: gateways  # type: ignore[assignment]
wiring.settings = lambda: Settings("http://127.0.0.1:1", SECRET, SECRET)  # type: ignore[assignment]
RemoteAction._validate_action_result = lambda *_: True  # as in tests/dialogue

assistant = Assistant.load(newest_model())
customer, other = assistant.customer(), assistant.customer()
talk = {
    "asked": customer.say("/gifts_wrap"),
    "aside": customer.say("/chat_bot_challenge"),
    "why": customer.say("为什么要问这个"),
    "done": customer.say('/chat_inform{"gifts_paper": "red"}'),
    "form": customer.form,
}
other.say("/gifts_wrap")
print(json.dumps({**talk, "stopped": other.say("/chat_stop")}))
