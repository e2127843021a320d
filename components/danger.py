"""Sees that somebody is hurt, in danger or weary of life, whatever else the message says.

Somebody who is being cheated of money or codes is in danger, too (kind `fraud`). That is mostly told in pieces, each of
which may mean anything alone: so what the customer said before is read along with a message, for this kind only.

Two linear models on character n-grams: one says whether there is a danger, the other which. Where the first is not sure,
what the message means has its say: a machine on the sentence's vector (docs/adr/0029). What is learned from stands
in `data/danger/`: what is a danger, and what only sounds like one (气炸了, 灭火器, 会漏电吗). What customers say of
everything else (Rasa's own examples), how they scold (`data/sentiment/`) and how they answer (`data/acts/`) counts as
harmless, but for what the folder's own examples already show to be a danger. What goods are called (炸锅, 烧水壶) is no
event, so every kind of goods is read as the same sign.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence, Text, Tuple

import joblib
import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file
from sklearn.svm import SVC

from components import sentence_vectors
from components.lexicon import lexicon_fingerprint, read_lexicon
from components.sentiment import Weights, fitted, read_sentences
from components.text_normaliser import normalise
from components.understanding.acts import read_acts
from components.understanding.context import ALARM

DANGER = "danger"
"""Message key: `{kind, kinds, confidence}`, the likeliest kind first; None where nobody is in danger."""
KINDS = ("burn", "shock", "fire", "swallow", "poison", "injury", "gas", "suicide", "fraud")
NONE = "none"
FRAUD = "fraud"
PIECES = 2
"""So many of the customer's messages before this one may hold the pieces of a fraud."""
CLEARLY, HARMLESS = 0.6, 0.3
"""From the first probability on pieces together are a fraud, which none is alone; below the second they are none."""
SHORT = 8
"""So many characters may mean anything without what was said before."""
SHORTEST = 5
"""Characters of a clause that may tell of a danger by itself."""
MOST_KINDS = 2
"""Of how many kinds at once the customer is told what to do: more would not be read."""
OF_DANGER, OF_TALK, OF_TRAINING = 2.0, 0.3, 0.3
"""How much a danger counts, what customers say in a talk, and a sentence of Rasa's training data, beside a look-alike."""
MOST_TRAINING = 8000
"""So many of Rasa's sentences are learned from: more of them drown the dangers."""
SURELY = 0.88
"""What the folder's examples alone take for a danger with this probability is no example of what is harmless."""
UNSURE = (0.12, 0.98)
"""Between these probabilities by n-grams, what the message means counts: one of thirty messages of a calm talk."""
OF_MEANING = 3.0
"""How much the margin of what is meant counts beside the n-grams' log odds."""
FEW = 2
"""Of a message of more clauses its worst part is read for what it means, too: in the whole a danger told in passing drowns."""
MOST_ALIKE, MOST_OTHERS = 2000, 1500
"""What is meant is learned from so many look-alikes, and so many other sentences, that are most like a danger by n-grams: a
vector costs 10 ms."""
OF_OTHERS, MARGIN_STRENGTH = 0.5, 3.0
"""How much one of those others counts beside a look-alike, and the machine's C."""
MAY_TELL = ("complaints_", "handoff_", "tickets_")
"""Beginnings of intents whose examples may speak of harm."""
EVEN = 0.5
"""From this probability on a part of a message tells of a danger by itself."""
_NUMBER = re.compile(r"\d{5,}")
GOODS, GOODS_SIGN = "product_category", "\x01"
"""The lexicon's label of kinds of goods, and the sign that stands for each of their names."""
HAN = re.compile("[\u4e00-\u9fff]")
SPELLED = 0.85
"""From this probability on words spelled in Latin letters (wo bei tang le) are a danger: a syllable may be many words."""
CLAUSE_END = re.compile(r"[,，。.!！?？;；~～\s]+")


