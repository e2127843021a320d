"""Names the intent, and the list of requests where a message holds more than one.

A linear model on three families of n-grams: characters, pinyin syllables (what typos, voice transcripts and typed
pinyin share with the training sentences) and pairs of characters with a gap. A message is scored without scikit-learn:
a dictionary look-up per n-gram and one sum, a few tenths of a millisecond. Where it is not sure, a second linear model
on the sentence's vector has its say: it knows words that no training sentence holds (docs/adr/0029).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Callable, Dict, List, Text, Tuple

import joblib
import numpy as np
from pypinyin import lazy_pinyin, pinyin_dict
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from components import enumerated, sentence_vectors
from components.text_normaliser import NORMALISED_TEXT, normalise

INTENT_RANKING = "intent_ranking"
REQUESTS = "requests"
SECOND = "second_request"
"""Message key: where the second request begins in the normalised text; not there where there is only one."""
RESTS = "rests"
"""Message key: from each clause but the first to the end, what the words mean alone: [(start, intent, confidence)]."""
HEADS = "heads"
"""Message key: from the beginning to the end of each clause but the last, what the words mean alone: [(end, intent,
confidence)]."""
MOST_RESTS = 3
LISTED = 0.5
"""How sure each wish of a numbered list must be."""
RANKING_LENGTH = 10
Array = Any  # numpy 1.22's own array types need parameters that say nothing here


# ── n-grams ───────────────────────────────────────────────────────────────────


def characters(text: Text) -> List[Text]:
    """All runs of one to four characters."""
    return [text[i : i + size] for size in (1, 2, 3, 4) for i in range(len(text) - size + 1)]


def syllables(text: Text) -> List[Text]:
    """All runs of one to three pinyin syllables, of Chinese characters and of typed pinyin alike."""
    spoken = _spoken(text)
    return [" ".join(spoken[i : i + size]) for size in (1, 2, 3) for i in range(len(spoken) - size + 1)]


def gaps(text: Text) -> List[Text]:
    """Pairs of characters with one to three others between them: 取…订单 and 取…单 are alike."""
    bare = re.sub(r"[\W_]", "", text)
    return [f"{a}_{b}" for gap in (2, 3, 4) for a, b in zip(bare, bare[gap:], strict=False)]


FAMILIES: Tuple[Callable[[Text], List[Text]], ...] = (characters, syllables, gaps)

_PIECE = re.compile(r"[a-z]+|[^\sa-z]")


def _spoken(text: Text) -> List[Text]:
    return [syllable for piece in _PIECE.findall(text) for syllable in _read(piece)]


@lru_cache(maxsize=50_000)
def _read(piece: Text) -> Tuple[Text, ...]:
    """A character's reading, or the syllables of a run of letters (`kuaidi` → kuai di)."""
    if not piece.isascii() or not piece.isalpha():
        return (lazy_pinyin(piece)[0],)
    found, start = [], 0
    while start < len(piece):
        fitting = (size for size in range(min(6, len(piece) - start), 1, -1) if piece[start : start + size] in _readings())
        size = next(fitting, 1)
        found.append(piece[start : start + size])
        start += size
    return tuple(found)


@lru_cache(maxsize=1)
def _readings() -> frozenset[Text]:
    """All syllables of Mandarin, without tones."""
    common = (chr(code) for code in pinyin_dict.pinyin_dict if 0x4E00 <= code <= 0x9FFF)
    return frozenset(syllable for syllable in (lazy_pinyin(c)[0] for c in common) if syllable.isascii())


# ── the model ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Family:
    """One family's weights: `rows` gives an n-gram's row in `weights` (n-grams × intents), already times its idf."""

    rows: Dict[Text, int]
    idf: Array
    weights: Array


