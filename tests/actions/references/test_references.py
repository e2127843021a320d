"""Which of their things customers mean, in their own words: told right, asked, or mistaken."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from actions.gateways.belongings import INVOICE, ORDER, SLIP, TICKET, Thing, belongings
from actions.references import Found, found
from tests.actions.described import described

HERE = Path(__file__).parent
SHOP: dict[str, Any] = json.loads((HERE / "shop.json").read_text("utf-8"))
KINDS = {"slips": SLIP, "invoices": INVOICE, "tickets": TICKET}
RIGHT, WRONG = 0.95, 0.01


def judged(answer: Found, meant: Any, things: list[Thing]) -> str:
    """right: the one (and its line) or the choice that was meant; asks: left open with it; wrong: another, or denied."""
    fits = [thing.id for thing in answer.fits]
    if meant == "none":
        return "right" if answer.missing else "wrong" if answer.one else "asks"
    if meant == "ask":
        return "right" if not answer.described else "wrong" if answer.one else "asks"
    if answer.missing:
        return "denied"
    if isinstance(meant, list):
        return "right" if set(fits) == set(meant) else "wrong" if not set(meant) <= set(fits) else "asks"
    number, _, line = str(meant).partition("/")
    if answer.one is None:
        return "asks" if not answer.described or number in fits else "wrong"
    if answer.one.id != number:
        return "wrong"
    return "right" if not line or answer.line == int(line) else "asks" if answer.line is None else "wrong"


def rows(file: str) -> list[tuple[str, str, str, Any, str | None]]:
    """Customer, section, what is said, what is meant, and after which one."""
    told = yaml.safe_load((HERE / file).read_text("utf-8"))
    if "anybody" in told:
        return [(customer, "opening", said, "ask", None) for customer in SHOP for said in told["anybody"]]
    return [
        (customer, section, str(row[0]), row[1], row[2] if len(row) > 2 else None)
        for customer, sections in told.items()
        for section, rows_ in sections.items()
        for row in rows_
    ]


def measure(file: str) -> tuple[Counter[str], list[str]]:
    """How many of each verdict, and a line for each that is not right."""
    counted: Counter[str] = Counter()
    lines = []
    for customer, section, said, meant, last in rows(file):
        mine = belongings(SHOP[customer]).of_kind(KINDS.get(section, ORDER))
        asked = section != "opening"
        shown = mine[:5] if section == "list" else []
        answer = found(described(said), mine, mine, shown, last, asked)
        verdict = judged(answer, meant, mine)
        counted[verdict] += 1
        if verdict != "right":
            fits = [f"{t.id}/{answer.line or ''}" for t in answer.fits[:4]] if answer.described else "nothing described"
            lines.append(f"{verdict}: {customer} {section} {said} → {fits} {answer.missing and 'none: ' + answer.missing}; meant {meant}")
    return counted, lines


def test_customers_words_mean_the_right_one() -> None:
    told: Counter[str] = Counter()
    for file in sorted(path.name for path in HERE.glob("described*.yml")):
        counted, lines = measure(file)
        print(f"\n{file}: {counted['right']} of {sum(counted.values())} right, {counted['wrong']} mistaken", *lines, sep="\n")
        told += counted
    total = sum(told.values())
    print(f"all: {told['right'] / total:.1%} of {total} right, {told['wrong'] / total:.1%} mistaken, {told['denied'] / total:.1%} denied")
    assert told["right"] >= RIGHT * total
    assert told["wrong"] + told["denied"] <= WRONG * total


def test_what_describes_nothing_chooses_nothing() -> None:
    counted, lines = measure("nothing.yml")
    print("", *lines, sep="\n")
    assert counted["wrong"] <= WRONG * sum(counted.values())
