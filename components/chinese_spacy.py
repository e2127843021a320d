"""A Chinese spaCy pipeline with the shop's words, built in training and kept in the model.

Nothing has to be downloaded: words are cut by jieba, who learns the lexicon's words, and a ruler marks what the lexicon
knows. With `model: zh_core_web_sm` (any installed pipeline or a path) that pipeline comes first and the ruler is added.
"""

# No `from __future__ import annotations`: spaCy's registry reads a factory's annotations as types.

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import jieba
import spacy
import spacy.util
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import DENSE_FEATURIZABLE_ATTRIBUTES, SPACY_DOCS
from rasa.nlu.utils.spacy_utils import SpacyNLP
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.language import Language
from spacy.tokens import Doc

from components.lexicon import Word, lexicon_fingerprint, read_lexicon
from components.text_normaliser import Normalised, normalise, normalised

DOC = SPACY_DOCS[TEXT]
"""Message key of the doc, the one Rasa's own spaCy components read."""
SPANS = "lexicon"
"""Key in `doc.spans` of what the ruler marks; a span's `id_` is the value."""
BOUNDS = "bounds"
"""Key in `doc.user_data`: for each token, its start and end in the normalised text."""
RULER = "entity_ruler"
TOKENIZER = "lingxi.ShopTokenizer.v1"
LONGEST_JIEBA_WORD = 4
"""Longer phrases stay cut in their words; the ruler joins them."""
NEW_STRINGS = 200_000
"""spaCy never forgets a token's text (numbers, phones): after so many new ones, some 40 MB, a fresh pipeline takes over."""
LEAST_FREQUENCY = {2: 4_000, 3: 20_000}
"""How common the shop's words of two and of more characters are at least taken to be (没收到货 is not 没收 and 到货)."""


# ── cutting words ─────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def _jieba_with(words: tuple[str, ...]) -> jieba.Tokenizer:
    """A jieba that knows the words, one a process; the global one, and what others teach it, stays apart.

    Its dictionary is read directly: jieba's own way keeps a cache in a folder that everybody may write to.
    """
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for word in words:
        tokenizer.add_word(word, max(tokenizer.suggest_freq(word), LEAST_FREQUENCY[min(len(word), 3)]))
    return tokenizer