@dataclass(frozen=True)
class LinearModel:
    """A linear model per intent over all families, each scaled to length one (tf-idf, sublinear)."""

    intents: Tuple[Text, ...]
    bias: Array
    families: Tuple[Family, ...]

    @classmethod
    def fit(cls, texts: List[Text], intents: List[Text], strength: float) -> Tuple[LinearModel, Array]:
        """Fits on normalised texts; the model, and how far each text's own intent lies before the next."""
        vectorisers = [
            TfidfVectorizer(analyzer=grams, sublinear_tf=True, min_df=2, dtype=np.float32) for grams in FAMILIES
        ]
        features = hstack([v.fit_transform(texts) for v in vectorisers], format="csr")
        svm = LinearSVC(C=strength, class_weight="balanced", random_state=0).fit(features, intents)
        weights = svm.coef_.T.astype(np.float32)
        families, start = [], 0
        for vectoriser in vectorisers:
            rows = {gram: int(row) for gram, row in vectoriser.vocabulary_.items()}
            idf = vectoriser.idf_.astype(np.float32)
            families.append(Family(rows, idf, np.ascontiguousarray(weights[start : start + len(rows)])))
            start += len(rows)
        model = cls(tuple(map(str, svm.classes_)), svm.intercept_.astype(np.float32), tuple(families))
        margins, own = svm.decision_function(features), np.searchsorted(svm.classes_, intents)
        told = np.arange(len(texts)), own
        ahead = margins[told]
        margins[told] = -np.inf
        return model, ahead - margins.max(axis=1)

    def margins(self, text: Text) -> Array:
        """One margin per intent: positive means yes."""
        total = self.bias.copy()
        for grams, family in zip(FAMILIES, self.families, strict=True):
            counts = Counter(row for row in map(family.rows.get, grams(text)) if row is not None)
            if counts:
                rows = np.fromiter(counts.keys(), dtype=np.intp, count=len(counts))
                terms = np.array([1.0 + math.log(n) for n in counts.values()], dtype=np.float32) * family.idf[rows]
                total += (terms / math.sqrt(float(terms @ terms))) @ family.weights[rows]
        return total

    def familiarity(self, text: Text) -> float:
        """Share of the text's character pairs that occur in training: gibberish and other languages have few."""
        pairs = [text[i : i + 2] for i in range(len(text) - 1)]
        return sum(pair in self.families[0].rows for pair in pairs) / len(pairs) if pairs else 1.0


@dataclass(frozen=True)
class VectorModel:
    """A linear model per intent over a sentence's vector, from which `middle` is taken before. `weights`: numbers × intents."""

    middle: Array
    weights: Array
    bias: Array

    @classmethod
    def fit(cls, texts: List[Text], intents: List[Text], strength: float) -> VectorModel:
        """Fits on normalised texts, which hold every intent."""
        rows = sentence_vectors.vectors(texts)
        middle = rows.mean(axis=0)
        svm = LinearSVC(C=strength, class_weight="balanced", random_state=0).fit(_centred(rows, middle), intents)
        return cls(middle, np.ascontiguousarray(svm.coef_.T.astype(np.float32)), svm.intercept_.astype(np.float32))

    def margins(self, text: Text) -> Array:
        """One margin per intent, in the order of their names."""
        return _centred(sentence_vectors.vector(text), self.middle) @ self.weights + self.bias


def _centred(rows: Array, middle: Array) -> Array:
    """All sentences lie near to one another: what tells them apart is where they lie from their middle."""
    apart = rows - middle
    return apart / np.linalg.norm(apart, axis=-1, keepdims=True)


# ── requests ──────────────────────────────────────────────────────────────────

_LINK = (
    "另外|还有|顺便|顺带|捎带|对了|同时|此外|再就是|再帮|再问|再查|再给|然后|并且|以及|也帮|也给"
    "|还想|还要|还得|外加|再一个|再有|其次|接着"
)
_LINKED = re.compile(_LINK)
_MARK = re.compile(rf"[，,。.！!？?；;、\n\s~…]+|(?<=.)(?={_LINK})")
_BREATH = re.compile(r"(?<=[了啊哎呢吧吗哈哦嘛])(?=[那我你还再帮给这发退订快优会人])")
MOST_CUTS = 14
SHORTEST = 2
_CLAUSE_END = re.compile(r"[，,。.！!？?；;、\n\s~…]+")
OUT_OF_SCOPE = "chat_out_of_scope"
_PROBLEM = "after_sales_report_problem"
_REMEDIES = ("after_sales_refund", "after_sales_return", "after_sales_exchange", "after_sales_repair")


def clauses(text: Text) -> List[Tuple[int, int]]:
    """Beginning and end of each clause that has words enough to mean anything."""
    ends = [(match.start(), match.end()) for match in _CLAUSE_END.finditer(text)]
    begins = [0, *(end for _, end in ends)]
    return [(a, b) for a, b in zip(begins, [*(start for start, _ in ends), len(text)], strict=True) if b - a >= SHORTEST]


def cuts(text: Text) -> List[Tuple[int, int, bool]]:
    """Where a second request may begin: (end of the first part, start of the second, whether only a breath)."""
    places = {(m.start(), m.end()): True for m in _BREATH.finditer(text)}
    places.update({(m.start(), m.end()): False for m in _MARK.finditer(text)})
    long_enough = [(a, b, breath) for (a, b), breath in places.items() if a >= SHORTEST and len(text) - b >= SHORTEST]
    return long_enough[:MOST_CUTS]


