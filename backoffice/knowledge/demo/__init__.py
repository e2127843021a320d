"""The demo shop's knowledge: its documents as a shop would hand them over, and bringing them into the store.

Beside the documents (`*.md`) lie the sentences customers ask with (`variants/*.yml`: key → sentences) and
the figures that programs read (`facts.yml`: key → facts). `14-历史工单样例.csv` is there to try the import
of tickets with; what its answers tell of everybody's case, reviewed, is `15-服务问答.md`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from backoffice.effects.knowledge import Editing
from backoffice.knowledge.imports import markdown
from backoffice.knowledge.imports.plan import Line, apply, plan, publish_unreviewed
from backoffice.knowledge.imports.proposals import Proposal, Reading
from backoffice.states import KnowledgeState

FOLDER = Path(__file__).parent
AUTHOR = "示例商城"
MANUALS = "产品使用"
"""The category of the manuals, which name none."""


def reading(folder: Path = FOLDER) -> Reading:
    """All demo documents as one reading, with variants and facts."""
    variants: dict[str, list[str]] = {}
    for path in sorted((folder / "variants").glob("*.yml")):
        for key, sentences in _yaml(path).items():
            variants.setdefault(key, []).extend(sentences)
    facts = _yaml(folder / "facts.yml")
    proposals: list[Proposal] = []
    for path in sorted(folder.glob("*.md")):
        for each in markdown.read(path.read_text("utf-8"), path.name).proposals:
            also = (*(each.variants or ()), *variants.get(each.key, ()))
            proposals.append(
                replace(
                    each,
                    category=each.category or MANUALS,
                    variants=tuple(dict.fromkeys(also)) or None,
                    facts=tuple(facts[each.key]) if each.key in facts else None,
                )
            )
    return Reading("demo", tuple(proposals))


def _yaml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text("utf-8"), loader) or {}


def seed(session: Session, now: datetime) -> int:
    """Brings the demo knowledge in and publishes it; gives how many entries were made or changed.

    What people of the shop wrote since is theirs: there a changed document only becomes a draft.
    """
    work = Editing(session, now, AUTHOR)
    planned = plan(session, reading())
    keys = apply(work, planned)
    mine = [line.key for line in planned.lines if line.content and line.key and _is_ours(line)]
    if mine:
        publish_unreviewed(work, mine)
    return len(keys)


def _is_ours(line: Line) -> bool:
    return line.was is None or (line.was is KnowledgeState.PUBLISHED and not line.by_hand)
