"""Whether what was offered is taken, in words that no button holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.sentiment import features
from components.text_normaliser import normalise
from components.understanding.taking import LEFT, TAKEN, OffersError, fit, read_offers
from tests.understanding.learned import ROOT

EXAMPLES, PARTS, LEAST = ROOT / "data" / "offers" / "examples.yml", 4, 0.78


def test_what_was_not_learned_is_told_apart() -> None:
    """Each part of the examples, read by what was learned of the others; the figure is printed."""
    examples = read_offers(EXAMPLES)
    right = 0
    for part in range(PARTS):
        learned = fit({label: [t for n, t in enumerate(texts) if n % PARTS != part] for label, texts in examples.items()}, 10.0, 2)
        for label, texts in examples.items():
            for text in texts[part::PARTS]:
                right += (learned.scores(features(normalise(text).text))[0] > 0) == (label == TAKEN)
    told = sum(map(len, examples.values()))
    print(f"\ntaken or left, not learned: {right} of {told}")
    assert right >= LEAST * told


@pytest.mark.parametrize("told", ["- 好", f"{TAKEN}: [好]", f"{TAKEN}: [好]\n{LEFT}: 不"])
def test_a_wrong_file_is_refused_with_what_to_write(told: str, tmp_path: Path) -> None:
    path = tmp_path / "examples.yml"
    path.write_text(told, "utf-8")
    with pytest.raises(OffersError, match="two lists of sentences"):
        read_offers(path)