@dataclass(frozen=True)
class Reading:
    """What was found: the kinds, likeliest first and never none, and how probable it is that there is a danger: 0 to 1."""

    kinds: List[Text]
    confidence: float


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=True)
class DangerReader(GraphComponent):
    """Sets `danger: {kind, kinds, confidence}` on a message that tells of one; a pressed button never does."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._reader: Optional[Reader] = None

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`data`: the folder; `calm`: the folder of what is only felt; `talk`: that of what is said in a talk; `lexicon`:
        that of the shop's words; `C`: inverse regularisation; `threshold`: from this probability on it is a danger; `also`:
        from this probability on a second kind is told as well."""
        folders = {"data": "data/danger", "calm": "data/sentiment", "talk": "data/acts", "lexicon": "data/lexicon"}
        return {**folders, "C": 100.0, "threshold": 0.5, "also": 0.35}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> DangerReader:
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
    ) -> DangerReader:
        """A trained component out of the model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            found, which, meant, goods = joblib.load(folder / "danger.joblib")
        sentence_vectors.ready()
        component._reader = Reader(found, which, meant, goods, config["also"])
        return component

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed sentences are a changed component."""
        of_meaning = (MOST_ALIKE, MOST_OTHERS, OF_OTHERS, MARGIN_STRENGTH)
        digest = hashlib.sha256(repr((OF_DANGER, OF_TALK, OF_TRAINING, *of_meaning)).encode())
        told = {**cls.get_default_config(), **config}  # Rasa may ask without the defaults
        for path in sorted(path for folder in ("calm", "talk") for path in Path(told[folder]).glob("*.yml")):
            digest.update(path.read_bytes())
        for name in ("dangers.yml", "look_alikes.yml"):
            digest.update((Path(told["data"]) / name).read_bytes())
        digest.update(lexicon_fingerprint(Path(told["lexicon"])).encode())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from the folder, and from what customers say of everything else."""
        examples = read_examples(Path(self._config["data"]))
        said = [str(e.get(TEXT)) for e in training_data.intent_examples if not str(e.get(INTENT)).startswith(MAY_TELL)]
        felt, _ = read_sentences(Path(self._config["calm"]))
        spoken = harmless_talk(Path(self._config["talk"]))
        goods = [word.text for word in read_lexicon(Path(self._config["lexicon"])) if word.label == GOODS]
        reader = learned(*examples, [*felt, *spoken], said, goods, self._config["C"], self._config["also"])
        self._reader = reader
        with self._model_storage.write_to(self._resource) as kept:
            joblib.dump((reader.found, reader.which, reader.meant, goods), kept / "danger.joblib")
        return self._resource

    def process(self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None) -> List[Message]:
        """Adds what is found to each message; `tracker`: the talk before it, where there is one."""
        for message in messages:
            text = message.get(TEXT) or ""
            read = self._reader.read(text) if self._reader and text.strip() and not text.startswith("/") else None
            told = None
            if self._reader and read is not None:
                read = self._reader.pieced(pieces(tracker), text, read)
            least = self._config["threshold"] if HAN.search(text) else max(SPELLED, self._config["threshold"])
            if read is not None and read.confidence >= least:
                told = {"kind": read.kinds[0], "kinds": read.kinds, "confidence": read.confidence}
            message.set(DANGER, told, add_to_output=True)
        return messages


class Reader:
    """The learned part: `found` tells danger from none, `which` one danger from another, `meant` has its say where `found`
    is not sure; `goods`: what goods are called, normalised; `also`: see the component."""

    def __init__(self, found: Weights, which: Weights, meant: Meaning, goods: Iterable[Text] = (), also: float = 0.35) -> None:
        self.found, self.which, self.meant, self._also = found, which, meant, also
        self.features = Features(goods)

    def read(self, text: Text) -> Reading:
        """Of the whole, and of its parts, the worst decides; a second kind is one that a part tells of by itself."""
        texts = _parts(text)
        parts = [self.features(part) for part in texts]
        shares = [self.found.share(part, DANGER) for part in parts]
        worst = max(shares)
        clauses = [self.features(clause) for clause in CLAUSE_END.split(text) if clause] if worst >= EVEN else []
        telling = [told for told in (*parts, *clauses) if self.found.share(told, DANGER) >= min(worst, EVEN)]
        chances = [self.which.each(told) for told in telling]
        highest = {kind: max(each[kind] for each in chances) for kind in chances[0]}
        ranked = sorted(highest, key=lambda kind: -highest[kind])
        kinds = [ranked[0], *(kind for kind in ranked[1:MOST_KINDS] if highest[kind] >= self._also)]
        return Reading(kinds, self._weighed(text, texts[shares.index(worst)], worst))

    def _weighed(self, text: Text, part: Text, alone: float) -> float:
        """How probable a danger is, where n-grams alone find it as probable as `alone`, in this part."""
        if not HAN.search(text) or not UNSURE[0] <= alone <= UNSURE[1]:
            return alone
        read = {text, part} if len(list(filter(None, CLAUSE_END.split(text)))) > FEW else {text}
        odds = math.log(alone / (1 - alone)) + OF_MEANING * max(self.meant.margin(each) for each in read)
        return 1 / (1 + math.exp(-odds))

    def pieced(self, said: Sequence[Text], text: Text, alone: Reading) -> Reading:
        """A message read together with what was said before it, oldest first, where a fraud is told in pieces.

        It may be the piece that makes it one; and what is short (我给他了) may be a piece of something harmless.
        """
        if not said or alone.kinds[0] != FRAUD:
            return alone
        together = self.features("，".join([*said, text]))
        sure = self.found.share(together, DANGER)
        if alone.confidence >= EVEN:
            return Reading(alone.kinds, sure) if len(text) <= SHORT and sure < HARMLESS else alone
        told = self.which.each(self.features(text))
        if sure < CLEARLY or max(told, key=lambda kind: told[kind]) != FRAUD or self.which.each(together)[FRAUD] < EVEN:
            return alone
        return Reading([FRAUD], sure)


@dataclass(frozen=True)
class Meaning:
    """A support vector machine over sentences' vectors, from which `middle` is taken before; the kernel of two is the
    exponential of their cosine less one. Scored here: scikit-learn's checks cost more than the sum."""

    middle: NDArray[np.float32]
    supports: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: float

    @classmethod
    def fit(cls, texts: Sequence[Text], dangers: Sequence[bool], counting: Sequence[float]) -> Meaning:
        """`dangers`: which of the texts tell of one; `counting`: how much each counts."""
        rows = sentence_vectors.vectors([normalise(text).text for text in texts])
        middle = rows.mean(axis=0)
        # Of rows of length one, the usual kernel with this gamma is that exponential.
        machine = SVC(C=MARGIN_STRENGTH, gamma=0.5).fit(_apart(rows, middle), dangers, counting)
        supports, weights = (each.astype(np.float32) for each in (machine.support_vectors_, machine.dual_coef_[0]))
        return cls(middle, supports, weights, float(machine.intercept_[0]))

    def margin(self, text: Text) -> float:
        """Above zero where the text means a danger."""
        alike = self.supports @ _apart(sentence_vectors.vector(normalise(text).text), self.middle)
        return float(self.weights @ np.exp(alike - 1)) + self.bias


