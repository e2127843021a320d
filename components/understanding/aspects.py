"""What is asked about a thing that was just spoken of: 几天能到账 after a cancellation asks when *that* money is back.

Candidates are the aspects of what is in focus (slot `chat_focus`, `actions/focus.py`), so a dozen examples of each are enough
(`data/<topic>/follow_ups.yml`). A linear model on sentence vectors and n-grams scores them together with "a wish of its own",
which it has learned from Rasa's training data. Without a focus nothing is done, and nothing is encoded.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Text

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from components.intent_classifier import FAMILIES, REQUESTS, Family, LinearModel, clauses, spelling
from components.text_normaliser import NORMALISED_TEXT, normalise
from components.understanding.acts import ACT, MOST_PARTS, read_acts
from components.understanding.encoder import encoded, ready
from components.understanding.references import ANOTHER, REFERENCE
from topics import follow_ups
from topics.follow_ups import FollowUps

FOCUS = "chat_focus"
ASKED = "follow_up"
INTENT_NAME = "chat_follow_up"
OWN = "own"  # a wish of its own
LIKELY, PLAINLY = 0.5, 4.4
"""From this share on two clauses that ask plainly are enough; from these log-odds against a wish of its own on, and with a
positive margin, a clause does."""
OLDER = 0.25  # so much plainer must be what is asked of anything but the thing that was spoken of last
OF_THE_QUESTION = ("why", "why_asked", "how")  # acts that within a form are about its question
# Whether something in focus is meant: log-odds. Weights of a logistic regression over the aspects' examples, out of fold,
# and the sentences of tests/nlu, which nobody said after anything.
SCORE_WEIGHT, CONFIDENCE_WEIGHT, BIAS = 1.1, -0.48, 0.38
SAME_TOPIC, WANTS_DONE, OUT_OF_SCOPE, NAMES_GOODS = 2.06, -0.38, -1.86, -0.64
TOLD_SINCE = -1.5
"""How much less a thing is asked about where an entry was told since (E3: cool down — 要晾多久)."""
ENTRY, REFUSED = "faq_last", "refused"
JUST_REFUSED, LATELY = 1.2, 1
"""How much more a refusal is asked about by who wants nothing done, so many messages after it (别人都退了, 才过一天)."""
GOODS = ("product", "product_category")
VALUES = (*GOODS, "colour", "size", "orders_number", "logistics_tracking_number", "invoices_number", "after_sales_slip", "date")
"""Entities that name another one of the same."""
AROUND_A_NAME = frozenset("那这个的款呢吗么呀啊哦噢有没还也又再换成是一单件双条台张色码号换看")
MOST_LEFT = 6
NAMES = ("orders_number", "logistics_tracking_number", "after_sales_slip", "invoices_number", "tickets_number")
"""Entities that name one thing: another one than those in focus is another matter."""


@dataclass(frozen=True)
class Scores:
    """A linear model over a sentence's n-grams and its vector. `vector`: numbers × labels, already times its weight."""

    words: LinearModel
    vector: Any

    @classmethod
    def fit(cls, texts: List[Text], labels: List[Text], strength: float, weight: float) -> Scores:
        """Fits on normalised texts."""
        vectorisers = [TfidfVectorizer(analyzer=grams, sublinear_tf=True, min_df=2, dtype=np.float32) for grams in FAMILIES]
        grams = [vectoriser.fit_transform(texts) for vectoriser in vectorisers]
        features = hstack([*grams, csr_matrix(encoded(texts) * weight)], format="csr")
        svm = LinearSVC(C=strength, class_weight="balanced", random_state=0).fit(features, labels)
        weights = svm.coef_.T.astype(np.float32)
        families, start = [], 0
        for vectoriser in vectorisers:
            rows = {gram: int(row) for gram, row in vectoriser.vocabulary_.items()}
            own = np.ascontiguousarray(weights[start : start + len(rows)])
            families.append(Family(rows, vectoriser.idf_.astype(np.float32), own))
            start += len(rows)
        words = LinearModel(tuple(map(str, svm.classes_)), svm.intercept_.astype(np.float32), tuple(families))
        return cls(words, np.ascontiguousarray(weights[start:]) * weight)

    def margins(self, text: Text) -> Dict[Text, float]:
        """One margin for each label: positive means yes."""
        total = self.words.margins(text) + encoded([text])[0] @ self.vector
        return dict(zip(self.words.intents, map(float, total), strict=True))


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class Aspects(GraphComponent):
    """Sets `follow_up: {aspect, kind, id, confidence}` (and `also`, the further aspects that its clauses ask for) and intent
    `chat_follow_up` where something in focus is asked about; and the intent that was just answered where a message only names
    another one of the same (冰川蓝呢)."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._scores: Optional[Scores] = None
        self._topics: Dict[Text, Text] = {}  # kind → its topic

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`strength`: the linear model's C; `weight`: of the sentence vector beside the n-grams; `sharpness`: margins times
        it are log-odds; `from`: how sure it must be that something in focus is meant; `own_examples`: of each intent, as wishes
        of their own; `alike`: an example so like one of an aspect (cosine) says nothing and is left out; `talk`: the folder of
        what is said in a talk."""
        known = {"strength": 0.1, "weight": 3.0, "sharpness": 4.0, "from": 0.89, "own_examples": 100, "alike": 0.8}
        return {**known, "talk": "data/acts"}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> Aspects:
        """An untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Aspects:
        """A trained component out of the model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._scores, component._topics = joblib.load(folder / "aspects.joblib")
        ready()
        return component

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed examples are a changed component."""
        declared = follow_ups.of_project()
        told = {f"{each.kind}.{each.name}": each.examples for each in declared.aspects()}
        wished = _wished(Path({**cls.get_default_config(), **config}["talk"]))
        return json.dumps([told, declared.others, wished], ensure_ascii=False, sort_keys=True)

    def train(self, training_data: TrainingData) -> Resource:
        """Fits on the aspects' examples and on those of the intents."""
        said: Dict[Text, List[Text]] = {}
        for example in training_data.intent_examples:
            if example.get(TEXT):
                said.setdefault(example.get(INTENT), []).append(example.get(TEXT))
        said["wished in a talk"] = _wished(Path(self._config["talk"]))
        self.fit(follow_ups.of_project(), said)
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump((self._scores, self._topics), folder / "aspects.joblib")
        return self._resource

    def fit(self, declared: FollowUps, said: Dict[Text, List[Text]]) -> None:
        """Learn these aspects, beside what customers say first. `said`: intent → examples."""
        texts: List[Text] = []
        labels: List[Text] = []
        for aspect in declared.aspects():
            texts += aspect.examples
            labels += [aspect.name] * len(aspect.examples)
        own = list(declared.others)
        for examples in said.values():
            step = max(1, len(examples) // self._config["own_examples"])
            own += examples[::step][: self._config["own_examples"]]
        own = [_normalised(text) for text in own]
        texts = [_normalised(text) for text in texts]
        nearest = (encoded(own) @ encoded(texts).T).max(axis=1)
        apart = [text for text, near in zip(own, nearest, strict=True) if near < self._config["alike"]]
        apart += [_normalised(text) for text in declared.others]
        labels += [OWN] * len(apart)
        self._scores = Scores.fit([*texts, *apart], labels, self._config["strength"], self._config["weight"])
        self._topics = {aspect.kind: aspect.topic for aspect in declared.aspects()}

    def process(self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None) -> List[Message]:
        """Marks each message that asks about something in focus."""
        focus = in_focus(tracker)
        for message in messages if focus else ():
            text = message.get(TEXT) or ""
            if not text.strip() or text.startswith("/"):
                continue
            again = focus[0].get("again")
            if again and not _in_form(tracker) and only_names(message):
                _mean(message, again, 1.0)
            elif _in_form(tracker) and (message.get(ACT) or {}).get("name") in OF_THE_QUESTION:
                continue
            elif not _names_another(message, focus) and (asked := self.asked(message, focus, _since(tracker, focus))):
                message.set(ASKED, asked, add_to_output=True)
                _mean(message, INTENT_NAME, asked["confidence"])
        return messages

    def asked(
        self, message: Message, focus: Sequence[Dict[Text, Any]], since: float = 0.0
    ) -> Optional[Dict[Text, Any]]:
        """The aspect that a message asks about, and of what; None for a wish of its own. `since`: see `_since`."""
        assert self._scores is not None
        margins = self._scores.margins(_read(message))
        candidates: Dict[Text, Dict[Text, Any]] = {}
        for thing in focus:
            for name in thing["asks"]:
                if name in margins:
                    candidates.setdefault(name, thing)
        if not candidates:
            return None
        name = max(candidates, key=lambda each: margins[each] - OLDER * (candidates[each] is not focus[0]))
        weighed = [self._config["sharpness"] * margins[each] for each in candidates]
        score = float(np.logaddexp.reduce(weighed)) - self._config["sharpness"] * margins[OWN]
        does = (message.get(ACT) or {}).get("name") == "do"
        evidence = self._evidence(message, candidates[name], score) + (min(since, 0.0) if does else since)
        share = 1.0 / (1.0 + math.exp(-evidence))
        thing = candidates[name]
        each = self._in_clauses(message, thing) if share >= LIKELY else []
        several = len(each) > 1 and name in each
        if share < self._config["from"] and not several:
            return None
        asked = {"aspect": name, "kind": thing["kind"], "id": thing["id"], "confidence": round(share, 4)}
        return {**asked, "aspect": each[0], "also": each[1:]} if several else asked

    def _in_clauses(self, message: Message, thing: Dict[Text, Any]) -> List[Text]:
        """The aspects of a thing that the clauses ask for (寄到哪，几号前，邮费谁出), in their order, each once."""
        assert self._scores is not None
        text = message.get(NORMALISED_TEXT) or normalise(message.get(TEXT) or "").text
        parts = clauses(text)[:MOST_PARTS]
        found: Dict[Text, None] = {}
        for start, end in parts if len(parts) > 1 else ():
            margins = self._scores.margins(spelling(text[start:end]))
            names = [name for name in thing["asks"] if name in margins]
            best = max(names, key=lambda name: margins[name])
            score = float(np.logaddexp.reduce([self._config["sharpness"] * margins[name] for name in names]))
            if margins[best] > 0 and score - self._config["sharpness"] * margins[OWN] >= PLAINLY:
                found[best] = None
        return list(found)

    def _evidence(self, message: Message, thing: Dict[Text, Any], score: float) -> float:
        """Log-odds that the thing is asked about, and not something else. `score`: those of the words alone."""
        intent = message.get(INTENT) or {}
        name, confidence = str(intent.get("name") or ""), min(max(float(intent.get("confidence") or 0.5), 0.001), 0.999)
        return (
            BIAS
            + SCORE_WEIGHT * score
            + CONFIDENCE_WEIGHT * math.log(confidence / (1.0 - confidence))
            + SAME_TOPIC * name.startswith(f"{self._topics.get(thing['kind'])}_")
            + WANTS_DONE * ((message.get(ACT) or {}).get("name") == "do")
            + OUT_OF_SCOPE * (name == "chat_out_of_scope")
            + NAMES_GOODS * any(entity["entity"] in GOODS for entity in message.get(ENTITIES) or [])
        )


def _wished(folder: Path) -> List[Text]:
    """What else customers want done when something has just been told or offered."""
    told = read_acts(folder)
    return [each.text for each in told if each.act == "do" and each.kind in ("none", "offer")]


def in_focus(tracker: Optional[DialogueStateTracker]) -> List[Dict[Text, Any]]:
    """What was spoken of, newest first."""
    if tracker is None or FOCUS not in tracker.slots:
        return []
    return tracker.get_slot(FOCUS) or []


def _told_since(tracker: Optional[DialogueStateTracker], focus: Sequence[Dict[Text, Any]]) -> bool:
    """Whether an entry of the knowledge was told after the newest thing was spoken of: what is short then goes on from it."""
    told = (tracker.get_slot(ENTRY) if tracker is not None and ENTRY in tracker.slots else None) or {}
    return bool(told.get("key")) and int(told.get("said") or 0) > int(focus[0].get("said") or 0)


def _since(tracker: Optional[DialogueStateTracker], focus: Sequence[Dict[Text, Any]]) -> float:
    """What it weighs that an entry was told since, or that something has only just been refused."""
    if _told_since(tracker, focus):
        return TOLD_SINCE
    said = sum(isinstance(event, UserUttered) for event in tracker.events) if tracker is not None else 0
    return JUST_REFUSED * (focus[0].get("told") == REFUSED and said - int(focus[0].get("said") or 0) <= LATELY)


def only_names(message: Message) -> bool:
    """Whether a message holds nothing but the name of something else: the question that was just answered is meant of it."""
    text, named = message.get(TEXT) or "", [e for e in message.get(ENTITIES) or [] if e["entity"] in VALUES and "start" in e]
    for entity in sorted(named, key=lambda each: -int(each["start"])):
        text = text[: entity["start"]] + text[entity["end"] :]
    left = re.sub(r"[\W_]", "", text)
    return bool(named) and len(left) <= MOST_LEFT and set(left) <= AROUND_A_NAME


def _mean(message: Message, intent: Text, confidence: float) -> None:
    message.set(INTENT, {"name": intent, "confidence": confidence}, add_to_output=True)
    message.set(REQUESTS, [intent], add_to_output=True)


def _in_form(tracker: Optional[DialogueStateTracker]) -> bool:
    return tracker is not None and tracker.active_loop_name is not None


def _names_another(message: Message, focus: Sequence[Dict[Text, Any]]) -> bool:
    conditions = (message.get(REFERENCE) or {}).get("conditions") or []
    if any(condition["by"] in ANOTHER for condition in conditions):
        return True
    known = {each["id"] for each in focus} | {each["order"] for each in focus}
    return any(e["entity"] in NAMES and e["value"] not in known for e in message.get(ENTITIES) or [])


def _read(message: Message) -> Text:
    text = message.get(NORMALISED_TEXT)
    return _normalised(message.get(TEXT) or "") if text is None else spelling(text)


def _normalised(text: Text) -> Text:
    return spelling(normalise(text).text)
