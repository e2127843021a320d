"""What a message names: numbers of a fixed form, and what the Chinese pipeline's ruler marks, with values.

Places are in the customer's own text, values are normalised. All looking is done on the normalised text. Of readings that
overlap, fixed forms come first and then the longest counts; words that are codes of the shop's own interface
(`orders_change_field`, `logistics_how`, `logistics_problem`, `after_sales_pickup`,
`tickets_wish`) may lie over a day or a quantity, never inside a number.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.tokens import Doc

from components.addresses import addresses
from components.calendar_words import moments
from components.chinese_spacy import BOUNDS, DOC, SPANS, ChineseSpacy
from components.fixed_forms import Found, fixed_forms
from components.lexicon import BESIDE, BRAND, CARRIER, FESTIVAL, NOTHING, PLACE
from components.measures import measures
from components.text_normaliser import Normalised, normalised
from topics import clock

CODES = frozenset({"orders_change_field", "logistics_how", "logistics_problem", "after_sales_pickup", "tickets_wish"})


# ── the lexicon's words ───────────────────────────────────────────────────────


class _Marked(NamedTuple):
    label: str
    start: int
    end: int
    value: str


def _marked(doc: Doc) -> list[_Marked]:
    """What the ruler marks, in places of the normalised text."""
    bounds = doc.user_data[BOUNDS]
    return [_Marked(s.label_, bounds[s.start][0], bounds[s.end - 1][1], s.id_) for s in doc.spans.get(SPANS, ())]


def _named_goods(text: str, marked: list[_Marked]) -> Iterator[Found]:
    """Brand, model and category next to each other are one product; names that need company have it or count nothing."""
    names = _longest([m for m in marked if m.label in (BRAND, BESIDE, "product", "product_category")])
    run: list[_Marked] = []
    for mark in [*names, None]:
        if mark and run and text[run[-1].end : mark.start].strip() == "" and run[-1].label != "product_category":
            run.append(mark)
            continue
        yield from _product(text, run)
        run = [mark] if mark else []


_SHOP = re.compile("[一-鿿]{0,4}?(?:旗舰店|专营店|专卖店|官方店)")


def _product(text: str, run: list[_Marked]) -> Iterator[Found]:
    if run and _SHOP.match(text, run[-1].end):
        return
    labels = {mark.label for mark in run}
    # 灵犀灵犀 is no product, 明视 M65 is.
    modelled = len(run) > 1 and re.search("[a-z0-9]", text[run[0].start : run[-1].end])
    if labels & {BRAND, "product"} or (BESIDE in labels and (modelled or "product_category" in labels)):
        yield Found("product", run[0].start, run[-1].end, " ".join(mark.value for mark in run))
    elif run and run[0].label == "product_category":
        yield Found("product_category", run[0].start, run[0].end, run[0].value)


def _longest(marked: list[_Marked]) -> list[_Marked]:
    """The longest of overlapping ones, by place."""
    kept = Apart(max((mark.end for mark in marked), default=0)).take(
        sorted(marked, key=lambda m: (m.start - m.end, m.start, m.label == "product_category"))
    )
    return sorted(kept, key=lambda m: m.start)


# ── which readings count ──────────────────────────────────────────────────────

Span = TypeVar("Span", Found, _Marked)


class Apart:
    """Lets through what overlaps nothing that it let through before."""

    def __init__(self, length: int, *taken: Iterable[Found]) -> None:
        self._taken = bytearray(length)
        for spans in taken:
            self.take(spans)

    def take(self, spans: Iterable[Span]) -> list[Span]:
        """Those of the spans, the most wanted first, that are free."""
        kept = []
        for span in spans:
            if self._taken.find(1, span.start, span.end) < 0:
                self._taken[span.start : span.end] = b"\1" * (span.end - span.start)
                kept.append(span)
        return kept


_RANK = {NOTHING: -1, "amount": 0, "size": 1, "quantity": 2, "ordinal": 2, "date": 3, "time": 3, "period": 4}


def _by_length(found: Found) -> tuple[int, int, int]:
    return found.start - found.end, _RANK.get(found.entity, 2), found.start


def entities(text: str, doc: Doc, told: Normalised, now: datetime.datetime) -> list[dict[str, Any]]:
    """All entities of a customer's text, by place, as Rasa keeps them."""
    plain_text = told.text
    marked = _marked(doc)

    def of(label: str) -> list[tuple[int, int, str]]:
        return [(m.start, m.end, m.value) for m in marked if m.label == label]

    fixed = Apart(len(plain_text)).take(sorted(fixed_forms(plain_text, of(CARRIER)), key=_by_length))
    phones = {f.start for f in fixed if f.entity == "phone"}  # 手机13800138000 names no phone to buy
    readings = [
        *measures(plain_text),
        *(Found(*moment) for moment in moments(plain_text, now.date(), of(FESTIVAL))),
        *(Found("address", start, end, "") for start, end in addresses(plain_text, of(PLACE))),
        *(f for f in _named_goods(plain_text, marked) if phones.isdisjoint((f.end, f.end + 1))),
        *(Found(*m) for m in marked if m.label in ("colour", "level", "ordinal", NOTHING)),
    ]
    facts = Apart(len(plain_text), fixed).take(sorted(readings, key=_by_length))
    solid = [f for f in facts if f.entity in (NOTHING, "address", "product")]
    codes: list[Found] = []
    for entity in CODES:
        words = sorted((Found(*m) for m in marked if m.label == entity), key=_by_length)
        codes += Apart(len(plain_text), fixed, solid).take(words)
    found = [f for f in (*fixed, *facts, *codes) if f.entity != NOTHING]
    return [_entity(f, text, told) for f in sorted(found, key=lambda f: (f.start, -f.end, f.entity))]


def _entity(found: Found, text: str, told: Normalised) -> dict[str, Any]:
    start, end = told.span(found.start, found.end)
    own = text[start:end]
    value = own if found.entity in ("address", "email") else found.value
    known: dict[str, Any] = {
        "entity": found.entity, "start": start, "end": end, "value": value, "extractor": "EntityExtractor",
    }  # fmt: skip
    if found.carrier:
        known["additional_info"] = {"carrier": found.carrier}
    return known


# ── in Rasa's graph ───────────────────────────────────────────────────────────


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=False)
class EntityExtractor(GraphComponent):
    """Adds the entities of each message; needs `ChineseSpacy` in front of it."""

    def __init__(self, now: Callable[[], datetime.datetime] = clock.now) -> None:
        self._now = now

    @classmethod
    def required_components(cls) -> list[type]:
        """The pipeline whose ruler knows the shop's words."""
        return [ChineseSpacy]

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> EntityExtractor:
        """Has no settings."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing later in training needs these entities."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities to each message."""
        for message in messages:
            text, doc = message.get(TEXT), message.get(DOC)
            if text and doc is not None:
                found = entities(text, doc, normalised(message), self._now())
                message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