def _apart(rows: NDArray[np.float32], middle: NDArray[np.float32]) -> NDArray[np.float32]:
    """All sentences lie near to one another: what tells them apart is where they lie from their middle."""
    apart = rows - middle
    found: NDArray[np.float32] = apart / np.linalg.norm(apart, axis=-1, keepdims=True)
    return found


def pieces(tracker: Optional[DialogueStateTracker]) -> List[Text]:
    """What the customer typed in the messages before the latest, oldest first, as far as it was not answered as a danger."""
    found: List[Text] = []
    for event in reversed(tracker.events if tracker else ()):
        if isinstance(event, UserUttered) and event.text and not event.text.startswith("/"):
            if event.parse_data.get(DANGER):
                break
            found.append(event.text)
        if len(found) == PIECES:
            break
    return found[::-1]


def _parts(text: Text) -> List[Text]:
    """The whole, and its parts: each of two clauses, or every two or three of more. A danger told in passing is one, and
    a number says nothing."""
    text = _NUMBER.sub("", text)
    if not HAN.search(text):
        return [text]  # spaces stand between syllables
    clauses = [clause for clause in CLAUSE_END.split(text) if clause]
    if len(clauses) == 2:
        return [text, *(clause for clause in clauses if len(clause) >= SHORTEST)]
    return [text, *("，".join(clauses[i : i + size]) for size in (2, 3) for i in range(len(clauses) - size + 1))]


