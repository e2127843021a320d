"""Says how the customer feels: a linear model on character n-grams, pairs of syllables, negations and punctuation.

Whether somebody is angry, so that an apology or a person is due, is a second, stricter question with a model of its own:
it has seen what customers say of everything else, and answers no when in doubt.

The labels are satisfied, neutral, dissatisfied and angry; what each holds is told at the head of the files in
`data/sentiment/`. It reads the customer's own text, not the normalised one: heat and irony are in what a normaliser
takes away (！！！, 🙂, 。。。).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Tuple

import joblib
import numpy as np
from numpy.typing import NDArray
from opencc import OpenCC
from pypinyin import lazy_pinyin
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

SENTIMENT = "sentiment"
NEUTRAL = "neutral"
CALM = [
    *("chat_inform", "chat_ask_help", "chat_greet", "chat_affirm", "chat_bot_challenge", "chat_repeat", "chat_goodbye"),
    *("chat_deny", "chat_stop", "products_ask_stock", "products_ask_detail", "products_recommend", "products_ask_price"),
    *("invoices_request", "account_ask_assets", "account_manage", "faq", "orders_change", "logistics_arrange"),
    *("handoff_request", "promotions_ask_coupons"),
]
HEATED = ["complaints_", "handoff_", "chat_abuse", "chat_smalltalk", "feedback_", "tickets_"]
ANGRY, CALMER = "angry", "calm"
OF_TRAINING = 0.2
"""How much a sentence of Rasa's training data counts beside one of the folder, where anger is learned."""
LABELS = frozenset({"satisfied", NEUTRAL, "dissatisfied", "angry"})

_NEGATORS = "不没無无未别莫甭"
# How far a negation reaches: 没有什么不满意 negates 满意 twice.
_NEGATION_REACH = 4
_CLAUSE_END = re.compile(r"[,，。.!！?？;；~～\s]+")
_REPEATED = re.compile(r"(.)\1{2,}")
_DIGITS = re.compile(r"\d+")
_SOFT_MARKS = re.compile(r"[~～]|\.\.|。。|…")
_SOUNDS = re.compile(r"[\u4e00-\u9fff]|[a-z]+|0|[^\w\s]")


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class SentimentClassifier(GraphComponent):
    """Sets `sentiment: {name, confidence, angry}`; a message without a word (？？, 🙂) is neutral with
    confidence 1."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._weights = self._anger = Weights({}, np.zeros(0), np.zeros((0, 0)), np.zeros(0), [])

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`data`: the folder with the labelled sentences; `C`: inverse regularisation; `sharpness`: scores are multiplied
        by it before softmax, so that confidences are what held-out accuracy is; `min_df`: a feature's least number of
        sentences; `neutral_doubt`: how much a sentence must be more neutral than anything else to count so (a long
        review holds much that is neutral beside its one word of feeling); `calm_intents`: intents whose examples
        count as neutral, `calm_examples` of each (or company names, and questions to a machine, look angry);
        `angry_from`: from this probability on somebody is angry; `heated_intents`: beginnings of intents whose examples
        may be angry, the others' count as calm; `angry_C`: inverse regularisation of that model."""
        return {
            "data": "data/sentiment",
            "C": 6.0,
            "sharpness": 1.5,
            "min_df": 2,
            "neutral_doubt": 1.5,
            "calm_intents": CALM,
            "calm_examples": 150,
            "angry_from": 0.5,
            "angry_C": 30.0,
            "heated_intents": HEATED,
        }

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> SentimentClassifier:
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
    ) -> SentimentClassifier:
        """A trained component out of the model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._weights, component._anger = joblib.load(folder / "sentiment.joblib")
        return component

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed sentences are a changed component."""
        digest = hashlib.sha256()
        folder = Path({**cls.get_default_config(), **config}["data"])  # Rasa may ask without the defaults
        for path in sorted(folder.glob("*.yml")):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Fits on the folder's sentences and on the calm ones of Rasa's own training data."""
        texts, labels = read_sentences(Path(self._config["data"]))
        self._anger = self._learned_anger(texts, labels, training_data)
        for intent in self._config["calm_intents"]:
            said = [e.get(TEXT) for e in training_data.intent_examples if e.get(INTENT) == intent and e.get(TEXT)]
            step = max(1, len(said) // self._config["calm_examples"])
            chosen = said[::step][: self._config["calm_examples"]]
            texts += chosen
            labels += [NEUTRAL] * len(chosen)
        self._weights = fit(texts, labels, self._config["C"], self._config["min_df"])
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump((self._weights, self._anger), folder / "sentiment.joblib")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds the sentiment to each message."""
        for message in messages:
            text = message.get(TEXT) or ""
            shares = self.shares(text)
            name = max(shares, key=lambda label: shares[label])
            told = {"name": name, "confidence": shares[name], "angry": self.is_angry(text)}
            message.set(SENTIMENT, told, add_to_output=True)
        return messages

    def is_angry(self, text: Text) -> bool:
        """Whether the words show anger: precision before recall. A pressed button never does."""
        if not _has_words(text) or text.startswith("/"):
            return False
        return self._anger.share(features(text), ANGRY) >= float(self._config["angry_from"])

    def _learned_anger(self, texts: List[Text], labels: List[Text], training_data: TrainingData) -> Weights:
        heated = tuple(self._config["heated_intents"])
        said = [e.get(TEXT) for e in training_data.intent_examples if not str(e.get(INTENT)).startswith(heated)]
        calm = [text for text in said if text]
        angry = [label if label == ANGRY else CALMER for label in labels] + [CALMER] * len(calm)
        counting = [1.0] * len(texts) + [OF_TRAINING] * len(calm)
        told = [features(text) for text in (*texts, *calm)]
        return fitted(told, angry, self._config["angry_C"], self._config["min_df"], counting)

    def shares(self, text: Text) -> Dict[Text, float]:
        """The probability of each label; they sum to 1."""
        if not _has_words(text):
            return {NEUTRAL: 1.0}
        neutral = np.array(self._weights.labels) == NEUTRAL
        scores = self._weights.scores(features(text)) - self._config["neutral_doubt"] * neutral
        scores *= self._config["sharpness"]
        odds = np.exp(scores - scores.max())
        return dict(zip(self._weights.labels, map(float, odds / odds.sum()), strict=True))


