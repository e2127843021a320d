"""Says what the words do where they are said: ask, want done, agree, correct, wait, take back.

退吧 is a wish of its own, and a yes where it was just asked whether to refund; 能不能先试穿 and 能给我取消掉吗 are questions
in shape, the one asks, the other wants something done. A linear model on the sentiment's features tells them apart, each
feature seen alone and together with the kind of question that stands, and on how much the message echoes what the
assistant said. Examples with their labels' meaning: `data/acts/<kind of question>.yml`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Text, Tuple

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file

from components.intent_classifier import clauses
from components.sentiment import Weights, features, fitted
from components.text_normaliser import NORMALISED_TEXT, normalise
from components.understanding.context import ANSWERED, CHOOSE, CONFIRM, KINDS, NONE, OFFER, VALUE, Context
from topics import forms

ACT = "act"
PARTS = "act_parts"
"""Message key: where there are several clauses, the first ones each alone: [(start, end, label, probability)]."""
MOST_PARTS = 4
FRESH = ("ask", "status", "do", "tell")
"""What a message does that answers nothing."""
ASKS = ("ask", "why", "why_asked", "how")
"""What asks for something to be told that is the same for everybody."""
LABELS = (
    *FRESH, "yes", "no", "correct", "hold", "take_back", "leave", "why", "why_asked", "how", "person", "chat", "value",
    "fragment",
)  # fmt: skip
_ANYWHERE = ANSWERED
ACT_OF: Mapping[Text, Tuple[Text, Sequence[Text]]] = {
    "chat_affirm": ("yes", (CONFIRM, OFFER)),
    "chat_deny": ("no", (CONFIRM, OFFER)),
    "chat_inform": ("value", (CHOOSE, VALUE)),
    "handoff_request": ("person", _ANYWHERE),
    **{f"chat_{name}": ("chat", _ANYWHERE) for name in ("greet", "thank", "smalltalk", "bot_challenge", "abuse")},
    **{f"products_ask_{name}": ("ask", _ANYWHERE) for name in ("stock", "price", "detail")},
    **{name: ("status", _ANYWHERE) for name in ("account_ask_assets", "logistics_track", "after_sales_ask_status")},
    "faq": ("ask", _ANYWHERE),
}
"""Intents of Rasa's training data by which the act is known, and the kinds of question beside which they are said."""
LONGEST_ECHO = 160  # characters of what was said last that may be echoed: the question is at its end
_EMPTY = frozenset("的了吧啊呀哦呢嘛么吗嗯哈那就我您你他她它给帮请是要不好在这个一有可以能想下把还也都先和跟")
_WORDS = re.compile(r"[\W_]+")


class ActsError(ValueError):
    """A file of `data/acts/` is not of the form its own head describes."""


_NUMBERED = re.compile(r"(?:订单|单号|包裹|工单|发票|服务单)号?[:：]?(?:[a-z]{2,4})?\d{8,}的?")
"""A thing's number: what is done with it is said by the other words."""


