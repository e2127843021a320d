"""Service quality: sentences that break a declared rule, each with the sentence as evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from analytics.problems import SettingError

RULES = Path(__file__).with_name("quality.yml")
SEVERITIES = ("high", "middle", "low")
SPEAKERS = ("agent", "bot", "customer")


@dataclass(frozen=True)
class Rule:
    """A rule as the file declares it: whose sentences it reads, what they must not say, and why."""

    name: str
    label: str
    severity: str
    speaker: str
    why: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None


def read_rules(path: Path = RULES) -> tuple[Rule, ...]:
    """The declared rules. Raises SettingError."""
    try:
        told = yaml.safe_load(path.read_text("utf-8"))["rules"]
        return tuple(_rule(each) for each in told)
    except (OSError, yaml.YAMLError, TypeError, KeyError, re.error) as error:
        raise SettingError(f"质检规则 {path.name} 读不懂：{error}") from error


def _rule(told: dict[str, Any]) -> Rule:
    if told["severity"] not in SEVERITIES or told["speaker"] not in SPEAKERS:
        raise SettingError(
            f"质检规则 {told['name']}：severity 只能是 {SEVERITIES}，speaker 只能是 {SPEAKERS}"
        )
    unless = told.get("unless")
    return Rule(
        name=told["name"],
        label=told["label"],
        severity=told["severity"],
        speaker=told["speaker"],
        why=told["why"],
        pattern=_any(told["patterns"]),
        unless=_any(unless) if unless else None,
    )


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in patterns), re.IGNORECASE)


def violations(messages: pd.DataFrame, rules: Sequence[Rule] | None = None) -> pd.DataFrame:
    """The sentences that break a rule.

    Args:
        messages: `speaker`, `text` and whatever else is to be kept with the evidence.

    Returns:
        The columns of `messages`, `rule`, `label`, `severity`, `matched` (the words at fault), `why`; the gravest first.
    """
    found = []
    for rule in rules if rules is not None else read_rules():
        theirs = messages[messages["speaker"] == rule.speaker]
        texts = pd.Series(theirs["text"].dropna().unique(), dtype=object)
        matched = {text: hit for text in texts if (hit := _matched(rule, text))}
        broken = theirs[theirs["text"].isin(list(matched))]
        found.append(
            broken.assign(
                rule=rule.name,
                label=rule.label,
                severity=rule.severity,
                matched=broken["text"].map(matched),
                why=rule.why,
            )
        )
    told = pd.concat(found, ignore_index=True)
    return told.sort_values(
        "severity", key=lambda each: each.map(SEVERITIES.index), kind="stable"
    ).reset_index(drop=True)


def _matched(rule: Rule, text: str) -> str | None:
    for sentence in re.split(r"[。！？!?\n]", text):
        hit = rule.pattern.search(sentence)
        if hit and not (rule.unless and rule.unless.search(sentence)):
            return hit.group()
    return None