def learned(
    dangers: Dict[Text, List[Text]],
    harmless: List[Text],
    felt: List[Text],
    said: List[Text],
    goods: Sequence[Text],
    inverse: float,
    also: float = 0.35,
) -> Reader:
    """A reader of the given examples. `felt`: how customers praise, scold and answer; `said`: what they say of everything
    else; `goods`: what goods are called."""
    features = Features(goods)
    kinds = [(text, kind) for kind, texts in dangers.items() for text in texts]
    said = said[:: max(1, len(said) // MOST_TRAINING)]

    def fit(felt: List[Text]) -> Weights:
        texts = [*(text for text, _ in kinds), *harmless, *felt, *said]
        labels = [DANGER] * len(kinds) + [NONE] * (len(texts) - len(kinds))
        counting = [OF_DANGER] * len(kinds) + [1.0] * len(harmless) + [OF_TALK] * len(felt) + [OF_TRAINING] * len(said)
        return fitted([features(text) for text in texts], labels, inverse, 2, counting)

    first = fit([])
    found = fit([text for text in felt if first.share(features(text), DANGER) < SURELY])
    which = fitted([features(text) for text, _ in kinds], [kind for _, kind in kinds], inverse, min_df=1)
    alike = _likest(found, features, harmless)[:MOST_ALIKE]
    others = [text for text in _likest(found, features, [*felt, *said]) if found.share(features(text), DANGER) < SURELY]
    others = others[:MOST_OTHERS]
    telling = [True] * len(kinds) + [False] * (len(alike) + len(others))
    counting = [OF_DANGER] * len(kinds) + [1.0] * len(alike) + [OF_OTHERS] * len(others)
    meant = Meaning.fit([*(text for text, _ in kinds), *alike, *others], telling, counting)
    return Reader(found, which, meant, goods, also)


def _likest(found: Weights, features: Features, texts: Iterable[Text]) -> List[Text]:
    """The texts, those first that n-grams take most for a danger."""
    return sorted(dict.fromkeys(texts), key=lambda text: -found.share(features(text), DANGER))


def harmless_talk(folder: Path) -> List[Text]:
    """How customers answer, but for how those in danger tell of it."""
    return [each.text for each in read_acts(folder) if (each.kind, each.act) != (ALARM, "tell")]


def read_examples(folder: Path) -> Tuple[Dict[Text, List[Text]], List[Text]]:
    """(examples by kind, look-alikes). Raises ValueError where a kind is unknown or lacking."""
    dangers = read_yaml_file(folder / "dangers.yml")["danger"]
    if set(dangers) != set(KINDS):
        raise ValueError(f"{folder}/dangers.yml: the kinds are {', '.join(KINDS)}")
    look_alikes = read_yaml_file(folder / "look_alikes.yml")["look_alikes"]
    return {kind: [str(text) for text in texts] for kind, texts in dangers.items()}, [str(text) for text in look_alikes]


class Features:
    """Runs of one to three characters, clause by clause, with one sign for every kind of `goods`; of words in Latin letters,
    runs of one to three words."""

    def __init__(self, goods: Iterable[Text]) -> None:
        names = sorted({name for name in goods if len(name) > 1}, key=len, reverse=True)
        self._goods = re.compile("|".join(map(re.escape, names)) or "(?!)")

    def __call__(self, text: Text) -> List[Text]:
        """The features of a text as it was typed."""
        found: List[Text] = []
        plain = self._goods.sub(GOODS_SIGN, normalise(text).text.lower())
        clauses = [clause for clause in CLAUSE_END.split(plain) if clause]
        words = ["<", *(f"{clause} " for clause in clauses), ">"]
        for signs in [["<", *clause, ">"] for clause in clauses] if HAN.search(plain) else [words]:
            for size in (1, 2, 3):
                found += ["".join(signs[i : i + size]) for i in range(len(signs) - size + 1)]
        return found
