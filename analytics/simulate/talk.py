"""One visit, as the events that Rasa would have stored of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from analytics.simulate.plan import SHANGHAI, Plan

MODEL = "3f2b8c1d9e7a4f60b5c4d3e2f1a09b8c"
Row = tuple[str, str, float, str | None, str | None, str]
"""sender_id, type_name, timestamp, intent_name, action_name, data: a row of `events` without its id."""


@cache
def material() -> dict[str, Any]:
    """What customers and the bot say."""
    loaded: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("scenes.yml").read_text("utf-8"))
    return loaded


@dataclass
class Truth:
    """What was made, counted while it was made: what marts and metrics must find again."""

    days: dict[str, Counter[str]] = field(default_factory=dict)
    buckets: dict[str, Counter[str]] = field(default_factory=dict)
    agents: dict[str, Counter[str]] = field(default_factory=dict)
    forms: dict[str, Counter[str]] = field(default_factory=dict)
    personal: set[str] = field(default_factory=set)
    dirt: Counter[str] = field(default_factory=Counter)

    def count(self, moment: float, what: str, much: int = 1) -> None:
        """Count something on the day of a moment."""
        day = date.isoformat(datetime.fromtimestamp(moment, SHANGHAI).date())
        self.days.setdefault(day, Counter())[what] += much


class Visit:
    """Says one visit; `rows` are its events, `now` the moment reached, `solved` whether it helped."""

    def __init__(self, plan: Plan, random: Random, truth: Truth, sender: str, bucket: str, now: float) -> None:
        self.plan, self.random, self.truth = plan, random, truth
        self.sender, self.bucket, self.now, self.start = sender, bucket, now, now
        self.channel = random.choices(("webchat", "app", "wechat"), (6, 3, 2))[0]
        self.rows: list[Row] = []
        self.solved = False
        self.handed = self.annoyed = False
        self.scored: int | None = None
        self.said = 0

    def play(self, scene: dict[str, Any]) -> None:
        """The whole visit about one matter."""
        self._session()
        if self.random.random() < 0.3:
            self.exchange(material()["greetings"])
        self._matter(scene)
        effect = self.plan.ab_effect if self.bucket == "b" else 0.0
        if self.solved and self.random.random() < 0.35 + effect:
            self.exchange(material()["thanks"], sentiment="satisfied")
        if self.random.random() < (0.8 if self.annoyed else 0.3):
            self._rate(effect)
        self.truth.count(self.start, "sessions")
        self.truth.count(self.start, "handed_over", int(self.handed))
        group = self.truth.buckets.setdefault(self.bucket, Counter())
        group["sessions"] += 1
        group["handed_over"] += self.handed

    def _session(self) -> None:
        self._action("action_session_start", None)
        self._event("session_started", {})
        self._action("action_listen", None)

    def _matter(self, scene: dict[str, Any]) -> None:
        missed = scene.get("missed")
        if missed and self.random.random() < missed["rate"]:
            self.exchange({**missed, "intent": scene["intent"]}, sentiment="dissatisfied")
            self.truth.count(self.now, "missed")
            if self.random.random() < 0.5:
                self._hand_over("not_understood")
            return
        if self.random.random() < 0.06:
            self._misunderstood()
            if self.random.random() < 0.25:
                self._misunderstood()
                self._hand_over("not_understood", ask=False)
                return
        if self.plan.broken(self.now):
            self.exchange({**scene, **material()["broken"]}, slow=20.0, sentiment="dissatisfied")
            self.annoyed = True
            if self.random.random() < 0.6:
                self._hand_over("customer_asked")
            return
        if "form" in scene:
            if not self._form(scene):
                return
        else:
            self.exchange(scene)
        self.solved = True
        anger = 0.25 if scene is material()["defect"] else 0.04
        if self.random.random() < anger:
            self.solved = False
            self._user(self._pick(material()["anger"]["says"]), material()["anger"]["intent"], "angry")
            self._hand_over("angry", ask=False)
        elif self.random.random() < 0.06:
            self.solved = False
            self._hand_over("customer_asked")

    def _form(self, scene: dict[str, Any]) -> bool:
        """Fill the scene's form; whether it came to its end."""
        form = scene["form"]
        counts = self.truth.forms.setdefault(form, Counter())
        counts["started"] += 1
        self._user(self._pick(scene["says"]), scene["intent"])
        for n, (slot, ask) in enumerate(scene["asks"].items()):
            self._action(form)
            if n == 0:
                self._event("active_loop", {"name": form}, action=form)
            self._slot("requested_slot", slot)
            self._bot(ask["question"], f"utter_ask_{slot}")
            self._action("action_listen")
            if self.random.random() < ask.get("leave", 0.03):
                counts["left"] += 1
                counts[f"left at {slot}"] += 1
                return False
            if self.random.random() < 0.06:
                self.truth.count(self.now, "digressions")
                faq = material()["scenes"]["faq"]
                self._user(self._pick(faq["says"]), faq["intent"])
                self._action("action_faq_answer")
                self._bot(self._pick(faq["replies"]), faq["response"])
                self._action(form)
                self._slot("requested_slot", slot)
                self._bot(ask["question"], f"utter_ask_{slot}")
                self._action("action_listen")
            self._user(self._pick(ask["answers"]), "chat_inform")
            self._slot(slot, self._pick(ask["answers"]))
        self._action(form)
        self._slot("requested_slot", None)
        self._event("active_loop", {"name": None})
        self._action(scene["response"].replace("utter", "action"))
        self._bot(self._pick(scene["replies"]), scene["response"])
        self._action("action_listen")
        counts["completed"] += 1
        return True

    def exchange(self, scene: dict[str, Any], slow: float = 1.0, sentiment: str = "neutral") -> None:
        """A sentence of a scene and its answer."""
        self._user(self._pick(scene["says"]), scene["intent"], sentiment)
        self._action(scene["response"].replace("utter", "action"))
        self._bot(self._pick(scene["replies"]), scene["response"], slow)
        self._action("action_listen")

    def _misunderstood(self) -> None:
        unclear = material()["unclear"]
        self.truth.count(self.now, "fallbacks")
        self._user(self._pick(unclear["says"]), "nlu_fallback", "neutral", 0.31)
        self._action("action_chat_unclear")
        self._bot(self._pick(unclear["replies"]), unclear["response"])
        self._action("action_listen")

    def _hand_over(self, reason: str, ask: bool = True) -> None:
        words = material()["handoff"]
        self.handed = True
        if ask:
            self._user(self._pick(words["says"]), words["intent"])
        self._action("action_handoff")
        self._slot("handoff_id", f"HO{self.random.getrandbits(96):024x}")
        self._slot("handoff_reason", reason)
        self._bot(self._pick(words["replies"]), words["response"])
        self._action("action_listen")
        agent = self.random.choice(self.plan.agents)
        bad = agent == self.plan.bad_agent
        told = self.truth.agents.setdefault(agent, Counter())
        told["sessions"] += 1
        self.now += self.random.lognormvariate(3.2, 0.6)
        for n in range(self.random.randint(2, 5)):
            if n:
                self._user(self._pick(words["customer"]), "chat_inform", "angry" if bad and n > 1 else "neutral")
                self._action("action_handoff_relay")
                self._action("action_listen")
            self.now += self.random.lognormvariate(4.4 if bad else 3.0, 0.5)
            text = self._pick(words["agent_curt" if bad and n else "agent"])
            self._event("bot", _bot_data(text, {"agent_id": agent}))
            told["messages"] += 1
            self.truth.count(self.now, "agent_messages")
        self.solved = not bad and self.random.random() < 0.8
        self.now += self.random.uniform(5, 60)
        self._user("EXTERNAL: EXTERNAL_handoff_closed", "EXTERNAL_handoff_closed", external=True)
        self._action("action_handoff_closed")
        self._slot("handoff_id", None)
        self._action("action_listen")

    def _rate(self, effect: float) -> None:
        words = material()["rating"]
        self._action("action_feedback_ask")
        self._slot("feedback_asked", True)
        self._bot(words["ask"], words["response"])
        self._action("action_listen")
        if self.random.random() < 0.4:
            return
        chances = (1, 1, 3, 10, 15) if self.solved else (8, 6, 4, 2, 1)
        score = self.random.choices((1, 2, 3, 4, 5), chances)[0]
        if score < 4 and self.random.random() < 2 * effect:
            score = 5
        self._user(f"{score}分", words["intent"], "satisfied" if score > 3 else "dissatisfied")
        self._action("feedback_form")
        self._slot("feedback_score", score)
        self._bot(self._pick(words["replies"]), "utter_feedback_thanks")
        self._action("action_listen")
        self.truth.count(self.start, "rated")
        self.truth.count(self.start, "scores", score)
        group = self.truth.buckets.setdefault(self.bucket, Counter())
        group["rated"] += 1
        group["scores"] += score

    def _pick(self, texts: list[str]) -> str:
        text = self.random.choice(texts)
        if "{" not in text:
            return text
        personal = {
            "phone": f"138{self.random.randrange(10**8):08}",
            "name": self.random.choice(material()["names"]),
            "place": self.random.choice(material()["places"]),
        }
        self.truth.personal.update(value for name, value in personal.items() if f"{{{name}}}" in text)
        number = self.random.randrange(10**7, 10**8)
        return text.format(n=number, money=f"{self.random.uniform(9, 900):.2f}", **personal)

    def _user(
        self, text: str, intent: str, sentiment: str = "neutral", confidence: float | None = None, external: bool = False
    ) -> None:
        if self.said:
            self.now += self.random.lognormvariate(2.5, 0.7)
        self.said += 1
        sure = round(self.random.betavariate(12, 1.2), 4) if confidence is None else confidence
        if not external:
            self.truth.count(self.now, "customer_messages")
        data = _user_data(text, intent, sure, sentiment, f"{self.random.getrandbits(128):032x}", self.channel, external)
        self._event("user", data, intent=intent)
        self._event("user_featurization", {"use_text_for_featurization": False})
        if not external:
            self._action("action_chat_context")
            if self.said == 1:
                self._slot("ab_bucket", self.bucket)
            self._slot("chat_sentiment", sentiment)

    def _bot(self, text: str, response: str, slow: float = 1.0) -> None:
        self.now += self.random.lognormvariate(-0.9, 0.4) * slow
        self.truth.count(self.now, "bot_messages")
        self._event("bot", _bot_data(text, {"utter_action": response, "model_id": MODEL, "assistant_id": "lingxi"}))

    def _action(self, name: str, policy: str | None = "RulePolicy") -> None:
        data = {"name": name, "policy": policy, "confidence": 1.0, "action_text": None, "hide_rule_turn": False}
        self._event("action", data, action=name)

    def _slot(self, name: str, value: Any) -> None:
        self._event("slot", {"name": name, "value": value}, action=name)

    def _event(self, type_name: str, data: dict[str, Any], intent: str | None = None, action: str | None = None) -> None:
        self.now += 0.0004
        moment = round(self.now, 6)
        told = {"event": type_name, "timestamp": moment, "metadata": {"model_id": MODEL}, **data}
        self.rows.append((self.sender, type_name, moment, intent, action, json.dumps(told)))


def _bot_data(text: str, metadata: dict[str, Any]) -> dict[str, Any]:
    empty = dict.fromkeys(("elements", "quick_replies", "buttons", "attachment", "image", "custom"))
    return {"text": text, "data": empty, "metadata": metadata}


def _user_data(
    text: str, intent: str, confidence: float, sentiment: str, message: str, channel: str, external: bool
) -> dict[str, Any]:
    others = (1 - confidence) / 4
    ranking = [{"name": intent, "confidence": confidence}] + [
        {"name": name, "confidence": round(others, 6)} for name in ("faq", "chat_inform", "orders_ask_status", "chat_follow_up")
    ]
    parsed = {
        "intent": ranking[0],
        "entities": [],
        "text": text,
        "message_id": message,
        "metadata": {"is_external": True} if external else {},
        "intent_ranking": ranking,
        "requests": [intent],
        "sentiment": {"name": sentiment, "confidence": 0.9, "angry": 0.9 if sentiment == "angry" else 0.03},
    }
    return {"text": text, "parse_data": parsed, "input_channel": channel, "message_id": message, "metadata": parsed["metadata"]}
