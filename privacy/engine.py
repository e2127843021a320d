"""Runs the detectors in order of certainty and masks what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from privacy import accounts, addresses, cards, dotted_names, labelled_names, names, passcodes, phones, plates
from privacy.forms import masked
from privacy.spans import Span
from privacy.views import View

Detector = Callable[[View], Iterator[Span]]

# Each sees what those above it have left: a number inside an e-mail address is no telephone, a name beside a
# telephone needs less other evidence.
DETECTORS: tuple[Detector, ...] = (
    accounts.find_emails,
    cards.find_id_cards,
    cards.find_bank_cards,
    phones.find,
    cards.find_passports,
    plates.find,
    accounts.find_wechat_ids,
    passcodes.find,
    addresses.find,
    dotted_names.find,
    labelled_names.find,
    names.find,
)

# Hiding one value can leave another standing alone that was no value before. A few rounds settle that; the number is
# fixed so that the work stays proportional to the length.
ROUNDS = 4


@dataclass(frozen=True)
class Masked:
    """A masked text, as long as the original, and what was hidden in it (offsets into either)."""

    text: str
    spans: tuple[Span, ...]


def scan(text: str) -> Masked:
    """Find and mask until nothing more is found."""
    found: list[Span] = []
    for _ in range(ROUNDS):
        spans = _once(text)
        hidden = _apply(text, spans)
        if hidden == text:
            break
        text = hidden
        found += spans
    return Masked(text, _merged(found))


def _once(text: str) -> list[Span]:
    view = View.of(text)
    found: list[Span] = []
    for detect in DETECTORS:
        new = _disjoint(detect(view))
        if new:
            found += new
            view = view.covering(new)
    return sorted(found)


def _disjoint(spans: Iterable[Span]) -> list[Span]:
    """The longest of those that overlap, in order of place."""
    kept: list[Span] = []
    for span in sorted(set(spans), key=lambda s: (s.start, -s.end)):
        if kept and span.start < kept[-1].end:
            if span.end - span.start > kept[-1].end - kept[-1].start:
                kept[-1] = span
            continue
        kept.append(span)
    return kept


def _apply(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    at = 0
    for span in spans:
        parts += text[at : span.start], masked(span.type, text[span.start : span.end])
        at = span.end
    parts.append(text[at:])
    return "".join(parts)


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans of later rounds may touch the visible part of earlier ones: then they are one."""
    whole: list[Span] = []
    for span in sorted(spans):
        if whole and span.start < whole[-1].end:
            whole[-1] = Span(whole[-1].start, max(whole[-1].end, span.end), whole[-1].type)
        else:
            whole.append(span)
    return tuple(whole)