@dataclass(frozen=True)
class Weights:
    """The linear model. Scored here and not by scikit-learn, whose sparse matrices cost more than the model itself."""

    places: Dict[Text, int]
    """Each feature's row."""
    rarity: NDArray[np.float64]
    """Inverse document frequency by row."""
    rows: NDArray[np.float64]
    """A feature's weight for each label: features × labels."""
    bias: NDArray[np.float64]
    labels: List[Text]

    def scores(self, told: List[Text]) -> NDArray[np.float64]:
        """One score a label of a text with these features: the TF-IDF vector (sublinear, length 1) times the weights.
        Of two labels there is one score: the second's."""
        counts = Counter(place for place in map(self.places.get, told) if place is not None)
        if not counts:
            return self.bias
        known = np.fromiter(counts, dtype=np.intp, count=len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))) * self.rarity[known]
        scores: NDArray[np.float64] = values @ self.rows[known] / np.linalg.norm(values) + self.bias
        return scores

    def each(self, told: List[Text]) -> Dict[Text, float]:
        """How probable each of three or more labels is by itself; several may hold."""
        return dict(zip(self.labels, map(float, 1 / (1 + np.exp(-self.scores(told)))), strict=True))

    def share(self, told: List[Text], label: Text) -> float:
        """The probability of one of two labels."""
        second = 1 / (1 + math.exp(-float(self.scores(told)[0])))
        return second if label == self.labels[1] else 1 - second


def fit(texts: List[Text], labels: List[Text], inverse_regularisation: float, min_df: int) -> Weights:
    """The model of these sentences by `features`. `min_df`: a feature's least number of sentences."""
    return fitted([features(text) for text in texts], labels, inverse_regularisation, min_df)


