"""How well the dialogue does in conversations nobody wrote rules or stories for: `python -m tests.conversations_unseen`.

`rasa test core` plays this folder's stories (the flows in other orders, with digressions, changes of mind, thanks in the
middle, words instead of buttons) on the newest model; nothing here is trained on. Prints how many conversations are right
in every message and action, how many sentences got their intent, and fails where fewer than 95 % of the actions are right.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from topics.domain import of_project

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
AT_LEAST = 0.95
LISTEN = "action_listen"  # right after nearly every turn: would flatter the figure


def share(report: dict[str, Any], names: set[str]) -> tuple[int, int]:
    """How many of the report's labels among `names` were met, of how many: recall times support, summed."""
    chosen = [line for name, line in report.items() if name in names and isinstance(line, dict)]
    return round(sum(line["recall"] * line["support"] for line in chosen)), sum(line["support"] for line in chosen)


def main(out: Path) -> int:
    """Run the stories and judge; the exit code."""
    out.mkdir(parents=True, exist_ok=True)
    written = out / "story_report.json"
    written.unlink(missing_ok=True)
    command = [sys.executable, "-m", "deploy.assistant", "test", "core", "--stories", str(HERE), "--out", str(out)]
    code = subprocess.run([*command, "--e2e", "--no-plot"], cwd=ROOT).returncode
    if code or not written.exists():
        print("rasa test core came to no end")
        return code or 1
    report = json.loads(written.read_text("utf-8"))
    domain = of_project()
    actions = {name for name in report if name.startswith(("utter_", "action_")) or name in domain["forms"]}
    right, of = share(report, actions - {LISTEN})
    understood, said = share(report, {*domain["intents"], "nlu_fallback"})
    whole = report["conversation_accuracy"]
    # What the customer feels. Rasa goes on from the right intent after a wrong one, so that the actions alone flatter.
    print(f"unseen conversations: {whole['correct']} of {whole['total']} right in every message and action, {whole['accuracy']:.2%}")
    print(f"intents of unseen sentences: {understood} of {said} right, {understood / said:.2%}")
    print(f"actions in unseen conversations: {right} of {of} right, {right / of:.2%} (at least {AT_LEAST:.0%})")
    return 0 if right >= AT_LEAST * of else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "test" / "conversations_unseen"))
