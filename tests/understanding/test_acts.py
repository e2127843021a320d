"""What words do where they are said, on sets that nobody trains on (`measured/README.md`): printed, and not below what it was."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from components.text_normaliser import normalise
from components.understanding.acts import LONGEST_ECHO, ActClassifier
from tests.understanding.learned import learned

MEASURED = Path(__file__).parent / "measured"


@pytest.mark.parametrize(("name", "least"), [("acts", 0.75), ("talks", 0.63)])
def test_the_act_is_that_which_somebody_else_would_name(name: str, least: float) -> None:
    classifier = ActClassifier(ActClassifier.get_default_config(), None, None)  # type: ignore[arg-type]
    classifier.learned(*learned("acts"))
    with (MEASURED / f"{name}.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    right = 0
    for row in rows:
        said = normalise(row["said"][-LONGEST_ECHO:]).text
        shares = classifier.shares(normalise(row["message"]).text, row["kind"], said)
        right += max(shares, key=lambda label: shares[label]) == row["act"]
    print(f"acts, {name}: {right} of {len(rows)}, {right / len(rows):.3f}")
    assert right / len(rows) >= least