@dataclass(frozen=True)
class Example:
    """One sentence: where it was said, after what, and what it does."""

    kind: Text
    said: Text
    text: Text
    act: Text


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class ActClassifier(GraphComponent):
    """Sets `act: {name, confidence, shares, ask}`: the likeliest label, all labels' probabilities, and how probably the
    message only asks among those that answer nothing (what `actions/faq.py` weighs)."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._weights = Weights({}, np.zeros(0), np.zeros((0, 0)), np.zeros(0), [])
        self._kinds: Dict[Text, Text] = {}

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`data`: the folder with the examples; `C`: inverse regularisation; `min_df`: a feature's least number of
        sentences; `sharpness`: scores are multiplied by it before softmax; `of_intents`: how much a sentence of Rasa's
        training data counts beside one of the folder, `examples` of each intent."""
        return {"data": "data/acts", "C": 10.0, "min_df": 3, "sharpness": 1.25, "of_intents": 0.3, "examples": 150}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> ActClassifier:
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
    ) -> ActClassifier:
        """A trained component out of the model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component.learned(*joblib.load(folder / "acts.joblib"))
        return component

    def learned(self, weights: Weights, kinds: Dict[Text, Text]) -> None:
        """Takes what a training found: the linear model, and the kind of question of each slot that is asked for."""
        self._weights, self._kinds = weights, kinds

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed sentences, or another kind of question, are a changed component."""
        digest = hashlib.sha256(repr(sorted(forms.of_project().kinds.items())).encode())
        for path in sorted(Path({**cls.get_default_config(), **config}["data"]).glob("*.yml")):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Fits on the folder's sentences, and on those of Rasa's training data whose intent says what they do."""
        self.fit(list(read_acts(Path(self._config["data"]))), list(self._of_intents(training_data)))
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump((self._weights, self._kinds), folder / "acts.joblib")
        return self._resource

    def fit(self, examples: List[Example], more: List[Example]) -> None:
        """Learns these examples, and more that count less. The kinds of question travel with the model."""
        told = [seen(normalise(each.text).text, each.kind, normalise(each.said).text) for each in (*examples, *more)]
        counts = [1.0] * len(examples) + [float(self._config["of_intents"])] * len(more)
        labels = [each.act for each in (*examples, *more)]
        whole = {label: sum(n for n, each in zip(counts, labels, strict=True) if each == label) for label in set(labels)}
        evenly = [n * sum(counts) / len(whole) / whole[label] for n, label in zip(counts, labels, strict=True)]
        self._weights = fitted(told, labels, self._config["C"], self._config["min_df"], evenly)
        self._kinds = dict(forms.of_project().kinds)

    def _of_intents(self, training_data: TrainingData) -> Iterator[Example]:
        """Examples of intents by which the act is known. What answers no question is the same whichever stands."""
        told: Dict[Text, List[Text]] = {}
        for example in training_data.intent_examples:
            if example.get(TEXT):
                told.setdefault(str(example.get(INTENT)), []).append(str(example.get(TEXT)))
        for intent, (act, kinds) in ACT_OF.items():
            texts = told.get(intent, [])
            chosen = texts[:: max(1, len(texts) // int(self._config["examples"]))]
            yield from (Example(kinds[n % len(kinds)], "", text, act) for n, text in enumerate(chosen))

    def process(self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None) -> List[Message]:
        """Adds the act to each message that has words."""
        context = Context.of(tracker, self._kinds)
        for message in messages:
            if (message.get(TEXT) or "").strip():
                text = _normalised(message)
                message.set(ACT, self.act(_NUMBERED.sub("", text), context), add_to_output=True)
                message.set(PARTS, self.parts(text, context))
        return messages

    def parts(self, text: Text, context: Context) -> List[Tuple[int, int, Text, float]]:
        """What each of the first clauses does alone."""
        told = clauses(text)[:MOST_PARTS]
        if len(told) < 2:
            return []
        acts = [self.act(text[start:end], context) for start, end in told]
        return [(*place, act["name"], act["confidence"]) for place, act in zip(told, acts, strict=True)]

    def act(self, text: Text, context: Context) -> Dict[Text, Any]:
        """What a normalised text does in this context."""
        shares = self.shares(text, context.kind, normalise(context.said[-LONGEST_ECHO:]).text)
        name = max(shares, key=lambda label: shares[label])
        asks, fresh = (sum(shares[label] for label in labels) for labels in (ASKS, {*FRESH, *ASKS}))
        return {
            "name": name,
            "confidence": round(shares[name], 4),
            "shares": {label: round(share, 3) for label, share in shares.items() if share >= 0.01},
            "ask": round(asks / fresh, 4) if fresh > 0 else 0.0,
        }

    def shares(self, text: Text, kind: Text = NONE, said: Text = "") -> Dict[Text, float]:
        """The probability of each label; they sum to 1."""
        scores = self._weights.scores(seen(text, kind, said)) * self._config["sharpness"]
        odds = np.exp(scores - scores.max())
        return dict(zip(self._weights.labels, map(float, odds / odds.sum()), strict=True))


def seen(text: Text, kind: Text, said: Text) -> List[Text]:
    """All features of a message in its place: what it says, what it says to this kind of question, what it echoes."""
    alone = features(text)
    return [*alone, *(f"{kind}|{each}" for each in alone), *_echo(text, kind, said)]


def _echo(text: Text, kind: Text, said: Text) -> List[Text]:
    """How much of the message's own words the assistant had just said."""
    words = [sign for sign in _WORDS.sub("", text) if sign not in _EMPTY]
    if not said or not words:
        return [f"{kind}|#bare"] if not words else []
    share = sum(sign in said for sign in words) / len(words)
    return [f"{kind}|#echo{round(3 * share)}", f"#echo{round(3 * share)}"]


def read_acts(folder: Path) -> Iterator[Example]:
    """The examples of all files of the folder. Raises ActsError where a kind or a label is unknown, or a label lacking."""
    lacking = set(LABELS)
    for path in sorted(folder.glob("*.yml")):
        if path.stem not in KINDS:
            raise ActsError(f"{path}: unknown kind of question; known are {', '.join(KINDS)}")
        for block in read_yaml_file(path).get(ACT) or []:
            said = str(block.get("said") or "")
            for label, told in block.items():
                if label == "said":
                    continue
                if label not in LABELS:
                    raise ActsError(f"{path}: unknown act {label!r}; known are {', '.join(LABELS)}")
                lacking.discard(label)
                yield from (Example(path.stem, said, str(text), label) for text in told)
    if lacking:
        raise ActsError(f"{folder}: no sentences for {', '.join(sorted(lacking))}")


def _normalised(message: Message) -> Text:
    text = message.get(NORMALISED_TEXT)
    return normalise(message.get(TEXT) or "").text if text is None else str(text)