class ShopTokenizer:
    """Text → Doc. The tokens are the customer's own text; their `norm_` is the normalised word.

    Words are cut by jieba, or by the tokenizer of the pipeline it was put into (`cut`).
    """

    def __init__(self, vocab: Any, words: Iterable[str] = (), cut: Any = None) -> None:
        self.vocab = vocab
        self._cut = cut
        self._learn(words)

    def _learn(self, words: Iterable[str]) -> None:
        self.words = tuple(sorted(set(words)))
        self._jieba: jieba.Tokenizer | None = None

    def __call__(self, text: str) -> Doc:
        return self.doc(text, normalise(text))

    def doc(self, text: str, told: Normalised) -> Doc:
        """The doc of a text already normalised."""
        cut = self._segments(told.text)
        words: list[str] = []
        norms: list[str] = []
        bounds: list[tuple[int, int]] = []
        offsets = told.offsets
        place, began = 0, 0  # in the normalised text, in the customer's
        if offsets and offsets[0] > 0:
            words.append(text[: offsets[0]])
            norms.append("")
            bounds.append((0, 0))
            began = offsets[0]
        first = 0
        for word in cut:
            place += len(word)
            # Characters that stand for one of the customer's stay in one token.
            until = offsets[place] if place < len(offsets) else len(text)
            if until <= began or (place < len(offsets) and told.ends[place - 1] > offsets[place]):
                continue
            words.append(text[began:until])
            norms.append(told.text[first:place])
            bounds.append((first, place))
            began, first = until, place
        if began < len(text):
            words.append(text[began:])
            norms.append(told.text[first:])
            bounds.append((first, len(told.text)))
        doc = Doc(self.vocab, words=words, spaces=[False] * len(words))
        for token, word, norm in zip(doc, words, norms, strict=True):
            if norm and norm != word:
                token.norm_ = norm
        doc.user_data[BOUNDS] = bounds
        return doc

    def _segments(self, text: str) -> list[str]:
        if not text:
            return []
        if self._cut is None:
            self._jieba = self._jieba or _jieba_with(self.words)
            # Without guesses at unknown words, a word is cut the same way wherever it stands.
            return list(self._jieba.cut(text, HMM=False))
        return [token.text_with_ws for token in self._cut(text)]

    def to_disk(self, path: Any, **kwargs: Any) -> None:
        """Keeps the words, and the tokenizer it wraps."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "words.json").write_text(json.dumps(self.words, ensure_ascii=False), "utf-8")
        if self._cut is not None:
            self._cut.to_disk(folder / "wrapped")

    def from_disk(self, path: Any, **kwargs: Any) -> "ShopTokenizer":
        """The counterpart of `to_disk`."""
        folder = Path(path)
        if self._cut is not None:
            self._cut.from_disk(folder / "wrapped")
        self._learn(json.loads((folder / "words.json").read_text("utf-8")))
        return self


def create_shop_tokenizer(wrapped: Callable[[Language], Any] | None = None) -> Callable[[Language], ShopTokenizer]:
    """`wrapped`: makes the tokenizer of the pipeline it is put into; none: jieba."""

    def create(nlp: Language) -> ShopTokenizer:
        return ShopTokenizer(nlp.vocab, cut=wrapped(nlp) if wrapped else None)

    return create


spacy.util.registry.tokenizers.register(TOKENIZER, func=create_shop_tokenizer)


# ── the pipeline ──────────────────────────────────────────────────────────────


def build(words: list[Word], model: str | None = None) -> Language:
    """The pipeline of an installed `model`, or a blank one, with the words."""
    patterns = [{"label": word.label, "pattern": word.text, "id": word.value or word.label} for word in words]
    if model is None:
        return _blank(_jieba_words(words), patterns)
    nlp = spacy.load(model)
    nlp.config["nlp"]["tokenizer"] = {"@tokenizers": TOKENIZER, "wrapped": nlp.config["nlp"]["tokenizer"]}
    nlp.tokenizer = ShopTokenizer(nlp.vocab, cut=nlp.tokenizer)
    return _with_ruler(nlp, patterns)


def renewed(nlp: Language) -> Language:
    """The same pipeline with an empty memory, for one that was built from a blank one."""
    tokenizer: Any = nlp.tokenizer
    ruler: Any = nlp.get_pipe(RULER)
    return _blank(tokenizer.words, ruler.patterns)


def _blank(jieba_words: Iterable[str], patterns: list[dict[str, str]]) -> Language:
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": TOKENIZER}}})
    nlp.tokenizer = ShopTokenizer(nlp.vocab, words=jieba_words)
    return _with_ruler(nlp, patterns)


def _with_ruler(nlp: Language, patterns: list[dict[str, str]]) -> Language:
    # Overlapping words are all kept: which one counts is the entity extractor's to say.
    config = {"spans_key": SPANS, "phrase_matcher_attr": "NORM", "overwrite": True}
    ruler: Any = nlp.add_pipe("span_ruler", name=RULER, config=config)
    ruler.add_patterns(patterns)
    return nlp


def _jieba_words(words: list[Word]) -> set[str]:
    """The words that are cut as one: short, and without another word of the lexicon in them (改地址 names 地址 too)."""
    short = [word for word in words if re.fullmatch(f"[一-鿿]{{2,{LONGEST_JIEBA_WORD}}}", word.text)]
    meanings = {word.text: (word.label, word.value) for word in short}
    return {
        word.text
        for word in short
        if all(
            meanings.get(part, (word.label, word.value)) == (word.label, word.value)
            for size in range(2, len(word.text))
            for part in (word.text[i : i + size] for i in range(len(word.text) - size + 1))
        )
    }


# ── in Rasa's graph ───────────────────────────────────────────────────────────


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=True)
class ChineseSpacy(SpacyNLP):  # so that what asks for SpacyNLP in front of it is content
    """Sets the spaCy doc of each message, under the key that Rasa's own spaCy components read."""

    def __init__(
        self, nlp: Language | None, config: dict[str, Any], resource: Resource, model_storage: ModelStorage
    ) -> None:
        self._nlp = nlp
        self._room = len(nlp.vocab.strings) + NEW_STRINGS if nlp else 0
        self._config = config
        self._resource = resource
        self._model_storage = model_storage

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`lexicon`: the folder of the shop's words. `model`: an installed spaCy pipeline to start from, or none.

        `training_docs`: also make the docs of the training examples, for components that learn from them.
        """
        return {"lexicon": "data/lexicon", "model": None, "training_docs": True}

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> "ChineseSpacy":
        """For training: the pipeline is built there."""
        return cls(None, config, resource, model_storage)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "ChineseSpacy":
        """The pipeline kept in the model."""
        with model_storage.read_from(resource) as folder:
            return cls(spacy.load(folder / "pipeline"), config, resource, model_storage)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """A changed lexicon, or another release of the installed pipeline, is a changed component."""
        settings = {**cls.get_default_config(), **config}
        model = settings["model"]
        release = spacy.util.load_meta(model).get("version") if model and Path(str(model)).is_dir() else None
        if model and release is None:
            release = spacy.util.get_package_version(model)
        return f"{lexicon_fingerprint(Path(settings['lexicon']))} {model} {release}"

    def train(self, training_data: TrainingData) -> Resource:
        """Builds the pipeline and keeps it in the model."""
        nlp = build(read_lexicon(Path(self._config["lexicon"])), self._config["model"])
        with self._model_storage.write_to(self._resource) as folder:
            nlp.to_disk(folder / "pipeline")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The docs of the examples, where the config asks for them."""
        if self._config["training_docs"]:
            self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """The doc of each message."""
        for message in messages:
            for attribute in DENSE_FEATURIZABLE_ATTRIBUTES:
                text = message.get(attribute)
                if text:
                    told = normalised(message) if attribute == TEXT else normalise(text)
                    message.set(SPACY_DOCS[attribute], self.doc(text, told))
        return messages

    def doc(self, text: str, told: Normalised) -> Doc:
        """What the pipeline makes of a text and its normalised form."""
        if self._nlp is None:
            raise RuntimeError("ChineseSpacy has no pipeline before it is trained and loaded")
        if len(self._nlp.vocab.strings) > self._room and self._config["model"] is None:
            self._nlp = renewed(self._nlp)
        tokenizer: Any = self._nlp.tokenizer
        return self._nlp(tokenizer.doc(text, told))