def linked(text: Text) -> bool:
    """Whether the words begin as something more does (另外, 顺便, 然后; 第二，)."""
    return _LINKED.match(text) is not None or enumerated.begins(text)


def _two(left: Text, right: Text, first: float, second: float, breath: bool, lag: float) -> float:
    """Log-odds that two parts are two requests. `lag`: how far, in margins, the less likely of their two intents lies
    behind the best one of the whole message.

    Weights of a logistic regression over 560 joined and 2,600 single training sentences, out of fold; that of `lag`
    was chosen on tests/nlu.
    """
    return (
        1.7 * (first + second)
        + 2.0 * min(first, second)
        + 1.5 * bool(_LINKED.match(right))
        - 0.8 * breath
        + 0.9 * min(len(left), 12) / 12
        + 2.0 * min(len(right), 12) / 12
        + 1.0 * lag
        - 7.1
    )


def _apart(first: Text, second: Text) -> bool:
    """Whether two intents can be two requests: small talk is none, a fault told with its remedy is one."""
    if first == second or first.startswith("chat_") or second.startswith("chat_"):
        return False
    return not (first == _PROBLEM and second in _REMEDIES)


# ── the component ─────────────────────────────────────────────────────────────


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class IntentClassifier(GraphComponent):
    """Sets `intent`, `intent_ranking` and `requests` (intent names in order, the first equal to `intent`)."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model: LinearModel | None = None
        self._vectors: VectorModel | None = None

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`strength`: the linear model's C. `sharpness`: margins times it, then softmax. `last_clause`: the weight of
        what is said last beside the whole (customers tell the story first). `doubt`: evidence (see `_evidence`) below
        which the confidence falls to nothing, so that the FallbackClassifier rejects. `two_requests`: log-odds from
        which a message holds two requests. `vector_strength`: C of the model over vectors, `vector_weight`: how much its
        margins count, `vector_sharpness`: as `sharpness`, where they do; `vector_below`: up to which confidence of the
        n-grams it is asked; `vector_examples`: it learns
        from so many sentences that the n-grams tell apart least, and from `vector_others` of the rest: a sentence costs 8 ms."""
        return {
            "strength": 0.35,
            "sharpness": 4.0,
            "last_clause": 0.2,
            "doubt": -1.3,
            "two_requests": -1.5,
            "vector_strength": 0.3,
            "vector_weight": 0.7,
            "vector_sharpness": 3.5,
            "vector_below": 0.9,
            "vector_examples": 20_000,
            "vector_others": 4_000,
        }

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> IntentClassifier:
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
    ) -> IntentClassifier:
        """A trained component out of the model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._model, component._vectors = joblib.load(folder / "model.joblib")
        sentence_vectors.ready()
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fits on all examples that have an intent."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        texts = [spelling(_normalised(e)) for e in examples]
        intents = [str(e.get(INTENT)) for e in examples]
        self._model, ahead = LinearModel.fit(texts, intents, self._config["strength"])
        hard = self._hard(ahead)
        strength = self._config["vector_strength"]
        self._vectors = VectorModel.fit([texts[i] for i in hard], [intents[i] for i in hard], strength)
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump((self._model, self._vectors), folder / "model.joblib")
        return self._resource

    def _hard(self, ahead: Array) -> List[int]:
        """The sentences to learn vectors from: those that the n-grams tell apart least, and every so many of the rest."""
        order = np.argsort(ahead, kind="stable")
        most = int(self._config["vector_examples"])
        rest = order[most:]
        step = max(1, len(rest) // max(1, int(self._config["vector_others"])))
        return sorted({*map(int, order[:most]), *map(int, rest[::step])})

    def process(self, messages: List[Message]) -> List[Message]:
        """Names the intent of each message."""
        for message in messages:
            text = _normalised(message)
            ranking, requests, second = self.classify(spelling(text))
            begins = next((at for at in range(len(text)) if second and spelling(text[at:]) == second), None)
            listed = self._listed(text)
            if listed:
                begins, requests = listed
                others = [each for each in ranking if each["name"] != requests[0]]
                ranking = [{**ranking[0], "name": requests[0]}, *others][:RANKING_LENGTH]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING, ranking, add_to_output=True)
            message.set(REQUESTS, requests, add_to_output=True)
            if begins is not None:
                message.set(SECOND, begins)
            told = clauses(text)[: MOST_RESTS + 1]
            message.set(RESTS, [(start, *self._meant(text[start:])) for start, _ in told[1:]])
            message.set(HEADS, [(end, *self._meant(text[:end])) for _, end in told[:-1]])
        return messages

    def _listed(self, text: Text) -> Tuple[int, List[Text]] | None:
        """Where the second wish of a list begins (第一…，第二…), and the intents of both; None where there are not two."""
        marks = enumerated.items(text)
        if not marks:
            return None
        at = marks[1][0]
        parts = [self.classify(spelling(part))[0][0] for part in (text[:at], text[at:])]
        names = [str(each["name"]) for each in parts]
        return (at, names) if min(each["confidence"] for each in parts) >= LISTED and _apart(*names) else None

    def _meant(self, part: Text) -> Tuple[Text, float]:
        """A part's likeliest intent, and how sure it is."""
        assert self._model is not None
        place, surely = self._guess(spelling(part))
        return self._model.intents[place], surely

    def classify(self, text: Text) -> Tuple[List[Dict[Text, Any]], List[Text], Text]:
        """The ranking and the requests of a text as `spelling` has it, and the words of the second request."""
        assert self._model is not None
        margins = self._model.margins(text)
        told = clauses(text)
        last = self._config["last_clause"] * self._model.margins(text[slice(*told[-1])]) if len(told) > 1 else 0.0
        evidence = self._evidence(text, margins)
        confidences = self._confidences(margins + last, evidence)
        if self._vectors and confidences.max() < self._config["vector_below"]:
            meant = margins + self._config["vector_weight"] * self._vectors.margins(text)
            evidence = (evidence + self._evidence(text, meant)) / 2  # a vector finds some sense in gibberish, too
            confidences = self._confidences(meant + last, evidence, self._config["vector_sharpness"])
        requests, second = self._requests(text, margins)
        if len(requests) > 1:  # the message is about its first request, as surely as it is about anything
            confidences[self._model.intents.index(requests[0])] = confidences.max() + 1e-6
        order = confidences.argsort()[::-1][:RANKING_LENGTH]
        ranking = [{"name": self._model.intents[i], "confidence": float(confidences[i])} for i in order]
        return ranking, requests or [ranking[0]["name"]], second

    def _confidences(self, margins: Array, evidence: float, sharpness: float | None = None) -> Array:
        odds = np.exp((sharpness or self._config["sharpness"]) * (margins - margins.max()))
        return odds / odds.sum() / (1.0 + math.exp(-20.0 * evidence))

    def _evidence(self, text: Text, margins: Array) -> float:
        """How much speaks for the likeliest intent: its margin; less where the words are unfamiliar, and much less
        where the model nearly sees something out of scope. Positive is enough."""
        assert self._model is not None
        intents, top = self._model.intents, int(margins.argmax())
        foreign = float(margins[intents.index(OUT_OF_SCOPE)]) + 1.0 if OUT_OF_SCOPE in intents else 0.0
        strange = 0.0 if intents[top] == OUT_OF_SCOPE else 3.0 * max(0.0, foreign)
        unfamiliar = 0.5 * (0.7 - self._model.familiarity(text))
        return float(margins[top]) - unfamiliar - strange - float(self._config["doubt"])

    def _guess(self, text: Text) -> Tuple[int, float]:
        """A part's likeliest intent, and how sure it is."""
        assert self._model is not None
        margins = self._model.margins(text)
        confidences = self._confidences(margins, self._evidence(text, margins))
        place = int(confidences.argmax())
        return place, float(confidences[place])

    def _requests(self, text: Text, margins: Array) -> Tuple[List[Text], Text]:
        """Two requests and the words of the second; none where the text holds only one."""
        assert self._model is not None
        best, found, words = self._config["two_requests"], [], ""
        lag = margins - margins.max()  # the message as a whole must speak for both
        for end, start, breath in cuts(text):
            left, right = text[:end], text[start:]
            first, surely = self._guess(left)
            if _two(left, right, surely, 1.0, breath, lag[first]) <= best:
                continue
            second, as_surely = self._guess(right)
            names = [self._model.intents[first], self._model.intents[second]]
            odds = _two(left, right, surely, as_surely, breath, min(lag[first], lag[second]))
            if odds > best and _apart(*names):
                best, found, words = odds, names, right
        return found, words


def _normalised(message: Message) -> Text:
    text = message.get(NORMALISED_TEXT)
    return normalise(message.get(TEXT) or "").text if text is None else str(text)


def spelling(text: Text) -> Text:
    """What the n-grams see: digits all alike, three and more repeats as two."""
    return re.sub(r"(.)\1{2,}", r"\1\1", re.sub(r"\d", "0", text.lower()))