def fitted(
    told: List[List[Text]],
    labels: List[Text],
    inverse_regularisation: float,
    min_df: int,
    counting: Optional[List[float]] = None,
) -> Weights:
    """The model of texts, given by their features. `inverse_regularisation`: C; `min_df`: a feature's least number of
    texts; `counting`: how much each text counts (without it, each label as much as another)."""
    vectorizer = TfidfVectorizer(analyzer=_as_told, sublinear_tf=True, min_df=min_df)
    # One label against the rest by liblinear: as accurate as the multinomial model, and ten times as fast.
    balance = None if counting else "balanced"
    model = LogisticRegression(C=inverse_regularisation, class_weight=balance, solver="liblinear", random_state=0)
    model.fit(vectorizer.fit_transform(told), labels, sample_weight=counting)
    places = {feature: int(place) for feature, place in vectorizer.vocabulary_.items()}
    rows = np.ascontiguousarray(model.coef_.T)
    return Weights(places, vectorizer.idf_, rows, model.intercept_, [str(label) for label in model.classes_])


def _as_told(features: List[Text]) -> List[Text]:
    return features


def read_sentences(folder: Path) -> Tuple[List[Text], List[Text]]:
    """Sentences and their labels of all files of the folder; raises ValueError where a label is unknown or lacking."""
    sentences: List[Text] = []
    labels: List[Text] = []
    for path in sorted(folder.glob("*.yml")):
        for label, told in read_yaml_file(path)["sentiment"].items():
            if label not in LABELS:
                raise ValueError(f"{path}: unknown sentiment {label!r}; known are {', '.join(sorted(LABELS))}")
            sentences += map(str, told)
            labels += [label] * len(told)
    if lacking := LABELS - set(labels):
        raise ValueError(f"{folder}: no sentences for {', '.join(sorted(lacking))}")
    return sentences, labels


def _has_words(text: Text) -> bool:
    """Whether a letter or a character is in it: signs alone show impatience at most."""
    return any(sign.isalpha() for sign in text)


def features(text: Text) -> List[Text]:
    """All features of a text: what it says, how it sounds, what it negates and how it is punctuated."""
    text = _REPEATED.sub(r"\1\1", _DIGITS.sub("0", text.lower().translate(_simplified())))
    clauses = [clause for clause in _CLAUSE_END.split(text) if clause]
    found = _marks(text)
    for place, clause in enumerate(clauses):
        padded = f"<{clause}>"
        for size in (1, 2, 3, 4):
            found += [padded[i : i + size] for i in range(len(padded) - size + 1)]
        found += _negated(clause)
        if len(clauses) > 1 and place == len(clauses) - 1:
            found += ["$" + clause[i : i + 2] for i in range(len(clause) - 1)]
        syllables = _syllables(clause)
        for size in (2, 3):
            found += ["'" + " ".join(syllables[i : i + size]) for i in range(len(syllables) - size + 1)]
    return found


def _marks(text: Text) -> List[Text]:
    shouts = text.count("!") + text.count("！")
    asks = text.count("?") + text.count("？")
    length = len(text)
    marks = [f"#length{min(length // 8, 5)}"]
    marks += [f"#!{min(shouts, 3)}"] if shouts else []
    marks += [f"#?{min(asks, 3)}"] if asks else []
    marks += ["#?!"] if asks and shouts else []
    return marks + ["#" + mark for mark in _SOFT_MARKS.findall(text)]


def _negated(clause: Text) -> List[Text]:
    """Pairs and characters that follow a negation; twice negated ones are told apart from once negated ones."""
    places = [place for place, character in enumerate(clause) if character in _NEGATORS]
    reached = Counter(i for place in places for i in range(place + 1, min(place + 1 + _NEGATION_REACH, len(clause))))
    found = []
    for i, negations in reached.items():
        mark = "¬" * min(negations, 2)
        found += [mark + clause[i], mark + clause[i : i + 2]]
    return found


def _syllables(clause: Text) -> List[Text]:
    """Pinyin by character, so that typed pinyin, wrong characters and right ones meet."""
    return [_pinyin(part) for part in _SOUNDS.findall(clause)]


@lru_cache(maxsize=20_000)
def _pinyin(part: Text) -> Text:
    return str(lazy_pinyin(part)[0])


@lru_cache(maxsize=1)
def _simplified() -> Dict[int, Text]:
    """Character by character: what a word's context changes does not change its feeling."""
    convert = OpenCC("t2s").convert
    pairs = ((chr(code), convert(chr(code))) for code in range(0x4E00, 0xA000))
    return {ord(character): simple for character, simple in pairs if simple != character}
